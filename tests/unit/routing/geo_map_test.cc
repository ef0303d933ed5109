#include "routing/geo_map.h"

#include <boost/test/unit_test.hpp>

#include "core/random.h"

namespace {

using namespace skerry;
using namespace skerry::routing;

std::vector<Pop> three_pops() {
  return {{"lon", {51.5, -0.1}, 0, {}}, {"nyc", {40.7, -74.0}, 0, {}}, {"sin", {1.35, 103.8}, 0, {}}};
}

core::IpAddress ip(std::string_view text) {
  return core::IpAddress::parse(text).value();
}

std::vector<std::string> problems_of(std::string_view text) {
  std::vector<NetMapProblem> problems;
  parse_net_map(text, three_pops(), problems);
  std::vector<std::string> lines;
  for (const auto& p : problems) {
    lines.push_back(std::to_string(p.line) + ":" + std::to_string(p.column) + " " + p.message);
  }
  return lines;
}

GeoMap compiled(std::string_view text) {
  std::vector<NetMapProblem> problems;
  NetMap map = parse_net_map(text, three_pops(), problems);
  BOOST_REQUIRE(problems.empty());
  return GeoMap::compile(std::move(map), three_pops());
}

std::string first_pop(const GeoMap& map, std::string_view address) {
  return three_pops()[map.list(map.list_of(ip(address))).front()].name;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(net_map)

BOOST_AUTO_TEST_CASE(lines_of_every_kind_are_read) {
  std::vector<NetMapProblem> problems;
  const NetMap map = parse_net_map(
      "# clients\n\n192.0.2.0/24\tlon,nyc # London\r\n  2001:db8::/32 1.5 -103.25\ndefault sin,lon\n198.51.100.7 nyc",
      three_pops(), problems);
  BOOST_TEST(problems.empty());
  BOOST_REQUIRE_EQUAL(map.entries.size(), 3u);
  BOOST_TEST(map.entries[0].prefix.to_string() == "192.0.2.0/24");
  BOOST_TEST((map.entries[0].pops == std::vector<PopIndex>{0, 1}));
  BOOST_TEST(map.entries[0].line == 3u);
  BOOST_TEST(map.entries[1].at.longitude == -103.25);
  BOOST_TEST(map.entries[2].prefix.prefix == 32);
  BOOST_TEST((map.default_pops == std::vector<PopIndex>{2, 0}));
}

BOOST_AUTO_TEST_CASE(every_mistake_is_named_with_line_and_column) {
  const std::pair<const char*, const char*> table[] = {
      {"192.0.2.1/24 lon",
       "1:1 \"192.0.2.1/24\" is not a prefix such as 192.0.2.0/24 or 2001:db8::/32, with zeros "
       "behind its length"},
      {"\n  London lon", "2:3 \"London\" is not a prefix such as 192.0.2.0/24 or 2001:db8::/32"},
      {"192.0.2.0/24 lon,par", "1:18 no PoP is named \"par\""},
      {"192.0.2.0/24 ZZ", "1:14 no PoP is named \"ZZ\""},
      {"192.0.2.0/24 gb", "1:14 no PoP is named \"gb\""},
      {"192.0.2.0/24 lon,", "1:18 a PoP's name is missing"},
      {"192.0.2.0/24 lon,lon", "1:18 \"lon\" is listed twice"},
      {"192.0.2.0/24", "1:1 expected: prefix pop[,pop...], or: prefix latitude longitude, or: prefix country"},
      {"192.0.2.0/24 1 2 3", "1:18 expected: prefix pop[,pop...], or: prefix latitude longitude, or: prefix country"},
      {"192.0.2.0/24 91 0", "1:14 \"91\" is not a latitude between -90 and 90"},
      {"192.0.2.0/24 nan 0", "1:14 \"nan\" is not a latitude between -90 and 90"},
      {"192.0.2.0/24 1 east", "1:16 \"east\" is not a longitude between -180 and 180"},
      {"192.0.2.0/24 lon\n192.0.2.0/24 nyc", "2:1 \"192.0.2.0/24\" stands in line 1 already"},
      {"default lon\ndefault nyc", "2:1 default is given twice, first in line 1"},
      {"default lon nyc", "1:1 expected: default pop[,pop...]"},
  };
  for (const auto& [text, expected] : table) {
    const auto problems = problems_of(text);
    BOOST_REQUIRE_EQUAL(problems.size(), 1u);
    BOOST_TEST(problems[0] == expected);
  }
}

BOOST_AUTO_TEST_CASE(a_country_stands_for_its_coordinates_unless_a_pop_is_called_so) {
  BOOST_TEST(first_pop(compiled("192.0.2.0/24 GB\n198.51.100.0/24 AU\n"), "192.0.2.1") == "lon");
  BOOST_TEST(first_pop(compiled("192.0.2.0/24 GB\n198.51.100.0/24 AU\n"), "198.51.100.1") == "sin");
  std::vector<Pop> pops = three_pops();
  pops[1].name = "GB";
  std::vector<NetMapProblem> problems;
  const NetMap map = parse_net_map("192.0.2.0/24 GB", pops, problems);
  BOOST_TEST((map.entries.at(0).pops == std::vector<PopIndex>{1}));
}

BOOST_AUTO_TEST_CASE(reports_end_after_fifty) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "nonsense here\n";
  BOOST_TEST(problems_of(text).size() == 50u);
  BOOST_TEST(problems_of(std::string(5000, 'x')).size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(distances)

BOOST_AUTO_TEST_CASE(great_circles_are_measured) {
  const Coordinates london{51.5074, -0.1278}, new_york{40.7128, -74.0060}, sydney{-33.8688, 151.2093};
  BOOST_TEST(std::abs(distance_km(london, new_york) - 5570) < 5);
  BOOST_TEST(std::abs(distance_km(london, sydney) - 16994) < 15);
  BOOST_TEST(distance_km(london, london) == 0);
  BOOST_TEST(std::abs(distance_km({0, 179.5}, {0, -179.5}) - 111.2) < 0.2, "across the date line");
  BOOST_TEST(std::abs(distance_km({90, 0}, {-90, 77}) - 20015) < 1, "pole to pole");
}

BOOST_AUTO_TEST_CASE(bias_and_names_decide_ties) {
  auto pops = three_pops();
  BOOST_TEST((by_distance({48.9, 2.4}, pops) == std::vector<PopIndex>{0, 1, 2}));
  pops[0].bias = 6000;
  BOOST_TEST((by_distance({48.9, 2.4}, pops) == std::vector<PopIndex>{1, 0, 2}));
  pops = three_pops();
  pops[0].reach = 300;
  BOOST_TEST((by_distance({48.9, 2.4}, pops) == std::vector<PopIndex>{1, 2, 0}), "Paris is out of London's reach");
  BOOST_TEST((by_distance({51.4, 0}, pops) == std::vector<PopIndex>{0, 1, 2}));
  pops[0].bias = 20000;
  BOOST_TEST((by_distance({51.4, 0}, pops) == std::vector<PopIndex>{1, 2, 0}), "bias is no part of reach");
  for (Pop& pop : pops) pop.reach = 1, pop.bias = 0;
  BOOST_TEST((by_distance({48.9, 2.4}, pops) == std::vector<PopIndex>{0, 1, 2}), "out of everybody's reach");
  pops = {{"b", {0, 0}, 0, {}}, {"a", {0, 0}, 0, {}}};
  BOOST_TEST((by_distance({10, 10}, pops) == std::vector<PopIndex>{1, 0}));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(range_table)

// The painter and the table against a list of prefixes searched one by one.
BOOST_AUTO_TEST_CASE(look_ups_agree_with_brute_force) {
  core::Random random(42);
  for (int round = 0; round < 60; ++round) {
    struct Entry {
      V4 first;
      int length;
      std::uint32_t value;
    };
    std::vector<Entry> entries;
    for (std::uint64_t n = random.below(round % 2 ? 60 : 400); n-- > 0;) {
      const int length = static_cast<int>(random.below(33));
      const V4 mask = last_of<V4>(0, length);
      entries.push_back({static_cast<V4>(random.next()) & ~mask, length, static_cast<std::uint32_t>(random.below(4))});
    }
    std::stable_sort(entries.begin(), entries.end(), [](auto& a, auto& b) { return a.length < b.length; });
    RangePainter<V4> painter(9);
    for (const auto& e : entries) painter.paint(e.first, last_of<V4>(e.first, e.length), e.value);
    const RangeTable<V4> table(painter.ranges());
    const auto expected = [&](V4 address) {
      std::uint32_t value = 9;
      for (const auto& e : entries) {
        if (common_bits<V4>(e.first, address) >= e.length) value = e.value;
      }
      return value;
    };
    for (int i = 0; i < 300; ++i) {
      V4 address = static_cast<V4>(random.next());
      if (!entries.empty() && i % 2) {  // at the edges, where mistakes live
        const Entry& e = entries[random.below(entries.size())];
        address =
            i % 4 == 1 ? e.first - static_cast<V4>(i % 3) : last_of<V4>(e.first, e.length) + static_cast<V4>(i % 3);
      }
      const auto found = table.find(address);
      BOOST_REQUIRE_EQUAL(found.value, expected(address));
      const V4 block_last = last_of<V4>(0, found.block);
      const V4 first = address & ~block_last, last = address | block_last;
      BOOST_REQUIRE_EQUAL(table.find(first).value, found.value);
      BOOST_REQUIRE_EQUAL(table.find(last).value, found.value);
      BOOST_REQUIRE_EQUAL(table.find(static_cast<V4>(first + random.below(std::uint64_t{block_last} + 1))).block,
                          found.block);
      if (found.block > 0) {  // one bit wider there is another value
        const V4 wider_last = last_of<V4>(0, found.block - 1);
        const V4 wider = address & ~wider_last;
        bool same = true;
        for (std::size_t r = 0; r < table.size(); ++r) {
          const auto range = table.range(r);
          if (range.first <= (wider | wider_last) && range.last >= wider) same &= range.value == found.value;
        }
        BOOST_REQUIRE(!same);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(ipv6_blocks_reach_over_both_halves) {
  RangePainter<V6> painter(0);
  const V6 first = number_of_v6(ip("2001:db8::"));
  painter.paint(first, last_of<V6>(first, 32), 1);
  const V6 host = number_of_v6(ip("2001:db8::7"));
  painter.paint(host, host, 2);
  const RangeTable<V6> table(painter.ranges());
  BOOST_TEST(table.find(number_of_v6(ip("2001:db8:8000::1"))).value == 1u);
  BOOST_TEST(table.find(number_of_v6(ip("2001:db8:8000::1"))).block == 33);
  BOOST_TEST(table.find(host).value == 2u);
  BOOST_TEST(table.find(host).block == 128);
  BOOST_TEST(table.find(host - 1).block == 128);
  BOOST_TEST(table.find(host + 1).block == 125);
  BOOST_TEST(table.find(number_of_v6(ip("3000::"))).block == 4);
  BOOST_TEST(table.find(~V6{0}).value == 0u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(geo_map)

BOOST_AUTO_TEST_CASE(the_longest_prefix_decides) {
  const GeoMap map =
      compiled("0.0.0.0/0 lon\n192.0.2.0/24 nyc\n192.0.2.128/25 sin\n198.51.100.0/24 1.3 103.9\n2001:db8::/32 nyc\n");
  BOOST_TEST(first_pop(map, "8.8.8.8") == "lon");
  BOOST_TEST(first_pop(map, "192.0.2.1") == "nyc");
  BOOST_TEST(first_pop(map, "192.0.2.200") == "sin");
  BOOST_TEST(first_pop(map, "198.51.100.1") == "sin");
  BOOST_TEST(first_pop(map, "2001:db8::1") == "nyc");
  BOOST_TEST(map.entry_of(ip("192.0.2.200"))->line == 3u);
  BOOST_TEST(!map.entry_of(ip("2001:db9::1")));
}

BOOST_AUTO_TEST_CASE(a_list_of_pops_is_completed_by_distance_from_its_first) {
  const GeoMap map = compiled("192.0.2.0/24 sin\n");
  BOOST_TEST((map.list(map.list_of(ip("192.0.2.1"))) == std::vector<PopIndex>{2, 0, 1}));
}

BOOST_AUTO_TEST_CASE(holes_up_to_a_slash_8_take_the_lower_neighbour) {
  const GeoMap map = compiled("20.0.0.0/16 nyc\n20.2.0.0/16 sin\n60.0.0.0/8 sin\ndefault lon\n");
  BOOST_TEST(first_pop(map, "20.1.2.3") == "nyc");
  BOOST_TEST(first_pop(map, "20.3.0.0") == "lon", "the hole behind 20.2/16 is larger than a /8");
  BOOST_TEST(first_pop(map, "1.2.3.4") == "lon", "nothing below");
  BOOST_TEST(first_pop(map, "2001:db8::1") == "lon", "a family without data");
}

BOOST_AUTO_TEST_CASE(special_blocks_stand_apart_unless_the_map_names_them) {
  const GeoMap plain = compiled("0.0.0.0/0 nyc\n::/0 nyc\n192.0.2.0/24 sin\ndefault lon\n");
  for (const char* text : {"10.1.2.3", "127.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.1.1", "100.64.0.1"}) {
    BOOST_TEST(plain.v4().find(number_of_v4(ip(text))).value == GeoMap::special, text);
    BOOST_TEST(is_special(ip(text)));
  }
  BOOST_TEST(plain.v4().find(number_of_v4(ip("10.1.2.3"))).block == 8);
  BOOST_TEST(plain.v4().find(number_of_v4(ip("192.168.1.1"))).block == 16);
  BOOST_TEST(plain.v6().find(number_of_v6(ip("fd00::1"))).block == 7);
  BOOST_TEST(!is_special(ip("192.0.2.1")));
  BOOST_TEST(!is_special(ip("2001:db8::1")));
  const GeoMap named = compiled("127.0.0.0/8 nyc\n10.9.0.0/16 sin\ndefault lon\n");
  BOOST_TEST(first_pop(named, "127.0.0.1") == "nyc");
  BOOST_TEST(first_pop(named, "10.9.1.1") == "sin");
  BOOST_TEST(named.v4().find(number_of_v4(ip("192.168.0.1"))).value == GeoMap::special);
}

BOOST_AUTO_TEST_CASE(equal_lists_join_ranges) {
  const GeoMap map = compiled("20.0.0.0/9 nyc\n20.128.0.0/9 nyc\n21.0.0.0/8 nyc\n");
  BOOST_TEST(map.v4().find(number_of_v4(ip("20.200.0.0"))).block == 7);
}

BOOST_AUTO_TEST_SUITE_END()
