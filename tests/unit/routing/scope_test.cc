// The promise of ECS against a model that works it out address by address: the block that an answer names is one in
// which everybody gets the same answer, and the widest such block that the rules allow.
#include <boost/test/unit_test.hpp>
#include <set>

#include "core/random.h"
#include "routing/client_subnet.h"
#include "tests/support/synthetic_map.h"

namespace {

using namespace skerry;
using namespace skerry::routing;

core::IpAddress v4(std::uint64_t n) {
  return core::IpAddress::v4({static_cast<std::uint8_t>(n >> 24), static_cast<std::uint8_t>(n >> 16),
                              static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)});
}

constexpr std::uint64_t whole = std::uint64_t{1} << 32;
constexpr std::pair<std::uint64_t, int> special_v4[] = {
    {0, 8}, {10u << 24, 8}, {0x64400000, 10}, {0x7f000000, 8}, {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0a80000, 16}};

// IPv4 by elementary intervals: between two neighbours of `edges` nothing changes.
struct Model {
  std::vector<Pop> pops;
  NetMap map;
  PolicyState state;
  std::size_t edges_per_answer;
  std::vector<std::uint64_t> edges;
  std::vector<std::string> routes;  // of each interval, as text; "special" for special blocks

  std::uint64_t end_of(const NetMapEntry& entry) const {
    return number_of_v4(entry.prefix.ip) + (std::uint64_t{1} << (32 - entry.prefix.prefix));
  }
  bool usable(PopIndex pop) const {
    const auto& edges_up = state[pop].edges;
    return std::find(edges_up.begin(), edges_up.end(), Availability::up) != edges_up.end();
  }
  std::string route_of(std::vector<PopIndex> list) const {
    for (PopIndex pop : by_distance(pops[list.front()].at, pops)) {
      if (std::find(list.begin(), list.end(), pop) == list.end()) list.push_back(pop);
    }
    std::string route;
    for (PopIndex pop : list) {
      if (!usable(pop)) continue;
      route += pops[pop].name + " ";
      if (state[pop].spill == 0) break;
    }
    return route;
  }
  std::string list_route(const NetMapEntry& entry) const {
    return route_of(entry.pops.empty() ? by_distance(entry.at, pops) : entry.pops);
  }
  const NetMapEntry* longest(std::uint64_t address) const {
    const NetMapEntry* found = nullptr;
    for (const NetMapEntry& entry : map.entries) {
      if (address < number_of_v4(entry.prefix.ip) || address >= end_of(entry)) continue;
      if (!found || entry.prefix.prefix > found->prefix.prefix) found = &entry;
    }
    return found;
  }
  bool is_special(std::uint64_t address) const {
    for (const auto& [first, length] : special_v4) {
      const std::uint64_t end = first + (std::uint64_t{1} << (32 - length));
      if (address < first || address >= end) continue;
      return std::none_of(map.entries.begin(), map.entries.end(), [&, l = length, f = first](const NetMapEntry& entry) {
        return entry.prefix.prefix >= l && number_of_v4(entry.prefix.ip) >= f && number_of_v4(entry.prefix.ip) < end;
      });
    }
    return false;
  }
  void work_out() {
    std::set<std::uint64_t> all = {0};
    for (const NetMapEntry& entry : map.entries) all.insert(number_of_v4(entry.prefix.ip)), all.insert(end_of(entry));
    for (const auto& [first, length] : special_v4)
      all.insert(first), all.insert(first + (std::uint64_t{1} << (32 - length)));
    all.erase(whole);
    edges.assign(all.begin(), all.end());
    const std::string fallback = route_of(map.default_pops);
    routes.clear();
    std::vector<std::string> unspecial;
    for (std::size_t i = 0; i < edges.size(); ++i) {
      const NetMapEntry* entry = longest(edges[i]);
      std::string route = entry ? list_route(*entry) : fallback;
      if (!entry) {  // a hole: from the end of what is known below to the beginning of what is known above
        std::size_t low = i, high = i + 1;
        while (low > 0 && !longest(edges[low - 1])) --low;
        while (high < edges.size() && !longest(edges[high])) ++high;
        const std::uint64_t size = (high == edges.size() ? whole : edges[high]) - edges[low];
        if (low > 0 && size <= std::uint64_t{1} << 24) route = unspecial[low - 1];
      }
      unspecial.push_back(route);
      routes.push_back(is_special(edges[i]) ? "special" : route);
    }
  }
  std::size_t interval_of(std::uint64_t address) const {
    return static_cast<std::size_t>(std::upper_bound(edges.begin(), edges.end(), address) - edges.begin()) - 1;
  }
  bool same_in(std::uint64_t first, std::uint64_t last, const std::string& route) const {
    for (std::size_t i = interval_of(first); i < edges.size() && edges[i] <= last; ++i) {
      if (routes[i] != route) return false;
    }
    return true;
  }
  // The rules of ROUTING in words: scope 0 only for one route everywhere, a cap where a PoP spills or has more edges
  // than an answer holds.
  int block_of(std::uint64_t address) const {
    const std::string fallback = route_of(map.default_pops);
    const bool uniform = std::all_of(routes.begin(), routes.end(),
                                     [&](const std::string& route) { return route == fallback || route == "special"; });
    const std::string& route = routes[interval_of(address)];
    int block = uniform ? 0 : 1;
    if (!uniform) {
      for (; block < 32; ++block) {
        const std::uint64_t size = std::uint64_t{1} << (32 - block), first = address & ~(size - 1);
        if (same_in(first, first + size - 1, route)) break;
      }
    }
    const std::string& taken = route == "special" ? fallback : route;
    const std::string name = taken.substr(0, taken.find(' '));
    const bool spills = std::count(taken.begin(), taken.end(), ' ') > 1;
    for (std::size_t i = 0; i < pops.size(); ++i) {
      if (pops[i].name != name) continue;
      const auto up = std::count(state[i].edges.begin(), state[i].edges.end(), Availability::up);
      if (spills || static_cast<std::size_t>(up) > edges_per_answer) block = std::max(block, AnswerTable::capped_v4);
    }
    return block;
  }
};

