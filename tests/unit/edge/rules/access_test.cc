// Who asks, and whether they are let in.
#include "edge/rules/access.h"

#include <boost/test/unit_test.hpp>

#include "edge/rules/forwarded.h"

using namespace skerry;
using namespace skerry::edge;

namespace {

std::vector<core::IpNetwork> networks(const std::vector<std::string>& texts) {
  std::vector<core::IpNetwork> all;
  for (const std::string& text : texts) all.push_back(*core::IpNetwork::parse(text));
  return all;
}

core::IpAddress address(std::string_view text) {
  return *core::IpAddress::parse(text);
}

core::IpNetworkMap trusted(const std::vector<std::string>& texts) {
  std::vector<std::pair<core::IpNetwork, int>> numbered;
  for (const core::IpNetwork& network : networks(texts)) numbered.emplace_back(network, 1);
  return core::IpNetworkMap(numbered);
}

http::HeaderMap fields_of(const std::vector<std::pair<std::string, std::string>>& fields) {
  http::HeaderMap map;
  for (const auto& [name, value] : fields) map.add(name, value);
  return map;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(access_rules)

BOOST_AUTO_TEST_CASE(longest_network_decides_and_an_allow_list_shuts_out_the_others) {
  struct Row {
    std::vector<std::string> allow, deny;
    std::string client;
    bool in;
  };
  const std::vector<Row> rows = {
      {{}, {}, "192.0.2.1", true},
      {{}, {"192.0.2.0/24"}, "192.0.2.1", false},
      {{}, {"192.0.2.0/24"}, "192.0.3.1", true},
      {{"10.0.0.0/8"}, {}, "10.1.1.1", true},
      {{"10.0.0.0/8"}, {}, "11.1.1.1", false},
      {{"10.0.0.0/8"}, {"10.1.0.0/16"}, "10.1.1.1", false},
      {{"10.0.0.0/8"}, {"10.1.0.0/16"}, "10.2.1.1", true},
      {{"10.1.0.0/16"}, {"10.0.0.0/8"}, "10.1.1.1", true},
      {{"10.1.0.0/16"}, {"10.0.0.0/8"}, "10.2.1.1", false},
      {{"10.0.0.0/8"}, {"10.0.0.0/8"}, "10.2.1.1", false},
      {{"10.0.0.0/8"}, {}, "::ffff:10.2.1.1", true},
      {{"10.0.0.0/8"}, {}, "2001:db8::1", false},
      {{}, {"::ffff:203.0.113.0/120"}, "203.0.113.7", false},
      {{}, {"::ffff:203.0.113.0/120"}, "::ffff:203.0.113.7", false},
      {{}, {"::ffff:203.0.113.0/120"}, "203.0.114.7", true},
      {{"::ffff:0:0/96"}, {}, "203.0.114.7", true},
      {{"2001:db8::/32"}, {"2001:db8:1::/48"}, "2001:db8:1::1", false},
      {{"2001:db8::/32"}, {"2001:db8:1::/48"}, "2001:db8:2::1", true},
  };
  for (const Row& row : rows) {
    const AccessList list({networks(row.allow), networks(row.deny)});
    BOOST_TEST(list.permits(address(row.client)) == row.in, row.client);
    BOOST_TEST(list.empty() == (row.allow.empty() && row.deny.empty()));
  }
}

BOOST_AUTO_TEST_CASE(right_most_hop_that_is_not_trusted_is_the_client) {
  const core::IpNetworkMap proxies = trusted({"10.0.0.0/8", "2001:db8:f::/48"});
  struct Row {
    std::string connection, forwarded_for, client;
  };
  const std::vector<Row> rows = {
      {"192.0.2.9", "198.51.100.1", "192.0.2.9"},  // a client's own word
      {"10.0.0.1", "", "10.0.0.1"},
      {"10.0.0.1", "198.51.100.1", "198.51.100.1"},
      {"10.0.0.1", "203.0.113.7, 198.51.100.1", "198.51.100.1"},
      {"10.0.0.1", "203.0.113.7, 198.51.100.1, 10.2.3.4", "198.51.100.1"},
      {"10.0.0.1", "10.9.9.9,10.2.3.4", "10.9.9.9"},
      {"10.0.0.1", "198.51.100.1, unknown", "10.0.0.1"},
      {"10.0.0.1", "198.51.100.1, , 10.2.3.4", "198.51.100.1"},
      {"10.0.0.1", "198.51.100.1:8080", "198.51.100.1"},
      {"10.0.0.1", "[2001:db8::7]:443", "2001:db8::7"},
      {"10.0.0.1", "2001:db8::7, 2001:db8:f::1", "2001:db8::7"},
      {"::ffff:10.0.0.1", "::ffff:198.51.100.1", "198.51.100.1"},
      {"10.0.0.1", "198.51.100.1.5", "10.0.0.1"},
      {"10.0.0.1", "[", "10.0.0.1"},
      {"10.0.0.1", "10.0.0.5, \", 198.51.100.1", "198.51.100.1"},  // a client's quote hides nothing
      {"10.0.0.1", "\", 10.0.0.5, \", 198.51.100.1", "198.51.100.1"},
  };
  for (const Row& row : rows) {
    const http::HeaderMap fields = fields_of({{"X-Forwarded-For", row.forwarded_for}, {"Forwarded", "for=1.1.1.1"}});
    const BelievedClient client =
        client_behind(address(row.connection), fields, ForwardedField::x_forwarded_for, proxies);
    BOOST_TEST(client.address.to_string() == row.client, row.forwarded_for);
  }
}

BOOST_AUTO_TEST_CASE(forwarded_is_read_as_rfc7239_says) {
  const core::IpNetworkMap proxies = trusted({"10.0.0.0/8"});
  struct Row {
    std::string value, client, scheme;
  };
  const std::vector<Row> rows = {
      {"for=198.51.100.1", "198.51.100.1", "-"},
      {"For=\"198.51.100.1:4711\";Proto=https", "198.51.100.1", "https"},
      {"for=\"[2001:db8:cafe::17]:4711\";host=a;by=10.0.0.1;proto=http", "2001:db8:cafe::17", "http"},
      {"for=203.0.113.7;proto=http, for=198.51.100.1;proto=https", "198.51.100.1", "https"},
      {"for=198.51.100.1;proto=https, for=10.2.2.2;proto=http", "198.51.100.1", "https"},
      {"for=198.51.100.1, for=_hidden", "10.0.0.1", "-"},
      {"for=unknown;proto=https", "10.0.0.1", "https"},
      {"proto=gopher;for=198.51.100.1", "198.51.100.1", "-"},
      {";;for=198.51.100.1;", "198.51.100.1", "-"},
      {"for=203.0.113.7;x=\"a;\\\",b\", for=198.51.100.1", "198.51.100.1", "-"},
      {"for=\"198.51.\\1\\0\\0.1\"", "198.51.100.1", "-"},
      {"for=\"" + std::string(200, '1') + "\", for=198.51.100.1", "198.51.100.1", "-"},
      {"for=\"" + std::string(200, '1') + "\"", "10.0.0.1", "-"},
  };
  for (const Row& row : rows) {
    const http::HeaderMap fields = fields_of({{"Forwarded", row.value}, {"X-Forwarded-For", "1.1.1.1"}});
    const BelievedClient client = client_behind(address("10.0.0.1"), fields, ForwardedField::forwarded, proxies);
    BOOST_TEST(client.address.to_string() == row.client, row.value);
    BOOST_TEST((client.scheme ? http::name(*client.scheme) : "-") == row.scheme, row.value);
  }
}

BOOST_AUTO_TEST_CASE(one_malformed_pair_voids_the_whole_forwarded_field) {
  const core::IpNetworkMap proxies = trusted({"10.0.0.0/8"});
  const std::vector<std::pair<std::string, bool>> rows = {
      {"for=10.0.0.5;x=\", for=\"[2001:db8::1]\"", true},
      {"for=10.0.0.5;x=\", for=198.51.100.1", true},
      {"for=10.0.0.5;x=\"\\", true},
      {"for=10.0.0.5;\", for=198.51.100.1", true},
      {"x\"=10.0.0.5, for=\"[2001:db8::1]\"", true},
      {"for, for=198.51.100.1", true},
      {"for=, for=198.51.100.1", true},
      {"=a, for=198.51.100.1", true},
      {"for=2001:db8::1, for=198.51.100.1", true},
      {"for=\"198.51.100.1\"x", true},
      {"for=x\"198.51.100.1\"", true},
      {"for=198.51.100.1", false},
      {"", false},
      {", ,", false},
      {"for=_hidden", false},
  };
  for (const auto& [value, malformed] : rows) {
    const auto client =
        client_behind(address("10.0.0.1"), fields_of({{"Forwarded", value}}), ForwardedField::forwarded, proxies);
    BOOST_TEST(client.malformed == malformed, value);
    if (malformed) BOOST_TEST(client.address.to_string() == "10.0.0.1", value);
  }
  const http::HeaderMap theirs = fields_of({{"Forwarded", "\""}});
  BOOST_TEST(!client_behind(address("192.0.2.9"), theirs, ForwardedField::forwarded, proxies).malformed);
}

BOOST_AUTO_TEST_CASE(scheme_is_believed_of_trusted_proxies_alone) {
  const core::IpNetworkMap proxies = trusted({"10.0.0.0/8"});
  const auto scheme = [&](std::string_view connection, const std::string& proto) {
    const auto client = client_behind(address(connection), fields_of({{"X-Forwarded-Proto", proto}}),
                                      ForwardedField::x_forwarded_for, proxies);
    return client.scheme ? http::name(*client.scheme) : "-";
  };
  BOOST_TEST(scheme("10.0.0.1", "https") == "https");
  BOOST_TEST(scheme("10.0.0.1", "https, http") == "http");
  BOOST_TEST(scheme("10.0.0.1", "wss") == "-");
  BOOST_TEST(scheme("192.0.2.1", "https") == "-");
}

BOOST_AUTO_TEST_CASE(endless_lists_of_hops_are_read_from_the_right) {
  std::string hops = "198.51.100.1";
  for (int i = 0; i < 2000; ++i) hops += ", 10.0.0.1";
  const auto client = client_behind(address("10.0.0.1"), fields_of({{"X-Forwarded-For", hops}}),
                                    ForwardedField::x_forwarded_for, trusted({"10.0.0.0/8"}));
  BOOST_TEST(client.address.to_string() == "10.0.0.1");
}

BOOST_AUTO_TEST_CASE(origins_are_told_what_the_list_says) {
  const auto told = [](std::string_view list, std::string_view client) {
    const auto sent = parse_forwarded_fields(list);
    BOOST_TEST_REQUIRE(sent.ok(), list);
    http::HeaderMap fields;
    add_forwarded(fields, *sent, client, http::Scheme::https, "www.example.com:8443");
    std::string text;
    for (const http::HeaderMap::Field field : fields)
      text.append(field.name).append(": ").append(field.value).append("\n");
    return text;
  };
  BOOST_TEST(told("off", "192.0.2.1") == "");
  BOOST_TEST(told("X-Forwarded-For, x-forwarded-proto", "192.0.2.1") ==
             "X-Forwarded-For: 192.0.2.1\nX-Forwarded-Proto: https\n");
  BOOST_TEST(told("x-forwarded-host", "192.0.2.1") == "X-Forwarded-Host: www.example.com:8443\n");
  BOOST_TEST(told("forwarded", "192.0.2.1") == "Forwarded: for=192.0.2.1;host=\"www.example.com:8443\";proto=https\n");
  BOOST_TEST(told("forwarded", "2001:db8::1") ==
             "Forwarded: for=\"[2001:db8::1]\";host=\"www.example.com:8443\";proto=https\n");
  BOOST_TEST(!parse_forwarded_fields("x-real-ip").ok());
  BOOST_TEST(to_string(ForwardedFields()) == "x-forwarded-for, x-forwarded-proto");
}

BOOST_AUTO_TEST_SUITE_END()
