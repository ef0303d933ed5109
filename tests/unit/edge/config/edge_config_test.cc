#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "core/config/output.h"
#include "edge/config.h"
#include "tests/support/temp_dir.h"

using namespace skerry;
using namespace std::chrono_literals;

namespace {

config::Loaded<edge::EdgeConfig> load(std::string_view text, const config::Environment& environment = {}) {
  return edge::load_edge_config_text(text, "edge.toml", environment);
}

constexpr std::string_view smallest = R"([edge]
listen = ["127.0.0.1:8080"]
[[site]]
hosts = ["*"]
origin = ["http://127.0.0.1:8000"]
)";

std::string first_line(const config::Report& report) {
  return report.ok() ? "" : report.lines()[0];
}

// The smallest configuration and `more`, which must be wrong in one way.
std::string only_problem(std::string_view more) {
  const auto loaded = load(std::string(smallest) + std::string(more));
  const auto lines = loaded.report.lines();
  BOOST_TEST_REQUIRE(lines.size() == 1u, more);
  return lines[0];
}

}  // namespace

BOOST_AUTO_TEST_SUITE(edge_config)

BOOST_AUTO_TEST_CASE(a_listener_and_a_site_are_enough) {
  const auto loaded = load(smallest);
  BOOST_TEST_REQUIRE(loaded.ok(), first_line(loaded.report));
  const edge::EdgeConfig& config = loaded.config;
  BOOST_TEST(!config.name.empty());
  BOOST_TEST(config.admin_listen->to_string() == "127.0.0.1:9180");
  BOOST_TEST(config.ready_allow.size() == 2u);
  BOOST_TEST(config.access_log.path == "-");
  BOOST_TEST(config.stores.empty());
  BOOST_TEST(config.pop.members.empty());
  BOOST_TEST((config.memory.size == core::operator""_MiB(256)));
  BOOST_TEST_REQUIRE(config.find_site("any.host:80") != nullptr);
  BOOST_TEST(config.find_site("x")->handling.origin.urls[0] == "http://127.0.0.1:8000");
}

BOOST_AUTO_TEST_CASE(five_mistakes_in_one_file_are_all_told_with_line_and_column) {
  const auto loaded = load(R"([edge]
listen = ["127.0.0.1:99999"]
workerss = 2

[memory]
size = "12 bananas"

[[site]]
hosts = []
origin = ["ftp://origin.example.com"]
)");
  const std::vector<std::string> expected = {
      "edge.toml:2:10: [edge].listen: item 1: must be an address and port such as \"0.0.0.0:8080\" or \"[::]:8080\"",
      "edge.toml:3:1: [edge].workerss: unknown key (did you mean \"workers\"?)",
      "edge.toml:6:8: [memory].size: must be a size such as \"256MiB\", \"10GiB\" or a number of bytes",
      "edge.toml:9:9: [site.0].hosts: must be 1 … 10000 items",
      "edge.toml:10:11: [site.0.origin].0: must be http://host[:port] or https://host[:port], without a path",
  };
  BOOST_TEST(loaded.report.lines() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(an_empty_file_says_what_is_required) {
  const auto loaded = load("");
  const auto lines = loaded.report.lines();
  BOOST_TEST_REQUIRE(lines.size() == 2u);
  BOOST_TEST(lines[1].find("[[site]]") != std::string::npos, lines[1]);
  BOOST_TEST(lines[0].find("listen or tls_listen is required") != std::string::npos, lines[1]);
}

BOOST_AUTO_TEST_CASE(rules_across_keys_are_checked_at_their_place) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"[[site]]\nhosts = [\"a.example\", \"*\"]\norigin = \"http://b\"\n",
       "edge.toml:7:23: [site.1.hosts].1: the host * belongs"},
      {"[[site]]\nhosts = [\"a:80\"]\norigin = \"http://b\"\n", "edge.toml:7:10: [site.1.hosts].0: not a host name"},
      {"[[site]]\nhosts = [\"a\"]\n", "edge.toml:6:1: [site.1].origin: missing"},
      {"[[site]]\nhosts = [\"a\"]\norigin = \"http://b/path\"\n", "[site.1.origin].0: must be http"},
      {"[[site.route]]\npath = \"a\"\n", "edge.toml:7:8: [site.0.route.0].path: must begin with /"},
      {"[[site.route]]\npath = \"/a*b\"\n", "may end in *"},
      {"[[site.route]]\npath = \"/a?b\"\n", "no query"},
      {"[[site.route]]\nttl = \"1s\"\n", "edge.toml:6:1: [site.0.route.0].path: missing"},
      {"negative_ttl = { 200 = \"1s\" }\n", "must be a status from 300 to 599"},
      {"host_header = \"a b\"\n", "[site.0].host_header: must be a host name"},
      {"query = \"some\"\n", "must be \"all\", \"none\" or \"keep:a,b,c*\""},
      {"[memory]\nsize = \"63MiB\"\n", "must be at least 64MiB"},
      {"[[proxy_protocol]]\nlisten = \"127.0.0.1:1\"\nfrom = \"10.0.0.0/8\"\n",
       "edge.toml:7:10: [proxy_protocol.0].listen: 127.0.0.1:1 is neither in [edge].listen"},
      {"[[proxy_protocol]]\nlisten = \"127.0.0.1:8080\"\nfrom = []\n", "[proxy_protocol.0].from: must be 1"},
      {"[[proxy_protocol]]\nlisten = \"127.0.0.1:8080\"\n", "[proxy_protocol.0].from: missing"},
      {"[[proxy_protocol]]\nlisten = \"127.0.0.1:8080\"\nfrom = \"10.0.0.0/8\"\n"
       "[[proxy_protocol]]\nlisten = \"127.0.0.1:8080\"\nfrom = \"10.0.0.0/8\"\n",
       "two [[proxy_protocol]] for 127.0.0.1:8080"},
      {"[[store]]\npath = \"relative\"\n", "edge.toml:7:8: [store.0].path: must be an absolute path"},
      {"[[store]]\npath = \"/a\"\n[[store]]\npath = \"/b\"\n", "one [[store]] at most"},
      {"[pop]\npeer_listen = \"127.0.0.1:8090\"\n", "edge.toml:7:15: [pop].peer_listen: needs [pop].secret"},
      {"[pop]\nsecret = \"short\"\n", "too short: at least 16 characters"},
      {"[pop]\nsecret_file = \"/nonexistent\"\npeer_listen = \"127.0.0.1:8090\"\n", "cannot read /nonexistent"},
      {"[[pop.member]]\nname = \"other\"\npeer = \"10.0.0.1:1\"\n", "is not among the members"},
      {"[pop]\npeer_listen = \"127.0.0.1:8080\"\nsecret = \"0123456789abcdef\"\n",
       "127.0.0.1:8080 is taken by [edge.listen].0"},
  };
  for (const auto& [more, expected] : rows) {
    const std::string problem = only_problem(more);
    BOOST_TEST(problem.find(expected) != std::string::npos, expected << " is not in " << problem);
  }
}

