#include "routing/zone.h"

#include <algorithm>

#include "core/check.h"

namespace skerry::routing {
namespace {

std::string_view without_first_label(std::string_view wire) {
  return wire.substr(1u + static_cast<unsigned char>(wire[0]));
}

}  // namespace

Zone::Zone(dns::Name name, dns::Soa soa, std::uint32_t ttl, std::vector<dns::Name> servers)
    : name_(name.lower()), soa_(soa), ttl_(ttl), servers_(std::move(servers)) {
  nodes_[std::string(name_.wire())];
}

Node& Zone::add(const dns::Name& name) {
  CHECK(name.is_within(name_));
  const dns::Name lower = name.lower();
  for (std::string_view wire = lower.wire(); wire.size() > name_.wire().size(); wire = without_first_label(wire)) {
    nodes_.try_emplace(std::string(wire));
  }
  return nodes_[std::string(lower.wire())];
}

const Node* Zone::find_exact(std::string_view wire) const {
  const auto found = nodes_.find(wire);
  return found == nodes_.end() ? nullptr : &found->second;
}

const Node* Zone::find(const dns::Name& lower) const {
  std::string_view wire = lower.wire();
  if (const Node* node = find_exact(wire)) return node;
  while (wire.size() > name_.wire().size()) {
    wire = without_first_label(wire);
    if (!find_exact(wire)) continue;
    char wildcard[dns::Name::max_size + 2] = {'\1', '*'};
    std::copy(wire.begin(), wire.end(), wildcard + 2);
    return find_exact({wildcard, wire.size() + 2});
  }
  return nullptr;
}

bool Zones::add(std::unique_ptr<Zone> zone) {
  const auto same = [&](const auto& other) { return other->name() == zone->name(); };
  if (std::any_of(zones_.begin(), zones_.end(), same)) return false;
  zones_.push_back(std::move(zone));
  std::stable_sort(zones_.begin(), zones_.end(),
                   [](const auto& a, const auto& b) { return a->name().wire().size() > b->name().wire().size(); });
  return true;
}

const Zone* Zones::find(const dns::Name& lower) const {
  for (const auto& zone : zones_) {
    if (lower.is_within(zone->name())) return zone.get();
  }
  return nullptr;
}

}  // namespace skerry::routing
