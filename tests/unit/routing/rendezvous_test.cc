#include "routing/ring/rendezvous.h"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>

namespace {

using skerry::ring::Member;
using skerry::ring::Ring;

std::vector<Member> edges(int count) {
  std::vector<Member> members;
  for (int i = 0; i < count; ++i) members.push_back({"edge-" + std::to_string(i), 1.0});
  return members;
}

std::string key(int i) {
  return "http://www.example.com/object/" + std::to_string(i);
}

std::string owner(const Ring& ring, const std::string& key) {
  std::array<std::uint16_t, 1> first{};
  BOOST_REQUIRE_EQUAL(ring.ordered(Ring::hash_key(key), first), 1u);
  return ring.member(first[0]).name;
}

std::vector<std::string> list(const Ring& ring, const std::string& key, std::size_t length) {
  std::vector<std::uint16_t> out(length);
  out.resize(ring.ordered(Ring::hash_key(key), out));
  std::vector<std::string> names;
  for (auto index : out) names.push_back(ring.member(index).name);
  return names;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rendezvous)

// Golden vectors: what every machine and every later version must compute, or keys move between edges.
BOOST_AUTO_TEST_CASE(lists_are_the_recorded_ones) {
  BOOST_TEST(Ring::hash_key("") == 0xe67f360d6f56f8b5u);
  BOOST_TEST(Ring::hash_key("http://www.example.com/") == 0x671810d2f3c5a565u);
  const Ring ring({{"lon-1", 1.0}, {"lon-2", 1.0}, {"lon-3", 2.5}, {"lon-4", 0.25}}, 7);
  const std::array<std::pair<const char*, const char*>, 6> golden = {{
      {"", "lon-3 lon-2 lon-1 lon-4"},
      {"a", "lon-1 lon-3 lon-2 lon-4"},
      {"http://www.example.com/", "lon-3 lon-1 lon-4 lon-2"},
      {"https://www.example.com/", "lon-3 lon-1 lon-4 lon-2"},
      {"http://www.example.com/index.html?x=1", "lon-2 lon-3 lon-1 lon-4"},
      {"192.0.2.0/24", "lon-2 lon-3 lon-1 lon-4"},
  }};
  for (const auto& [key, expected] : golden) {
    std::string got;
    for (const auto& name : list(ring, key, 4)) got += (got.empty() ? "" : " ") + name;
    BOOST_TEST(got == expected, key << ": " << got);
  }
  BOOST_TEST(ring.version() == 7u);
}

BOOST_AUTO_TEST_CASE(order_of_members_in_configuration_does_not_matter) {
  auto members = edges(9);
  members[4].weight = 3;
  const Ring ring(members);
  for (int round = 0; round < 20; ++round) {
    std::rotate(members.begin(), members.begin() + 1 + round % 5, members.end());
    std::swap(members[0], members[static_cast<std::size_t>(1 + round % 7)]);
    const Ring other(members);
    for (int i = 0; i < 50; ++i) BOOST_TEST(list(ring, key(i), 9) == list(other, key(i), 9));
  }
}

BOOST_AUTO_TEST_CASE(load_of_equal_members_is_even) {
  for (int count : {3, 8, 64}) {
    const Ring ring(edges(count));
    std::map<std::string, int> owned;
    const int keys = 200'000;
    for (int i = 0; i < keys; ++i) ++owned[owner(ring, key(i))];
    const double mean = static_cast<double>(keys) / count;
    for (const auto& [name, n] : owned) BOOST_TEST(std::abs(n - mean) < 4.5 * std::sqrt(mean), name << " has " << n);
    BOOST_TEST(owned.size() == static_cast<std::size_t>(count));
  }
}

BOOST_AUTO_TEST_CASE(shares_follow_weights) {
  const Ring ring({{"a", 1}, {"b", 2}, {"c", 0.5}, {"d", 100}, {"e", 10.25}});
  std::map<std::string, int> owned;
  const int keys = 500'000;
  for (int i = 0; i < keys; ++i) ++owned[owner(ring, key(i))];
  double total = 0;
  for (const auto& member : ring.members()) total += member.weight;
  for (const auto& member : ring.members()) {
    const double expected = keys * member.weight / total;
    BOOST_TEST(std::abs(owned[member.name] - expected) < 4.5 * std::sqrt(expected) + 1,
               member.name << ": " << owned[member.name] << " instead of " << expected);
  }
}

BOOST_AUTO_TEST_CASE(only_keys_of_a_removed_member_move_and_they_go_to_their_first_fallback) {
  const Ring before(edges(8));
  auto fewer = edges(8);
  fewer.erase(fewer.begin() + 3);
  const Ring after(fewer);
  int moved = 0;
  for (int i = 0; i < 20'000; ++i) {
    const auto old = list(before, key(i), 2);
    const auto now = owner(after, key(i));
    BOOST_REQUIRE(now == (old[0] == "edge-3" ? old[1] : old[0]));
    moved += now != old[0];
  }
  BOOST_TEST(moved > 0);
}

BOOST_AUTO_TEST_CASE(more_weight_only_attracts_keys) {
  const Ring before(edges(6));
  auto heavier = edges(6);
  heavier[2].weight = 1.7;
  const Ring after(heavier);
  for (int i = 0; i < 20'000; ++i) {
    const auto now = owner(after, key(i));
    BOOST_REQUIRE(now == owner(before, key(i)) || now == "edge-2");
  }
}

BOOST_AUTO_TEST_CASE(a_longer_list_begins_with_the_shorter_one) {
  const Ring ring(edges(40));
  for (int i = 0; i < 500; ++i) {
    const auto whole = list(ring, key(i), 100);
    BOOST_REQUIRE_EQUAL(whole.size(), 40u);
    for (std::size_t length : {1u, 2u, 3u, 7u}) {
      const auto part = list(ring, key(i), length);
      BOOST_REQUIRE(std::equal(part.begin(), part.end(), whole.begin()));
    }
    auto sorted = whole;
    std::sort(sorted.begin(), sorted.end());
    BOOST_REQUIRE(std::unique(sorted.begin(), sorted.end()) == sorted.end());
  }
}

BOOST_AUTO_TEST_CASE(members_without_weight_and_empty_rings_own_nothing) {
  const Ring ring({{"a", 1}, {"b", 0}, {"c", -1}, {"d", std::nan("")}});
  BOOST_TEST(list(ring, "x", 4) == std::vector<std::string>{"a"}, boost::test_tools::per_element());
  BOOST_TEST(list(Ring(), "x", 4).empty());
  BOOST_TEST(list(ring, "x", 0).empty());
}

BOOST_AUTO_TEST_CASE(members_are_found_by_name) {
  const Ring ring({{"b", 1}, {"a", 1}});
  BOOST_TEST(ring.index_of("a") == 0u);
  BOOST_TEST(ring.index_of("b") == 1u);
  BOOST_TEST(ring.index_of("c") == ring.size());
}

BOOST_AUTO_TEST_SUITE_END()
