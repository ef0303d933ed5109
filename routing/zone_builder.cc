#include "routing/zone_builder.h"

#include <algorithm>

#include "core/dns/rdata.h"

namespace skerry::routing {
namespace {

using dns::Type;

// Bytes in a message: with question, aliases before it, signatures and options it fits one of 65,535.
constexpr std::size_t largest_set = 60'000;
constexpr auto beside_alias = "a CNAME can't stand beside other records (RFC 1034 3.6.2)";

bool is_wildcard(const dns::Name& name) {
  return name.wire().starts_with(std::string_view("\1*", 2));
}

bool is_address(Type type) {
  return type == Type::a || type == Type::aaaa;
}

// What signing makes: DNSKEY, RRSIG, NSEC, NSEC3, NSEC3PARAM.
bool belongs_to_signing(Type type) {
  const auto number = static_cast<unsigned>(type);
  return type == Type::dnskey || type == Type::rrsig || type == Type::nsec || number == 50 || number == 51;
}

}  // namespace

// What a name can't have, whatever else is there.
bool ZoneBuilder::fits_name(const dns::Name& owner, Type type, const Node& node, std::size_t place) {
  const bool apex = owner == name();
  if (type == Type::dname)
    return fail(place, "DNAME records are not answered by (RFC 6672): say what lies below"), false;
  if (!keys_.empty() && belongs_to_signing(type))
    return fail(place, "the router makes the records of this type itself: the zone has a dnssec_key"), false;
  if (node.sets.size() >= most_types && !node.find(type))
    return fail(place, "more than " + std::to_string(most_types) + " types at one name"), false;
  if (apex && type == Type::ds) return fail(place, "DS records of this zone stand in its parent (RFC 4035 2.4)"), false;
  if (node.find(Type::cname) || (type == Type::cname && !node.empty())) return fail(place, beside_alias), false;
  if (apex && type == Type::cname) return fail(place, "a CNAME can't stand at the zone's own name"), false;
  if (!apex && type == Type::soa) return fail(place, "an SOA record stands only at the zone's own name"), false;
  if (type == Type::soa && node.find(type)) return fail(place, "a zone has one SOA record"), false;
  if (is_wildcard(owner) && (type == Type::ns || type == Type::ds)) {
    return fail(place, "a wildcard can't be a delegation (RFC 4592 4.2)"), false;
  }
  const bool https = type == Type::https || type == Type::svcb;
  if (node.dynamic && (is_address(type) || (https && !node.dynamic->service.empty()))) {
    return fail(place, "this name is dynamic: records of this type depend on the client"), false;
  }
  return true;
}

// RFC 6781 4.4.2.1: what is remembered beyond its signature's end is of no use to whoever is asked to prove it.
bool ZoneBuilder::outlives_signatures(std::uint32_t ttl, std::size_t place) {
  if (ttl <= longest_ttl_) return false;
  fail(place, "the ttl is " + std::to_string(ttl) + " s; in a signed zone at most half of dnssec.validity, " +
                  std::to_string(longest_ttl_) + " s");
  return true;
}

void ZoneBuilder::add(const dns::Name& owner, Type type, std::uint32_t ttl, std::string_view data, std::size_t place) {
  if (!owner.is_within(name())) return fail(place, "is not inside the zone " + name().to_string());
  Node& node = zone_->add(owner);
  RecordSet* set = node.find(type);
  if (set && set->contains(data)) return;
  if (!fits_name(owner, type, node, place)) return;
  if (!set && outlives_signatures(ttl, place)) return;
  if (!set) {
    set = &node.sets.emplace_back();
    set->type = type;
    set->ttl = ttl;
    placed_.push_back({std::string(owner.lower().wire()), type, place});
  }
  if (set->ttl != ttl) return fail(place, "other records of this name and type have another ttl (RFC 2181 5.2)");
  if (set->wire_size() + RecordSet::record_head + data.size() > largest_set) {
    return fail(place, "more than 60000 bytes of one name and type");
  }
  set->append(data);
}

void ZoneBuilder::add_dynamic(const dns::Name& owner, Dynamic dynamic, std::size_t place) {
  if (!owner.is_within(name())) return fail(place, "is not inside the zone " + name().to_string());
  Node& node = zone_->add(owner);
  if (node.dynamic) return fail(place, "is listed as dynamic twice");
  if (node.find(Type::cname)) return fail(place, beside_alias);
  if (node.find(Type::a) || node.find(Type::aaaa)) return fail(place, "has static addresses, too");
  const bool https = node.find(Type::https) || node.find(Type::svcb);
  if (!dynamic.service.empty() && https) return fail(place, "has static HTTPS or SVCB records, too");
  if (outlives_signatures(dynamic.ttl, place)) return;
  node.dynamic = std::move(dynamic);
  placed_.push_back({std::string(owner.lower().wire()), Type::any, place});
}

void ZoneBuilder::sign_with(std::shared_ptr<const dns::SigningKey> key,
                            const std::vector<std::shared_ptr<const dns::SigningKey>>& beside,
                            std::uint32_t shortest_left) {
  longest_ttl_ = shortest_left;
  keys_.push_back(key->dnskey());
  for (const auto& other : beside) keys_.push_back(other->dnskey());
  zone_->sign_with(std::move(key));
}

// With the SOA's time to live, as it is what the zone's operator chose for what seldom changes.
void ZoneBuilder::add_keys() {
  if (keys_.empty()) return;
  Node& apex = zone_->add(name());
  const std::uint32_t ttl = apex.find(Type::soa)->ttl;
  RecordSet& set = apex.sets.emplace_back();
  set.type = Type::dnskey;
  set.ttl = ttl;
  for (const std::string& data : keys_) {
    if (!set.contains(data)) set.append(data);
  }
}

std::unique_ptr<Zone> ZoneBuilder::finish(std::size_t place) {
  const Node* apex = zone_->find_exact(name());
  if (!apex->find(Type::soa)) fail(place, "the zone has no SOA record");
  if (!apex->find(Type::ns)) fail(place, "the zone has no NS record");
  if (!problems_.empty()) return nullptr;
  add_keys();
  zone_->seal();
  check_delegations();
  if (!problems_.empty()) return nullptr;
  return std::move(zone_);
}

void ZoneBuilder::check_delegations() {
  for (const Placed& placed : placed_) {
    const dns::Name owner = dns::name_at(placed.owner);
    const Node& node = *zone_->find_exact(owner);
    if (placed.type == Type::ds && !node.find(Type::ns)) fail(placed.place, "a DS record stands only at a delegation");
    if (node.delegation) check_below(placed, owner, *node.delegation);
    check_targets(placed, node);
  }
}

// A server of this zone whose name is in this zone can be found by nobody else's word: its addresses stand here, or
// below a delegation, where they are the child's to say.
void ZoneBuilder::check_own_server(const dns::Name& server, std::size_t place) {
  if (!server.is_within(name())) return;
  const Zone::Found found = zone_->find(server);
  if (found.delegation) return;
  const bool there = found.node && (found.node->dynamic || found.node->find(Type::cname) || found.node->find(Type::a) ||
                                    found.node->find(Type::aaaa));
  if (!there) fail(place, "the zone's own server " + server.to_string() + " lies in the zone and has no address there");
}

// At a delegation stand NS and DS, and addresses of its servers there and below: all else is the child's to say.
void ZoneBuilder::check_below(const Placed& placed, const dns::Name& owner, const Delegation& cut) {
  const bool at_cut = owner == cut.owner && (placed.type == Type::ns || placed.type == Type::ds);
  if (at_cut || is_address(placed.type)) return;
  fail(placed.place, "lies at or below the delegation " + cut.owner.to_string() + ": only addresses may stand there");
}

void ZoneBuilder::check_targets(const Placed& placed, const Node& node) {
  const RecordSet* set = node.find(placed.type);
  if (!set || (set->type != Type::ns && set->type != Type::mx && set->type != Type::srv)) return;
  set->each([&](std::string_view data) {
    const dns::Name target = dns::additional_name(set->type, data)->lower();
    const Node* there = target.is_within(name()) ? zone_->find_exact(target) : nullptr;
    if (there && there->find(Type::cname)) {
      fail(placed.place, target.to_string() + " is a CNAME: " + dns::type_name(set->type) +
                             " needs a name with addresses (RFC 2181 10.3)");
    }
    if (set->type == Type::ns && &node == zone_->find_exact(name())) check_own_server(target, placed.place);
    const bool cut = set->type == Type::ns && node.delegation;
    if (!cut || !target.is_within(node.delegation->owner)) return;
    if (there && (there->find(Type::a) || there->find(Type::aaaa))) return;
    fail(placed.place, target.to_string() + " lies below the delegation and has no address here (glue)");
  });
}

}  // namespace skerry::routing
