#include "routing/pop_selector.h"

#include <algorithm>
#include <map>
#include <optional>

namespace skerry::routing {
namespace {

// The value that all ranges share, special ones aside.
template <class Number>
bool shares_value(const RangeTable<Number>& table, std::optional<std::uint32_t>& shared) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    const auto value = table.range(i).value;
    if (value == GeoMap::special) continue;
    if (!shared) shared = value;
    if (*shared != value) return false;
  }
  return true;
}

// 16 even bits from a block and a PoP: the block spills while they are below the PoP's fraction, so a fraction that
// grows only adds blocks, and one that shrinks only takes away.
Spill draw(std::uint64_t block, std::uint64_t seed) {
  std::uint64_t z = (block ^ seed) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return static_cast<Spill>((z ^ (z >> 31)) >> 48);
}

// What is drawn and chosen by. Inside the widest capped block all have its number, so it stays the same when ranges
// beside this one join or split.
std::uint64_t number_of_block(const core::IpAddress& ip, int block) {
  const bool is_v4 = ip.family() == core::AddressFamily::ipv4;
  return hash_block(ip, std::min(block, is_v4 ? AnswerTable::capped_v4 : AnswerTable::capped_v6));
}

Availability best_of(const std::vector<Pop>& pops, const PolicyState& state) {
  Availability best = Availability::down;
  for (std::size_t i = 0; i < pops.size(); ++i) {
    CHECK(state[i].edges.size() == pops[i].edges.size());
    for (std::size_t j = 0; j < pops[i].edges.size(); ++j) {
      if (pops[i].edges[j].weight > 0) best = std::min(best, state[i].edges[j]);
    }
  }
  return best;
}

bool has_family(const Edge& edge, core::AddressFamily family) {
  return std::any_of(edge.addresses.begin(), edge.addresses.end(),
                     [&](const core::IpAddress& ip) { return ip.family() == family; });
}

}  // namespace

// The map's lists to their true ends: behind what the map keeps of one come all other PoPs by distance. Those are
// worked out only when none of a list will do.
class AnswerTable::WholeLists {
 public:
  WholeLists(const GeoMap& map, const std::vector<Pop>& pops) : map_(map), pops_(pops) {}
  const GeoMap& map() const { return map_; }

  // Calls take(pop) in the list's order until it returns false.
  template <class Take>
  void walk(GeoMap::ListId id, Take take) {
    const std::vector<PopIndex>& list = map_.list(id);
    for (PopIndex pop : list) {
      if (!take(pop)) return;
    }
    if (list.size() == pops_.size()) return;
    if (!order_) order_.emplace(pops_);
    for (PopIndex pop : order_->from(map_.origin(id), pops_.size())) {
      const bool behind = std::find(list.begin(), list.end(), pop) == list.end();
      if (behind && !take(pop)) return;
    }
  }

 private:
  const GeoMap& map_;
  const std::vector<Pop>& pops_;
  std::optional<DistanceOrder> order_;
};

AnswerTable AnswerTable::select(const GeoMap& map, const std::vector<Pop>& pops, const PolicyState& state,
                                std::size_t edges_per_answer, const AnswerTable* earlier) {
  AnswerTable table;
  if (pops.empty()) return table;
  CHECK(state.size() == pops.size());
  table.edges_per_answer_ = std::min(edges_per_answer, most_addresses);
  table.used_ = best_of(pops, state);  // better an edge that may answer than none
  table.pops_.reserve(pops.size());
  for (std::size_t i = 0; i < pops.size(); ++i) {
    table.pops_.push_back(answer_of(pops[i], state[i], table.used_, table.edges_per_answer_));
  }
  WholeLists lists(map, pops);
  table.limit_ttls(lists, state);
  table.compile(lists, earlier);
  return table;
}

AnswerTable AnswerTable::select(const GeoMap& map, const std::vector<Pop>& pops, const EdgeStates& up,
                                std::size_t edges_per_answer) {
  PolicyState state(up.size());
  for (std::size_t i = 0; i < up.size(); ++i) {
    for (const bool edge : up[i]) state[i].edges.push_back(edge ? Availability::up : Availability::failing);
  }
  return select(map, pops, state, edges_per_answer);
}

AnswerTable::Family AnswerTable::family_of(const Pop& pop, const std::vector<bool>& usable,
                                           core::AddressFamily wanted) {
  Family family;
  std::vector<ring::Member> members;
  for (std::size_t i = 0; i < pop.edges.size(); ++i) {
    const Edge& edge = pop.edges[i];
    if (usable[i] && has_family(edge, wanted)) members.push_back({edge.name, edge.weight});
  }
  family.ring = ring::Ring(std::move(members));
  family.addresses.resize(family.ring.size());
  family.edges.resize(family.ring.size());
  for (std::size_t i = 0; i < pop.edges.size(); ++i) {
    const Edge& edge = pop.edges[i];
    const std::size_t member = family.ring.index_of(edge.name);
    if (member == family.ring.size()) continue;
    family.edges[member] = static_cast<std::uint32_t>(i);
    std::copy_if(edge.addresses.begin(), edge.addresses.end(), std::back_inserter(family.addresses[member]),
                 [&](const core::IpAddress& ip) { return ip.family() == wanted; });
  }
  return family;
}

