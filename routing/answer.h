// One DNS query in, one response out: bytes to bytes, the same for UDP and TCP.
//
// Pure: no socket, no clock, no allocation, nothing remembered but signatures. Every well-formed query gets an answer;
// packets that must not be answered (responses, fragments of headers) give size 0. The order of the rules is the order
// of the code in answer.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "routing/cookies.h"
#include "routing/pop_selector.h"
#include "routing/rate_limiter.h"
#include "routing/signer.h"
#include "routing/zone.h"

namespace skerry::routing {

// Everything an answer depends on; immutable, swapped whole.
struct Routes {
  std::shared_ptr<const Zones> zones;
  AnswerTable table;
  std::string nsid;               // RFC 5001; empty: none
  std::uint16_t udp_size = 1232;  // the longest answer over UDP, and what we say we can take
  std::optional<CookieSecrets> cookies;
  std::uint16_t tcp_keepalive = 100;     // units of 100 ms (RFC 7828)
  std::string chaos_version;             // for version.bind and version.server; empty: refused
  std::string chaos_id;                  // for id.server and hostname.bind
  std::shared_ptr<RateLimiter> limiter;  // null: no limit. answer() does not look at it: its caller does
  SigningOptions signing;
};

enum class Transport : std::uint8_t { udp, tcp, tls, https };
constexpr std::size_t transports = 4;
std::string_view name(Transport);

// Who asks, how and when.
struct Asker {
  core::IpAddress source;
  Transport transport = Transport::udp;
  std::uint32_t now = 0;     // seconds since 1970: cookies have a time
  bool over_limit = false;   // too many answers went to this network: without a good cookie it is told to use TCP
  Signer* signer = nullptr;  // this thread's; without one nothing of a signed zone is told to those who want signatures
};

constexpr std::uint32_t unix_seconds(core::WallTime time) {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count());
}

// What became of a query: the words of metrics and logs.
#define SKERRY_ANSWER_OUTCOMES(X)                          \
  X(dynamic)         /* addresses chosen for the client */ \
  X(fixed)           /* records as configured */           \
  X(referral)        /* delegated to other servers */      \
  X(limited)         /* over the rate limit */             \
  X(cookie)          /* no question, only a cookie */      \
  X(signing_limited) /* too many new signatures */         \
  X(no_data) X(nxdomain) X(refused) X(malformed) X(not_implemented) X(bad_version) X(unavailable) X(ignored)

enum class Outcome : std::uint8_t {
#define X(name) name,
  SKERRY_ANSWER_OUTCOMES(X)
#undef X
};
std::string_view name(Outcome);
constexpr std::size_t outcomes = static_cast<std::size_t>(Outcome::ignored) + 1;

struct Answered {
  std::size_t size = 0;  // of the response in the buffer; 0: send nothing
  Outcome outcome = Outcome::ignored;
  bool truncated = false;
  bool with_subnet = false;
  std::uint8_t scope = 0;    // what a client subnet was answered with
  bool with_cookie = false;  // a good one
  bool personal = false;     // of no use to others: chosen for the client, or with a cookie
  std::uint32_t ttl = 0;     // the shortest of all records: how long the answer may be kept
};

// `response` has room for Routes::udp_size (UDP) or 65535 bytes (the others); less is respected, too.
Answered answer(const Routes&, std::span<const std::byte> query, const Asker&, std::span<std::byte> response);

}  // namespace skerry::routing
