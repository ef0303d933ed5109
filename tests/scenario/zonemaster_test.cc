// zonemaster-cli, the registries' checker of zones and name servers, against a zone that two routers serve, in an
// internet of its own whose root and parent are a router, too.
#include <boost/test/unit_test.hpp>
#include <set>
#include <sstream>

#include "tests/support/network.h"

using namespace skerry::testing;
using boost::test_tools::per_element;

namespace {

// The checker refuses reserved and private addresses, so these are other people's; nothing leaves the namespaces.
struct Server {
  const char* name;
  const char* v4;
  const char* v6;
  const char* reverse_v4;
  const char* reverse_v6;
};
constexpr Server root = {"ns.rootserver", "192.5.5.241", "2001:500:2f::f", "241.5.5.192",
                         "f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.f.2.0.0.0.0.5.0.1.0.0.2"};
constexpr Server ns1 = {"ns1.cdn.example", "20.1.2.53", "2600:1:2:3::53", "53.2.1.20",
                        "3.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.6.2"};
constexpr Server ns2 = {"ns2.cdn.example", "80.4.5.53", "2a00:4:5:6::53", "53.5.4.80",
                        "3.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.6.0.0.0.5.0.0.0.4.0.0.0.0.0.a.2"};

std::string listening_on(const Server& server) {
  return std::string("[router]\nlisten = [\"") + server.v4 + ":53\", \"[" + server.v6 +
         "]:53\"]\nworkers = 1\n[probe]\nkind = \"none\"\n[[pop]]\nname = \"lon\"\n[[pop.edge]]\nname = \"lon-1\"\n"
         "addresses = [\"20.9.9.1\", \"2600:9::1\"]\n";
}

std::string glue(const Server& server) {
  return std::string(server.name) + ". A " + server.v4 + "\n" + server.name + ". AAAA " + server.v6 + "\n";
}

// As short as a zone can be written.
std::string short_zone(const std::string& name, const std::string& more = {}) {
  return "[[zone]]\nname = \"" + name + "\"\nns = [\"ns1.cdn.example\", \"ns2.cdn.example\"]\n" + more +
         "[[zone.dynamic]]\nname = \"@\"\n";
}

constexpr const char* zone_head = "$TTL 1d\n@ SOA ns1.cdn.example. hostmaster.cdn.example. 2026010101 4h 1h 14d 1h\n";

struct SmallInternet {
  TempDir folder;
  std::unique_ptr<Network> network;
  std::vector<std::unique_ptr<Process>> running;

  SmallInternet() {
    if (!Network::possible()) skip("network namespaces need root");
    network = std::make_unique<Network>(root.v4);
    network->add_host("checker", "60.7.8.9", "2400:7:8:9::9");
    const Finished key = run({{program("skerry"), "dnssec", "keygen", "signed.example", folder / "key"}, {}, {}});
    BOOST_REQUIRE_MESSAGE(key.exit_code == 0, key.output);
    write_zones(key.output);
    const std::string parents = "[[zone]]\nname = \".\"\nfile = \"" + folder / "root" +
                                "\"\n[[zone]]\nname = \"example\"\nfile = \"" + folder / "example" +
                                "\"\n[[zone]]\nname = \"arpa\"\nfile = \"" + folder / "arpa" + "\"\n";
    const std::string ours = "[[zone]]\nname = \"cdn.example\"\nfile = \"" + folder / "cdn" +
                             "\"\n[[zone.dynamic]]\nname = \"@\"\n[[zone.dynamic]]\nname = \"www\"\nalpn = [\"h2\"]\n" +
                             short_zone("short.example") +
                             short_zone("signed.example", "dnssec_key = \"" + folder / "key" + "\"\n");
    start(root, parents);
    start(ns1, ours + short_zone("torn.example", "serial = 1\n"));
    start(ns2, ours + short_zone("torn.example", "serial = 2\n"));
  }

