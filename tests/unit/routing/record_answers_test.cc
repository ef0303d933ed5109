// What answers hold: every record type, additional addresses, delegations, wildcards, HTTPS for dynamic names.
#include <boost/test/unit_test.hpp>

#include "tests/unit/routing/asking.h"

namespace {

using namespace skerry;
using namespace skerry::routing;
using dns::Rcode;
using dns::Type;

const std::string zone = R"(
[[zone]]
name = "example.com"
ns = ["ns1.example.com", "ns2.example.net"]
ttl = "1h"
minimum = "60s"
[[zone.record]]
name = "ns1"
type = "A"
values = ["192.0.2.1"]
[[zone.record]]
name = "ns1"
type = "AAAA"
values = ["2001:db8::53"]
[[zone.record]]
name = "@"
type = "MX"
values = ["10 mail.example.com", "20 mail.example.net"]
ttl = "600s"
[[zone.record]]
name = "@"
type = "CAA"
values = ['0 issue "ca.example.net"']
[[zone.record]]
name = "mail"
type = "A"
values = ["192.0.2.25"]
ttl = "700s"
[[zone.record]]
name = "_sip._tcp"
type = "SRV"
values = ["1 2 5060 mail.example.com"]
[[zone.record]]
name = "svc"
type = "HTTPS"
values = ['1 . alpn="h2,h3" port=8443 ipv4hint=192.0.2.80']
[[zone.record]]
name = "svc"
type = "A"
values = ["192.0.2.80"]
[[zone.record]]
name = "_8443._https"
type = "SVCB"
values = ['1 mail.example.com alpn="h2"', '2 mail.example.com']
[[zone.record]]
name = "gone"
type = "HTTPS"
values = ['0 .']
[[zone.record]]
name = "gone"
type = "A"
values = ["192.0.2.81"]
[[zone.record]]
name = "odd"
type = "TYPE4711"
values = ['\# 3 010203']
[[zone.record]]
name = "child"
type = "NS"
values = ["ns.child.example.com", "ns2.example.net"]
ttl = "900s"
[[zone.record]]
name = "child"
type = "DS"
values = ["12345 13 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"]
[[zone.record]]
name = "ns.child"
type = "A"
values = ["192.0.2.99"]
[[zone.record]]
name = "bare"
type = "NS"
values = ["ns.elsewhere.example"]
[[zone.record]]
name = "into-child"
type = "CNAME"
values = ["www.child.example.com"]
[[zone.record]]
name = "*.wild"
type = "TXT"
values = ["any"]
[[zone.record]]
name = "here.wild"
type = "A"
values = ["192.0.2.7"]
[[zone.record]]
name = "deep.ent.wild"
type = "A"
values = ["192.0.2.8"]
[[zone.record]]
name = "*.alias"
type = "CNAME"
values = ["mail.example.com"]
[[zone.dynamic]]
name = "www"
ttl = "20s"
alpn = ["h2", "http/1.1"]
https_port = 8443
[[zone.dynamic]]
name = "plain"
)";

