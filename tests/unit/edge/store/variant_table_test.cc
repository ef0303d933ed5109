#include "edge/store/variant_table.h"

#include <boost/test/unit_test.hpp>

namespace skerry::edge {
namespace {

constexpr std::size_t mebibyte = 1 << 20;

KeyHash hash(std::uint64_t number) {
  return {.low = number, .high = number << 60};
}

// All of one shard.
KeyHash url(std::uint64_t number) {
  return {.low = number * 0x9e3779b97f4a7c15, .high = 0};
}

std::uint64_t number_of(const std::optional<KeyHash>& displaced) {
  return displaced ? displaced->low : 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(variant_table)

BOOST_AUTO_TEST_CASE(the_oldest_variant_makes_room_rfc9111_4_1) {
  VariantTable table(mebibyte);
  for (std::uint64_t i = 1; i <= 3; ++i) BOOST_TEST(number_of(table.renew(hash(0), hash(i), 3)) == 0u);
  BOOST_TEST(number_of(table.renew(hash(0), hash(1), 3)) == 0u);  // stored anew, or validated: the newest again
  BOOST_TEST(number_of(table.renew(hash(0), hash(4), 3)) == 2u);
  BOOST_TEST(number_of(table.renew(hash(0), hash(5), 3)) == 3u);
  BOOST_TEST(number_of(table.renew(hash(0), hash(6), 3)) == 1u);
}

BOOST_AUTO_TEST_CASE(urls_are_counted_apart) {
  VariantTable table(mebibyte);
  BOOST_TEST(number_of(table.renew(hash(0), hash(1), 1)) == 0u);
  BOOST_TEST(number_of(table.renew(hash(7), hash(2), 1)) == 0u);
  BOOST_TEST(number_of(table.renew(hash(0), hash(3), 1)) == 1u);
}

BOOST_AUTO_TEST_CASE(a_lower_bound_is_reached_by_one_variant_at_a_time) {
  VariantTable table(mebibyte);
  for (std::uint64_t i = 1; i <= 4; ++i) table.renew(hash(0), hash(i), 4);
  BOOST_TEST(number_of(table.renew(hash(0), hash(4), 2)) == 1u);
  BOOST_TEST(number_of(table.renew(hash(0), hash(4), 2)) == 2u);
  BOOST_TEST(number_of(table.renew(hash(0), hash(4), 2)) == 0u);
}

BOOST_AUTO_TEST_CASE(lists_and_variants_of_a_url_are_kept_side_by_side) {
  VariantTable table(mebibyte);
  table.remember_list(hash(0), "accept");
  table.renew(hash(0), hash(1), 1);
  table.remember_list(hash(0), "x-kind");
  const std::vector<std::string> expected = {"x-kind", "accept"};
  BOOST_TEST(table.lists(hash(0)).all() == expected, boost::test_tools::per_element());
  BOOST_TEST(number_of(table.renew(hash(0), hash(2), 1)) == 1u);
  BOOST_TEST(table.lists(hash(7)).all().empty());
}

BOOST_AUTO_TEST_CASE(without_any_budget_the_newest_url_of_a_shard_is_known) {
  VariantTable table(0);
  BOOST_TEST(number_of(table.renew(url(1), hash(1), 1)) == 0u);
  BOOST_TEST(number_of(table.renew(url(2), hash(2), 1)) == 0u);
  BOOST_TEST(number_of(table.renew(url(2), hash(3), 1)) == 2u);
  BOOST_TEST(number_of(table.renew(url(1), hash(4), 1)) == 0u);  // its count was forgotten
}

BOOST_AUTO_TEST_CASE(what_many_variants_take_is_bounded_in_bytes) {
  constexpr std::size_t budget = 16 * 64 * 1024;
  VariantTable table(budget);
  for (std::uint64_t i = 1; i <= 100; ++i) {
    for (std::uint64_t variant = 1; variant <= 1000; ++variant) table.renew(url(i), hash(variant), 1000);
    BOOST_TEST(table.memory_size() <= budget / 16);
  }
  BOOST_TEST(number_of(table.renew(url(100), hash(1001), 1000)) == 1u);  // the newest URL has all of its own
}

BOOST_AUTO_TEST_CASE(a_full_table_forgets_any_url_and_not_the_newest) {
  VariantTable table(16 * 100 * 150);
  int known = 0, listed = 0;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    table.renew(url(i), hash(1), 1);
    table.remember_list(url(i), "accept");
    if (i == 1) continue;
    known += table.renew(url(i - 1), hash(2), 1).has_value();
    listed += !table.lists(url(i - 1)).all().empty();
  }
  BOOST_TEST(known > 900);
  BOOST_TEST(listed > 900);
  BOOST_TEST(table.lists(url(1)).all().empty());
}

BOOST_AUTO_TEST_CASE(what_origins_invent_as_lists_is_bounded_and_costs_others_nothing_for_ever) {
  constexpr std::size_t budget = 16 * 64 * 1024;
  VariantTable table(budget);
  table.remember_list(url(1), std::string(VariantTable::longest_list + 1, 'a'));
  BOOST_TEST(table.lists(url(1)).all().empty());
  for (std::uint64_t i = 1; i <= 10'000; ++i) {
    const std::string list = std::string(VariantTable::longest_list - 10, 'a') + std::to_string(i);
    table.remember_list(url(i), list);
    const VaryLists lists = table.lists(url(i));
    const auto known = lists.all();
    BOOST_REQUIRE(known.size() == 1u);
    BOOST_REQUIRE(known.front() == list);
    BOOST_REQUIRE(table.memory_size() <= budget / 16);
  }
}

BOOST_AUTO_TEST_CASE(a_url_has_the_lists_that_were_named_last) {
  VariantTable table(mebibyte);
  for (const char* list : {"a", "b", "c", "d", "b", "e"}) table.remember_list(url(1), list);
  const std::vector<std::string> expected = {"e", "b", "d", "c"};
  BOOST_TEST(table.lists(url(1)).all() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
