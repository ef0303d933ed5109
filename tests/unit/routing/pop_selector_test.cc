#include "routing/pop_selector.h"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <set>

#include "core/random.h"
#include "routing/client_subnet.h"

namespace {

using namespace skerry;
using namespace skerry::routing;
using boost::test_tools::per_element;

core::IpAddress ip(std::string_view text) {
  return core::IpAddress::parse(text).value();
}

std::vector<Pop> pops(int edges) {
  std::vector<Pop> result = {
      {"lon", {51.5, -0.1}, 0, {}}, {"nyc", {40.7, -74.0}, 0, {}}, {"sin", {1.35, 103.8}, 0, {}}};
  std::uint8_t subnet = 1;
  for (Pop& pop : result) {
    for (int i = 0; i < edges; ++i) {
      const auto host = static_cast<std::uint8_t>(i + 1);
      pop.edges.push_back(
          {pop.name + "-" + std::to_string(i + 1),
           {core::IpAddress::v4({203, 0, subnet, host}), core::IpAddress::v6({0x20, 1, 0xd, 0xb8, subnet, host})},
           1});
    }
    ++subnet;
  }
  return result;
}

EdgeStates all_up(const std::vector<Pop>& pops) {
  EdgeStates states;
  for (const Pop& pop : pops) states.emplace_back(pop.edges.size(), true);
  return states;
}

core::IpAddress v4(std::uint32_t number) {
  return core::IpAddress::v4({static_cast<std::uint8_t>(number >> 24), static_cast<std::uint8_t>(number >> 16),
                              static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)});
}

PolicyState states_of(const std::vector<Pop>& pops) {
  PolicyState states;
  for (const Pop& pop : pops) states.push_back({std::vector<Availability>(pop.edges.size(), Availability::up)});
  return states;
}

GeoMap compiled(std::string_view text, const std::vector<Pop>& pops) {
  std::vector<NetMapProblem> problems;
  NetMap map = parse_net_map(text, pops, problems);
  BOOST_REQUIRE(problems.empty());
  return GeoMap::compile(std::move(map), pops);
}

std::vector<std::string> texts(const AnswerTable::Choice& choice) {
  std::vector<std::string> result;
  for (std::size_t i = 0; i < choice.count; ++i) result.push_back(choice.addresses[i].to_string());
  return result;
}

std::vector<std::string> answer_for(const AnswerTable& table, const core::IpAddress& client) {
  return texts(table.choose(table.locate(client), client, core::AddressFamily::ipv4));
}

constexpr std::string_view world =
    "0.0.0.0/1 nyc\n128.0.0.0/1 lon\n192.0.2.0/24 sin\n2001:db8::/32 sin\n2000::/3 lon\ndefault lon\n";

