// One DNS query in, one response out: bytes to bytes, the same for UDP and TCP.
//
// Pure: no socket, no clock, no allocation. Every well-formed query gets an answer; packets that must not be answered
// (responses, fragments of headers) give size 0. The order of the rules is the order of the code in answer.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "routing/pop_selector.h"
#include "routing/zone.h"

namespace skerry::routing {

// Everything an answer depends on; immutable, swapped whole.
struct Routes {
  std::shared_ptr<const Zones> zones;
  AnswerTable table;
  std::string nsid;               // RFC 5001; empty: none
  std::uint16_t udp_size = 1232;  // the longest answer over UDP, and what we say we can take
};

enum class Transport : std::uint8_t { udp, tcp };

// What became of a query: the words of metrics and logs.
#define SKERRY_ANSWER_OUTCOMES(X)                  \
  X(dynamic) /* addresses chosen for the client */ \
  X(fixed)   /* records as configured */           \
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
};

// `response` has room for Routes::udp_size (UDP) or 65535 bytes (TCP); less is respected, too.
Answered answer(const Routes&, std::span<const std::byte> query, const core::IpAddress& source, Transport,
                std::span<std::byte> response);

}  // namespace skerry::routing
