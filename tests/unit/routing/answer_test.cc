#include "routing/answer.h"

#include <boost/test/unit_test.hpp>

#include "core/dns/writer.h"
#include "routing/config.h"

namespace {

using namespace skerry;
using namespace skerry::routing;
using dns::Rcode;
using dns::Type;

constexpr std::string_view configuration = R"(
[router]
net_map = ""
[router.clients]
"192.0.2.0/24" = "sin"
"0.0.0.0/0" = "lon"
"::/0" = "lon"
[[zone]]
name = "cdn.example.com"
ns = ["ns1.example.net", "ns2.example.net"]
[[zone.record]]
name = "@"
type = "TXT"
values = ["hello"]
[[zone.record]]
name = "static"
type = "A"
values = ["203.0.113.80", "203.0.113.81"]
[[zone.record]]
name = "static"
type = "AAAA"
values = ["2001:db8::80"]
[[zone.record]]
name = "alias"
type = "CNAME"
values = ["static.cdn.example.com"]
[[zone.record]]
name = "to-dynamic"
type = "CNAME"
values = ["www.cdn.example.com"]
[[zone.record]]
name = "away"
type = "CNAME"
values = ["www.example.org"]
[[zone.record]]
name = "nowhere"
type = "CNAME"
values = ["missing.cdn.example.com"]
[[zone.record]]
name = "loop1"
type = "CNAME"
values = ["loop2.cdn.example.com"]
[[zone.record]]
name = "loop2"
type = "CNAME"
values = ["loop1.cdn.example.com"]
[[zone.record]]
name = "a.deep"
type = "TXT"
values = ["x"]
[[zone.record]]
name = "*.wild"
type = "A"
values = ["203.0.113.90"]
[[zone.record]]
name = "big"
type = "TXT"
values = ["BIG", "BIG2", "BIG3"]
[[zone.dynamic]]
name = "www"
ttl = "30s"
[[pop]]
name = "lon"
[[pop.edge]]
name = "lon-1"
addresses = ["203.0.113.1", "2001:db8::1"]
[[pop.edge]]
name = "lon-2"
addresses = ["203.0.113.2"]
[[pop]]
name = "sin"
[[pop.edge]]
name = "sin-1"
addresses = ["203.0.113.3"]
)";

struct Fixture {
  Fixture() {
    std::string text(configuration);
    for (const char* big : {"BIG", "BIG2", "BIG3"}) {
      const std::string quoted = '"' + std::string(big) + '"';
      text.replace(text.find(quoted), quoted.size(), '"' + std::string(500, big[std::string(big).size() - 1]) + '"');
    }
    auto loaded = config::load_text(router_table(), text, "router.toml", {});
    const RouterPlan plan = plan_of(loaded.config, loaded.report);
    for (const auto& line : loaded.report.lines()) BOOST_TEST_MESSAGE(line);
    BOOST_REQUIRE(loaded.ok());
    routes.zones = plan.zones;
    EdgeStates up;
    for (const Pop& pop : plan.pops) up.emplace_back(pop.edges.size(), true);
    routes.table = AnswerTable::select(plan.map, plan.pops, up, 3);
    routes.nsid = "router-1";
  }

  // Asks and reads the response; its bytes stay in `packet`.
  dns::Response ask(std::string_view name, Type type, Transport transport = Transport::udp) {
    dns::MessageWriter writer(query_);
    writer.header(0xbeef, dns::flag_recursion_desired);
    BOOST_REQUIRE(writer.question(dns::Name::parse(name).value(), type, dns::Class::in));
    if (edns) BOOST_REQUIRE(writer.opt(*edns, Rcode::no_error));
    return send(std::span<const std::byte>(query_).first(writer.finish()), transport);
  }
  dns::Response send(std::span<const std::byte> query, Transport transport = Transport::udp) {
    last = answer(routes, query, {source, transport, now, over_limit}, buffer_);
    packet = std::span<const std::byte>(buffer_).first(last.size);
    const auto read = dns::read_response(packet);
    BOOST_REQUIRE(read.ok());
    BOOST_TEST(read->id == 0xbeef);
    return read.value();
  }
  std::vector<std::string> addresses(const dns::Response& response) {
    std::vector<std::string> result;
    for (const auto& record : response.answers) {
      if (record.type == Type::a || record.type == Type::aaaa)
        result.push_back(dns::address_in(packet, record).to_string());
    }
    std::sort(result.begin(), result.end());
    return result;
  }
  // The scope in the response's OPT, which is always last; -1: none.
  int scope() {
    if (!edns || !edns->subnet) return -1;
    const std::size_t at = packet.size() - edns->subnet->address_size() - 1;
    return std::to_integer<int>(packet[at]);
  }
  void with_subnet(std::array<std::uint8_t, 4> address, std::uint8_t bits) {
    subnet_ = {};
    subnet_.family = 1;
    subnet_.source = bits;
    std::copy(address.begin(), address.end(), subnet_.address.begin());
    edns = dns::MessageWriter::Edns{};
    edns->subnet = &subnet_;
  }

