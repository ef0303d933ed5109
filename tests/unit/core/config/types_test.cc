#include "core/config/types.h"

#include <boost/test/unit_test.hpp>

using namespace skerry;
using config::Value;
using namespace std::chrono_literals;

namespace {

Value from_environment(std::string text) {
  Value value = Value::of(std::move(text));
  value.from_environment = true;
  return value;
}

template <class T>
std::optional<T> read(const Value& from) {
  T to{};
  std::string problem;
  const bool ok = config::ValueType<T>::read(from, to, config::Unit::none, problem);
  BOOST_TEST(ok == problem.empty());
  if (!ok) return std::nullopt;
  return to;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_types)

BOOST_AUTO_TEST_CASE(durations_carry_their_unit) {
  const std::vector<std::pair<const char*, core::Duration>> good = {
      {"250ms", 250ms}, {"10s", 10s}, {"1h", 1h},   {"1d", 24h},  {"1h30m", 90min},
      {"0s", 0s},       {"5 s", 5s},  {"7us", 7us}, {"1ns", 1ns}, {"2m", 2min},
  };
  for (const auto& [text, expected] : good) BOOST_TEST((read<core::Duration>(Value::of(text)) == expected), text);
  for (const char* text : {"", "10", "s", "-1s", "1.5s", "10 parsecs", "1s2", "9999999999999h", "10S"})
    BOOST_TEST(!read<core::Duration>(Value::of(text)), text);
  BOOST_TEST(!read<core::Duration>(Value::of(std::int64_t{10})));
}

BOOST_AUTO_TEST_CASE(a_duration_finer_than_the_key_is_refused_and_not_rounded) {
  BOOST_TEST((read<std::chrono::seconds>(Value::of("90s")) == 90s));
  BOOST_TEST(!read<std::chrono::seconds>(Value::of("1500ms")));
}

BOOST_AUTO_TEST_CASE(sizes_carry_a_unit_or_count_bytes) {
  const std::vector<std::pair<const char*, std::uint64_t>> good = {
      {"512B", 512},          {"64KiB", 65536}, {"256MiB", 256u << 20},
      {"1GB", 1'000'000'000}, {"2kB", 2000},    {"3 MiB", 3u << 20},
  };
  for (const auto& [text, expected] : good)
    BOOST_TEST((read<core::Bytes>(Value::of(text)) == core::Bytes{expected}), text);
  for (const char* text : {"", "MiB", "-1MiB", "1.5GiB", "12 bananas", "10XB", "1MiB2", "99999999999TiB", "512"})
    BOOST_TEST(!read<core::Bytes>(Value::of(text)), text);
  BOOST_TEST((read<core::Bytes>(Value::of(std::int64_t{512})) == core::Bytes{512}));
  BOOST_TEST(!read<core::Bytes>(Value::of(std::int64_t{-1})));
  BOOST_TEST((read<core::Bytes>(from_environment("512")) == core::Bytes{512}));
}

BOOST_AUTO_TEST_CASE(integers_are_checked_against_their_type) {
  BOOST_TEST((read<std::uint16_t>(Value::of(std::int64_t{65535})) == 65535));
  BOOST_TEST(!read<std::uint16_t>(Value::of(std::int64_t{65536})));
  BOOST_TEST(!read<std::uint16_t>(Value::of(std::int64_t{-1})));
  BOOST_TEST(!read<int>(Value::of("5")));
  BOOST_TEST((read<int>(from_environment("5")) == 5));
  BOOST_TEST(!read<int>(from_environment("5x")));
}

BOOST_AUTO_TEST_CASE(numbers_are_finite) {
  BOOST_TEST((read<double>(Value::of(0.5)) == 0.5));
  BOOST_TEST((read<double>(Value::of(std::int64_t{2})) == 2.0));
  BOOST_TEST(!read<double>(Value::of(std::numeric_limits<double>::infinity())));
  BOOST_TEST(!read<double>(Value::of(std::numeric_limits<double>::quiet_NaN())));
  BOOST_TEST((read<double>(from_environment("0.25")) == 0.25));
}

BOOST_AUTO_TEST_CASE(a_variable_holds_a_list_separated_by_commas) {
  using List = std::vector<std::string>;
  BOOST_TEST((read<List>(from_environment("a, b,,c")) == List{"a", "b", "c"}));
  BOOST_TEST((read<List>(from_environment("")) == List{}));
  BOOST_TEST((read<List>(Value::of("a,b")) == List{"a,b"}));  // in a file it is one text
  BOOST_TEST((read<std::vector<int>>(from_environment("1,2")) == std::vector<int>{1, 2}));
}

BOOST_AUTO_TEST_CASE(addresses_and_networks_are_read_strictly) {
  BOOST_TEST(read<core::Address>(Value::of("[::1]:8080"))->to_string() == "[::1]:8080");
  BOOST_TEST(!read<core::Address>(Value::of("localhost:80")));
  BOOST_TEST(!read<core::Address>(Value::of("127.0.0.1:99999")));
  const auto network = read<core::IpNetwork>(Value::of("10.0.0.0/8"));
  BOOST_TEST_REQUIRE(network.has_value());
  BOOST_TEST(network->contains(*core::IpAddress::parse("10.255.0.1")));
  BOOST_TEST(network->contains(*core::IpAddress::parse("::ffff:10.1.2.3")));
  BOOST_TEST(!network->contains(*core::IpAddress::parse("11.0.0.1")));
  BOOST_TEST(!network->contains(*core::IpAddress::parse("2001:db8::1")));
  BOOST_TEST(read<core::IpNetwork>(Value::of("2001:db8::/32"))->contains(*core::IpAddress::parse("2001:db8:1::1")));
  for (const char* text : {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0/8", ""})
    BOOST_TEST(!read<core::IpNetwork>(Value::of(text)), text);
}

BOOST_AUTO_TEST_CASE(quantities_are_written_in_their_shortest_exact_form) {
  BOOST_TEST(config::to_string(core::Bytes{256u << 20}) == "256MiB");
  BOOST_TEST(config::to_string(core::Bytes{1000}) == "1000B");
  BOOST_TEST(config::to_string(core::Bytes{0}) == "0B");
  BOOST_TEST(config::to_string(core::Duration(90min)) == "1h30m");
  BOOST_TEST(config::to_string(core::Duration(24h)) == "1d");
  BOOST_TEST(config::to_string(core::Duration(36h)) == "36h");
  BOOST_TEST(config::to_string(core::Duration(1500ms)) == "1s500ms");
  BOOST_TEST(config::to_string(core::Duration(0)) == "0s");
}

BOOST_AUTO_TEST_SUITE_END()