struct Fixture : testing::Asking {
  Fixture() : Asking(zone) {}
  bool authoritative() const { return (std::to_integer<int>(packet[2]) & 4) != 0; }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(record_answers, Fixture)

BOOST_AUTO_TEST_CASE(every_type_is_answered_with_its_own_ttl) {
  const std::tuple<const char*, Type, std::vector<std::string>> table[] = {
      {"example.com",
       Type::mx,
       {"example.com. 600 MX 000a046d61696cc00c", "example.com. 600 MX 0014046d61696c076578616d706c65036e657400"}},
      {"example.com", Type::caa, {"example.com. 300 CAA 0005697373756563612e6578616d706c652e6e6574"}},
      {"_sip._tcp.example.com",
       Type::srv,
       {"_sip._tcp.example.com. 300 SRV 0001000213c4046d61696c076578616d706c6503636f6d00"}},
      {"svc.example.com",
       Type::https,
       {"svc.example.com. 300 HTTPS 000100"
        "00010006026832026833"
        "0003000220fb"
        "00040004c0000250"}},
      {"odd.example.com", static_cast<Type>(4711), {"odd.example.com. 300 TYPE4711 010203"}},
      {"mail.example.com", Type::a, {"mail.example.com. 700 A c0000219"}},
  };
  for (const auto& [name, type, expected] : table) {
    const auto response = ask(name, type);
    BOOST_TEST(authoritative(), name);
    BOOST_REQUIRE_EQUAL(response.answers.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      BOOST_TEST(text(response.answers[i]) == expected[i]);
    }
  }
}

BOOST_AUTO_TEST_CASE(addresses_of_named_hosts_come_along) {
  const std::tuple<const char*, Type, int> table[] = {
      {"example.com", Type::mx, 1},
      {"example.com", Type::ns, 2},
      {"_sip._tcp.example.com", Type::srv, 1},
      {"mail.example.com", Type::a, 0},
      // RFC 9460 4.1; "." is the owner, but of an alias (2.5.1) nobody.
      {"svc.example.com", Type::https, 1},
      {"_8443._https.example.com", Type::svcb, 1},
      {"gone.example.com", Type::https, 0},
  };
  for (const auto& [name, type, count] : table) {
    ask(name, type);
    BOOST_TEST(additional() == count, name);
  }
}

BOOST_AUTO_TEST_CASE(below_a_delegation_its_servers_are_named_with_glue) {
  for (const auto& [name, type] :
       {std::pair("child.example.com", Type::a), std::pair("child.example.com", Type::ns),
        std::pair("a.b.child.example.com", Type::txt), std::pair("child.example.com", Type::any),
        std::pair("ns.child.example.com", Type::a), std::pair("x.child.example.com", Type::ds)}) {
    const auto response = ask(name, type);
    BOOST_TEST((response.rcode == Rcode::no_error && response.answers.empty()), name);
    BOOST_TEST(!authoritative(), name);
    BOOST_REQUIRE_EQUAL(response.authority.size(), 2u);
    BOOST_TEST(response.authority[0].name.to_string() == "child.example.com.");
    BOOST_TEST(response.authority[0].ttl == 900u);
    BOOST_TEST(additional() == 1, name);
    BOOST_TEST((last.outcome == Outcome::referral), name);
  }
  ask("bare.example.com", Type::a);
  BOOST_TEST(additional() == 0);
}

BOOST_AUTO_TEST_CASE(ds_at_a_delegation_is_answered_by_the_parent) {
  const auto signed_child = ask("child.example.com", Type::ds);
  BOOST_REQUIRE_EQUAL(signed_child.answers.size(), 1u);
  BOOST_TEST(authoritative());
  const auto unsigned_child = ask("bare.example.com", Type::ds);
  BOOST_TEST((authoritative() && unsigned_child.answers.empty() && unsigned_child.authority.size() == 1));
  BOOST_TEST((unsigned_child.authority[0].type == Type::soa));
  const auto own = ask("example.com", Type::ds);
  BOOST_TEST((authoritative() && own.answers.empty() && own.rcode == Rcode::no_error));
}

BOOST_AUTO_TEST_CASE(an_alias_into_a_delegation_ends_in_a_referral) {
  const auto response = ask("into-child.example.com", Type::a);
  BOOST_TEST(response.answers.size() == 1u);
  BOOST_TEST(response.authority.size() == 2u);
  BOOST_TEST(authoritative(), "the CNAME is ours");
}

// RFC 4592 2.2.1 and 3.3.1.
BOOST_AUTO_TEST_CASE(wildcards_follow_rfc_4592) {
  const std::tuple<const char*, Type, Rcode, std::size_t> table[] = {
      {"x.wild.example.com", Type::txt, Rcode::no_error, 1},
      {"x.y.wild.example.com", Type::txt, Rcode::no_error, 1},
      {"x.wild.example.com", Type::a, Rcode::no_error, 0},
      {"*.wild.example.com", Type::txt, Rcode::no_error, 1},
      {"here.wild.example.com", Type::txt, Rcode::no_error, 0},          // the name exists
      {"under.here.wild.example.com", Type::txt, Rcode::name_error, 0},  // its closest encloser has no wildcard
      {"ent.wild.example.com", Type::txt, Rcode::no_error, 0},           // an empty non-terminal exists
      {"x.ent.wild.example.com", Type::txt, Rcode::name_error, 0},
      {"wild.example.com", Type::txt, Rcode::no_error, 0},
      {"x.alias.example.com", Type::a, Rcode::no_error, 2},
      {"nobody.example.com", Type::a, Rcode::name_error, 0},
  };
  for (const auto& [name, type, rcode, answers] : table) {
    const auto response = ask(name, type);
    BOOST_TEST((response.rcode == rcode), name);
    BOOST_TEST(response.answers.size() == answers, name);
    if (answers > 0) {
      BOOST_TEST(response.answers[0].name.to_string() == std::string(name) + ".");
    } else {
      BOOST_REQUIRE_EQUAL(response.authority.size(), 1u);
      BOOST_TEST(response.authority[0].ttl == 60u, "the SOA's minimum, shorter than its TTL");
    }
  }
}

BOOST_AUTO_TEST_CASE(dynamic_names_answer_https_with_the_chosen_edges_as_hints) {
  for (Type type : {Type::https, Type::svcb}) {
    const auto london = ask("www.example.com", type);
    BOOST_REQUIRE_EQUAL(london.answers.size(), 1u);
    BOOST_TEST((last.outcome == Outcome::dynamic));
    BOOST_TEST(london.answers[0].ttl == 20u);
    const std::string head =
        "00010000010"
        "00c"
        "026832"
        "08687474702f312e31"
        "00030002"
        "20fb"
        "00040008";
    const std::string data = text(london.answers[0]);
    BOOST_TEST(data.find(head) != std::string::npos, data);
    BOOST_TEST(data.ends_with("00060010"
                              "20010db8000000000000000000000001"),
               data);
  }
  asker.source = core::IpAddress::v4({192, 0, 2, 9});
  const std::string singapore = text(ask("www.example.com", Type::https).answers.at(0));
  BOOST_TEST(singapore.ends_with("00040004"
                                 "cb007103"),
             "one edge, and no IPv6: " + singapore);
  const auto none = ask("plain.example.com", Type::https);
  BOOST_TEST((none.answers.empty() && none.authority.size() == 1));
}

BOOST_AUTO_TEST_CASE(chaos_is_refused_unless_configured) {
  BOOST_TEST((ask("version.bind", Type::txt, dns::Class::chaos).rcode == Rcode::refused));
  BOOST_TEST((ask("id.server", Type::txt, dns::Class::chaos).rcode == Rcode::refused));
  routes.chaos_version = "skerry";
  routes.chaos_id = "router-1";
  for (const auto& [name, told] : {std::pair("VERSION.bind", "skerry"), std::pair("version.server", "skerry"),
                                   std::pair("id.server", "router-1"), std::pair("hostname.bind", "router-1")}) {
    BOOST_TEST(ask(name, Type::txt, dns::Class::chaos).answers.size() == 1u, name);
    BOOST_TEST(holds(told), name);
  }
  BOOST_TEST((ask("version.bind", Type::a, dns::Class::chaos).rcode == Rcode::refused));
  BOOST_TEST((ask("other.bind", Type::txt, dns::Class::chaos).rcode == Rcode::refused));
}

BOOST_AUTO_TEST_CASE(a_connection_is_told_how_long_it_may_stay_silent) {
  edns = dns::MessageWriter::Edns{};
  edns->keepalive = 0;
  routes.tcp_keepalive = 77;
  const std::string_view told("\0\x0b\0\2\0\x4d", 6);
  ask("mail.example.com", Type::a);
  BOOST_TEST(!holds(told), "RFC 7828 3.2.1: never over UDP");
  for (Transport transport : {Transport::tcp, Transport::tls}) {
    asker.transport = transport;
    ask("mail.example.com", Type::a);
    BOOST_TEST(holds(told));
  }
  edns->keepalive.reset();
  ask("mail.example.com", Type::a);
  BOOST_TEST(!holds(told), "not asked for");
}

// What a forged source address can win: the bounds that routing/README.md names.
BOOST_AUTO_TEST_CASE(answers_to_forged_addresses_are_bounded) {
  edns = dns::MessageWriter::Edns{};
  edns->udp_size = 65535;
  for (const char* name : {"www.example.com", "example.com", "nobody.example.com", "child.example.com"}) {
    for (Type type : {Type::a, Type::aaaa, Type::any, Type::https, Type::txt}) {
      ask(name, type);
      BOOST_TEST(packet.size() <= 5 * query_size, name << " " << dns::type_name(type) << ": " << packet.size());
    }
  }
  asker.over_limit = true;
  for (Type type : {Type::a, Type::ns, Type::mx, Type::any}) {
    BOOST_TEST(ask("example.com", type).truncated());
    BOOST_TEST(packet.size() <= query_size);
  }
}

// Whatever the packet is: over the limit its answer is no longer than it, but for the server's half of a cookie.
BOOST_AUTO_TEST_CASE(over_the_limit_no_packet_gets_more_than_a_cookie_back) {
  routes.nsid = std::string(128, 'n');
  routes.cookies = CookieSecrets{};
  asker.over_limit = true;
  const std::string question("\3www\7example\3com\0\0\1\0\1", 21);
  const std::string nsid("\0\3\0\0", 4), cookie(
                                             "\0\x0a\0\x08"
                                             "12345678",
                                             12);
  const auto header = [](char opcode, char questions, char additional) {
    return std::string("\xbe\xef", 2) + opcode + std::string("\0\0", 2) + questions + std::string("\0\0\0\0\0", 5) +
           additional;
  };
  const auto opt = [](char version, const std::string& options) {
    return std::string("\0\0\x29\4\xd0\0", 6) + version + std::string("\0\0\0", 3) + static_cast<char>(options.size()) +
           options;
  };
  const struct {
    const char* what;
    std::string query;
    std::size_t more;
  } rows[] = {
      {"a good query", header(1, 1, 1) + question + opt(0, nsid), 0},
      {"with half a cookie", header(1, 1, 1) + question + opt(0, nsid + cookie), 16},
      {"EDNS version 1", header(1, 1, 1) + question + opt(1, nsid), 0},
      {"only a cookie", header(1, 0, 1) + opt(0, nsid + cookie), 16},
      {"neither question nor cookie", header(1, 0, 1) + opt(0, nsid), 0},
      {"rest behind the end", header(1, 1, 1) + question + opt(0, nsid) + "x", 0},
      {"OPT twice", header(1, 1, 2) + question + opt(0, nsid) + opt(0, nsid), 0},
      {"opcode STATUS", header(0x11, 1, 1) + question + opt(0, nsid), 0},
      {"OPT as a question", header(1, 1, 1) + std::string("\0\0\x29\0\1", 5) + opt(0, nsid), 0},
      {"class CHAOS", header(1, 1, 1) + std::string("\0\0\x10\0\3", 5) + opt(0, nsid), 0},
  };
  std::array<std::byte, 1232> buffer;
  for (const auto& row : rows) {
    const auto answered = answer(routes, std::as_bytes(std::span(row.query)), asker, buffer);
    BOOST_TEST((answered.outcome == Outcome::limited), row.what);
    BOOST_TEST(answered.size > 0u, row.what);
    BOOST_TEST(answered.size <= row.query.size() + row.more, row.what << ": " << answered.size);
  }
  asker.over_limit = false;
  for (const auto& row : rows) {
    const auto answered = answer(routes, std::as_bytes(std::span(row.query)), asker, buffer);
    if (answered.outcome != Outcome::malformed && answered.outcome != Outcome::cookie) continue;
    BOOST_TEST(answered.size <= row.query.size() + row.more, row.what << ": nothing was asked, so no NSID");
  }
}

BOOST_AUTO_TEST_SUITE_END()
