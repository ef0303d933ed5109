// Answers of a signed zone, judged as a validator judges them: every signature checked by OpenSSL over bytes that are
// put together here from the answer alone.
#include <boost/test/unit_test.hpp>

#include "core/dns/dnssec.h"
#include "tests/support/ecdsa.h"
#include "tests/unit/routing/asking.h"

namespace {

using namespace skerry;
using namespace skerry::routing;
using dns::Rcode;
using dns::Type;

const std::string records = R"(
[[zone.record]]
name = "ns1"
type = "A"
values = ["192.0.2.1"]
[[zone.record]]
name = "@"
type = "MX"
values = ["20 Mail.example.net", "10 mail.Example.com"]
[[zone.record]]
name = "mail"
type = "A"
values = ["192.0.2.25", "192.0.2.3", "192.0.2.200"]
[[zone.record]]
name = "mail"
type = "AAAA"
values = ["2001:db8::25"]
[[zone.record]]
name = "alias"
type = "CNAME"
values = ["MAIL.example.com"]
[[zone.record]]
name = "to-www"
type = "CNAME"
values = ["www.example.com"]
[[zone.record]]
name = "to-nobody"
type = "CNAME"
values = ["nobody.example.com"]
[[zone.record]]
name = "deep.ent"
type = "TXT"
values = ["b", "a", "A longer text"]
[[zone.record]]
name = "*.wild"
type = "TXT"
values = ["any"]
[[zone.record]]
name = "svc"
type = "HTTPS"
values = ['1 Other.example.com alpn="h2,h3"']
[[zone.record]]
name = "_sip._tcp"
type = "SRV"
values = ["1 2 5060 Mail.example.com"]
[[zone.record]]
name = "odd"
type = "TYPE4711"
values = ['\# 3 010203']
[[zone.record]]
name = "child"
type = "NS"
values = ["ns.child.example.com", "ns1.example.com"]
[[zone.record]]
name = "ns.child"
type = "A"
values = ["192.0.2.99"]
[[zone.record]]
name = "busy"
type = "NS"
values = ["ns-a.example.com", "ns-b.example.com", "ns-c.example.com", "ns-d.example.com", "ns.busy.example.com"]
[[zone.record]]
name = "ns.busy"
type = "A"
values = ["192.0.2.98"]
[[zone.record]]
name = "ns-a"
type = "A"
values = ["192.0.2.50"]
[[zone.record]]
name = "ns-a"
type = "AAAA"
values = ["2001:db8::50"]
[[zone.record]]
name = "ns-b"
type = "A"
values = ["192.0.2.50"]
[[zone.record]]
name = "ns-b"
type = "AAAA"
values = ["2001:db8::50"]
[[zone.record]]
name = "ns-c"
type = "A"
values = ["192.0.2.50"]
[[zone.record]]
name = "ns-c"
type = "AAAA"
values = ["2001:db8::50"]
[[zone.record]]
name = "ns-d"
type = "A"
values = ["192.0.2.50"]
[[zone.record]]
name = "ns-d"
type = "AAAA"
values = ["2001:db8::50"]
[[zone.record]]
name = "signed-child"
type = "NS"
values = ["ns.elsewhere.example"]
[[zone.record]]
name = "signed-child"
type = "DS"
values = ["12345 13 2 00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"]
[[zone.record]]
name = "big"
type = "TXT"
values = [")" + std::string(1300, 'x') +
                            R"("]
[[zone.dynamic]]
name = "www"
ttl = "20s"
alpn = ["h2", "http/1.1"]
[[zone.dynamic]]
name = "plain"
)";

const std::string apex = R"(
[[zone]]
name = "example.com"
ns = ["NS1.example.com", "ns2.example.net"]
ttl = "1h"
minimum = "60s"
)";

// The records of a zone that has little else.
const std::string own_server = "[[zone.record]]\nname = 'ns1'\ntype = 'A'\nvalues = ['192.0.2.1']\n";

std::string key_line() {
  static const testing::TempDir folder;
  static const std::string file = testing::write_zone_key(folder);
  return "dnssec_key = \"" + file + "\"\n";
}

