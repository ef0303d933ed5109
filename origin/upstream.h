// Upstreams: the servers of one group (a site's origins, a route's, or one peer edge), with health and limits.
//
// An UpstreamGroup is shared by all workers and immutable but for atomics (requests in flight, passive health); each
// worker has its own connection pools to it. A group lives as long as any fetch uses it (shared_ptr held by the
// configuration snapshot and by fetches).
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/loop/worker.h"
#include "core/net/tls.h"
#include "core/result.h"

namespace skerry::dns {
class Resolver;
}

namespace skerry::origin {

// Configuration of a group, with its defaults.
struct UpstreamConfig {
  std::vector<std::string> urls;  // "http://host[:port]" or "https://host[:port]"; several: balanced, passive health
  std::string ca_file;            // for https; empty: the system's store
  bool verify = true;
  std::size_t connections = 256;      // per upstream, all workers together
  std::size_t idle_connections = 64;  // kept per upstream and worker
  std::size_t queue = 1024;           // fetches waiting for a connection, per upstream and worker; beyond: overloaded
  core::Duration connect_timeout = std::chrono::seconds(5);
  core::Duration first_byte_timeout = std::chrono::seconds(30);
  core::Duration idle_timeout = std::chrono::seconds(30);  // between two reads of a response
  core::Duration keep_alive = std::chrono::seconds(50);    // an idle connection is closed after
  core::Duration queue_timeout = std::chrono::seconds(5);
  core::Duration tunnel_idle_timeout = std::chrono::minutes(10);  // no byte either way after an upgrade
  int attempts = 3;                                               // per fetch, over all upstreams
  int failures_to_eject = 1;  // consecutive failed connects or requests until an upstream is skipped
  core::Duration eject_for = std::chrono::seconds(1);  // first back-off; doubles
  core::Duration eject_at_most = std::chrono::seconds(30);

  friend bool operator==(const UpstreamConfig&, const UpstreamConfig&) = default;
};

// Health and load of one upstream, as admin pages and metrics show them.
struct UpstreamStatus {
  std::string url;
  bool ejected = false;
  std::uint64_t ejections = 0;    // so far, failed probes included
  std::string_view last_failure;  // why it was ejected last; empty: it never was
  std::uint64_t in_flight = 0;
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;
  std::uint64_t connections_opened = 0;
  std::uint64_t connections = 0;      // open now, idle ones included
  std::uint64_t idle = 0;             // open and free
  std::uint64_t waiting = 0;          // fetches in the queue for a connection
  std::uint64_t reconnects = 0;       // requests sent again because a reused connection turned out closed
  std::uint64_t stale_addresses = 0;  // connects to addresses known before, since the name did not resolve
  std::uint64_t overloaded = 0;       // fetches turned away: the queue was full, or took too long
};

class UpstreamGroup {
 public:
  // Parses URLs and loads TLS material; names are resolved at run time, by the resolver of the worker that asks. At
  // most 64 URLs. Errors: invalid_configuration naming the URL or limit; TlsContext's for files. The workers' loops
  // must outlive the group; it may be let go on any thread.
  static core::Result<std::shared_ptr<UpstreamGroup>> create(const UpstreamConfig&, int workers);
  virtual ~UpstreamGroup() = default;

  virtual std::vector<UpstreamStatus> status() const = 0;
  // No upstream may be tried now: all are ejected and none is due for a probe.
  virtual bool all_ejected(core::TimePoint now) const = 0;
  // All upstreams are ejected, due for a probe or not: whoever has another answer to give need not ask.
  virtual bool down() const = 0;
};

// What a worker brings to fetches besides its loop: its resolver, needed unless every host is an address. Set once per
// worker before the first fetch; null before the resolver goes. Any thread.
void set_resolver(const core::Worker&, dns::Resolver*);

}  // namespace skerry::origin