std::optional<dns::SubnetOption> subnet(std::string_view address, int source) {
  dns::SubnetOption option;
  const core::IpAddress first = first_address(ip(address), source);
  option.family = first.family() == core::AddressFamily::ipv4 ? 1 : 2;
  option.source = static_cast<std::uint8_t>(source);
  std::copy(first.octets().begin(), first.octets().end(), option.address.begin());
  return option;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(pop_selector)

BOOST_AUTO_TEST_CASE(the_nearest_pop_with_a_healthy_edge_answers) {
  const auto all = pops(2);
  const GeoMap map = compiled(world, all);
  auto up = all_up(all);
  const auto pop_of = [&](std::string_view client) {
    const auto table = AnswerTable::select(map, all, up, 3);
    return all[table.locate(ip(client)).pop].name;
  };
  BOOST_TEST(pop_of("192.0.2.1") == "sin");
  up[2][0] = false;
  BOOST_TEST(pop_of("192.0.2.1") == "sin", "one edge is left");
  up[2][1] = false;
  BOOST_TEST(pop_of("192.0.2.1") == "lon", "Singapore is nearer to London than to New York");
  up[0] = {false, false};
  BOOST_TEST(pop_of("192.0.2.1") == "nyc");
  BOOST_TEST(pop_of("200.1.1.1") == "nyc");
}

BOOST_AUTO_TEST_CASE(answers_hold_healthy_edges_only) {
  const auto all = pops(3);
  const GeoMap map = compiled(world, all);
  auto up = all_up(all);
  up[2][1] = false;
  const auto table = AnswerTable::select(map, all, up, 3);
  auto answer = answer_for(table, ip("192.0.2.1"));
  std::sort(answer.begin(), answer.end());
  BOOST_TEST(answer == (std::vector<std::string>{"203.0.3.1", "203.0.3.3"}), boost::test_tools::per_element());
  BOOST_TEST(table.healthy_edges(2) == 2u);
}

BOOST_AUTO_TEST_CASE(with_all_down_everything_is_answered_as_if_up) {
  const auto all = pops(2);
  const GeoMap map = compiled(world, all);
  const EdgeStates down(3, std::vector<bool>(2, false));
  const auto table = AnswerTable::select(map, all, down, 3);
  BOOST_TEST(table.all_down());
  BOOST_TEST(answer_for(table, ip("192.0.2.1")).size() == 2u);
  BOOST_TEST(all[table.locate(ip("192.0.2.1")).pop].name == "sin");
  BOOST_TEST(!AnswerTable::select(map, all, all_up(all), 3).all_down());
}

BOOST_AUTO_TEST_CASE(an_edge_without_weight_gets_nobody) {
  auto all = pops(2);
  all[2].edges[0].weight = 0;
  const auto table = AnswerTable::select(compiled(world, all), all, all_up(all), 3);
  BOOST_TEST(answer_for(table, ip("192.0.2.1")) == std::vector<std::string>{"203.0.3.2"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_address_that_several_edges_share_is_answered_once) {
  std::vector<Pop> shared = pops(3);
  for (Pop& pop : shared) {
    for (Edge& edge : pop.edges) edge.addresses = {ip("203.0.113.7")};
  }
  const GeoMap map = compiled(world, shared);
  const AnswerTable table = AnswerTable::select(map, shared, all_up(shared), 3);
  BOOST_TEST(answer_for(table, ip("192.0.2.1")) == std::vector<std::string>{"203.0.113.7"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_pop_without_addresses_of_a_family_has_none_to_give) {
  auto all = pops(1);
  all[2].edges[0].addresses = {ip("203.0.3.1")};
  const auto table = AnswerTable::select(compiled(world, all), all, all_up(all), 3);
  const auto client = ip("192.0.2.1");
  BOOST_TEST(table.choose(table.locate(client), client, core::AddressFamily::ipv6).count == 0u);
  BOOST_TEST(table.choose(table.locate(client), client, core::AddressFamily::ipv4).count == 1u);
}

// One with both families would prefer the far PoP's IPv6 to the near one's IPv4 (RFC 8305).
BOOST_AUTO_TEST_CASE(health_and_place_decide_where_to_and_never_the_family_that_is_asked_for) {
  auto all = pops(2);
  for (Edge& edge : all[2].edges) edge.addresses.pop_back();           // Singapore: IPv4 alone
  all[0].edges[0].addresses.erase(all[0].edges[0].addresses.begin());  // London: one of each
  all[0].edges[1].addresses.pop_back();
  const GeoMap map = compiled(world, all);
  using Up = EdgeStates;
  const struct {
    const char* what;
    Up up;
    const char* client;
    std::vector<std::string> a, aaaa;
  } rows[] = {
      {"Singapore has no IPv6", {{1, 1}, {1, 1}, {1, 1}}, "192.0.2.1", {"203.0.3.1", "203.0.3.2"}, {}},
      {"London has both", {{1, 1}, {1, 1}, {1, 1}}, "200.0.0.1", {"203.0.1.2"}, {"2001:db8:101::"}},
      {"London's IPv6 edge is down", {{0, 1}, {1, 1}, {1, 1}}, "200.0.0.1", {"203.0.1.2"}, {}},
      {"London's IPv4 edge is down", {{1, 0}, {1, 1}, {1, 1}}, "200.0.0.1", {}, {"2001:db8:101::"}},
      {"London is down as a whole", {{0, 0}, {0, 0}, {1, 1}}, "200.0.0.1", {"203.0.3.1", "203.0.3.2"}, {}},
  };
  for (const auto& row : rows) {
    const AnswerTable table = AnswerTable::select(map, all, row.up, 3);
    const auto place = table.locate(ip(row.client));
    auto a = texts(table.choose(place, ip(row.client), core::AddressFamily::ipv4));
    std::sort(a.begin(), a.end());
    BOOST_TEST_CONTEXT(row.what) {
      BOOST_TEST(a == row.a, per_element());
      BOOST_TEST(texts(table.choose(place, ip(row.client), core::AddressFamily::ipv6)) == row.aaaa, per_element());
    }
  }
}

// The promise of ECS: whoever sits in the block that is named gets the very same answer.
BOOST_AUTO_TEST_CASE(every_address_inside_a_scope_gets_the_same_answer) {
  core::Random random(7);
  int wide = 0;
  for (int round = 0; round < 60; ++round) {
    const auto all = pops(1 + static_cast<int>(random.below(6)));
    NetMap net;
    std::set<std::string> seen;
    for (std::uint64_t n = random.below(80); n-- > 0;) {
      const bool v4 = random.below(3) > 0;
      std::array<std::uint8_t, 16> octets;
      for (auto& octet : octets) octet = static_cast<std::uint8_t>(random.next());
      const int length = static_cast<int>(random.below(v4 ? 33 : 129));
      const auto raw =
          v4 ? core::IpAddress::v4({octets[0], octets[1], octets[2], octets[3]}) : core::IpAddress::v6(octets);
      NetMapEntry entry;
      entry.prefix = {first_address(raw, length), length};
      entry.pops = {static_cast<PopIndex>(random.below(3))};
      if (seen.insert(entry.prefix.to_string()).second) net.entries.push_back(entry);
    }
    const auto entries = net.entries;
    auto up = all_up(all);
    for (auto& pop : up) pop[random.below(pop.size())] = random.below(2) > 0;
    const auto table = AnswerTable::select(GeoMap::compile(std::move(net), all), all, up, 3);
    for (int i = 0; i < 200; ++i) {
      std::array<std::uint8_t, 16> octets;
      for (auto& octet : octets) octet = static_cast<std::uint8_t>(random.next());
      core::IpAddress client =
          i % 2 ? core::IpAddress::v4({octets[0], octets[1], octets[2], octets[3]}) : core::IpAddress::v6(octets);
      if (i % 3 == 0 && !entries.empty()) client = entries[random.below(entries.size())].prefix.ip;
      const auto place = table.locate(client);
      wide += place.block < 16;
      // Another address of the block: its own bits behind the prefix, at random.
      const std::string_view mine = client.octets();
      for (std::size_t byte = 0; byte < mine.size(); ++byte) {
        const int kept = std::clamp(place.block - static_cast<int>(byte) * 8, 0, 8);
        const auto mask = static_cast<std::uint8_t>(0xff00 >> kept);
        octets[byte] =
            static_cast<std::uint8_t>((static_cast<std::uint8_t>(mine[byte]) & mask) | (random.next() & 0xff & ~mask));
      }
      const auto other = mine.size() == 4 ? core::IpAddress::v4({octets[0], octets[1], octets[2], octets[3]})
                                          : core::IpAddress::v6(octets);
      const auto its = table.locate(other);
      BOOST_REQUIRE_EQUAL(its.block, place.block);
      BOOST_REQUIRE_EQUAL(its.special, place.special);
      for (auto family : {core::AddressFamily::ipv4, core::AddressFamily::ipv6}) {
        BOOST_REQUIRE(texts(table.choose(place, client, family)) == texts(table.choose(its, other, family)));
      }
    }
  }
  BOOST_TEST(wide > 0);
}

BOOST_AUTO_TEST_CASE(clients_are_spread_over_more_edges_than_an_answer_holds) {
  const auto all = pops(6);
  const auto table = AnswerTable::select(compiled(world, all), all, all_up(all), 2);
  std::map<std::string, int> given;
  for (std::uint8_t i = 0; i < 200; ++i) {
    const auto client = core::IpAddress::v4({200, i, 1, 1});
    BOOST_TEST(table.locate(client).block == AnswerTable::capped_v4);
    const auto answer = answer_for(table, client);
    BOOST_TEST(answer.size() == 2u);
    for (const auto& address : answer) ++given[address];
  }
  BOOST_TEST(given.size() == 6u);
  for (const auto& [address, count] : given) BOOST_TEST((count > 35 && count < 105), address << ": " << count);
}

BOOST_AUTO_TEST_CASE(a_lost_edge_moves_only_its_own_share) {
  const auto all = pops(6);
  const GeoMap map = compiled(world, all);
  auto up = all_up(all);
  const auto before = AnswerTable::select(map, all, up, 1);
  up[0][3] = false;
  const auto after = AnswerTable::select(map, all, up, 1);
  for (std::uint8_t i = 0; i < 200; ++i) {
    const auto client = core::IpAddress::v4({200, i, 1, 1});
    if (answer_for(before, client)[0] != "203.0.1.4")
      BOOST_TEST(answer_for(before, client) == answer_for(after, client));
    BOOST_TEST(answer_for(after, client)[0] != "203.0.1.4");
  }
}

BOOST_AUTO_TEST_CASE(answers_hold_the_best_class_of_edges_that_exists_anywhere) {
  const auto all = pops(2);
  const GeoMap map = compiled(world, all);
  PolicyState state = states_of(all);
  const auto sin = [&] { return AnswerTable::select(map, all, state, 3); };
  state[2].edges = {Availability::draining, Availability::draining};
  BOOST_TEST(all[sin().locate(ip("192.0.2.1")).pop].name == "lon", "a drained PoP loses its clients");
  for (PopState& pop : state) pop.edges = {Availability::failing, Availability::failing};
  BOOST_TEST((sin().used() == Availability::failing));
  BOOST_TEST(answer_for(sin(), ip("192.0.2.1")).size() == 2u);
  state[2].edges = {Availability::draining, Availability::failing};
  BOOST_TEST((sin().used() == Availability::draining), "it works, though nobody more is wanted there");
  BOOST_TEST(answer_for(sin(), ip("192.0.2.1")) == std::vector<std::string>{"203.0.3.1"}, per_element());
  BOOST_TEST(all[sin().locate(ip("20.1.1.1")).pop].name == "sin");
  for (PopState& pop : state) pop.edges = {Availability::draining, Availability::down};
  BOOST_TEST(answer_for(sin(), ip("192.0.2.1")) == std::vector<std::string>{"203.0.3.1"}, per_element());
  for (PopState& pop : state) pop.edges = {Availability::down, Availability::down};
  BOOST_TEST(answer_for(sin(), ip("192.0.2.1")).size() == 2u);
  BOOST_TEST(sin().all_down());
}

BOOST_AUTO_TEST_CASE(times_to_live_end_with_the_next_health_decision_there_or_nearer) {
  const auto all = pops(1);
  const GeoMap map = compiled(world, all);
  PolicyState state = states_of(all);
  state[2].ttl_limit = 6;
  const auto doubted = AnswerTable::select(map, all, state, 3);
  BOOST_TEST(doubted.ttl_limit(2) == 6u);
  BOOST_TEST(doubted.ttl_limit(0) == 0xffffffffu);
  state[2].edges = {Availability::failing};
  BOOST_TEST(AnswerTable::select(map, all, state, 3).ttl_limit(0) == 6u, "London stands in for Singapore");
  BOOST_TEST(AnswerTable::select(map, all, state, 3).ttl_limit(1) == 0xffffffffu, "New York does not");
}

// Load that goes up only adds blocks to those that have moved; load that goes down only takes some away.
BOOST_AUTO_TEST_CASE(spilling_moves_growing_sets_of_blocks_to_the_next_pop_and_back) {
  const auto all = pops(2);
  const GeoMap map = compiled(world, all);
  PolicyState state = states_of(all);
  std::set<int> away;
  core::Random random(11);
  Spill spill = 0;
  int rises = 0, falls = 0;
  std::optional<AnswerTable> before;
  for (int step = 0; step < 24; ++step) {
    const bool rising = step < 12;
    const auto change = static_cast<Spill>(random.below(whole_spill / 14));
    spill = rising ? spill + change : spill - std::min(spill, change);
    state[1].spill = spill;
    const AnswerTable table = AnswerTable::select(map, all, state, 3, before ? &*before : nullptr);
    std::set<int> now;
    for (int i = 0; i < 2000; ++i) {
      const auto client =
          core::IpAddress::v4({static_cast<std::uint8_t>(32 + i / 256), static_cast<std::uint8_t>(i), 0, 1});
      const auto place = table.locate(client);
      BOOST_REQUIRE(place.pop == 1 || place.pop == 0);
      if (place.pop == 0) now.insert(i);
      BOOST_REQUIRE_EQUAL(place.spilled, place.pop == 0);
      if (spill > 0) BOOST_REQUIRE_EQUAL(place.block, AnswerTable::capped_v4);
    }
    const auto& smaller = rising ? away : now;
    const auto& larger = rising ? now : away;
    BOOST_REQUIRE(std::includes(larger.begin(), larger.end(), smaller.begin(), smaller.end()));
    (rising ? rises : falls) += smaller.size() < larger.size();
    const double share = static_cast<double>(now.size()) / 2000, wanted = static_cast<double>(spill) / whole_spill;
    BOOST_REQUIRE(std::abs(share - wanted) < 0.05);
    away = std::move(now);
    before = table;
  }
  BOOST_TEST(rises > 5);
  BOOST_TEST(falls > 5);
}

// New York comes and goes: London's ranges join and split, for what they go on to is now the same, now not.
BOOST_AUTO_TEST_CASE(what_other_pops_do_moves_no_block_and_changes_no_choice) {
  const auto all = pops(6);
  std::string text = "0.0.0.0/0 lon,nyc,sin\n2000::/3 lon,nyc,sin\ndefault lon\n";
  core::Random random(17);
  std::vector<std::uint32_t> firsts;
  for (std::uint32_t i = 0; i < 300; ++i) {
    const int length = i % 3 == 0 ? 16 : i % 3 == 1 ? 20 : 24;
    const auto drawn = static_cast<std::uint32_t>(random.next());
    firsts.push_back(((20 + i % 100) << 24 | (drawn & 0xffffff)) >> (32 - length) << (32 - length));
    const std::string prefix = v4(firsts.back()).to_string() + "/" + std::to_string(length);
    if (text.find(prefix) == std::string::npos) text += prefix + " lon,sin,nyc\n";
  }
  const GeoMap map = compiled(text, all);
  PolicyState state = states_of(all);
  state[0].spill = whole_spill / 3;
  const auto before = AnswerTable::select(map, all, state, 2);
  state[1].edges.assign(6, Availability::down);
  const auto after = AnswerTable::select(map, all, state, 2);
  int split = 0, spilled = 0;
  for (int i = 0; i < 5000; ++i) {
    // In the prefixes and close to them.
    const auto client = v4(firsts[random.below(firsts.size())] ^ static_cast<std::uint32_t>(random.below(1 << 13)));
    const auto was = before.locate(client), is = after.locate(client);
    split += was.block != is.block;
    spilled += was.spilled;
    BOOST_REQUIRE_EQUAL(was.spilled, is.spilled);
    if (was.pop == is.pop) BOOST_REQUIRE(answer_for(before, client) == answer_for(after, client));
  }
  BOOST_TEST(split > 10);
  BOOST_TEST(spilled > 500);
}

BOOST_AUTO_TEST_CASE(a_full_next_pop_passes_on_and_when_all_are_full_the_nearest_has_to_do) {
  const auto all = pops(1);
  const GeoMap map = compiled(world, all);
  PolicyState state = states_of(all);
  state[1].spill = state[0].spill = whole_spill;
  const auto table = AnswerTable::select(map, all, state, 3);
  BOOST_TEST(all[table.locate(ip("20.1.1.1")).pop].name == "sin", "New York and London are full");
  state[2].spill = whole_spill;
  const auto full = AnswerTable::select(map, all, state, 3);
  BOOST_TEST(all[full.locate(ip("20.1.1.1")).pop].name == "nyc");
  BOOST_TEST(!full.locate(ip("20.1.1.1")).spilled);
}

// On a line eastwards, one edge each: p0 is the westernmost.
std::vector<Pop> many_pops() {
  std::vector<Pop> all;
  for (int i = 0; i < 20; ++i) {
    const std::string number = std::to_string(i);
    all.push_back({"p" + number, {0, i * 2.0}, 0, {{"e" + number, {ip("203.0.113." + number)}, 1}}});
  }
  return all;
}

BOOST_AUTO_TEST_CASE(the_nearest_pop_is_found_however_many_before_it_are_down_or_full) {
  const auto all = many_pops();
  const GeoMap map = compiled("192.0.2.0/24 0 38\n198.51.100.0/24 0 0\n", all);
  const auto pop_of = [&](const PolicyState& state, std::string_view client) {
    const auto table = AnswerTable::select(map, all, state, 3);
    return all[table.locate(ip(client)).pop].name;
  };
  PolicyState down = states_of(all), full = down;
  for (std::size_t i = 2; i < 20; ++i) {
    down[i].edges = full[i].edges = {i % 2 == 0 ? Availability::down : Availability::draining};
  }
  for (std::size_t i = 1; i < 8; ++i) {
    full[i].edges = {Availability::up};
    full[i].spill = whole_spill;
  }
  BOOST_TEST(pop_of(down, "192.0.2.1") == "p1", "and not p0, which comes first in the configuration");
  BOOST_TEST(pop_of(full, "192.0.2.1") == "p0", "behind seven that are full and twelve that are down");
  down[1].edges = {Availability::down};
  BOOST_TEST(pop_of(down, "192.0.2.1") == "p0");
  PolicyState east = states_of(all);
  for (std::size_t i = 0; i < 18; ++i) east[i].edges = {Availability::down};
  BOOST_TEST(pop_of(east, "198.51.100.1") == "p18");
  east[17].ttl_limit = 7;
  const auto table = AnswerTable::select(map, all, east, 3);
  BOOST_TEST(table.ttl_limit(18) == 7u, "p17 is nearer to some and may come back");
}

BOOST_AUTO_TEST_CASE(an_operators_line_may_name_more_pops_than_a_list_is_kept_deep) {
  const auto all = many_pops();
  std::string line = "192.0.2.0/24 p0";
  for (int i = 19; i > 0; --i) line += ",p" + std::to_string(i);
  PolicyState state = states_of(all);
  for (std::size_t i = 2; i < 20; ++i) state[i].edges = {Availability::down};
  state[0].edges = {Availability::down};
  state[2].edges = {Availability::up};
  const auto table = AnswerTable::select(compiled(line, all), all, state, 3);
  BOOST_TEST(all[table.locate(ip("192.0.2.1")).pop].name == "p2", "the line puts it before p1");
}

BOOST_AUTO_TEST_CASE(no_edge_is_left_out_because_another_has_many_addresses) {
  auto all = pops(3);
  std::set<std::string> first_octets;
  for (std::size_t i = 0; i < 3; ++i) {
    const auto edge = static_cast<std::uint8_t>(i);
    all[2].edges[i].addresses.clear();
    for (std::uint8_t j = 0; j < 6; ++j) all[2].edges[i].addresses.push_back(core::IpAddress::v4({203, 0, edge, j}));
  }
  const auto table = AnswerTable::select(compiled(world, all), all, all_up(all), 3);
  const auto answer = answer_for(table, ip("192.0.2.1"));
  BOOST_TEST(answer.size() == 8u);
  for (std::size_t i = 0; i < answer.size(); ++i) {
    BOOST_TEST(answer[i].ends_with("." + std::to_string(i / 3)), answer[i]);
    if (i < 3) first_octets.insert(answer[i]);
  }
  BOOST_TEST(first_octets.size() == 3u, "each edge has one before any has two");
}

BOOST_AUTO_TEST_CASE(what_is_taken_over_from_an_earlier_table_is_what_would_be_made_anew) {
  const auto all = pops(3);
  const GeoMap map = compiled(world, all);
  core::Random random(5);
  AnswerTable earlier = AnswerTable::select(map, all, states_of(all), 2);
  for (int round = 0; round < 40; ++round) {
    PolicyState state = states_of(all);
    for (PopState& pop : state) {
      for (auto& edge : pop.edges) edge = static_cast<Availability>(random.below(5) < 3 ? 0 : random.below(4));
      if (random.below(3) == 0) pop.spill = static_cast<Spill>(random.below(whole_spill));
    }
    const AnswerTable fresh = AnswerTable::select(map, all, state, 2);
    const AnswerTable built = AnswerTable::select(map, all, state, 2, &earlier);
    for (int i = 0; i < 100; ++i) {
      const auto n = static_cast<std::uint32_t>(random.next());
      const auto client = core::IpAddress::v4({static_cast<std::uint8_t>(n >> 24), static_cast<std::uint8_t>(n >> 16),
                                               static_cast<std::uint8_t>(n >> 8), static_cast<std::uint8_t>(n)});
      BOOST_REQUIRE_EQUAL(fresh.locate(client).pop, built.locate(client).pop);
      BOOST_REQUIRE_EQUAL(fresh.locate(client).block, built.locate(client).block);
      BOOST_REQUIRE(answer_for(fresh, client) == answer_for(built, client));
    }
    earlier = built;
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(client_subnet)

BOOST_AUTO_TEST_CASE(scopes_follow_the_rules) {
  const auto all = pops(2);
  const auto table = AnswerTable::select(compiled(world, all), all, all_up(all), 3);
  const struct {
    const char* what;
    std::optional<dns::SubnetOption> option;
    const char* source;
    const char* pop;
    int scope;
  } rows[] = {
      {"no option: the resolver's address", std::nullopt, "192.0.2.53", "sin", 24},
      {"the client's prefix", subnet("192.0.2.0", 24), "8.8.8.8", "sin", 24},
      {"wider than asked: the whole half", subnet("20.30.40.0", 24), "192.0.2.53", "nyc", 4},
      {"shorter than the split: the true longer scope", subnet("192.0.0.0", 16), "8.8.8.8", "lon", 23},
      {"longer than the split", subnet("192.0.2.77", 32), "8.8.8.8", "sin", 24},
      {"source 0: the resolver's address", subnet("0.0.0.0", 0), "192.0.2.53", "sin", 24},
      {"private client: the resolver's address, the block's length", subnet("10.20.30.0", 24), "192.0.2.53", "sin", 8},
      {"private client of another size", subnet("192.168.7.0", 24), "20.1.1.1", "nyc", 16},
      {"IPv6", subnet("2001:db8:1::", 56), "8.8.8.8", "sin", 32},
      {"private IPv6", subnet("fd12::", 48), "192.0.2.53", "sin", 7},
      {"both private: the default list", subnet("10.0.0.0", 8), "127.0.0.1", "lon", 8},
      {"mapped resolver", std::nullopt, "::ffff:192.0.2.53", "sin", 24},
  };
  for (const auto& row : rows) {
    const auto client = locate_client(table, row.option, ip(row.source));
    BOOST_TEST(all[client.place.pop].name == row.pop, row.what);
    const bool located = row.option && row.option->source > 0;
    if (located) BOOST_TEST(client.scope == row.scope, row.what << ": " << client.scope);
    if (!located) BOOST_TEST(client.scope == 0, row.what);
  }
}

BOOST_AUTO_TEST_CASE(a_private_clients_scope_is_its_whole_block_however_many_edges_share_the_load) {
  const auto all = pops(9);
  PolicyState state = states_of(all);
  state[2].spill = whole_spill / 2;
  const auto table = AnswerTable::select(compiled(world, all), all, state, 3);
  BOOST_TEST(locate_client(table, subnet("20.1.1.0", 24), ip("8.8.8.8")).scope == AnswerTable::capped_v4);
  BOOST_TEST(locate_client(table, subnet("10.20.30.0", 24), ip("192.0.2.53")).scope == 8);
  BOOST_TEST(locate_client(table, subnet("192.168.7.0", 24), ip("192.0.2.53")).scope == 16);
  BOOST_TEST(locate_client(table, subnet("fd12::", 48), ip("192.0.2.53")).scope == 7);
  BOOST_TEST(table.locate(ip("10.20.30.1")).block == AnswerTable::capped_v4, "as resolvers they are shared out, too");
}

BOOST_AUTO_TEST_CASE(scope_0_is_given_only_if_the_whole_world_has_one_list) {
  const auto all = pops(2);
  const auto scope = [&](std::string_view map, std::string_view address, int source, EdgeStates up) {
    const auto table = AnswerTable::select(compiled(map, all), all, up, 3);
    return locate_client(table, subnet(address, source), ip("8.8.8.8")).scope;
  };
  const auto up = all_up(all);
  BOOST_TEST(scope("default lon", "20.1.1.0", 24, up) == 0);
  BOOST_TEST(scope("0.0.0.0/0 nyc\n::/0 nyc\ndefault lon", "10.1.1.0", 24, up) == 0, "private clients, too");
  BOOST_TEST(scope("0.0.0.0/0 nyc\ndefault lon", "20.1.1.0", 24, up) > 0, "the other family differs");
  BOOST_TEST(scope("0.0.0.0/0 nyc\ndefault lon", "2001:db8::", 32, up) > 0);
  auto one = up;
  one[0] = one[2] = {false, false};
  BOOST_TEST(scope(world, "20.1.1.0", 24, one) == 0, "only New York is left for everybody");
}

BOOST_AUTO_TEST_SUITE_END()
