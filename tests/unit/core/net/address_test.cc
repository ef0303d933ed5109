#include "core/net/address.h"

#include <boost/test/unit_test.hpp>

using namespace skerry::core;

BOOST_AUTO_TEST_SUITE(address)

BOOST_AUTO_TEST_CASE(good_addresses_are_read_and_written_in_their_canonical_form) {
  const struct {
    std::string_view text, canonical;
    AddressFamily family;
    bool loopback;
  } rows[] = {
      {"192.0.2.1", "192.0.2.1", AddressFamily::ipv4, false},
      {"0.0.0.0", "0.0.0.0", AddressFamily::ipv4, false},
      {"255.255.255.255", "255.255.255.255", AddressFamily::ipv4, false},
      {"127.255.0.9", "127.255.0.9", AddressFamily::ipv4, true},
      {"::1", "::1", AddressFamily::ipv6, true},
      {"::", "::", AddressFamily::ipv6, false},
      {"2001:DB8:0:0:0:0:0:1", "2001:db8::1", AddressFamily::ipv6, false},
      {"::ffff:127.0.0.1", "::ffff:127.0.0.1", AddressFamily::ipv6, true},
      {"::ffff:128.0.0.1", "::ffff:128.0.0.1", AddressFamily::ipv6, false},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const auto ip = IpAddress::parse(row.text);
      BOOST_REQUIRE(ip.ok());
      BOOST_TEST(ip->to_string() == row.canonical);
      BOOST_CHECK(ip->family() == row.family);
      BOOST_TEST(ip->is_loopback() == row.loopback);
      BOOST_TEST(ip->octets().size() == (row.family == AddressFamily::ipv4 ? 4u : 16u));
    }
  }
}

BOOST_AUTO_TEST_CASE(anything_else_is_refused) {
  const std::string_view bad[] = {"",
                                  "1",
                                  "1.2.3",
                                  "1.2.3.4.5",
                                  "256.0.0.1",
                                  "01.2.3.4",
                                  "1.2.3.4 ",
                                  " 1.2.3.4",
                                  "1.2.3.-4",
                                  "0x7f.0.0.1",
                                  "localhost",
                                  ":",
                                  ":::",
                                  "1::2::3",
                                  "[::1]",
                                  "fe80::1%eth0",
                                  "12345::",
                                  "::1.2.3",
                                  "1:2:3:4:5:6:7:8:9",
                                  "1.2.3.4\n",
                                  std::string_view("1.2.3.4\0", 8)};
  for (const auto text : bad) {
    BOOST_TEST_CONTEXT(text) {
      const auto ip = IpAddress::parse(text);
      BOOST_REQUIRE(!ip.ok());
      BOOST_CHECK(ip.error().code == ErrorCode::invalid_argument);
    }
  }
}

BOOST_AUTO_TEST_CASE(address_with_port_needs_brackets_exactly_for_ipv6) {
  for (const std::string_view text : {"192.0.2.1:80", "[2001:db8::1]:8443", "0.0.0.0:0", "1.2.3.4:65535"}) {
    const auto address = Address::parse(text);
    BOOST_REQUIRE(address.ok());
    BOOST_TEST(address->to_string() == text);
  }
  for (const std::string_view text :
       {"1.2.3.4", "1.2.3.4:", "1.2.3.4:65536", "1.2.3.4:080", "1.2.3.4:+80", "1.2.3.4:8 ", "::1:80", "[1.2.3.4]:80",
        "[::1]", "[::1]80", "[::1:80", "::1]:80", ":80", "[]:1"}) {
    BOOST_TEST_CONTEXT(text) BOOST_TEST(!Address::parse(text).ok());
  }
}

BOOST_AUTO_TEST_CASE(addresses_are_ordered_and_told_apart_by_every_part) {
  const auto a = Address::parse("10.0.0.1:80").value();
  BOOST_CHECK(a == Address::parse("10.0.0.1:80").value());
  BOOST_CHECK(a != Address::parse("10.0.0.1:81").value());
  BOOST_CHECK(a < Address::parse("10.0.0.2:1").value());
  BOOST_CHECK(IpAddress::parse("0.0.0.0").value() != IpAddress::parse("::").value());
}

BOOST_AUTO_TEST_SUITE_END()
