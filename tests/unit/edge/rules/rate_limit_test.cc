#include "edge/rules/rate_limit.h"

#include <boost/test/unit_test.hpp>

using namespace skerry;
using namespace skerry::edge;
using namespace std::chrono_literals;

namespace {

constexpr core::TimePoint start{1000s};

RateLimit limit(std::string_view rate, int burst = 0) {
  return RateLimit::of({*parse_rate(rate), burst});
}

// How many of `asked` requests at one moment are let through.
int allowed(RateTable& table, std::uint64_t client, const RateLimit& limit, core::TimePoint now, int asked) {
  int good = 0;
  for (int i = 0; i < asked; ++i) good += table.take(client, limit, now).allowed ? 1 : 0;
  return good;
}

core::IpAddress address(std::string_view text) {
  return *core::IpAddress::parse(text);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rate_limit)

BOOST_AUTO_TEST_CASE(rates_are_read_and_written) {
  for (const char* text : {"off", "1/s", "100/s", "30/m", "500/h", "1000000/s"}) {
    const auto rate = parse_rate(text);
    BOOST_TEST_REQUIRE(rate.ok(), text);
    BOOST_TEST(to_string(*rate) == text);
  }
  for (const char* text : {"", "0/s", "-1/s", "1", "1/", "/s", "1/d", "1.5/s", "1000001/s", "1 /s", "99999999999/s"})
    BOOST_TEST(!parse_rate(text).ok(), text);
}

BOOST_AUTO_TEST_CASE(burst_comes_at_once_and_then_the_rate) {
  RateTable table(2048);
  const RateLimit ten = limit("10/s", 5);
  BOOST_TEST(allowed(table, 1, ten, start, 20) == 5);
  BOOST_TEST(allowed(table, 1, ten, start + 99ms, 20) == 0);
  BOOST_TEST(allowed(table, 1, ten, start + 100ms, 20) == 1);
  BOOST_TEST(allowed(table, 1, ten, start + 300ms, 20) == 2);
  BOOST_TEST(allowed(table, 1, ten, start + 1h, 20) == 5);
  BOOST_TEST(allowed(table, 2, ten, start, 20) == 5);  // another client
}

BOOST_AUTO_TEST_CASE(burst_is_what_a_second_gives_unless_said_otherwise) {
  RateTable table(2048);
  BOOST_TEST(allowed(table, 1, limit("10/s"), start, 20) == 10);
  BOOST_TEST(allowed(table, 2, limit("30/m"), start, 20) == 1);
  BOOST_TEST(allowed(table, 3, limit("1/s", 1), start, 20) == 1);
}

BOOST_AUTO_TEST_CASE(refusals_say_how_long_to_wait_and_cost_nothing) {
  RateTable table(2048);
  const RateLimit slow = limit("6/m", 2);
  BOOST_TEST(allowed(table, 1, slow, start, 2) == 2);
  BOOST_TEST((table.take(1, slow, start).retry_after == 10s));
  BOOST_TEST((table.take(1, slow, start + 9500ms).retry_after == 1s));
  BOOST_TEST(allowed(table, 1, slow, start + 10s, 1) == 1);
  BOOST_TEST(limit("off").interval.count() == 0);
}

BOOST_AUTO_TEST_CASE(ipv6_addresses_count_by_their_first_64_bits) {
  BOOST_TEST((rate_key(1, address("2001:db8:0:1::1")) == rate_key(1, address("2001:db8:0:1:ffff::"))));
  BOOST_TEST((rate_key(1, address("2001:db8:0:1::1")) != rate_key(1, address("2001:db8:0:2::1"))));
  BOOST_TEST((rate_key(1, address("::ffff:192.0.2.1")) == rate_key(1, address("192.0.2.1"))));
  BOOST_TEST((rate_key(1, address("192.0.2.1")) != rate_key(1, address("192.0.2.2"))));
  BOOST_TEST((rate_key(1, address("192.0.2.1")) != rate_key(2, address("192.0.2.1"))));
  BOOST_TEST((rate_key(1, address("0.0.0.0")) != rate_key(1, address("::"))));
}

BOOST_AUTO_TEST_CASE(full_table_forgets_the_clients_nearest_to_a_full_bucket_and_says_so) {
  RateTable table(2048);  // one set of eight a shard
  BOOST_TEST(table.largest_size() == 2048u * 16);
  const RateLimit once = limit("1/m", 3);
  const auto client = [](std::uint64_t n) { return (n + 1) * RateTable::shards; };  // all in one set
  for (std::uint64_t n = 0; n < RateTable::ways; ++n) BOOST_TEST(!table.take(client(n), once, start).displaced);
  // The first one asked least: it goes.
  for (std::uint64_t n = 1; n < RateTable::ways; ++n) BOOST_TEST(table.take(client(n), once, start).allowed);
  BOOST_TEST(table.take(client(100), once, start).displaced);
  BOOST_TEST(allowed(table, client(1), once, start, 5) == 1);
  // A bucket that is full again needs no place.
  BOOST_TEST(!table.take(client(101), once, start + 1h).displaced);
}

BOOST_AUTO_TEST_CASE(debts_under_a_stricter_limit_are_forgiven_when_a_reload_relaxes_it) {
  RateTable table(100);
  BOOST_TEST(allowed(table, 1, limit("10/h", 10), start, 20) == 10);
  const RateLimit relaxed = limit("10/s");
  BOOST_TEST(allowed(table, 1, relaxed, start, 1) == 0);
  BOOST_TEST(allowed(table, 1, relaxed, start + 100ms, 20) == 1);
  BOOST_TEST(allowed(table, 1, relaxed, start + 2s, 20) == 10);
}

BOOST_AUTO_TEST_SUITE_END()