  Routes routes;
  core::IpAddress source = core::IpAddress::v4({8, 8, 8, 8});
  std::optional<dns::MessageWriter::Edns> edns;
  std::uint32_t now = 1700000000;
  bool over_limit = false;
  Answered last;
  std::span<const std::byte> packet;

 private:
  std::array<std::byte, 600> query_;
  std::array<std::byte, 65535> buffer_;
  dns::SubnetOption subnet_;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(answer_rules, Fixture)

BOOST_AUTO_TEST_CASE(a_dynamic_name_gives_the_edges_of_the_nearest_pop) {
  auto response = ask("www.cdn.example.com", Type::a);
  BOOST_TEST((response.rcode == Rcode::no_error && (response.flags & dns::flag_authoritative)));
  BOOST_TEST((response.flags & dns::flag_recursion_desired) != 0);
  BOOST_TEST(addresses(response) == (std::vector<std::string>{"203.0.113.1", "203.0.113.2"}),
             boost::test_tools::per_element());
  BOOST_TEST(response.answers[0].ttl == 30u);
  BOOST_TEST((last.outcome == Outcome::dynamic));
  source = core::IpAddress::v4({192, 0, 2, 53});
  BOOST_TEST(addresses(ask("www.cdn.example.com", Type::a)) == std::vector<std::string>{"203.0.113.3"},
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(the_client_subnet_decides_and_is_echoed) {
  with_subnet({192, 0, 2, 0}, 24);
  BOOST_TEST(addresses(ask("www.cdn.example.com", Type::a)) == std::vector<std::string>{"203.0.113.3"},
             boost::test_tools::per_element());
  BOOST_TEST(scope() == 24);
  with_subnet({198, 51, 100, 0}, 24);
  ask("www.cdn.example.com", Type::a);
  BOOST_TEST(scope() == 6);
  ask("static.cdn.example.com", Type::a);
  BOOST_TEST(scope() == 0, "static data is for everyone");
  ask("missing.cdn.example.com", Type::a);
  BOOST_TEST(scope() == 0);
  with_subnet({0, 0, 0, 0}, 0);
  ask("www.cdn.example.com", Type::a);
  BOOST_TEST(scope() == 0);
  BOOST_TEST(last.with_subnet);
}

BOOST_AUTO_TEST_CASE(a_type_that_is_not_there_is_no_data_with_the_soa) {
  with_subnet({192, 0, 2, 0}, 24);
  const auto tailored = ask("www.cdn.example.com", Type::aaaa);
  BOOST_TEST((tailored.rcode == Rcode::no_error && tailored.answers.empty()));
  BOOST_TEST(scope() == 24, "Singapore has no IPv6, London has");
  edns.reset();
  for (const auto& [name, type] :
       {std::pair("static.cdn.example.com", Type::txt), std::pair("www.cdn.example.com", Type::txt),
        std::pair("deep.cdn.example.com", Type::a), std::pair("cdn.example.com", Type::a),
        std::pair("static.cdn.example.com", static_cast<Type>(65))}) {
    const auto response = ask(name, type);
    BOOST_TEST((response.rcode == Rcode::no_error && response.answers.empty()), name);
    BOOST_REQUIRE_EQUAL(response.authority.size(), 1u);
    BOOST_TEST((response.authority[0].type == Type::soa));
    BOOST_TEST(response.authority[0].ttl == 60u);
    BOOST_TEST((last.outcome == Outcome::no_data));
  }
}

BOOST_AUTO_TEST_CASE(a_name_that_is_not_there_is_nxdomain_and_a_foreign_one_refused) {
  const auto missing = ask("missing.cdn.example.com", Type::a);
  BOOST_TEST((missing.rcode == Rcode::name_error && missing.authority.size() == 1));
  for (const char* name : {"example.com", "notcdn.example.com", "example.org", "."}) {
    const auto foreign = ask(name, Type::a);
    BOOST_TEST((foreign.rcode == Rcode::refused && foreign.authority.empty()), name);
    BOOST_TEST((foreign.flags & dns::flag_authoritative) == 0, name);
  }
}

BOOST_AUTO_TEST_CASE(aliases_are_followed_inside_our_zones) {
  auto response = ask("alias.cdn.example.com", Type::a);
  BOOST_TEST(response.answers.size() == 3u);
  BOOST_TEST(addresses(response).size() == 2u);
  BOOST_TEST(ask("alias.cdn.example.com", Type::cname).answers.size() == 1u);
  BOOST_TEST(ask("away.cdn.example.com", Type::a).answers.size() == 1u);
  response = ask("nowhere.cdn.example.com", Type::a);
  BOOST_TEST((response.rcode == Rcode::name_error && response.answers.size() == 1));
  BOOST_TEST(ask("loop1.cdn.example.com", Type::a).answers.size() <= 8u);
  BOOST_TEST(ask("to-dynamic.cdn.example.com", Type::a).answers.size() == 3u);
}

BOOST_AUTO_TEST_CASE(in_a_tailored_chain_only_the_cname_is_given) {
  with_subnet({192, 0, 2, 0}, 24);
  const auto response = ask("to-dynamic.cdn.example.com", Type::a);
  BOOST_REQUIRE_EQUAL(response.answers.size(), 1u);
  BOOST_TEST((response.answers[0].type == Type::cname));
  BOOST_TEST(scope() == 0);
}

BOOST_AUTO_TEST_CASE(wildcards_answer_for_names_that_do_not_exist) {
  BOOST_TEST(addresses(ask("foo.wild.cdn.example.com", Type::a)).size() == 1u);
  BOOST_TEST(addresses(ask("a.b.wild.cdn.example.com", Type::a)).size() == 1u);
  BOOST_TEST(ask("wild.cdn.example.com", Type::a).answers.empty());
}

BOOST_AUTO_TEST_CASE(the_apex_has_soa_and_ns) {
  const auto soa = ask("cdn.example.com", Type::soa);
  BOOST_REQUIRE_EQUAL(soa.answers.size(), 1u);
  BOOST_TEST(dns::name_in(packet, soa.answers[0]).to_string() == "ns1.example.net.");
  BOOST_TEST(ask("cdn.example.com", Type::ns).answers.size() == 2u);
  BOOST_TEST(ask("static.cdn.example.com", Type::soa).answers.empty());
}

BOOST_AUTO_TEST_CASE(any_is_answered_by_rfc_8482) {
  const auto response = ask("www.cdn.example.com", Type::any);
  BOOST_REQUIRE_EQUAL(response.answers.size(), 1u);
  BOOST_TEST((response.answers[0].type == Type::hinfo));
  BOOST_TEST((ask("missing.cdn.example.com", Type::any).rcode == Rcode::name_error));
}

BOOST_AUTO_TEST_CASE(transfers_and_meta_types_are_refused_or_not_implemented) {
  BOOST_TEST((ask("cdn.example.com", Type::axfr).rcode == Rcode::refused));
  BOOST_TEST((ask("cdn.example.com", Type::ixfr).rcode == Rcode::refused));
  BOOST_TEST((ask("cdn.example.com", static_cast<Type>(249)).rcode == Rcode::not_implemented));
}

BOOST_AUTO_TEST_CASE(the_case_of_the_question_is_kept) {
  const auto response = ask("wWw.cDn.ExAmPlE.cOm", Type::a);
  BOOST_TEST(response.name.to_string() == "wWw.cDn.ExAmPlE.cOm.");
  BOOST_TEST(response.answers[0].name.to_string() == "wWw.cDn.ExAmPlE.cOm.");
}

BOOST_AUTO_TEST_CASE(long_answers_are_cut_over_udp_and_whole_over_tcp) {
  edns = dns::MessageWriter::Edns{};
  edns->udp_size = 4096;
  const auto cut = ask("big.cdn.example.com", Type::txt);
  BOOST_TEST((cut.truncated() && cut.answers.empty()));
  BOOST_TEST(last.truncated);
  BOOST_TEST(packet.size() <= 1232u);
  const auto whole = ask("big.cdn.example.com", Type::txt, Transport::tcp);
  BOOST_TEST((!whole.truncated() && whole.answers.size() == 3));
  edns.reset();
  BOOST_TEST(ask("big.cdn.example.com", Type::txt).truncated());
  BOOST_TEST(packet.size() <= 512u);
}

BOOST_AUTO_TEST_CASE(nsid_is_told_to_those_who_ask) {
  const std::string asked("\xbe\xef\1\0\0\1\0\0\0\0\0\1\0\0\1\0\1\0\0\x29\4\xd0\0\0\0\0\0\4\0\3\0\0", 32);
  send(std::as_bytes(std::span(asked)));
  const std::string_view text(reinterpret_cast<const char*>(packet.data()), packet.size());
  BOOST_TEST(text.ends_with("router-1"));
}

BOOST_AUTO_TEST_CASE(broken_packets_get_the_rcode_that_says_why) {
  const std::string head("\xbe\xef", 2);
  const struct {
    const char* what;
    std::string packet;
    int rcode;
    std::size_t size;  // 12: a bare header
  } table[] = {
      {"opcode STATUS", head + std::string("\x11\0\0\1\0\0\0\0\0\0\0\0\1\0\1", 15), 4, 12},
      {"no question", head + std::string("\1\0\0\0\0\0\0\0\0\0", 10), 1, 12},
      {"half a question", head + std::string("\1\0\0\1\0\0\0\0\0\0\3www", 14), 1, 12},
      {"OPT as a question", head + std::string("\1\0\0\1\0\0\0\0\0\0\0\0\x29\0\1", 15), 1, 12},
      {"class CHAOS", head + std::string("\1\0\0\1\0\0\0\0\0\0\0\0\1\0\3", 15), 5, 17},
      {"EDNS version 1", head + std::string("\1\0\0\1\0\0\0\0\0\1\0\0\1\0\1\0\0\x29\4\xd0\0\1\0\0\0\0", 26), 0, 28},
      {"EDNS version 1, no question", head + std::string("\1\0\0\0\0\0\0\0\0\1\0\0\x29\4\xd0\0\1\0\0\0\0", 21), 0, 23},
      {"broken option", head + std::string("\1\0\0\1\0\0\0\0\0\1\0\0\1\0\1\0\0\x29\4\xd0\0\0\0\0\0\1\0", 27), 1, 23},
  };
  std::array<std::byte, 1232> buffer;
  for (const auto& row : table) {
    const auto answered = answer(routes, std::as_bytes(std::span(row.packet)), {source}, buffer);
    BOOST_TEST(answered.size == row.size, row.what << ": " << answered.size);
    BOOST_TEST(std::to_integer<int>(buffer[2] & std::byte{0x80}) != 0, row.what);
    BOOST_TEST((std::to_integer<int>(buffer[3]) & 0xf) == row.rcode, row.what);
  }
  const std::string bad_version = table[5].packet;
  answer(routes, std::as_bytes(std::span(bad_version)), {source}, buffer);
  BOOST_TEST(std::to_integer<int>(buffer[17 + 5]) == 1, "BADVERS: 1 in the upper eight bits of the rcode");
}

BOOST_AUTO_TEST_CASE(responses_and_scraps_are_not_answered) {
  const std::string response("\xbe\xef\x81\0\0\1\0\0\0\0\0\0\0\0\1\0\1", 17);
  std::array<std::byte, 1232> buffer;
  BOOST_TEST(answer(routes, std::as_bytes(std::span(response)), {source}, buffer).size == 0u);
  for (std::size_t size = 0; size < 12; ++size) {
    const auto part = std::as_bytes(std::span(response)).first(size);
    BOOST_TEST(answer(routes, part, {source}, buffer).size == 0u);
  }
}

BOOST_AUTO_TEST_SUITE_END()
