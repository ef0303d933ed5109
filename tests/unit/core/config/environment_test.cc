#include <boost/test/unit_test.hpp>

#include "core/config/load.h"
#include "tests/support/temp_dir.h"

using namespace skerry;
using config::Table;

namespace {

struct Route {
  std::string path;
};
struct Site {
  std::vector<std::string> hosts;
  std::vector<std::string> origin;
  std::string origin_ca;
  std::map<std::string, int> negative_ttl;
  std::vector<Route> routes;
};
struct Node {
  std::string name;
  std::vector<core::Address> listen;
  int workers = 1;
  bool fast = false;
  std::string token;
};
struct Whole {
  Node node;
  std::vector<Site> sites;
};

const Table<Whole>& table() {
  static const Table<Route> route = Table<Route>("").key("path", &Route::path, {.doc = ""});
  static const Table<Site> site = Table<Site>("")
                                      .key("hosts", &Site::hosts, {.doc = ""})
                                      .key("origin", &Site::origin, {.doc = ""})
                                      .key("origin_ca", &Site::origin_ca, {.doc = ""})
                                      .key("negative_ttl", &Site::negative_ttl, {.doc = ""})
                                      .array("route", &Site::routes, route, {});
  static const Table<Node> node = Table<Node>("")
                                      .key("name", &Node::name, {.doc = ""})
                                      .key("listen", &Node::listen, {.doc = ""})
                                      .key("workers", &Node::workers, {.doc = "", .min = 1, .max = 8})
                                      .key("fast", &Node::fast, {.doc = ""})
                                      .secret("token", &Node::token, {.doc = ""});
  static const Table<Whole> whole =
      Table<Whole>("").table("edge", &Whole::node, node).array("site", &Whole::sites, site, {});
  return whole;
}

config::Loaded<Whole> load(const config::Environment& environment, std::string_view text = {}) {
  if (text.empty()) return config::load(table(), std::nullopt, environment);
  return config::load_text(table(), text, "x.toml", environment);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(config_environment)

BOOST_AUTO_TEST_CASE(a_configuration_may_come_from_the_environment_alone) {
  const auto loaded = load({{"SKERRY_EDGE_NAME", "lon-1"},
                            {"SKERRY_EDGE_LISTEN", "0.0.0.0:8080,[::]:8080"},
                            {"SKERRY_EDGE_WORKERS", "3"},
                            {"SKERRY_EDGE_FAST", "true"},
                            {"SKERRY_SITE_0_HOSTS", "www.example.com, *.example.net"},
                            {"SKERRY_SITE_0_ORIGIN", "https://origin.example.com"},
                            {"SKERRY_SITE_0_ORIGIN_CA", "/ca.pem"},
                            {"SKERRY_SITE_0_NEGATIVE_TTL_404", "10"},
                            {"SKERRY_SITE_0_ROUTE_0_PATH", "/a"},
                            {"SKERRY_SITE_1_HOSTS", "*"},
                            {"PATH", "/bin"}});
  BOOST_TEST_REQUIRE(loaded.ok());
  BOOST_TEST(loaded.config.node.name == "lon-1");
  BOOST_TEST(loaded.config.node.listen.size() == 2u);
  BOOST_TEST(loaded.config.node.workers == 3);
  BOOST_TEST(loaded.config.node.fast);
  BOOST_TEST_REQUIRE(loaded.config.sites.size() == 2u);
  const Site& site = loaded.config.sites[0];
  BOOST_TEST(site.hosts.size() == 2u);
  BOOST_TEST(site.origin[0] == "https://origin.example.com");
  BOOST_TEST(site.origin_ca == "/ca.pem");
  BOOST_TEST(site.negative_ttl.at("404") == 10);
  BOOST_TEST_REQUIRE(site.routes.size() == 1u);
  BOOST_TEST(site.routes[0].path == "/a");
}

BOOST_AUTO_TEST_CASE(the_environment_wins_over_the_file) {
  const auto loaded = load({{"SKERRY_EDGE_WORKERS", "3"}, {"SKERRY_SITE_0_HOSTS", "b"}, {"SKERRY_SITE_1_HOSTS", "c"}},
                           "[edge]\nname = \"file\"\nworkers = 2\n[[site]]\nhosts = [\"a\"]\norigin = [\"o\"]\n");
  BOOST_TEST_REQUIRE(loaded.ok());
  BOOST_TEST(loaded.config.node.name == "file");
  BOOST_TEST(loaded.config.node.workers == 3);
  BOOST_TEST_REQUIRE(loaded.config.sites.size() == 2u);
  BOOST_TEST(loaded.config.sites[0].hosts[0] == "b");
  BOOST_TEST(loaded.config.sites[0].origin[0] == "o");
  BOOST_TEST(loaded.config.sites[1].hosts[0] == "c");
}

BOOST_AUTO_TEST_CASE(a_secret_in_a_variable_replaces_the_files_secret_file) {
  const auto loaded = load({{"SKERRY_EDGE_TOKEN", "t"}}, "[edge]\ntoken_file = \"/nonexistent\"\n");
  BOOST_TEST_REQUIRE(loaded.ok());
  BOOST_TEST(loaded.config.node.token == "t");
}

BOOST_AUTO_TEST_CASE(unknown_variables_are_errors_with_the_nearest_name) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"SKERRY_EDGE_WORKRES", "SKERRY_EDGE_WORKERS"},
      {"SKERRY_SITE_12_ORIGINS", "SKERRY_SITE_12_ORIGIN"},
      {"SKERRY_SITE_0_ROUTE_3_PATHH", "SKERRY_SITE_0_ROUTE_3_PATH"},
      {"SKERRY_EDGE_", ""},
      {"SKERRY_", ""},
      {"SKERRY_EDGE", ""},
      {"SKERRY_SITE_X_HOSTS", "SKERRY_SITE_0_HOSTS"},
  };
  for (const auto& [given, suggested] : rows) {
    const auto loaded = load({{given, "x"}});
    const auto lines = loaded.report.lines();
    BOOST_TEST_REQUIRE(lines.size() == 1u);
    BOOST_TEST(lines[0].starts_with("environment: " + given + ": unknown variable"), lines[0]);
    if (!suggested.empty()) BOOST_TEST(lines[0].ends_with("(did you mean \"" + suggested + "\"?)"), lines[0]);
    BOOST_TEST(loaded.config.sites.empty());
  }
}

