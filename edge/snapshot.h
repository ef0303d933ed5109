// The configuration as the request path uses it: sites with their policies and upstream groups, and the PoP's members.
//
// Immutable; built from an EdgeConfig at start and at every reload, and swapped whole. Whoever works with one holds a
// reference, so upstream groups live as long as the fetches that use them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/result.h"
#include "edge/config.h"
#include "edge/policy.h"
#include "origin/upstream.h"
#include "routing/ring/rendezvous.h"

namespace skerry::edge {

// A site, or a route of one: what applies to a request once host and path are known.
struct Site {
  std::string name;  // its first host, with the route's path: for metrics and explain
  CachePolicy policy;
  KeyRules key;
  CodingPolicy coding;
  std::shared_ptr<const SiteRules> rules;  // null: none
  std::string host_header;                 // sent to the origin instead of the client's; empty: the client's
  origin::UpstreamConfig origin_config;
  std::shared_ptr<origin::UpstreamGroup> origin;
};

struct Member {
  std::string name;
  std::string peer;                              // "host:port" of its peer listener
  std::shared_ptr<origin::UpstreamGroup> group;  // null for this edge itself
};

// One place a fill may ask.
struct Source {
  std::shared_ptr<origin::UpstreamGroup> group;
  const Member* peer = nullptr;  // inside the snapshot; null: the origin
  core::Duration patience{0};    // until the first byte; zero: the group's
  bool is_peer() const { return peer != nullptr; }
};

class Snapshot {
 public:
  // Errors name what is wrong with an upstream URL or TLS file. Groups whose configuration did not change are taken
  // over from `previous` (may be null), with their health and connections. `workers`: how many may fetch, the control
  // loop included.
  static core::Result<std::shared_ptr<const Snapshot>> build(EdgeConfig config, int workers, const Snapshot* previous);

  const EdgeConfig& config() const { return config_; }
  // The site (and route) that serves the request, whose authority gets the one spelling that counts (SiteIndex::unify);
  // null: not configured. Allocates for paths that need normalising alone.
  const Site* find_site(http::RequestHead& request) const;
  const std::vector<std::unique_ptr<Site>>& sites() const { return sites_; }

  // Those in front of this edge that are believed about their clients.
  const core::IpNetworkMap& trusted_proxies() const { return trusted_proxies_; }

  const ring::Ring& ring() const { return ring_; }
  // In the ring's order.
  const std::vector<Member>& members() const { return members_; }
  bool in_pop() const { return members_.size() > 1; }
  // Where a fill asks, in order: the owner and the first fallback unless this edge comes before them, then the origin.
  // A request from a peer goes to the origin at once.
  std::vector<Source> sources(const Site&, std::uint64_t ring_hash, bool from_peer) const;

 private:
  // What build() makes it with.
  struct Making {
    const int workers;
    const Snapshot* const previous;
    ErrorPageFiles error_pages;
  };

  Snapshot() = default;
  // `limited`: the site or route whose requests its rate limit counts.
  core::Result<void> add_site(std::string name, const std::string& limited, const Handling& handling, Making& making);
  core::Result<void> add_members(const Making& making);

  EdgeConfig config_;
  std::vector<std::unique_ptr<Site>> sites_;
  std::unordered_map<const Handling*, const Site*> by_handling_;  // of sites and routes inside config_
  core::IpNetworkMap trusted_proxies_;
  ring::Ring ring_;
  std::vector<Member> members_;
};

}  // namespace skerry::edge