struct Plain : testing::Asking {
  Plain() : Asking(apex + records) {}
};

struct Fixture : testing::Asking {
  explicit Fixture(std::uint32_t ttl_limit = 0xffffffff) : Asking(apex + key_line() + records, ttl_limit) {
    edns = dns::MessageWriter::Edns{};
    edns->dnssec_ok = true;
  }

  const dns::SigningKey& key() const { return *routes.zones->find(dns::Name::parse("example.com").value())->key(); }

  // Data with its names written out, in lower case where a validator has them so.
  std::string expanded(const dns::Record& record) const {
    std::string data(reinterpret_cast<const char*>(packet.data()) + record.data_at, record.data_size);
    std::size_t at = record.data_at;
    int names = 0;
    std::string result;
    switch (record.type) {
      case Type::ns:
      case Type::cname: names = 1; break;
      case Type::soa: names = 2; break;
      case Type::mx: names = 1, at += 2, result = data.substr(0, 2); break;
      case Type::srv: names = 1, at += 6, result = data.substr(0, 6); break;
      default: return data;
    }
    for (; names > 0; --names) {
      dns::Name name;
      BOOST_REQUIRE(dns::read_name(packet, at, name));
      result.append(name.lower().wire());
    }
    return result + data.substr(std::min(data.size(), at - record.data_at));
  }

  // How many record sets of a section have exactly one signature, and a good one; fails for all others but those of the
  // type `bare`.
  int signed_sets(const std::vector<dns::Record>& section, Type bare = Type::opt) const {
    int count = 0;
    std::vector<std::pair<std::string, Type>> seen;
    for (const dns::Record& record : section) {
      const std::pair set(std::string(record.name.lower().wire()), record.type);
      if (record.type == Type::rrsig || record.type == bare || std::count(seen.begin(), seen.end(), set)) continue;
      seen.push_back(set);
      BOOST_TEST(good(section, record), record.name.to_string() << " " << dns::type_name(record.type));
      ++count;
    }
    return count;
  }

  bool good(const std::vector<dns::Record>& section, const dns::Record& first) const {
    std::vector<std::string> data, signatures;
    for (const dns::Record& record : section) {
      if (!(record.name == first.name)) continue;
      const std::string expanded_data = expanded(record);
      const auto covered = static_cast<Type>(static_cast<unsigned char>(expanded_data[0]) << 8 |
                                             static_cast<unsigned char>(expanded_data[1]));
      if (record.type == first.type) data.push_back(expanded_data);
      if (record.type == Type::rrsig && covered == first.type) {
        signatures.push_back(expanded_data);
        if (record.ttl != first.ttl) return false;  // RFC 4034 3
      }
    }
    if (signatures.size() != 1) return false;
    std::sort(data.begin(), data.end());
    const std::string head = signatures[0].substr(0, signatures[0].size() - 64);
    std::string text = head;
    for (const std::string& one : data) {
      text.append(first.name.lower().wire());
      dns::append_u16(text, static_cast<std::uint16_t>(first.type));
      text.append("\0\1", 2).append(head.substr(4, 4));
      dns::append_u16(text, static_cast<std::uint16_t>(one.size()));
      text.append(one);
    }
    const bool in_time = number(head, 8) > asker.now && number(head, 12) < asker.now;
    return in_time && number(head, 4) >= first.ttl && head[3] == first.name.labels() &&
           head.substr(18) == std::string("\7example\3com\0", 13) &&
           testing::ecdsa_verifies(key().dnskey(), text, std::string_view(signatures[0]).substr(head.size()));
  }

  static std::uint32_t number(std::string_view data, std::size_t at) {
    std::uint32_t value = 0;
    for (const char c : data.substr(at, 4)) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  }