Model random_model(core::Random& random) {
  Model model;
  const char* names[] = {"lon", "nyc", "sin", "gru"};
  const Coordinates places[] = {{51.5, -0.1}, {40.7, -74}, {1.35, 103.8}, {-23.5, -46.6}};
  for (std::size_t i = 0; i < 4; ++i) {
    Pop pop{names[i], places[i], 0};
    PopState state;
    for (std::uint64_t n = 1 + random.below(4); n-- > 0;) {
      const auto host = static_cast<std::uint8_t>(n + 1);
      pop.edges.push_back(
          {pop.name + std::to_string(n), {core::IpAddress::v4({203, 0, static_cast<std::uint8_t>(i), host})}});
      state.edges.push_back(random.below(4) ? Availability::up : Availability::failing);
    }
    state.edges[0] = i == 0 ? Availability::up : state.edges[0];  // with all down the classes decide: not here
    if (random.below(4) == 0) state.spill = static_cast<Spill>(random.below(whole_spill));
    model.pops.push_back(std::move(pop));
    model.state.push_back(std::move(state));
  }
  model.edges_per_answer = 1 + random.below(4);
  std::set<std::pair<std::uint64_t, int>> seen;
  // Few places, so that prefixes meet, overlap and leave holes of every size.
  for (std::uint64_t n = random.below(40); n-- > 0;) {
    const int length = static_cast<int>(random.below(5) ? 4 + random.below(22) : random.below(33));
    std::uint64_t address = random.below(3) ? (random.below(16) << 28 | random.below(16) << 20 | random.below(8) << 12)
                                            : special_v4[random.below(7)].first + random.below(1u << 16);
    address &= 0xffffffff & ~((std::uint64_t{1} << (32 - length)) - 1);
    if (!seen.insert({address, length}).second) continue;
    NetMapEntry entry{{v4(address), length}, {}, {}, 1};
    if (random.below(2)) entry.pops = {static_cast<PopIndex>(random.below(4))};
    entry.at = places[random.below(4)];
    model.map.entries.push_back(std::move(entry));
  }
  model.map.default_pops = {static_cast<PopIndex>(random.below(4))};
  model.work_out();
  return model;
}