AnswerTable::PopAnswer AnswerTable::answer_of(const Pop& pop, const PopState& state, Availability used,
                                              std::size_t edges_per_answer) {
  PopAnswer answer;
  std::vector<bool> usable(pop.edges.size());
  for (std::size_t i = 0; i < pop.edges.size(); ++i) {
    const bool weighs = pop.edges[i].weight > 0;
    usable[i] = weighs && state.edges[i] <= used;
    answer.usable += usable[i];
    answer.healthy += weighs && state.edges[i] == Availability::up;
  }
  answer.v4 = family_of(pop, usable, core::AddressFamily::ipv4);
  answer.v6 = family_of(pop, usable, core::AddressFamily::ipv6);
  answer.capped = std::max(answer.v4.ring.size(), answer.v6.ring.size()) > edges_per_answer;
  answer.spill = std::min(state.spill, whole_spill);
  answer.spill_seed = ring::Ring::hash_key(pop.name);
  answer.ttl_limit = state.ttl_limit;
  return answer;
}

// The first PoPs of the list that can be used, up to the first one that does not spill.
AnswerTable::Route AnswerTable::route_of(GeoMap::ListId id, WholeLists& lists) const {
  Route route;
  lists.walk(id, [&](PopIndex pop) {
    if (pops_[pop].usable == 0) return true;
    route.push_back(pop);
    return pops_[pop].spill > 0 && route.size() < longest_route;
  });
  if (route.empty()) route.push_back(lists.map().list(id).front());  // no edge anywhere
  return route;
}

// Clients that a PoP has only because one before it in their list is gone should come back soon after that one does:
// what limits its answers limits its stand-in's, too.
void AnswerTable::limit_ttls(WholeLists& lists, const PolicyState& state) {
  for (std::size_t id = 0; id < lists.map().lists(); ++id) {
    std::uint32_t limit = 0xffffffff;
    lists.walk(static_cast<GeoMap::ListId>(id), [&](PopIndex pop) {
      limit = std::min(limit, state[pop].ttl_limit);
      const bool used = pops_[pop].usable > 0;
      if (used) pops_[pop].ttl_limit = std::min(pops_[pop].ttl_limit, limit);
      return !used;
    });
  }
}

void AnswerTable::compile(WholeLists& lists, const AnswerTable* earlier) {
  const GeoMap& map = lists.map();
  auto ranges = std::make_shared<Ranges>();
  std::map<Route, std::uint32_t> ids;
  ranges->route_of.resize(map.lists());
  for (std::size_t id = 0; id < map.lists(); ++id) {
    const auto [at, is_new] =
        ids.try_emplace(route_of(static_cast<GeoMap::ListId>(id), lists), static_cast<std::uint32_t>(ids.size()));
    if (is_new) ranges->routes.push_back(at->first);
    ranges->route_of[id] = at->second;
  }
  const bool unchanged = earlier && earlier->ranges_ && earlier->ranges_->routes == ranges->routes &&
                         earlier->ranges_->route_of == ranges->route_of;
  if (unchanged) {
    ranges_ = earlier->ranges_;
    return;
  }
  const auto to_route = [&](std::uint32_t id) { return id == GeoMap::special ? id : ranges->route_of[id]; };
  ranges->v4 = map.v4().mapped(to_route);
  ranges->v6 = map.v6().mapped(to_route);
  make_uniform(*ranges);
  ranges_ = std::move(ranges);
}

void AnswerTable::make_uniform(Ranges& ranges) {
  std::optional<std::uint32_t> shared;
  ranges.uniform = shares_value(ranges.v4, shared) && shares_value(ranges.v6, shared);
  if (!ranges.uniform || !shared) return;
  const auto to_shared = [&](std::uint32_t) { return *shared; };
  ranges.v4 = ranges.v4.mapped(to_shared);
  ranges.v6 = ranges.v6.mapped(to_shared);
}

PopIndex AnswerTable::follow(const Route& route, const core::IpAddress& ip, int block) const {
  const std::uint64_t hash = number_of_block(ip, block);
  for (PopIndex pop : route) {
    if (draw(hash, pops_[pop].spill_seed) >= pops_[pop].spill) return pop;
  }
  return route.front();  // all are full: then the nearest
}

