// One upstream as all workers share it: who it is, its health, its load, and which workers hold or lack connections.
//
// Constant after creation but for atomics; owned by its group. Any thread.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/http/head.h"
#include "core/loop/event_loop.h"
#include "core/net/address.h"
#include "core/net/tls.h"
#include "origin/balancing.h"
#include "origin/upstream.h"

namespace skerry::origin {

// What the parts of an upstream's URL say.
struct UpstreamUrl {
  http::Scheme scheme = http::Scheme::http;
  std::string host;                        // lower case, without brackets
  std::optional<core::IpAddress> address;  // the host is a literal address
  std::uint16_t port = 80;
  std::string text;       // normalised, as messages and metrics name the upstream
  std::string authority;  // what Host carries if the request says nothing (RFC 9110 7.2)
};
core::Result<UpstreamUrl> parse_upstream_url(std::string_view);

// What late probes are waiting for. Whoever asks for the same would only wait with them; others may learn more of the
// upstream, and are let through as probes.
class LateTargets {
 public:
  // `target` is not 0. When all places are taken, the first one is lost.
  void add(std::uint64_t target);
  void remove(std::uint64_t target);
  bool has(std::uint64_t target) const;

 private:
  std::array<std::atomic<std::uint64_t>, 8> targets_{};  // 0: free
};

struct Upstream {
  // One worker's part in the upstream's connections: what other workers must know to hand a free one over.
  struct Share {
    std::atomic<core::EventLoop*> loop{nullptr};  // null until that worker's first fetch
    std::atomic<std::uint32_t> idle{0};
    std::atomic<std::uint32_t> waiting{0};
  };

  Upstream(UpstreamUrl parsed, std::shared_ptr<const core::TlsContext> context, const Health::Options& options,
           std::size_t workers)
      : url(std::move(parsed)), tls(std::move(context)), health(options), shares(workers) {}

  const UpstreamUrl url;
  const std::shared_ptr<const core::TlsContext> tls;  // null: plain

  Health health;
  LateTargets late_targets;
  std::atomic<std::uint64_t> open{0};  // connections, opening ones included: at most UpstreamConfig::connections
  std::atomic<std::uint64_t> in_flight{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<core::ErrorCode> last_failure{core::ErrorCode::no_healthy_upstream};
  std::atomic<core::Duration::rep> last_answer{INT64_MIN};  // when a response head last came
  std::atomic<std::uint64_t> opened{0};
  std::atomic<std::uint64_t> reconnects{0};       // a reused connection had been closed: asked again on a fresh one
  std::atomic<std::uint64_t> stale_addresses{0};  // the name did not resolve: went on with the addresses known before
  std::atomic<std::uint64_t> overloaded{0};       // the queue for a connection was full, or took too long
  std::vector<Share> shares;                      // by worker
};

}  // namespace skerry::origin