std::string answer_of(const AnswerTable& table, const core::IpAddress& client) {
  std::string text;
  const auto choice = table.choose(table.locate(client), client, core::AddressFamily::ipv4);
  for (std::size_t i = 0; i < choice.count; ++i) text += choice.addresses[i].to_string() + " ";
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ecs_scopes)

BOOST_AUTO_TEST_CASE(scopes_are_as_wide_as_the_rules_allow_and_everybody_inside_gets_the_same_answer) {
  core::Random random(20);
  int spilled = 0, capped = 0, wide = 0, special = 0;
  for (int round = 0; round < 150; ++round) {
    const Model model = random_model(random);
    const AnswerTable table =
        AnswerTable::select(GeoMap::compile(model.map, model.pops), model.pops, model.state, model.edges_per_answer);
    for (int i = 0; i < 60; ++i) {
      std::uint64_t address = random.below(whole);
      if (i % 2) address = (model.edges[random.below(model.edges.size())] + random.below(3) + whole - 1) % whole;
      const core::IpAddress client = v4(address);
      const auto place = table.locate(client);
      BOOST_REQUIRE_EQUAL(place.block, model.block_of(address));
      const std::uint64_t size = std::uint64_t{1} << (32 - place.block), first = address & ~(size - 1);
      std::vector<std::uint64_t> others = {first, first + size - 1};
      for (const std::uint64_t edge : model.edges) {
        if (edge >= first && edge < first + size) others.push_back(edge);
      }
      for (int j = 0; j < 4; ++j) others.push_back(first + random.below(size));
      const std::string answer = answer_of(table, client);
      for (const std::uint64_t other : others) {
        // In a special block inside a wide scope the same answer is given, but by the default list.
        BOOST_REQUIRE_EQUAL(answer_of(table, v4(other)), answer);
        BOOST_REQUIRE_EQUAL(table.locate(v4(other)).block, place.block);
      }
      spilled += place.spilled, capped += place.block == 20, wide += place.block < 12, special += place.special;
    }
  }
  BOOST_TEST(spilled > 50);
  BOOST_TEST(capped > 50);
  BOOST_TEST(wide > 500);
  BOOST_TEST(special > 50);
}

// The goal of 7,800 is for a map of a real database's size and three PoPs; gdnsd's scopes cost 8,805 there.
BOOST_AUTO_TEST_CASE(twenty_thousand_random_networks_cost_few_queries) {
  std::vector<Pop> pops = {{"us", {38.9, -77.0}, 0}, {"eu", {50.1, 8.7}, 0}, {"as", {1.35, 103.8}, 0}};
  std::uint8_t host = 0;
  for (Pop& pop : pops) pop.edges.push_back({pop.name + "-1", {core::IpAddress::v4({203, 0, 113, ++host})}});
  NetMap map;
  map.entries = testing::SyntheticMap(1).make(1000);
  BOOST_TEST(map.entries.size() > 300'000u);
  const GeoMap geo = GeoMap::compile(std::move(map), pops);
  const AnswerTable table = AnswerTable::select(geo, pops, EdgeStates(3, {true}), 3);
  const auto cost = testing::scope_cost([&](const core::IpAddress& ip) { return table.locate(ip).block; }, 20'000, 7);
  BOOST_TEST(cost <= 7'800u);
  BOOST_TEST(cost > 1'000u);
  BOOST_TEST_MESSAGE(geo.entries() << " prefixes, " << table.ranges() << " ranges, " << cost << " queries");
}

BOOST_AUTO_TEST_SUITE_END()
