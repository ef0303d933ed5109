#include "edge/snapshot.h"

#include <algorithm>
#include <array>

#include "edge/cache_key.h"

namespace skerry::edge {
namespace {

// Owner and first fallback: more hops would cost more than a fetch of one's own.
constexpr std::size_t most_peers_asked = 2;

constexpr std::chrono::seconds peer_margin{1};
constexpr int failures_of_only_origin = 3;  // in a row, at least

// Peers are on the same network: what takes long there is dead.
origin::UpstreamConfig peer_upstream(const std::string& peer) {
  origin::UpstreamConfig config;
  config.urls = {"http://" + peer};
  config.connect_timeout = std::chrono::seconds(1);
  config.attempts = 1;
  config.failures_to_eject = 1;
  return config;
}

// A peer may have to wait for one origin after the other itself, and then says what came of that.
core::Duration peer_patience(const origin::UpstreamConfig& config) {
  const auto tries = std::min(static_cast<std::size_t>(std::max(config.attempts, 1)), config.urls.size());
  const core::Duration one = config.connect_timeout + config.first_byte_timeout;
  return one * static_cast<int>(tries) + config.queue_timeout + peer_margin;
}

// The same membership on every edge gives the same number; the order in the file does not matter, for the ring sorts.
std::uint64_t membership_version(const std::vector<ring::Member>& members) {
  std::vector<std::string> lines;
  lines.reserve(members.size());
  for (const ring::Member& member : members) lines.push_back(member.name + "=" + std::to_string(member.weight) + "\n");
  std::sort(lines.begin(), lines.end());
  std::string text;
  for (const std::string& line : lines) text += line;
  return ring::Ring::hash_key(text);
}

}  // namespace

core::Result<std::shared_ptr<const Snapshot>> Snapshot::build(EdgeConfig config, int workers,
                                                              const Snapshot* previous) {
  std::shared_ptr<Snapshot> snapshot(new Snapshot);
  snapshot->config_ = std::move(config);
  snapshot->config_.index_sites();
  std::vector<std::pair<core::IpNetwork, int>> proxies;
  for (const core::IpNetwork& network : snapshot->config_.trusted_proxies) proxies.emplace_back(network, 1);
  snapshot->trusted_proxies_ = core::IpNetworkMap(proxies);
  Making making{workers, previous, {}};
  for (const SiteConfig& site : snapshot->config_.sites) {
    const std::string& name = site.hosts.front();
    auto added = snapshot->add_site(name, name, site.handling, making);
    if (!added.ok()) return added.error();
    for (const RouteConfig& route : site.routes) {
      const bool own_limit = route.handling.rules.rate_limit != site.handling.rules.rate_limit;
      added = snapshot->add_site(name + route.path, own_limit ? name + route.path : name, route.handling, making);
      if (!added.ok()) return added.error();
    }
  }
  auto members = snapshot->add_members(making);
  if (!members.ok()) return members.error();
  return std::shared_ptr<const Snapshot>(std::move(snapshot));
}

core::Result<void> Snapshot::add_site(std::string name, const std::string& limited, const Handling& handling,
                                      Making& making) {
  auto site = std::make_unique<Site>();
  site->name = std::move(name);
  site->policy = handling.policy;
  site->key = handling.key;
  site->coding = handling.coding;
  auto rules = SiteRules::make(handling.rules, limited, making.error_pages);
  if (!rules.ok()) return rules.error();
  site->rules = std::move(rules).value();
  site->host_header = handling.host_header;
  site->origin_config = handling.origin;
  for (const auto& old : making.previous ? making.previous->sites_ : sites_) {
    if (old->origin_config == handling.origin) site->origin = old->origin;
  }
  if (!site->origin) {
    origin::UpstreamConfig config = handling.origin;
    // Skipping the only origin is an outage of the site: one failure does not prove it.
    if (config.urls.size() == 1) config.failures_to_eject = std::max(config.failures_to_eject, failures_of_only_origin);
    auto group = origin::UpstreamGroup::create(config, making.workers);
    if (!group.ok()) return group.error();
    site->origin = std::move(group).value();
  }
  by_handling_[&handling] = site.get();
  sites_.push_back(std::move(site));
  return {};
}

core::Result<void> Snapshot::add_members(const Making& making) {
  std::vector<ring::Member> ring_members;
  for (const MemberConfig& member : config_.pop.members) ring_members.push_back({member.name, member.weight});
  const std::uint64_t version = membership_version(ring_members);
  ring_ = ring::Ring(std::move(ring_members), version);
  members_.resize(ring_.size());
  for (const MemberConfig& config : config_.pop.members) {
    Member& member = members_[ring_.index_of(config.name)];
    member.name = config.name;
    member.peer = config.peer;
    if (config.name == config_.name) continue;
    for (const Member& old : making.previous ? making.previous->members_ : std::vector<Member>()) {
      if (old.name == config.name && old.peer == config.peer) member.group = old.group;
    }
    if (member.group) continue;
    auto group = origin::UpstreamGroup::create(peer_upstream(config.peer), making.workers);
    if (!group.ok()) return group.error();
    member.group = std::move(group).value();
  }
  return {};
}

const Site* Snapshot::find_site(http::RequestHead& request) const {
  const SiteConfig* site = config_.find_site(request.authority);
  if (!site) return nullptr;
  config_.index.unify(request.authority);
  std::string room;
  const auto found = by_handling_.find(&site->handling_of(path_to_match(request.path, room)));
  return found == by_handling_.end() ? nullptr : found->second;
}

std::vector<Source> Snapshot::sources(const Site& site, std::uint64_t ring_hash, bool from_peer) const {
  std::vector<Source> sources;
  if (!from_peer && in_pop()) {
    std::array<std::uint16_t, most_peers_asked> order;
    const std::size_t count = ring_.ordered(ring_hash, order);
    for (std::size_t i = 0; i < count; ++i) {
      const Member& member = members_[order[i]];
      if (!member.group) break;  // this edge: it comes before the others that are left
      sources.push_back({member.group, &member, peer_patience(site.origin_config)});
    }
  }
  sources.push_back({site.origin, nullptr, {}});
  return sources;
}

}  // namespace skerry::edge