BOOST_AUTO_TEST_CASE(a_variable_with_a_wrong_value_is_named) {
  const auto loaded = load({{"SKERRY_EDGE_WORKERS", "many"}, {"SKERRY_EDGE_LISTEN", "1.2.3.4:80,x"}});
  const auto lines = loaded.report.lines();
  BOOST_TEST_REQUIRE(lines.size() == 2u);
  BOOST_TEST(lines[0].starts_with("environment: SKERRY_EDGE_LISTEN: [edge].listen: must be an address"), lines[0]);
  BOOST_TEST(lines[1] == "environment: SKERRY_EDGE_WORKERS: [edge].workers: must be an integer");
}

BOOST_AUTO_TEST_CASE(an_index_with_a_gap_before_it_is_an_error) {
  const auto loaded = load({{"SKERRY_SITE_0_HOSTS", "a"}, {"SKERRY_SITE_2_HOSTS", "c"}});
  const auto lines = loaded.report.lines();
  BOOST_TEST_REQUIRE(lines.size() == 1u);
  BOOST_TEST(lines[0].find("the next one is 1") != std::string::npos, lines[0]);
}

BOOST_AUTO_TEST_CASE(indices_count_as_numbers_not_as_text) {
  config::Environment environment;
  for (int i = 0; i < 12; ++i) environment["SKERRY_SITE_" + std::to_string(i) + "_HOSTS"] = "h" + std::to_string(i);
  const auto loaded = load(environment);
  BOOST_TEST_REQUIRE(loaded.ok());
  BOOST_TEST_REQUIRE(loaded.config.sites.size() == 12u);
  BOOST_TEST(loaded.config.sites[11].hosts[0] == "h11");
  BOOST_TEST(config::variable_of("site.0.origin_ca") == "SKERRY_SITE_0_ORIGIN_CA");
}

BOOST_AUTO_TEST_SUITE_END()