  // "NEXT TYPE TYPE" of the only NSEC record there.
  std::string nsec(const std::vector<dns::Record>& section) const {
    std::string result;
    for (const dns::Record& record : section) {
      if (record.type != Type::nsec) continue;
      BOOST_TEST(result == "");
      const std::string data = expanded(record);
      result = dns::name_at(data).to_string();
      std::string_view map = std::string_view(data).substr(dns::name_at(data).wire().size());
      while (!map.empty()) {
        const auto size = static_cast<std::size_t>(map[1]);
        for (std::size_t bit = 0; bit < 8 * size; ++bit) {
          if (map[2 + bit / 8] & 0x80 >> bit % 8) {
            result += " " + dns::type_name(static_cast<Type>(static_cast<unsigned char>(map[0]) << 8 | bit));
          }
        }
        map.remove_prefix(2 + size);
      }
    }
    return result;
  }

  bool echoes_compact_ok() const {
    // The OPT record ends the message: its flags stand 8 bytes before its end, as it has no options here.
    return (std::to_integer<int>(packet[packet.size() - 4]) & 0x40) != 0;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(signed_answers, Fixture)

BOOST_AUTO_TEST_CASE(every_set_of_an_answer_has_a_good_signature) {
  const std::tuple<const char*, Type, int> table[] = {{"example.com", Type::soa, 1},
                                                      {"example.com", Type::ns, 1},
                                                      {"example.com", Type::mx, 1},
                                                      {"example.com", Type::dnskey, 1},
                                                      {"mail.example.com", Type::a, 1},
                                                      {"alias.example.com", Type::aaaa, 2},
                                                      {"www.example.com", Type::a, 1},
                                                      {"www.example.com", Type::aaaa, 1},
                                                      {"www.example.com", Type::https, 1},
                                                      {"www.example.com", Type::svcb, 1},
                                                      {"to-www.example.com", Type::a, 2},
                                                      {"deep.ent.example.com", Type::txt, 1},
                                                      {"x.wild.example.com", Type::txt, 1},
                                                      {"a.b.c.wild.example.com", Type::txt, 1},
                                                      {"svc.example.com", Type::https, 1},
                                                      {"_sip._tcp.example.com", Type::srv, 1},
                                                      {"odd.example.com", static_cast<Type>(4711), 1},
                                                      {"mail.example.com", Type::any, 1},
                                                      {"signed-child.example.com", Type::ds, 1},
                                                      {"WwW.eXample.Com", Type::a, 1},
                                                      {"www.example.com", Type::nsec, 1},
                                                      {"nobody.example.com", Type::nsec, 1}};
  for (const auto& [name, type, sets] : table) {
    const auto response = ask(name, type);
    BOOST_TEST((response.rcode == Rcode::no_error), name);
    BOOST_TEST(signed_sets(response.answers) == sets, name << " " << dns::type_name(type));
    BOOST_TEST(response.authority.size() == 0u, name);
  }
}

BOOST_AUTO_TEST_CASE(everyone_gets_a_signature_of_their_own_addresses) {
  dns::SubnetOption subnet;
  subnet.family = 1;
  subnet.source = 24;
  for (const std::uint8_t network : {std::uint8_t{2}, std::uint8_t{7}}) {
    subnet.address = {192, 0, network};
    edns->subnet = &subnet;
    BOOST_TEST(signed_sets(ask("www.example.com", Type::a).answers) == 1);
  }
  SignatureTotals totals;
  signer.add_to(totals);
  BOOST_TEST(totals.made == 2u);
}

BOOST_AUTO_TEST_CASE(without_the_do_bit_answers_are_those_of_an_unsigned_zone) {
  Plain plain;
  plain.edns = edns;
  plain.edns->dnssec_ok = edns->dnssec_ok = false;
  for (const bool with_edns : {true, false}) {
    if (!with_edns) plain.edns.reset(), edns.reset();
    for (const char* name : {"example.com", "www.example.com", "mail.example.com", "nobody.example.com",
                             "x.wild.example.com", "ent.example.com", "child.example.com", "a.child.example.com",
                             "to-nobody.example.com", "signed-child.example.com"}) {
      for (Type type : {Type::a, Type::aaaa, Type::mx, Type::txt, Type::ns, Type::ds, Type::any, Type::https}) {
        ask(name, type);
        plain.ask(name, type);
        BOOST_TEST(std::equal(packet.begin(), packet.end(), plain.packet.begin(), plain.packet.end()),
                   name << " " << dns::type_name(type));
      }
    }
  }
  const auto keys = ask("example.com", Type::dnskey);
  BOOST_REQUIRE_EQUAL(keys.answers.size(), 1u);
  BOOST_TEST(expanded(keys.answers[0]) == key().dnskey());
}

// RFC 9824 3: the name itself, up to the next one, and what is there.
BOOST_AUTO_TEST_CASE(what_is_not_there_is_denied_by_one_nsec_record) {
  const std::tuple<const char*, Type, const char*> table[] = {
      {"nobody.example.com", Type::a, "RRSIG NSEC NXNAME"},
      {"a.b.nobody.example.com", Type::txt, "RRSIG NSEC NXNAME"},
      {"NoBody.example.com", Type::a, "RRSIG NSEC NXNAME"},
      {"mail.example.com", Type::txt, "A AAAA RRSIG NSEC"},
      {"example.com", Type::a, "NS SOA MX RRSIG NSEC DNSKEY"},
      {"ent.example.com", Type::a, "RRSIG NSEC"},
      {"x.wild.example.com", Type::a, "TXT RRSIG NSEC"},
      {"www.example.com", Type::txt, "A AAAA RRSIG NSEC SVCB HTTPS"},
      {"plain.example.com", Type::https, "A AAAA RRSIG NSEC"},
      {"odd.example.com", Type::a, "RRSIG NSEC TYPE4711"},
      {"child.example.com", Type::ds, "NS RRSIG NSEC"},
      {"wild.example.com", Type::txt, "RRSIG NSEC"}};
  for (const auto& [name, type, types] : table) {
    const auto response = ask(name, type);
    BOOST_TEST((response.rcode == Rcode::no_error), name);
    BOOST_TEST(response.answers.size() == 0u, name);
    BOOST_TEST(signed_sets(response.authority) == 2, name);
    const std::string lower = dns::Name::parse(name)->lower().to_string();
    BOOST_TEST(nsec(response.authority) == "\\000." + lower + " " + types);
    BOOST_TEST(
        (last.outcome == Outcome::nxdomain) == (std::string_view(types).find("NXNAME") != std::string_view::npos),
        name);
  }
}

BOOST_AUTO_TEST_CASE(a_type_that_this_client_has_not_got_is_denied_to_it_alone) {
  asker.source = core::IpAddress::v4({192, 0, 2, 1});  // its PoP has no IPv6
  const auto response = ask("www.example.com", Type::aaaa);
  BOOST_TEST(signed_sets(response.authority) == 2);
  BOOST_TEST(nsec(response.authority) == "\\000.www.example.com. A RRSIG NSEC SVCB HTTPS");
}

BOOST_AUTO_TEST_CASE(an_alias_that_leads_nowhere_is_signed_and_denied_at_its_end) {
  const auto response = ask("to-nobody.example.com", Type::a);
  BOOST_TEST(signed_sets(response.answers) == 1);
  BOOST_TEST(signed_sets(response.authority) == 2);
  BOOST_TEST(nsec(response.authority) == "\\000.nobody.example.com. RRSIG NSEC NXNAME");
}

// RFC 9824 5.1.
BOOST_AUTO_TEST_CASE(those_who_know_compact_answers_hear_nxdomain) {
  edns->compact_ok = true;
  BOOST_TEST((ask("nobody.example.com", Type::a).rcode == Rcode::name_error));
  BOOST_TEST(echoes_compact_ok());
  BOOST_TEST((ask("mail.example.com", Type::txt).rcode == Rcode::no_error));
  BOOST_TEST(echoes_compact_ok());
  edns->dnssec_ok = false;
  BOOST_TEST((ask("nobody.example.com", Type::a).rcode == Rcode::name_error));
  BOOST_TEST(!echoes_compact_ok());
}

BOOST_AUTO_TEST_CASE(a_referral_tells_how_the_child_is_signed_or_that_it_is_not) {
  auto response = ask("www.child.example.com", Type::a);
  BOOST_TEST(signed_sets(response.authority, Type::ns) == 1);
  BOOST_TEST(nsec(response.authority) == "\\000.child.example.com. NS RRSIG NSEC");
  // Glue below the cut is not signed; the address of a server of ours is.
  BOOST_TEST(additional() == 3);
  response = ask("child.example.com", Type::ns);
  BOOST_TEST(nsec(response.authority) == "\\000.child.example.com. NS RRSIG NSEC");
  response = ask("www.signed-child.example.com", Type::a);
  BOOST_TEST(signed_sets(response.authority, Type::ns) == 1);
  BOOST_TEST(nsec(response.authority) == "");
}

BOOST_AUTO_TEST_CASE(a_referral_with_many_servers_of_ours_needs_its_glue_alone_rfc9471) {
  const std::string_view glue("\xc0\0\2\x62", 4);
  edns->udp_size = 512;  // not enough for all nine addresses
  BOOST_TEST(!ask("www.busy.example.com", Type::a).truncated());
  const std::string_view bytes(reinterpret_cast<const char*>(packet.data()), packet.size());
  BOOST_TEST((bytes.find(glue) != std::string_view::npos));
  asker.now += 10 * 86400;  // nothing that is kept is of use any more
  asker.transport = Transport::tcp;
  routes.signing.tcp_per_second = 1;
  const auto response = ask("www.busy.example.com", Type::a);
  BOOST_TEST(!response.truncated());
  BOOST_TEST(additional() == 9);  // all addresses, unsigned
}

BOOST_AUTO_TEST_CASE(additional_addresses_come_with_their_signatures) {
  ask("example.com", Type::mx);
  BOOST_TEST(additional() == 3 + 1 + 2);  // A, AAAA and a signature each
  BOOST_TEST(signed_sets(additional_records()) == 2);
}

// RFC 4035 3.1.1: they are no reason to send anybody to TCP, and a budget that is used up is none either.
BOOST_AUTO_TEST_CASE(additional_addresses_come_without_signatures_where_there_is_no_room) {
  routes.cookies = CookieSecrets{};
  edns->udp_size = 512;
  edns->cookie = "12345678";
  edns->nsid = "x";
  int with = 0, without = 0;
  for (std::size_t size = 1; size <= 128; ++size) {
    routes.nsid = std::string(size, 'n');
    const auto response = ask("www.child.example.com", Type::a);
    BOOST_TEST(!response.truncated(), size);
    ++(additional() == 3 ? with : without);
    BOOST_TEST((additional() == 3 || additional() == 2), size);
  }
  BOOST_TEST(with > 0);
  BOOST_TEST(without > 0);
  asker.now += 10 * 86400;  // nothing that is kept is of use any more
  asker.transport = Transport::tcp;
  routes.signing.tcp_per_second = 1;
  BOOST_TEST(!ask("www.child.example.com", Type::a).truncated());
  BOOST_TEST(additional() == 2);
}

BOOST_AUTO_TEST_CASE(a_query_for_signatures_gets_one) {
  for (const char* name : {"mail.example.com", "nobody.example.com", "alias.example.com"}) {
    const auto response = ask(name, Type::rrsig);
    BOOST_REQUIRE_EQUAL(response.answers.size(), 1u);
    BOOST_TEST(text(response.answers[0]).find("RRSIG 002f0d03") != std::string::npos, name);
  }
}

// RFC 9824 3.5.
BOOST_AUTO_TEST_CASE(nobody_may_ask_for_nxname) {
  BOOST_TEST((ask("nobody.example.com", Type::nxname).rcode == Rcode::format_error));
  BOOST_TEST(holds(std::string_view("\0\x0f\0\2\0\x1e", 6)));
  edns.reset();
  BOOST_TEST((ask("www.example.com", Type::nxname).rcode == Rcode::format_error));
}

BOOST_AUTO_TEST_CASE(neither_ad_nor_cd_is_ever_set) {
  std::array<std::byte, 512> query;
  dns::MessageWriter writer(query);
  writer.header(1, dns::flag_checking_disabled | 0x0020 | dns::flag_recursion_desired);
  BOOST_REQUIRE(writer.question(dns::Name::parse("www.example.com").value(), Type::a, dns::Class::in));
  BOOST_REQUIRE(writer.opt(*edns, Rcode::no_error));
  const auto response = send(std::span<const std::byte>(query).first(writer.finish()));
  BOOST_TEST((response.flags & (dns::flag_checking_disabled | 0x0020)) == 0);
  BOOST_TEST((response.flags & dns::flag_recursion_desired) != 0);
}

// A shorter time to live needs no other signature: the configured one is signed.
BOOST_AUTO_TEST_CASE(signatures_carry_the_configured_time_to_live) {
  const auto response = ask("nobody.example.com", Type::a);
  for (const dns::Record& record : response.authority) {
    BOOST_TEST(record.ttl == 60u);
    const std::string data = expanded(record);
    const bool of_soa = record.type == Type::rrsig && data[1] == 6;
    if (of_soa) BOOST_TEST(number(data, 4) == 3600u);
  }
  ask("example.com", Type::soa);
  SignatureTotals totals;
  signer.add_to(totals);
  BOOST_TEST(totals.made == 2u);
  BOOST_TEST(totals.cached == 1u);
}

struct InDoubt : Fixture {
  InDoubt() : Fixture(6) {}
};

BOOST_FIXTURE_TEST_CASE(edges_in_doubt_shorten_times_to_live_and_not_what_is_signed, InDoubt) {
  for (const Type type : {Type::a, Type::https}) {
    const auto response = ask("www.example.com", type);
    BOOST_TEST(signed_sets(response.answers) == 1);
    for (const dns::Record& record : response.answers) {
      BOOST_TEST(record.ttl == 6u);
      if (record.type == Type::rrsig) BOOST_TEST(number(expanded(record), 4) == 20u);
    }
  }
}

// The family may come back with the next change of health: its absence lives no longer than its addresses would.
BOOST_AUTO_TEST_CASE(a_missing_family_is_denied_for_as_long_as_addresses_are_good) {
  asker.source = core::IpAddress::v4({192, 0, 2, 1});  // its PoP has no IPv6
  for (const std::uint32_t limit : {20u, 6u}) {
    if (limit == 6) routes.table = InDoubt().routes.table;
    const auto response = ask("www.example.com", Type::aaaa);
    BOOST_TEST(signed_sets(response.authority) == 2);
    for (const dns::Record& record : response.authority) BOOST_TEST(record.ttl == limit);
  }
  // Types that no health brings.
  const auto other = ask("www.example.com", Type::txt);
  for (const dns::Record& record : other.authority) BOOST_TEST(record.ttl == 60u);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_with_its_signature_is_cut_whole_and_costs_none) {
  const auto response = ask("big.example.com", Type::txt);
  BOOST_TEST(response.truncated());
  BOOST_TEST(response.answers.size() == 0u);
  SignatureTotals totals;
  signer.add_to(totals);
  BOOST_TEST(totals.made == 0u);
  asker.transport = Transport::tcp;
  BOOST_TEST(signed_sets(ask("big.example.com", Type::txt).answers) == 1);
  // The records alone would have fitted here.
  asker.transport = Transport::udp;
  edns->udp_size = 512;
  const auto tight =
      ask("a23456789012345678901234567890123456789012345678901234567890123."
          "b23456789012345678901234567890123456789012345678901234567890.wild.example."
          "com",
          Type::a);
  BOOST_TEST(packet.size() <= 512u);
  BOOST_TEST(tight.truncated());
  BOOST_TEST(tight.authority.size() == 0u);
}

BOOST_AUTO_TEST_CASE(the_longest_names_are_denied_as_well) {
  // 254 and 255 bytes: no child would fit below them.
  const std::string label(63, 'x');
  for (const std::size_t last : {std::size_t{48}, std::size_t{49}}) {
    const std::string name = label + "." + label + "." + label + "." + std::string(last, 'y') + ".example.com";
    BOOST_REQUIRE_EQUAL(dns::Name::parse(name)->wire().size(), 206 + last);
    const auto response = ask(name, Type::a);
    BOOST_TEST(signed_sets(response.authority) == 2);
    BOOST_TEST(nsec(response.authority).starts_with(std::string(62, 'x') + "y." + label), nsec(response.authority));
  }
}

BOOST_AUTO_TEST_CASE(beyond_the_budget_udp_is_cut_and_tcp_fails) {
  routes.signing.per_second = 2;
  routes.signing.tcp_per_second = 3;
  BOOST_TEST(signed_sets(ask("a.nobody.example.com", Type::a).authority) == 2);
  auto response = ask("b.nobody.example.com", Type::a);
  BOOST_TEST(response.truncated());
  BOOST_TEST(response.answers.size() + response.authority.size() == 0u);
  BOOST_TEST((last.outcome == Outcome::signing_limited));
  BOOST_TEST(!last.truncated);  // that counts what did not fit
  BOOST_TEST(packet.size() <= query_size);
  BOOST_TEST(!ask("a.nobody.example.com", Type::a).truncated());  // kept
  for (const Transport transport : {Transport::tcp, Transport::https}) {
    asker.transport = transport;
    response = ask(transport == Transport::tcp ? "b.nobody.example.com" : "c.nobody.example.com", Type::a);
    BOOST_TEST((response.rcode == (transport == Transport::tcp ? Rcode::no_error : Rcode::server_failure)));
  }
  BOOST_TEST(!response.truncated());
  BOOST_TEST(last.ttl == 0u);
  edns->dnssec_ok = false;
  BOOST_TEST((ask("d.nobody.example.com", Type::a).rcode == Rcode::name_error));  // nothing to sign
}

BOOST_AUTO_TEST_CASE(names_that_are_made_up_leave_half_the_budget_to_those_that_are_there) {
  routes.signing.per_second = 6;
  int denied = 0;
  for (int i = 0; i < 20; ++i) denied += !ask("x" + std::to_string(i) + ".nobody.example.com", Type::a).truncated();
  BOOST_TEST(denied == 3);
  BOOST_TEST(ask("made-up.wild.example.com", Type::txt).truncated());
  BOOST_TEST(signed_sets(ask("www.example.com", Type::a).answers) == 1);
  BOOST_TEST(signed_sets(ask("mail.example.com", Type::a).answers) == 1);
}

BOOST_AUTO_TEST_CASE(without_a_signer_nothing_is_told_unsigned) {
  asker.signer = nullptr;
  BOOST_TEST(ask("www.example.com", Type::a).truncated());
  asker.transport = Transport::tls;
  BOOST_TEST((ask("www.example.com", Type::a).rcode == Rcode::server_failure));
}

// What a forged source address can win where zones are signed: the bounds that routing/README.md names.
BOOST_AUTO_TEST_CASE(signed_answers_to_forged_addresses_are_bounded) {
  edns->udp_size = 65535;
  const Type types[] = {Type::a,   Type::aaaa, Type::any,   Type::https, Type::txt, Type::rrsig, Type::nsec,
                        Type::soa, Type::mx,   Type::cname, Type::ns,    Type::ds,  Type::dnskey};
  for (const char* name : {"www.example.com", "nobody.example.com", "child.example.com", "mail.example.com",
                           "to-www.example.com", "to-nobody.example.com", "x.wild.example.com"}) {
    for (const Type type : types) {
      ask(name, type);
      BOOST_TEST(packet.size() <= 12 * query_size, name << " " << dns::type_name(type) << ": " << packet.size());
    }
  }
  // Whatever the zone holds.
  for (const char* name : {"example.com", "big.example.com", "www.busy.example.com", "deep.ent.example.com"}) {
    for (const Type type : types) {
      ask(name, type);
      BOOST_TEST(packet.size() <= 1232u, name << " " << dns::type_name(type));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(signed_zones)

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_key_is_told_at_its_place) {
  testing::TempDir folder;
  const std::string open = folder.write("open.key", dns::SigningKey::generate()->to_pem());
  ::chmod(open.c_str(), 0644);
  const std::string nonsense = folder.write("nonsense.key", "no key");
  ::chmod(nonsense.c_str(), 0600);
  const auto problems = [](const std::string& lines) { return testing::problems_of(apex + lines + records); };
  const std::pair<std::string, const char*> table[] = {
      {"dnssec_key = '/nowhere/zone.key'\n", "\"/nowhere/zone.key\" can't be read"},
      {"dnssec_key = '" + open + "'\n", "open to everybody"},
      {"dnssec_key = '" + nonsense + "'\n", "no private key in PEM"},
      {key_line() + "dnssec_standby_keys = ['/nowhere/next.key']\n", "\"/nowhere/next.key\" can't be read"},
      {"dnssec_standby_keys = ['" + nonsense + "']\n", "need a dnssec_key"}};
  for (const auto& [lines, expected] : table) {
    const std::string told = problems(lines);
    BOOST_TEST(told.find(expected) != std::string::npos, told);
    BOOST_TEST(told.find("router.toml:") != std::string::npos, told);
    BOOST_TEST(told.find("dnssec_") != std::string::npos, told);
  }
  BOOST_TEST(problems(key_line()) == "");
}

BOOST_AUTO_TEST_CASE(nothing_may_be_remembered_longer_than_its_signature_is_good) {
  const std::string record = "[[zone.record]]\nname = 'a'\ntype = 'A'\nvalues = ['192.0.2.1']\nttl = '13h'\n";
  const std::string dynamic = "[[zone.dynamic]]\nname = 'b'\nttl = '13h'\n";
  for (const std::string& lines : {record, dynamic}) {
    const auto told = [&](const std::string& validity) {
      return testing::problems_of("[dnssec]\nvalidity = '" + validity + "'\n" + apex + key_line() + own_server + lines);
    };
    BOOST_TEST(told("1d").find("at most half of dnssec.validity, 43200 s") != std::string::npos, told("1d"));
    BOOST_TEST(told("26h") == "");
    BOOST_TEST(testing::problems_of("[dnssec]\nvalidity = '1d'\n" + apex + own_server + lines) == "", "unsigned");
  }
}

BOOST_AUTO_TEST_CASE(records_that_signing_makes_are_refused) {
  for (const char* type : {"DNSKEY", "RRSIG", "NSEC", "TYPE50", "TYPE51"}) {
    const std::string record =
        std::string("[[zone.record]]\nname = 'a'\ntype = '") + type + "'\nvalues = ['\\# 3 010203']\n";
    const std::string told = testing::problems_of(apex + key_line() + own_server + record);
    BOOST_TEST(told.find("the router makes the records of this type itself") != std::string::npos, told);
    BOOST_TEST(testing::problems_of(apex + own_server + record) == "", type);
  }
}

BOOST_AUTO_TEST_CASE(a_zone_below_a_signed_one_must_be_delegated_by_it) {
  const std::string below = "[[zone]]\nname = 'cdn.example.com'\nns = ['ns.example.net']\n";
  const std::string delegation = "[[zone.record]]\nname = 'cdn'\ntype = 'NS'\nvalues = ['ns.example.net']\n";
  const std::string told = testing::problems_of(apex + key_line() + own_server + below);
  BOOST_TEST(told.find("is signed and must delegate it") != std::string::npos, told);
  BOOST_TEST(testing::problems_of(apex + key_line() + own_server + delegation + below) == "");
  // Nor does it deny what is below a delegation of its own.
  const std::string deeper = "[[zone]]\nname = 'a.cdn.example.com'\nns = ['ns.example.net']\n";
  BOOST_TEST(testing::problems_of(apex + key_line() + own_server + delegation + deeper) == "");
  BOOST_TEST(testing::problems_of(apex + own_server + below) == "");
}

BOOST_AUTO_TEST_CASE(keys_that_stand_by_are_told_and_sign_nothing) {
  testing::TempDir folder;
  const auto next = dns::SigningKey::generate();
  const std::string file = testing::write_zone_key(folder, next->to_pem());
  testing::Asking asking(apex + key_line() + "dnssec_standby_keys = ['" + file + "']\n" + records);
  asking.edns = dns::MessageWriter::Edns{};
  asking.edns->dnssec_ok = true;
  const auto response = asking.ask("example.com", Type::dnskey);
  BOOST_TEST(response.answers.size() == 3u);  // two keys, one signature
  BOOST_TEST(asking.holds(next->dnskey()));
}

BOOST_AUTO_TEST_SUITE_END()
