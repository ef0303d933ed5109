// What a zone may hold, from TOML and from a zone file: contradictions are refused with their place.
#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/routing/asking.h"

namespace {

using namespace skerry;
using namespace skerry::routing;
using dns::Rcode;
using dns::Type;

const std::string head = "[[zone]]\nname = \"example.com\"\nns = [\"ns.example.net\"]\n";

std::string record(const std::string& name, const std::string& type, const std::string& value,
                   const std::string& more = "") {
  return "[[zone.record]]\nname = '" + name + "'\ntype = '" + type + "'\nvalues = ['" + value + "']\n" + more;
}
std::string dynamic(const std::string& name, const std::string& more = "") {
  return "[[zone.dynamic]]\nname = '" + name + "'\n" + more;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(zones)

BOOST_AUTO_TEST_CASE(contradictions_are_refused) {
  const std::string a = record("a", "A", "192.0.2.1");
  const std::pair<std::string, const char*> table[] = {
      {a + record("a", "CNAME", "b.example.com"), "a CNAME can't stand beside other records"},
      {record("a", "CNAME", "b.example.com") + a, "a CNAME can't stand beside other records"},
      {record("a", "CNAME", "b.example.com") + record("a", "CNAME", "c.example.com"), "a CNAME can't stand beside"},
      {record("@", "CNAME", "b.example.com"), "a CNAME can't stand beside other records"},
      {a + record("a", "A", "192.0.2.2", "ttl = '1s'\n"), "another ttl"},
      {record("b.example.net.", "A", "192.0.2.1"), "is not inside the zone example.com."},
      {record("*", "NS", "ns.example.net"), "a wildcard can't be a delegation"},
      {record("a", "DS", "1 13 2 00"), "a DS record stands only at a delegation"},
      {record("@", "DS", "1 13 2 00"), "DS records of this zone stand in its parent"},
      {record("a", "DNAME", "b.example.net."), "DNAME records are not answered by (RFC 6672)"},
      {record("a", "SOA", "a b 1 2 3 4 5"), "the SOA record is made from the zone's own keys"},
      {record("a", "ANY", "x"), "must be a record type"},
      {record("a", "MX", "10"), "a name is missing"},
      {record("c", "NS", "ns.c.example.com"), "ns.c.example.com. lies below the delegation and has no address here"},
      {record("c", "NS", "ns.example.net") + record("x.c", "TXT", "x"),
       "lies at or below the delegation c.example.com."},
      {record("c", "NS", "ns.example.net") + record("c", "TXT", "x"), "lies at or below the delegation"},
      {record("c", "NS", "ns.example.net") + dynamic("www.c"), "lies at or below the delegation"},
      {record("c", "NS", "ns.example.net") + record("d.c", "NS", "ns.example.net"), "lies at or below the delegation"},
      {record("m", "MX", "1 a.example.com") + record("a", "CNAME", "b.example.com"), "a.example.com. is a CNAME"},
      {a + dynamic("a"), "has static addresses, too"},
      {dynamic("a") + dynamic("a"), "is listed as dynamic twice"},
      {record("a", "CNAME", "b.example.com") + dynamic("a"), "a CNAME can't stand beside other records"},
      {record("a", "HTTPS", "1 .") + dynamic("a", "alpn = ['h2']\n"), "has static HTTPS or SVCB records, too"},
      {record("@", "NS", "ns.example.com", "ttl = '1h'\n"),
       "the zone's own server ns.example.com. lies in the zone and has no address"},
      {record("@", "NS", "x.example.com", "ttl = '1h'\n") + record("x", "TXT", "x"),
       "x.example.com. lies in the zone and has no address"},
      {dynamic("a", "alpn = ['']\n"), "a protocol's name has 1 to 255 characters"},
      {"[[zone]]\nname = \"example.com\"\nns = [\"ns.example.net\"]\n", "this zone is there twice"},
  };
  for (const auto& [zone, expected] : table) {
    const std::string problems = testing::problems_of(head + zone);
    BOOST_TEST(problems.find(expected) != std::string::npos, zone << "\n" << problems);
  }
  BOOST_TEST(testing::problems_of("[[zone]]\nname = \"example.com\"\n").find("is missing") != std::string::npos);
  BOOST_TEST(testing::problems_of(head + a + a + record("a", "TXT", "x", "ttl = '1s'\n")) == "",
             "a record twice is one record, and each type has its own ttl");
}

BOOST_AUTO_TEST_CASE(the_zones_own_servers_have_addresses_here_or_below_a_delegation) {
  const std::string ns = record("@", "NS", "ns.example.com", "ttl = '1h'\n");
  for (const std::string& addresses :
       {record("ns", "AAAA", "2001:db8::53"), dynamic("ns"), record("*", "A", "192.0.2.53")}) {
    BOOST_TEST(testing::problems_of(head + ns + addresses).find("has no address") == std::string::npos, addresses);
  }
  const std::string below =
      record("@", "NS", "ns.sub.example.com", "ttl = '1h'\n") + record("sub", "NS", "ns.example.net");
  BOOST_TEST(testing::problems_of(head + below).find("has no address") == std::string::npos);
}

// What DNS over TCP can't carry in one message nobody could ever ask for.
BOOST_AUTO_TEST_CASE(a_set_of_records_that_fits_no_message_is_refused_and_one_that_just_does_is_told_over_tcp) {
  const testing::TempDir folder;
  const auto zone = [&](int addresses) {
    std::string text = "$TTL 1h\n@ SOA ns hostmaster 7 1h 15m 2w 30s\n@ NS ns.example.net.\n";
    for (int i = 0; i < addresses; ++i) {
      text += "many A 10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250) + "\n";
    }
    return "[[zone]]\nname = \"example.com\"\nfile = \"" + folder.write("zone", text) + "\"\n";
  };
  const std::string refused = testing::problems_of(zone(3751));
  BOOST_TEST(refused.find("zone:3754:1: more than 60000 bytes of one name and type") != std::string::npos, refused);
  testing::Asking asking(zone(3750));
  std::array<std::byte, 64> query;
  dns::MessageWriter writer(query);
  writer.header(1, 0);
  writer.question(dns::Name::parse("many.example.com").value(), Type::a, dns::Class::in);
  Asker tcp = asking.asker;
  tcp.transport = Transport::tcp;
  std::vector<std::byte> room(65535);
  const Answered told = answer(asking.routes, std::span<const std::byte>(query).first(writer.finish()), tcp, room);
  BOOST_TEST(!told.truncated);
  BOOST_TEST(told.size > 3750u * 16);
  BOOST_TEST(asking.ask("many.example.com", Type::a).answers.empty());
  BOOST_TEST(asking.last.truncated);
}

BOOST_AUTO_TEST_CASE(what_start_will_open_is_tried_with_the_configuration) {
  testing::TempDir folder;
  const auto certificates = testing::make_certificates(folder.path(), {"dns.example.com"});
  const std::string bad = folder.write("bad.pem", "no certificate");
  const auto files = [](const std::string& certificate, const std::string& key) {
    return "certificate = '" + certificate + "'\nkey = '" + key + "'\n";
  };
  const std::string tls = "[tls]\ndot_listen = ['127.0.0.1:0']\n", http = "[http]\ntls_listen = ['127.0.0.1:0']\n";
  const auto log = [](const std::string& path) { return "[query_log]\npath = '" + path + "'\n"; };
  const std::pair<std::string, std::string> table[] = {
      {tls + files(bad, certificates.key), bad + ": cannot read a certificate chain"},
      {tls + files(certificates.cert, folder.path() + "/none"), "none: cannot read a private key"},
      {http + files(bad, certificates.key), bad + ": cannot read a certificate chain"},
      {log(folder.path() + "/no/queries"), "no file can be made in \"" + folder.path() + "/no\""},
      {log(folder.path()), "can't be written to"},
      {"[[zone]]\nname = 'example.com'\nns = ['ns.example.net']\ndnssec_key = '/nowhere'\n", "/nowhere"},
  };
  for (const auto& [text, expected] : table) {
    const std::string problems = testing::problems_of(text);
    BOOST_TEST(problems.find(expected) != std::string::npos, text << "\n" << problems);
  }
  const std::string good = files(certificates.cert, certificates.key);
  BOOST_TEST(testing::problems_of(tls + good + http + good + log(folder.path() + "/queries") + head) == "");
  BOOST_TEST(!std::filesystem::exists(folder.path() + "/queries"), "a check leaves nothing behind");
}

BOOST_AUTO_TEST_CASE(a_spill_steps_no_faster_than_answers_run_out) {
  const std::string dynamics = head + dynamic("a", "ttl = '40s'\n") + dynamic("b", "ttl = '20s'\n");
  const std::string limited = "[[pop]]\nname = \"ber\"\nmax_in_flight = 10\n";
  const auto problems = testing::problems_of(dynamics + limited);
  BOOST_TEST(problems.find("spill_interval") != std::string::npos, problems);
  BOOST_TEST(problems.find("40 s") != std::string::npos, problems);
  BOOST_TEST(testing::problems_of(dynamics) == "", "nothing spills");
  BOOST_TEST(testing::problems_of(dynamics + limited + "[policy]\nspill_interval = \"40s\"\n") == "");
}

BOOST_AUTO_TEST_CASE(a_zone_file_and_records_beside_it_make_one_zone) {
  testing::TempDir folder;
  const std::string file = folder.write("zone",
                                        "$TTL 5m\n"
                                        "@ SOA ns hostmaster 7 1h 15m 2w 30s\n"
                                        "@ NS ns\n"
                                        "ns A 192.0.2.53\n"
                                        "www A 192.0.2.80\n");
  testing::Asking asking("[[zone]]\nname = \"example.com\"\nfile = \"" + file + "\"\n" +
                         record("extra", "A", "192.0.2.81") + dynamic("cdn"));
  BOOST_TEST(asking.ask("www.example.com", Type::a).answers.size() == 1u);
  BOOST_TEST(asking.ask("extra.example.com", Type::a).answers.size() == 1u);
  BOOST_TEST(asking.ask("cdn.example.com", Type::a).answers.size() == 2u);
  BOOST_TEST(asking.ask("example.com", Type::ns).answers.size() == 1u);
  BOOST_TEST(asking.additional() == 1);
  const auto missing = asking.ask("nobody.example.com", Type::a);
  BOOST_TEST((missing.rcode == Rcode::name_error));
  BOOST_TEST(missing.authority.at(0).ttl == 30u);
}

BOOST_AUTO_TEST_CASE(mistakes_in_a_zone_file_are_told_with_line_and_column) {
  testing::TempDir folder;
  const std::string good = "@ 1h SOA ns hostmaster 7 1h 15m 2w 30s\n@ 1h NS ns.example.net.\n";
  const std::pair<std::string, const char*> table[] = {
      {good + "a 1h A 192.0.2.300\n", "zone:3:8: \"192.0.2.300\" is not an IPv4 address"},
      {good + "a 1h A 192.0.2.3\na 1h CNAME b\n", "zone:4:1: a CNAME can't stand beside other records"},
      {good + "a 1h A 192.0.2.3\n  2h A 192.0.2.4\n", "zone:4:3: other records of this name and type have another ttl"},
      {good + "a.example.net. 1h A 192.0.2.3\n", "zone:3:1: is not inside the zone example.com."},
      {good + "@ 1h SOA ns hostmaster 8 1h 15m 2w 30s\n", "zone:3:1: a zone has one SOA record"},
      {good + "a 1h SOA ns hostmaster 8 1h 15m 2w 30s\n", "zone:3:1: an SOA record stands only at the zone's own name"},
      {good + "old 1h DNAME example.net.\n", "zone:3:1: DNAME records are not answered by (RFC 6672)"},
      {good + "@ 1h DS 1 13 2 00\n", "zone:3:1: DS records of this zone stand in its parent"},
      {"@ 1h NS ns\n", "the zone has no SOA record"},
      {"@ 1h SOA ns hostmaster 7 1h 15m 2w 30s\n", "the zone has no NS record"},
  };
  for (const auto& [text, expected] : table) {
    const std::string section = "[[zone]]\nname = \"example.com\"\nfile = \"" + folder.write("zone", text) + "\"\n";
    const std::string problems = testing::problems_of(section);
    BOOST_TEST(problems.find(expected) != std::string::npos, text << "\n" << problems);
  }
  const std::string missing = testing::problems_of("[[zone]]\nname = \"example.com\"\nfile = \"/nowhere\"\n");
  BOOST_TEST(missing.find("\"/nowhere\" can't be read") != std::string::npos, missing);
  const std::string both = testing::problems_of(head + "file = \"" + folder.write("zone", good) + "\"\n");
  BOOST_TEST(both.find("the zone's file says this") != std::string::npos, both);
}

BOOST_AUTO_TEST_CASE(ds_of_a_child_zone_on_the_same_server_is_the_parents) {
  testing::Asking asking(head + record("child", "NS", "ns.example.net") + record("child", "DS", "1 13 2 00ff") +
                         "[[zone]]\nname = \"child.example.com\"\nns = [\"ns.example.net\"]\n" +
                         record("www", "A", "192.0.2.1"));
  BOOST_TEST(asking.ask("child.example.com", Type::ds).answers.size() == 1u);
  const auto servers = asking.ask("child.example.com", Type::ns);
  BOOST_TEST(servers.answers.size() == 1u, "the child answers for itself");
  BOOST_TEST(asking.ask("www.child.example.com", Type::a).answers.size() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