BOOST_AUTO_TEST_CASE(tls_needs_a_certificate) {
  const auto loaded = load("[edge]\ntls_listen = \"0.0.0.0:8443\"\n[[site]]\nhosts = \"a\"\norigin = \"http://b\"\n");
  BOOST_TEST_REQUIRE(loaded.report.lines().size() == 1u);
  BOOST_TEST(loaded.report.lines()[0] == "edge.toml:2:14: [edge].tls_listen: needs a [[certificate]]");
}

BOOST_AUTO_TEST_CASE(members_of_a_pop_are_checked_one_by_one) {
  const auto loaded = load(R"([edge]
name = "e1"
listen = "127.0.0.1:80"
[[site]]
hosts = "a"
origin = "http://b"
[pop]
[[pop.member]]
name = "e1"
peer = "10.0.0.1:8090"
[[pop.member]]
name = "e1"
peer = "edge-2"
[[pop.member]]
name = "e 3"
peer = "edge-3.example:8090"
)");
  const std::vector<std::string> expected = {
      "edge.toml:7:1: [pop].peer_listen: missing: required when the PoP has several members",
      "edge.toml:12:8: [pop.member.1].name: two members are called \"e1\"",
      "edge.toml:13:8: [pop.member.1].peer: must be host:port",
      "edge.toml:15:8: [pop.member.2].name: may hold letters, digits and -._~ only",
  };
  BOOST_TEST(loaded.report.lines() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(routes_inherit_and_override_and_the_first_match_counts) {
  const auto loaded = load(std::string(smallest) + R"(ttl = "1m"
query = "keep:a,b*"
query_drop = ["utm_*"]
[[site.route]]
path = "/exact"
ttl = "2m"
[[site.route]]
path = "//%61pi/./*"
origin = ["http://127.0.0.1:9000", "http://127.0.0.1:9001"]
query = "none"
)");
  BOOST_TEST_REQUIRE(loaded.ok(), first_line(loaded.report));
  const edge::SiteConfig& site = loaded.config.sites[0];
  BOOST_TEST((site.handling_of("/").policy.ttl == 1min));
  BOOST_TEST((site.handling_of("/exact").policy.ttl == 2min));
  BOOST_TEST((site.handling_of("/exact/no").policy.ttl == 1min));
  const edge::Handling& api = site.handling_of("/api/x");
  BOOST_TEST(api.origin.urls.size() == 2u);
  BOOST_TEST((api.policy.ttl == 1min));
  BOOST_TEST(api.key.drop_query);
  BOOST_TEST(api.key.keep_query.empty());
  const std::vector<std::string> kept = {"a", "b*"};
  BOOST_TEST(site.handling.key.keep_query == kept);
  BOOST_TEST(site.handling.key.drop_query_names[0] == "utm_*");
}

BOOST_AUTO_TEST_CASE(everything_may_come_from_the_environment) {
  const auto loaded = edge::load_edge_config(std::nullopt, {{"SKERRY_EDGE_LISTEN", "0.0.0.0:8080"},
                                                            {"SKERRY_EDGE_ACCESS_LOG", "off"},
                                                            {"SKERRY_EDGE_NAME", "e1"},
                                                            {"SKERRY_STORE_0_PATH", "/var/lib/skerry"},
                                                            {"SKERRY_STORE_0_SIZE", "1GiB"},
                                                            {"SKERRY_SITE_0_HOSTS", "*"},
                                                            {"SKERRY_SITE_0_ORIGIN", "http://origin:8000"},
                                                            {"SKERRY_SITE_0_STORE_SET_COOKIE", "false"},
                                                            {"SKERRY_SITE_0_NEGATIVE_TTL_404", "10s"},
                                                            {"SKERRY_SITE_0_ROUTE_0_PATH", "/api/*"},
                                                            {"SKERRY_SITE_0_ROUTE_0_TTL", "0s"},
                                                            {"SKERRY_POP_PEER_LISTEN", "0.0.0.0:8090"},
                                                            {"SKERRY_POP_SECRET", "0123456789abcdef"},
                                                            {"SKERRY_POP_MEMBER_0_NAME", "e1"},
                                                            {"SKERRY_POP_MEMBER_0_PEER", "edge-1:8090"},
                                                            {"SKERRY_POP_MEMBER_1_NAME", "e2"},
                                                            {"SKERRY_POP_MEMBER_1_PEER", "edge-2:8090"},
                                                            {"SKERRY_POP_MEMBER_1_WEIGHT", "0.5"}});
  BOOST_TEST_REQUIRE(loaded.ok(), first_line(loaded.report));
  BOOST_TEST(loaded.config.stores[0].path == "/var/lib/skerry");
  BOOST_TEST(!loaded.config.sites[0].handling.policy.store_set_cookie);
  BOOST_TEST(loaded.config.sites[0].handling.policy.negative_ttl[0].first == 404);
  BOOST_TEST((loaded.config.sites[0].routes[0].handling.policy.ttl == 0s));
  BOOST_TEST(loaded.config.pop.members[1].weight == 0.5);
}

BOOST_AUTO_TEST_CASE(the_defaults_are_within_their_own_bounds) {
  const auto first = load(smallest);
  const std::string text = config::to_toml(config::effective(edge::edge_table(), first.config));
  const auto again = load(text);
  for (const std::string& line : again.report.lines()) BOOST_TEST(line.empty(), line);
  BOOST_TEST(config::to_toml(config::effective(edge::edge_table(), again.config)) == text);
}

BOOST_AUTO_TEST_CASE(a_reload_may_change_sites_and_members_but_not_listeners) {
  const auto running = load(smallest);
  const auto other_site = load(std::string(smallest) + "ttl = \"1m\"\n[[site]]\nhosts=\"b\"\norigin=\"http://c\"\n");
  BOOST_TEST(config::changes_needing_restart(edge::edge_table(), running.config, other_site.config).empty());
  auto moved = running.config;
  moved.listen[0].port = 81;
  const std::vector<std::string> expected = {"[edge].listen"};
  BOOST_TEST(config::changes_needing_restart(edge::edge_table(), running.config, moved) == expected,
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_edge_configuration_in_conf_loads) {
  testing::TempDir folder;
  const config::Environment environment = {{"POP_SECRET", "a secret for this test"}};
  int found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SKERRY_SOURCE_DIR "/conf")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("edge") && !name.starts_with("pop")) continue;
    ++found;
    const auto loaded = edge::load_edge_config(entry.path().string(), environment);
    for (const std::string& line : loaded.report.lines()) BOOST_TEST(line.empty(), line);
  }
  BOOST_TEST(found >= 2);
}

BOOST_AUTO_TEST_SUITE_END()
