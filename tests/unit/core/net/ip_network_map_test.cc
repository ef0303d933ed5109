#include "core/net/ip_network_map.h"

#include <boost/test/unit_test.hpp>

#include "core/random.h"

using namespace skerry::core;

namespace {

IpNetwork network(std::string_view text) {
  const auto parsed = IpNetwork::parse(text);
  BOOST_TEST_REQUIRE(parsed.ok(), text);
  return *parsed;
}

IpNetworkMap map_of(const std::vector<std::string>& networks) {
  std::vector<std::pair<IpNetwork, int>> numbered;
  for (std::size_t i = 0; i < networks.size(); ++i) numbered.emplace_back(network(networks[i]), static_cast<int>(i));
  return IpNetworkMap(numbered);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ip_network_map)

BOOST_AUTO_TEST_CASE(longest_network_counts) {
  const IpNetworkMap map = map_of({"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "255.255.255.255", "2001:db8::/32",
                                   "2001:db8::/64", "10.1.128.0/17", "::1", "10.1.2.3"});
  const std::vector<std::pair<std::string, int>> rows = {
      {"9.255.255.255", -1},  {"10.0.0.0", 0},         {"10.0.255.255", 0}, {"10.1.0.0", 1},
      {"10.1.2.2", 1},        {"10.1.2.3", 8},         {"10.1.2.4", 1},     {"10.1.127.255", 1},
      {"10.1.128.0", 6},      {"10.1.255.255", 6},     {"10.2.0.0", 0},     {"11.0.0.0", -1},
      {"255.255.255.255", 3}, {"255.255.255.254", -1}, {"::1", 7},          {"::2", -1},
      {"2001:db8::ffff", 5},  {"2001:db8:0:1::", 4},   {"2001:db9::", -1},  {"::ffff:10.1.2.3", 8},
      {"::a01:203", -1},
  };
  for (const auto& [address, expected] : rows)
    BOOST_TEST(map.find(*IpAddress::parse(address)).value_or(-1) == expected, address);
}

BOOST_AUTO_TEST_CASE(all_addresses_of_one_family_are_not_those_of_the_other) {
  const IpNetworkMap v4 = map_of({"0.0.0.0/0"}), v6 = map_of({"::/0"});
  BOOST_TEST(v4.find(*IpAddress::parse("255.255.255.255")).has_value());
  BOOST_TEST(!v4.find(*IpAddress::parse("::")).has_value());
  BOOST_TEST(v6.find(*IpAddress::parse("ffff::")).has_value());
  BOOST_TEST(!v6.find(*IpAddress::parse("0.0.0.0")).has_value());
  BOOST_TEST(!IpNetworkMap().find(*IpAddress::parse("::")).has_value());
}

BOOST_AUTO_TEST_CASE(random_networks_are_found_as_by_looking_at_each) {
  Random random(7);
  const auto address = [&] {
    return IpAddress::v4({10, static_cast<std::uint8_t>(random.below(4) * 64),
                          static_cast<std::uint8_t>(random.below(256)), static_cast<std::uint8_t>(random.below(256))});
  };
  std::vector<std::pair<IpNetwork, int>> networks;
  for (int i = 0; i < 300; ++i) {
    const IpAddress ip = address();
    for (int prefix = static_cast<int>(random.below(33)); prefix <= 32; ++prefix) {
      // Bits behind the prefix must be zero: the first prefix that fits.
      const auto parsed = IpNetwork::parse(ip.to_string() + "/" + std::to_string(prefix));
      if (!parsed.ok()) continue;
      networks.emplace_back(*parsed, i);
      break;
    }
  }
  const IpNetworkMap map(networks);
  for (int i = 0; i < 3000; ++i) {
    const IpAddress sought = address();
    int prefix = -1, expected = -1;
    for (const auto& [one, number] : networks) {
      if (!one.contains(sought) || one.prefix < prefix) continue;
      prefix = one.prefix;
      expected = number;
    }
    BOOST_TEST(map.find(sought).value_or(-1) == expected);
  }
}

BOOST_AUTO_TEST_SUITE_END()
