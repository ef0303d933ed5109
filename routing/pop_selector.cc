#include "routing/pop_selector.h"

#include <algorithm>
#include <optional>

namespace skerry::routing {
namespace {

// The first PoP of the list with a healthy edge; else the first of any that has one; else the list's first.
PopIndex first_healthy(const std::vector<PopIndex>& list, const std::vector<PopIndex>& any_up) {
  for (PopIndex pop : list) {
    if (std::binary_search(any_up.begin(), any_up.end(), pop)) return pop;
  }
  return any_up.empty() ? list.front() : any_up.front();
}

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

}  // namespace

AnswerTable AnswerTable::select(const GeoMap& map, const std::vector<Pop>& pops, const EdgeStates& up,
                                std::size_t edges_per_answer) {
  AnswerTable table;
  if (pops.empty()) return table;
  CHECK(up.size() == pops.size());
  table.edges_per_answer_ = std::min(edges_per_answer, most_addresses);
  for (std::size_t i = 0; i < pops.size(); ++i) {
    table.pops_.push_back(answer_of(pops[i], up[i], table.edges_per_answer_));
  }
  table.all_down_ =
      std::all_of(table.pops_.begin(), table.pops_.end(), [](const PopAnswer& pop) { return pop.healthy == 0; });
  if (table.all_down_) {  // better an edge that may answer than none
    for (std::size_t i = 0; i < pops.size(); ++i) {
      table.pops_[i] = answer_of(pops[i], std::vector<bool>(pops[i].edges.size(), true), table.edges_per_answer_);
    }
  }
  table.compile(map);
  if (table.all_down_) {
    for (PopAnswer& pop : table.pops_) pop.healthy = 0;
  }
  return table;
}

AnswerTable::PopAnswer AnswerTable::answer_of(const Pop& pop, const std::vector<bool>& up,
                                              std::size_t edges_per_answer) {
  CHECK(up.size() == pop.edges.size());
  PopAnswer answer;
  const auto fill = [&](Family& family, core::AddressFamily wanted) {
    std::vector<ring::Member> members;
    for (std::size_t i = 0; i < pop.edges.size(); ++i) {
      const Edge& edge = pop.edges[i];
      const bool has = std::any_of(edge.addresses.begin(), edge.addresses.end(),
                                   [&](const core::IpAddress& ip) { return ip.family() == wanted; });
      if (up[i] && edge.weight > 0 && has) members.push_back({edge.name, edge.weight});
    }
    family.ring = ring::Ring(std::move(members));
    family.addresses.resize(family.ring.size());
    for (const Edge& edge : pop.edges) {
      const std::size_t member = family.ring.index_of(edge.name);
      if (member == family.ring.size()) continue;
      std::copy_if(edge.addresses.begin(), edge.addresses.end(), std::back_inserter(family.addresses[member]),
                   [&](const core::IpAddress& ip) { return ip.family() == wanted; });
    }
  };
  fill(answer.v4, core::AddressFamily::ipv4);
  fill(answer.v6, core::AddressFamily::ipv6);
  for (std::size_t i = 0; i < pop.edges.size(); ++i) answer.healthy += up[i] && pop.edges[i].weight > 0;
  answer.capped = std::max(answer.v4.ring.size(), answer.v6.ring.size()) > edges_per_answer;
  return answer;
}

void AnswerTable::compile(const GeoMap& map) {
  std::vector<PopIndex> any_up;
  for (std::size_t i = 0; i < pops_.size(); ++i) {
    if (pops_[i].healthy > 0) any_up.push_back(static_cast<PopIndex>(i));
  }
  std::vector<std::uint32_t> pop_of(map.lists());
  for (std::size_t id = 0; id < pop_of.size(); ++id) {
    pop_of[id] = first_healthy(map.list(static_cast<GeoMap::ListId>(id)), any_up);
  }
  const auto to_pop = [&](std::uint32_t id) { return id == GeoMap::special ? id : pop_of[id]; };
  v4_ = map.v4().mapped(to_pop);
  v6_ = map.v6().mapped(to_pop);
  default_pop_ = static_cast<PopIndex>(pop_of[GeoMap::default_list]);

  std::optional<std::uint32_t> shared;
  uniform_ = shares_value(v4_, shared) && shares_value(v6_, shared);
  if (!uniform_ || !shared) return;
  const auto to_shared = [&](std::uint32_t) { return *shared; };
  v4_ = v4_.mapped(to_shared);
  v6_ = v6_.mapped(to_shared);
}

AnswerTable::Place AnswerTable::locate(const core::IpAddress& ip) const {
  const bool is_v4 = ip.family() == core::AddressFamily::ipv4;
  Place place{};
  std::uint32_t value;
  if (is_v4) {
    const auto found = v4_.find(number_of_v4(ip));
    value = found.value, place.block = found.block;
  } else {
    const auto found = v6_.find(number_of_v6(ip));
    value = found.value, place.block = found.block;
  }
  place.special = value == GeoMap::special;
  place.pop = place.special ? default_pop_ : static_cast<PopIndex>(value);
  // Scope 0 would cover both families (RFC 7871 7.2.1).
  if (!uniform_) place.block = std::max(place.block, 1);
  if (pops_[place.pop].capped) place.block = std::max(place.block, is_v4 ? capped_v4 : capped_v6);
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
      edges.ring.ordered(hash_block(client, place.block), std::span(members).first(edges_per_answer_));
  Choice choice;
  for (std::size_t i = 0; i < found; ++i) {
    for (const core::IpAddress& ip : edges.addresses[members[i]]) add_once(choice, ip);
  }
  return choice;
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