  void write_zones(const std::string& ds) const {
    const std::string root_ns = std::string("@ NS ") + root.name + ".\n";
    folder.write("root",
                 zone_head + root_ns + glue(root) + "example. NS " + root.name + ".\narpa. NS " + root.name + ".\n");
    std::string example = zone_head + root_ns + ds + glue(ns1) + glue(ns2);
    for (const std::string zone : {"cdn", "short", "signed", "torn"}) {
      example += zone + " NS ns1.cdn\n" + zone + " NS ns2.cdn\n";
    }
    folder.write("example", example);
    std::string reverse = zone_head + root_ns;
    for (const Server& server : {root, ns1, ns2}) {
      reverse += std::string(server.reverse_v4) + ".in-addr PTR " + server.name + ".\n" + server.reverse_v6 +
                 ".ip6 PTR " + server.name + ".\n";
    }
    folder.write("arpa", reverse);
    folder.write("cdn", std::string(zone_head) +
                            "@ NS ns1\n@ NS ns2\n@ MX 10 mail\n@ TXT \"served by routers\"\nmail A 20.9.9.2\n"
                            "mail AAAA 2600:9::2\n" +
                            glue(ns1) + glue(ns2));
    folder.write("hints", std::string(". 3600000 NS ") + root.name + ".\n" + root.name + ". 3600000 A " + root.v4 +
                              "\n" + root.name + ". 3600000 AAAA " + root.v6 + "\n");
  }

  void start(const Server& server, const std::string& zones) {
    network->add_host(server.name, server.v4, server.v6);
    const std::string file = folder.write(std::string(server.name) + ".toml", listening_on(server) + zones);
    running.push_back(
        std::make_unique<Process>(network->on(server.name, {program("skerry-router"), "--config", file})));
    running.back()->wait_for_line("listening on admin");
  }

  // What the checker finds worth a notice or more: "LEVEL TAG", each once.
  std::set<std::string> findings(const std::string& zone) const {
    const Finished checked = run(network->on("checker", {"zonemaster-cli", "--hints", folder / "hints", "--raw",
                                                         "--level", "NOTICE", "--no-progress", zone}),
                                 std::chrono::minutes(5));
    BOOST_REQUIRE_MESSAGE(checked.exit_code == 0, checked.output);
    BOOST_TEST_MESSAGE(checked.output);
    std::istringstream lines(checked.output);
    std::set<std::string> found;
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string seconds, level, tag;
      if (words >> seconds >> level >> tag) found.insert(level + " " + tag);
    }
    return found;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(zonemaster_slow)

using Findings = std::set<std::string>;
const Findings unsigned_zone = {"NOTICE NEITHER_DNSKEY_NOR_DS", "NOTICE NOT_SIGNED"};
const Findings short_notices = {"NOTICE SOA_DEFAULT_TTL_MAXIMUM_VALUE_LOWER", "NOTICE Z09_MISSING_MAIL_TARGET"};

BOOST_FIXTURE_TEST_CASE(a_zone_from_a_file_gives_no_cause_for_a_warning, SmallInternet) {
  BOOST_TEST(findings("cdn.example") == unsigned_zone, per_element());
}

// tests/README.md says why these stay.
BOOST_FIXTURE_TEST_CASE(a_zone_of_three_lines_gives_no_cause_for_a_warning, SmallInternet) {
  Findings expected = unsigned_zone;
  expected.insert(short_notices.begin(), short_notices.end());
  BOOST_TEST(findings("short.example") == expected, per_element());
}

// Its key, the DS record in the parent zone, signatures and denials of both routers.
BOOST_FIXTURE_TEST_CASE(a_signed_zone_gives_no_cause_for_a_warning, SmallInternet) {
  BOOST_TEST(findings("signed.example") == short_notices, per_element());
}

BOOST_FIXTURE_TEST_CASE(a_zone_that_two_routers_serve_in_two_versions_is_noticed, SmallInternet) {
  BOOST_TEST(findings("torn.example").contains("WARNING MULTIPLE_SOA_SERIALS"));
}

BOOST_AUTO_TEST_SUITE_END()
