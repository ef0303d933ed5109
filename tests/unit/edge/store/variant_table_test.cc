#include "edge/store/variant_table.h"

#include <boost/test/unit_test.hpp>

#include "edge/store/vary_table.h"

namespace skerry::edge {
namespace {

KeyHash hash(std::uint64_t number) {
  return {.low = number, .high = number << 60};
}

std::uint64_t number_of(const std::optional<KeyHash>& displaced) {
  return displaced ? displaced->low : 0;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(variant_table)

BOOST_AUTO_TEST_CASE(the_oldest_variant_makes_room_rfc9111_4_1) {
  VariantTable table(100);
  for (std::uint64_t i = 1; i <= 3; ++i) BOOST_TEST(number_of(table.add(hash(0), hash(i), 3)) == 0u);
  BOOST_TEST(number_of(table.add(hash(0), hash(1), 3)) == 0u);  // stored anew: the newest again
  BOOST_TEST(number_of(table.add(hash(0), hash(4), 3)) == 2u);
  BOOST_TEST(number_of(table.add(hash(0), hash(5), 3)) == 3u);
  BOOST_TEST(number_of(table.add(hash(0), hash(6), 3)) == 1u);
}

BOOST_AUTO_TEST_CASE(urls_are_counted_apart) {
  VariantTable table(100);
  BOOST_TEST(number_of(table.add(hash(0), hash(1), 1)) == 0u);
  BOOST_TEST(number_of(table.add(hash(7), hash(2), 1)) == 0u);
  BOOST_TEST(number_of(table.add(hash(0), hash(3), 1)) == 1u);
}

BOOST_AUTO_TEST_CASE(a_lower_bound_is_reached_by_one_variant_at_a_time) {
  VariantTable table(100);
  for (std::uint64_t i = 1; i <= 4; ++i) table.add(hash(0), hash(i), 4);
  BOOST_TEST(number_of(table.add(hash(0), hash(4), 2)) == 1u);
  BOOST_TEST(number_of(table.add(hash(0), hash(4), 2)) == 2u);
  BOOST_TEST(number_of(table.add(hash(0), hash(4), 2)) == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_table_forgets_urls_and_stays_as_large_as_it_is) {
  VariantTable table(0);  // one URL a shard
  BOOST_TEST(number_of(table.add(hash(0), hash(1), 1)) == 0u);
  BOOST_TEST(number_of(table.add({.low = 99, .high = 0}, hash(2), 1)) ==
             0u);  // the same shard: the first URL's count is forgotten
  BOOST_TEST(number_of(table.add(hash(0), hash(3), 1)) == 0u);
}

BOOST_AUTO_TEST_CASE(a_full_table_forgets_any_url_and_not_the_newest) {
  VariantTable table(16 * 99);  // 100 URLs a shard, and all of these are of one
  const auto url = [](std::uint64_t number) { return KeyHash{.low = number * 0x9e3779b97f4a7c15, .high = 0}; };
  int known = 0;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    table.add(url(i), hash(1), 1);
    if (i > 1) known += table.add(url(i - 1), hash(2), 1).has_value();
  }
  BOOST_TEST(known > 900);
}

BOOST_AUTO_TEST_CASE(full_vary_table_forgets_any_url_and_not_the_newest) {
  VaryTable table(16 * 99);
  const auto url = [](std::uint64_t number) { return KeyHash{.low = number * 0x9e3779b97f4a7c15, .high = 0}; };
  int known = 0;
  for (std::uint64_t i = 1; i <= 1000; ++i) {
    table.remember(url(i), "accept");
    known += !table.find(url(i - 1)).empty();
  }
  BOOST_TEST(known > 900);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
