#include "routing/zone.h"

#include <algorithm>

#include "core/check.h"
#include "core/dns/dnssec.h"
#include "core/dns/rdata.h"

namespace skerry::routing {
namespace {

std::string_view without_first_label(std::string_view wire) {
  return wire.substr(1u + static_cast<unsigned char>(wire[0]));
}

// The last four bytes of an SOA's data.
std::uint32_t minimum_of(std::string_view soa) {
  std::uint32_t value = 0;
  for (char c : soa.substr(soa.size() - 4)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

void RecordSet::append(std::string_view record) {
  dns::append_u16(data, static_cast<std::uint16_t>(record.size()));
  data.append(record);
}

std::size_t RecordSet::wire_size() const {
  std::size_t size = 0;
  each([&](std::string_view record) { size += record_head + record.size(); });
  return size;
}

bool RecordSet::contains(std::string_view record) const {
  bool found = false;
  each([&](std::string_view other) { found = found || other == record; });
  return found;
}

const RecordSet* Node::find(dns::Type type) const {
  for (const RecordSet& set : sets) {
    if (set.type == type) return &set;
  }
  return nullptr;
}

RecordSet* Node::find(dns::Type type) {
  return const_cast<RecordSet*>(std::as_const(*this).find(type));
}

Zone::Zone(const dns::Name& name) : name_(name.lower()) {
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

void Zone::seal() {
  const Node& apex = nodes_[std::string(name_.wire())];
  soa_ = apex.find(dns::Type::soa);
  CHECK(soa_);
  soa_->each([&](std::string_view data) { negative_ttl_ = std::min(soa_->ttl, minimum_of(data)); });
  link_delegations();
  for (auto& [owner, node] : nodes_) {
    for (RecordSet& set : node.sets) link_additional(owner, set);
    if (key_) prepare_signing(node);
  }
}

// At a delegation the parent speaks for NS and DS only: addresses there are glue (RFC 4035 2.3).
void Zone::prepare_signing(Node& node) {
  std::vector<dns::Type> types = {dns::Type::rrsig, dns::Type::nsec};
  for (RecordSet& set : node.sets) {
    if (node.delegation && set.type != dns::Type::ns && set.type != dns::Type::ds) continue;
    types.push_back(set.type);
    set.canonical = dns::canonical_records(set.type, set.data);
  }
  if (node.dynamic) types.insert(types.end(), {dns::Type::a, dns::Type::aaaa});
  if (node.dynamic && !node.dynamic->service.empty()) types.insert(types.end(), {dns::Type::https, dns::Type::svcb});
  node.types = dns::type_bitmap(std::move(types));
}

// Of several on the way up, the one nearest to the zone's name counts.
void Zone::link_delegations() {
  std::unordered_map<std::string_view, const Delegation*> cuts;
  for (const auto& [owner, node] : nodes_) {
    if (owner == name_.wire() || !node.find(dns::Type::ns)) continue;
    cuts[owner] = &delegations_.emplace_back(Delegation{dns::name_at(owner), &node});
  }
  if (cuts.empty()) return;
  for (auto& [owner, node] : nodes_) {
    for (std::string_view wire = owner; wire.size() > name_.wire().size(); wire = without_first_label(wire)) {
      if (const auto cut = cuts.find(wire); cut != cuts.end()) node.delegation = cut->second;
    }
  }
}

void Zone::link_additional(const std::string& owner, RecordSet& set) {
  set.each([&](std::string_view data) {
    const auto named = dns::additional_name(set.type, data);
    if (!named) return;
    // "." in SVCB and HTTPS is the owner itself (RFC 9460 2.5.2).
    const bool self = named->is_root() && (set.type == dns::Type::svcb || set.type == dns::Type::https);
    const dns::Name name = self ? dns::name_at(owner) : *named;
    if (!name.is_within(name_)) return;
    const Node* node = find_exact(name.lower());
    const bool has = node && (node->find(dns::Type::a) || node->find(dns::Type::aaaa));
    const bool there = std::any_of(set.additional.begin(), set.additional.end(),
                                   [&](const Neighbour& other) { return other.node == node; });
    if (has && !there) set.additional.push_back({name, node});
  });
}

const Node* Zone::find_exact(std::string_view wire) const {
  const auto found = nodes_.find(wire);
  return found == nodes_.end() ? nullptr : &found->second;
}

Zone::Found Zone::find(const dns::Name& lower) const {
  std::string_view wire = lower.wire();
  if (const Node* node = find_exact(wire)) return {node, node->delegation};
  while (wire.size() > name_.wire().size()) {
    wire = without_first_label(wire);
    const Node* encloser = find_exact(wire);
    if (!encloser) continue;
    if (encloser->delegation) return {nullptr, encloser->delegation};
    if (wire.size() + 2 > dns::Name::max_size) break;
    char wildcard[dns::Name::max_size] = {'\1', '*'};
    std::copy(wire.begin(), wire.end(), wildcard + 2);
    return {find_exact({wildcard, wire.size() + 2}), nullptr};
  }
  return {};
}

bool Zones::add(std::unique_ptr<Zone> zone) {
  std::string name(zone->name().wire());
  return zones_.emplace(std::move(name), std::move(zone)).second;
}

// From the whole name upwards: the number of zones does not matter.
const Zone* Zones::find(const dns::Name& lower) const {
  for (std::string_view wire = lower.wire();; wire = without_first_label(wire)) {
    const auto found = zones_.find(wire);
    if (found != zones_.end()) return found->second.get();
    if (wire.size() == 1) return nullptr;
  }
}

const Zone* Zones::find(const dns::Name& lower, dns::Type type) const {
  const Zone* zone = find(lower);
  if (type != dns::Type::ds || !zone || lower.is_root() || !(zone->name() == lower)) return zone;
  const Zone* parent = find(lower.parent());
  return parent ? parent : zone;
}

}  // namespace skerry::routing