AnswerTable::Place AnswerTable::locate(const core::IpAddress& ip) const {
  const bool is_v4 = ip.family() == core::AddressFamily::ipv4;
  Place place{};
  std::uint32_t value;
  if (is_v4) {
    const auto found = ranges_->v4.find(number_of_v4(ip));
    value = found.value, place.block = found.block;
  } else {
    const auto found = ranges_->v6.find(number_of_v6(ip));
    value = found.value, place.block = found.block;
  }
  place.special = value == GeoMap::special;
  const Route& route = ranges_->routes[place.special ? ranges_->route_of[GeoMap::default_list] : value];
  // Scope 0 would cover both families (RFC 7871 7.2.1).
  if (!ranges_->uniform) place.block = std::max(place.block, 1);
  place.scope = place.block;
  const bool spills = route.size() > 1;
  if (spills || pops_[route.front()].capped) place.block = std::max(place.block, is_v4 ? capped_v4 : capped_v6);
  if (!place.special) place.scope = place.block;
  place.pop = spills ? follow(route, ip, place.block) : route.front();
  place.spilled = place.pop != route.front();
  return place;
}

// Several edges may share an address (other ports); a record stands in a set once (RFC 2181 5).
void AnswerTable::add_once(Choice& choice, const core::IpAddress& ip) {
  const auto end = choice.addresses.begin() + static_cast<std::ptrdiff_t>(choice.count);
  if (choice.count < most_addresses && std::find(choice.addresses.begin(), end, ip) == end)
    choice.addresses[choice.count++] = ip;
}

AnswerTable::Choice AnswerTable::choose(const Place& place, const core::IpAddress& client,
                                        core::AddressFamily family) const {
  const PopAnswer& pop = pops_[place.pop];
  const Family& edges = family == core::AddressFamily::ipv4 ? pop.v4 : pop.v6;
  std::array<std::uint16_t, most_addresses> members;
  const std::size_t found =
      edges.ring.ordered(number_of_block(client, place.block), std::span(members).first(edges_per_answer_));
  Choice choice;
  // Each edge's first address, then each one's second: none is left out because another has many.
  bool more = true;
  for (std::size_t rank = 0; more && choice.count < most_addresses; ++rank) {
    more = false;
    for (std::size_t i = 0; i < found; ++i) {
      const auto& addresses = edges.addresses[members[i]];
      if (rank < addresses.size()) add_once(choice, addresses[rank]);
      more = more || rank + 1 < addresses.size();
    }
  }
  return choice;
}

std::optional<std::size_t> AnswerTable::edge_of(const Place& place, const core::IpAddress& client,
                                                core::AddressFamily family) const {
  const PopAnswer& pop = pops_[place.pop];
  const Family& edges = family == core::AddressFamily::ipv4 ? pop.v4 : pop.v6;
  std::array<std::uint16_t, 1> member;
  if (edges.ring.ordered(number_of_block(client, place.block), member) == 0) return std::nullopt;
  return edges.edges[member[0]];
}

const AnswerTable::Family& AnswerTable::key_owners(PopIndex index) const {
  const PopAnswer& pop = pops_[index];
  return pop.v4.ring.empty() ? pop.v6 : pop.v4;
}

std::optional<std::size_t> AnswerTable::owner_of_key(PopIndex index, std::uint64_t key_hash) const {
  const Family& edges = key_owners(index);
  std::array<std::uint16_t, 1> member;
  if (edges.ring.ordered(key_hash, member) == 0) return std::nullopt;
  return edges.edges[member[0]];
}

std::vector<std::size_t> AnswerTable::edges_for_key(PopIndex index, std::uint64_t key_hash) const {
  const Family& edges = key_owners(index);
  std::vector<std::uint16_t> members(edges.ring.size());
  members.resize(edges.ring.ordered(key_hash, members));
  std::vector<std::size_t> order;
  order.reserve(members.size());
  for (const std::uint16_t member : members) order.push_back(edges.edges[member]);
  return order;
}

core::IpAddress first_address(const core::IpAddress& inside, int length) {
  const std::string_view octets = inside.octets();
  std::array<std::uint8_t, 16> masked{};
  for (int bit = 0, i = 0; bit < length; bit += 8, ++i) {
    const auto octet = static_cast<std::uint8_t>(octets[static_cast<std::size_t>(i)]);
    const int kept = std::min(8, length - bit);
    masked[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(octet & (0xff00 >> kept));
  }
  if (inside.family() == core::AddressFamily::ipv6) return core::IpAddress::v6(masked);
  return core::IpAddress::v4({masked[0], masked[1], masked[2], masked[3]});
}

std::uint64_t hash_block(const core::IpAddress& inside, int length) {
  const core::IpAddress first = first_address(inside, length);
  const std::string_view octets = first.octets();
  std::array<char, 17> key;
  std::copy(octets.begin(), octets.end(), key.begin());
  key[octets.size()] = static_cast<char>(length);
  return ring::Ring::hash_key({key.data(), octets.size() + 1});
}

}  // namespace skerry::routing
