// The skerry command, one table of commands: what it prints, and the code it leaves with. What the programs say on
// standard error, too, where machines read it.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <sstream>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

struct Row {
  std::vector<std::string> arguments;
  int exit_code;
  std::vector<std::string> parts;  // of what it prints
};

void holds(const Finished& finished, const Row& row) {
  std::string command;
  for (const std::string& argument : row.arguments) command += " " + argument;
  BOOST_TEST_CONTEXT("skerry" << command << "\n" << finished.output) {
    BOOST_TEST(finished.exit_code == row.exit_code);
    for (const std::string& part : row.parts) BOOST_TEST((finished.output.find(part) != std::string::npos), part);
    BOOST_TEST((finished.output.find("\n\n") == std::string::npos || row.exit_code == 0), "ends with a blank line");
  }
}

Finished skerry_says(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program("skerry"));
  return run({arguments, {}, {}});
}

std::string local(std::uint16_t port) {
  return "127.0.0.1:" + std::to_string(port);
}

const std::string token(EdgeProcess::token);
const std::string url = "http://www.example.com/_gen/1k/a";

struct OnePop {
  PopOfThree pop{PopOfThree::Tiers::memory_only};

  std::string admin_of(std::size_t edge) { return local(pop.edge(edge).admin_port()); }
  // Which edge comes first in the ring's order for `url`.
  std::size_t owner() {
    const std::string said = skerry_says({"ring", "--admin", admin_of(0), url}).output;
    return static_cast<std::size_t>(said.at(said.find("1. edge-") + 8) - '1');
  }
};

struct OneRouter {
  TempDir folder;
  OriginProcess origin;
  EdgeProcess edge{folder, [this] {
                     EdgeOptions options;
                     options.origin = origin.url();
                     return options;
                   }()};
  std::uint16_t dns = free_port();
  std::uint16_t admin = free_port();
  std::string file = folder.write(
      "router.toml", "[router]\nlisten = [\"" + local(dns) + "\"]\nadmin_listen = \"" + local(admin) +
                         "\"\nworkers = 1\nadmin_token = \"router-token\"\ndrain_time = \"60s\"\n[router.clients]\n"
                         "\"192.0.2.0/24\" = \"lon\"\n[probe]\ninterval = \"400ms\"\ntimeout = \"300ms\"\nup = 1\n"
                         "down = 1\n[[zone]]\nname = \"cdn.example\"\nns = [\"ns.example\"]\n[[zone.dynamic]]\n"
                         "name = \"www\"\n[[pop]]\nname = \"lon\"\nlatitude = 51.5\nlongitude = -0.1\n[[pop.edge]]\n"
                         "name = \"lon-1\"\naddresses = [\"127.0.0.1\"]\nport = " +
                         std::to_string(edge.port()) + "\n");
  Process router{{{program("skerry-router"), "--config", file}, {}, {}}};

  OneRouter() { router.wait_for_line("listening on admin"); }
  // Every look is a request of its own; the first probe's result comes within some milliseconds.
  void wait_until_probed() {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (skerry_says({"ready", "--admin", local(admin)}).exit_code != 0 &&
           std::chrono::steady_clock::now() < deadline) {
    }
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(skerry_command)

BOOST_AUTO_TEST_CASE(a_wrong_command_line_is_one_line_that_names_what_is_wrong_and_2) {
  const Row rows[] = {{{}, 2, {"skerry: which command? skerry --help lists them\n"}},
                      {{"foo"}, 2, {"skerry: no command \"foo\": skerry --help lists them\n"}},
                      {{"top"}, 2, {"skerry: no command \"top\"", "skerry --help lists them\n"}},
                      {{"purg", url}, 2, {"no command \"purg\" (did you mean \"purge\"?)"}},
                      {{"--json", "foo"}, 2, {"no command \"foo\""}},
                      {{"stat", "--no-such-option"}, 2, {"--no-such-option", "(try --help)\n"}},
                      {{"ring"}, 2, {"url is required"}},
                      {{"set-state", "planet", "x", "up"}, 2, {"planet"}},
                      {{"geo"}, 2, {"skerry: "}}};
  for (const Row& row : rows) holds(skerry_says(row.arguments), row);
}

BOOST_AUTO_TEST_CASE(every_program_tells_its_version) {
  for (const std::string name : {"skerry", "skerry-edge", "skerry-router", "skerry-origin"}) {
    const Finished told = run({{program(name), "--version"}, {}, {}});
    BOOST_TEST(told.exit_code == 0, name);
    BOOST_TEST(told.output.starts_with(name + " "), told.output);
    BOOST_TEST(told.output.find('.') != std::string::npos, told.output);
  }
}

BOOST_FIXTURE_TEST_CASE(get_asks_as_a_client_would, OnePop) {
  const std::string via = local(pop.edge(0).port());
  const Row rows[] = {{{"get", "--via", via, url}, 0, {"200 OK\n", "X-Cache: MISS\n", "Content-Length: 1024\n"}},
                      {{"get", "--via", via, url}, 0, {"200 OK\n", "X-Cache: HIT\n"}},
                      {{"get", "--via", via, "--head", url}, 0, {"200 OK\n", "Content-Length: 1024\n"}},
                      {{"get", "--via", via, "http://www.example.com/missing"}, 1, {"404 Not Found\n"}},
                      {{"get", "--via", via, "http://other.example.com/"}, 1, {"421 Misdirected Request\n"}},
                      {{"get", "--via", "nowhere", url}, 1, {"skerry: --via: "}},
                      {{"get", "--via", via, "no-url"}, 1, {"skerry: "}}};
  const auto body_size = [](const std::string& output) { return output.size() - (output.find("\n\n") + 2); };
  for (const Row& row : rows) {
    const Finished got = skerry_says(row.arguments);
    BOOST_TEST(got.exit_code == row.exit_code, got.output);
    for (const std::string& part : row.parts) BOOST_TEST((got.output.find(part) != std::string::npos), got.output);
  }
  // Head on standard error and body on standard output; the test's own pipe takes both.
  BOOST_TEST(body_size(skerry_says({"get", "--via", via, url}).output) == 1024u);
  BOOST_TEST(body_size(skerry_says({"get", "--via", via, "--head", url}).output) == 0u);
}

BOOST_FIXTURE_TEST_CASE(ring_lists_the_owners_in_order_and_refuses_a_host_that_nobody_serves, OnePop) {
  const Row rows[] = {{{"ring", "--admin", admin_of(0), url},
                       0,
                       {url + "\nmembership ", "1. edge-", "\n2. edge-", "\n3. edge-", "(this edge)", "weight 1"}},
                      {{"ring", "--json", "--admin", admin_of(0), url}, 0, {"\"key_hash\""}},
                      {{"ring", "--admin", admin_of(0), "http://other.example.com/"},
                       1,
                       {"skerry: 404: no site serves other.example.com\n"}},
                      {{"ring", "--admin", admin_of(0), "no-url"}, 1, {"skerry: 400: "}}};
  for (const Row& row : rows) holds(skerry_says(row.arguments), row);
}

BOOST_FIXTURE_TEST_CASE(explain_says_who_owns_what_this_edge_does_not, OnePop) {
  const std::size_t owning = owner(), other = (owning + 1) % 3;
  get(pop.edge(other).port(), "/_gen/1k/a");
  const std::string name = "edge-" + std::to_string(owning + 1);
  holds(skerry_says({"explain", "--admin", admin_of(owning), url}),
        {{"explain"}, 0, {"(owned here)", "memory: hit (fresh)"}});
  holds(
      skerry_says({"explain", "--admin", admin_of(other), url}),
      {{"explain"},
       0,
       {"ask       " + name + ", which owns it and keeps it: skerry --admin ADDRESS-OF-" + name + " explain " + url}});
}

BOOST_FIXTURE_TEST_CASE(stat_tells_clients_from_peers_and_counts_hits_at_the_owner, OnePop) {
  const std::size_t owning = owner(), first = (owning + 1) % 3, second = (owning + 2) % 3;
  get(pop.edge(first).port(), "/_gen/1k/a");
  for (int i = 0; i < 3; ++i) get(pop.edge(second).port(), "/_gen/1k/a");
  for (int i = 0; i < 5; ++i) get(pop.edge(second).port(), "/.well-known/skerry/ready");
  const auto lines = [](const std::string& text) {  // without the columns' blanks
    std::string out;
    for (const char c : text) {
      if (c != ' ' || !out.ends_with(' ')) out.push_back(c);
    }
    return out;
  };
  const Finished asked = skerry_says({"stat", "--admin", admin_of(second)});
  holds({asked.exit_code, lines(asked.output)}, {{"stat"},
                                                 0,
                                                 {"clients: peer-hit 3\n", "clients: answered here 5\n",
                                                  "clients: requests 3\n", "clients: hit ratio 100.0 %\n"}});
  const Finished owned = skerry_says({"stat", "--admin", admin_of(owning)});
  holds({owned.exit_code, lines(owned.output)},
        {{"stat"}, 0, {"peers: hit 3\n", "peers: uri-miss 1\n", "peers: requests 4\n", "peers: hit ratio 75.0 %\n"}});
  BOOST_TEST(lines(owned.output).find("clients: requests") == std::string::npos, owned.output);
  BOOST_TEST(pop.edge(second).metric("skerry_requests_total{outcome=\"peer-hit\",from=\"client\"}") == 3);
}

BOOST_FIXTURE_TEST_CASE(ready_is_0_or_1_and_says_why, OnePop) {
  holds(skerry_says({"ready", "--admin", admin_of(0)}), {{"ready"}, 0, {"ready\n"}});
  holds(skerry_says({"ready", "--json", "--admin", admin_of(0)}), {{"ready", "--json"}, 0, {"\"ready\":true"}});
  HttpConnection connection(pop.edge(0).port());
  connection.send(get_text("/_gen/256k/slow?slow=65536"));  // keeps the drain going for some seconds
  BOOST_TEST(connection.read_head().status == 200);
  pop.edge(0).process().send(SIGTERM);
  pop.edge(0).process().wait_for_line("draining");
  holds(skerry_says({"ready", "--admin", admin_of(0)}), {{"ready"}, 1, {"not ready: draining\n"}});
  pop.edge(0).kill();
  holds(skerry_says({"ready", "--admin", admin_of(0)}), {{"ready"}, 1, {"skerry: ", admin_of(0)}});
}

BOOST_FIXTURE_TEST_CASE(a_purge_with_no_token_or_a_wrong_one_is_401_and_says_which, OnePop) {
  get(pop.edge(0).port(), "/_gen/1k/a");
  const Row rows[] = {
      {{"purge", "--admin", admin_of(0), url}, 1, {"skerry: 401: a token is needed: Authorization: Bearer …\n"}},
      {{"purge", "--admin", admin_of(0), "--token", "guessed", url}, 1, {"skerry: 401: the token is wrong\n"}}};
  for (const Row& row : rows) holds(skerry_says(row.arguments), row);
  get(pop.edge(0).port(), "/_gen/1k/a");
  BOOST_TEST(pop.origin().requests() == 1u);
  holds(skerry_says({"purge", "--admin", admin_of(0), "--token", token, url}), {{"purge"}, 0, {"purged at edge-"}});
}

BOOST_AUTO_TEST_CASE(a_purge_where_no_token_is_configured_is_403) {
  const OriginProcess origin;
  const std::string admin = local(free_port());
  const std::uint16_t port = free_port();
  Process edge({{program("skerry-edge")},
                {{"SKERRY_EDGE_LISTEN", local(port)},
                 {"SKERRY_EDGE_ADMIN_LISTEN", admin},
                 {"SKERRY_SITE_0_HOSTS", "*"},
                 {"SKERRY_SITE_0_ORIGIN", origin.url()}},
                {}});
  edge.wait_for_line("listening on client");
  get(port, "/_gen/1k/a");
  for (const std::string given : {"", "guessed"}) {
    holds(skerry_says({"purge", "--admin", admin, "--token", given, url}),
          {{"purge", given}, 1, {"skerry: 403: no admin_token is configured, so nothing can be changed here\n"}});
  }
  get(port, "/_gen/1k/a");
  BOOST_TEST(origin.requests() == 1u);
  // An edge alone has no owners.
  holds(skerry_says({"ring", "--admin", admin, url}), {{"ring"}, 0, {"this edge alone\n"}});
}

BOOST_AUTO_TEST_CASE(check_knows_whose_file_it_is) {
  const TempDir folder;
  const std::string edge = folder.write(
      "edge.toml",
      "[edge]\nlisten = [\"127.0.0.1:0\"]\n[[site]]\nhosts = [\"*\"]\norigin = [\"http://127.0.0.1:1\"]\n");
  const std::string wrong_edge = folder.write("wrong-edge.toml", "[edge]\nlistn = [\"127.0.0.1:0\"]\n");
  const std::string wrong_router =
      folder.write("wrong-router.toml", "[router]\nlistn = [\"127.0.0.1:0\"]\n[[zone]]\nname = \"cdn.example\"\n");
  const std::string router = SKERRY_SOURCE_DIR "/conf/router.toml";
  const Row rows[] = {{{"check", edge}, 0, {edge + ": ok\n"}},
                      {{"check", router}, 0, {router + ": ok\n"}},
                      {{"check", wrong_edge}, 2, {wrong_edge + ":2:1: [edge].listn: unknown key"}},
                      {{"check", wrong_router}, 2, {wrong_router + ":2:1: [router].listn: unknown key"}},
                      {{"check", "--program", "router", edge}, 2, {"[edge]: unknown section"}},
                      {{"check", folder / "nothing.toml"}, 2, {"nothing.toml: No such file or directory"}},
                      {{"check", "--program", "origin", edge}, 2, {"origin"}}};
  for (const Row& row : rows) holds(skerry_says(row.arguments), row);
}

BOOST_AUTO_TEST_CASE(the_example_configurations_hold_wherever_one_stands) {
  for (const auto& [name, file] : {std::pair{"skerry-router", "router.toml"}, std::pair{"skerry-edge", "edge.toml"}}) {
    const Finished checked =
        run({{program(name), "--config", SKERRY_SOURCE_DIR "/conf/" + std::string(file), "--check"}, {}, "/"});
    BOOST_TEST(checked.exit_code == 0, checked.output);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(skerry_command_router)

BOOST_FIXTURE_TEST_CASE(each_router_command_prints_a_table_or_json, OneRouter) {
  wait_until_probed();
  const std::string at = local(admin);
  const Row rows[] = {
      {{"ready", "--admin", at}, 0, {"ready\n"}},
      {{"pops", "--admin", at},
       0,
       {"answers hold edges that are up\n", "lon                   1 of 1 edges up\n",
        "  lon-1               up        weight 1"}},
      {{"pops", "--json", "--admin", at}, 0, {"\"healthy_edges\": 1"}},
      {{"explain-ip", "--admin", at, "192.0.2.7"},
       0,
       {"client    192.0.2.7\n", "source    [router.clients] in the configuration (192.0.2.0/24)\n",
        "PoPs      1. lon: 1 of 1 edges up", "choice    lon\n", "A         127.0.0.1\n", "AAAA      none\n"}},
      {{"explain-ip", "--json", "--admin", at, "192.0.2.7"}, 0, {"\"choice\": \"lon\""}},
      {{"explain-ip", "--admin", at, "203.0.113.53", "--ecs", "192.0.2.0/24"},
       0,
       {"resolver  203.0.113.53\nsubnet    192.0.2.0/24\ndecides   the client subnet\n", "choice    lon\n",
        "scope     0: the resolver keeps the answer for 0.0.0.0/0\n"}},
      {{"explain-ip", "--admin", at, "192.0.2.7", "--ecs", "10.1.0.1/16"}, 1, {"skerry: 400: ecs: "}},
      {{"explain-ip", "--admin", at, "nobody"}, 1, {"skerry: 400: ip: not an IP address\n"}},
      {{"set-state", "--admin", at, "edge", "lon-1", "drain"},
       1,
       {"skerry: 401: the admin token is missing or wrong\n"}},
      {{"set-state", "--admin", at, "--token", "router-token", "edge", "lon-9", "drain"}, 1, {"skerry: 404: "}},
      {{"set-state", "--admin", at, "--token", "router-token", "edge", "lon-1", "drain"}, 0, {"set to drain"}},
  };
  for (const Row& row : rows) holds(skerry_says(row.arguments), row);
  router.send(SIGTERM);
  router.wait_for_line("draining");
  holds(skerry_says({"ready", "--admin", at}), {{"ready"}, 1, {"not ready: draining\n"}});
}

BOOST_FIXTURE_TEST_CASE(reload_takes_the_file_over_or_tells_all_that_is_wrong_with_it, OneRouter) {
  const std::vector<std::string> reload = {"reload", "--admin", local(admin), "--token", "router-token"};
  holds(skerry_says({"reload", "--admin", local(admin)}), {{"reload"}, 1, {"skerry: 401: "}});
  std::ofstream(file, std::ios::app) << "[[pop]]\nname = \"ber\"\nlatitude = 52.5\nlongitude = 13.4\n";
  holds(skerry_says(reload), {reload, 0, {"reloaded\n"}});
  holds(skerry_says({"pops", "--admin", local(admin)}), {{"pops"}, 0, {"ber "}});
  std::ofstream(file, std::ios::app) << "latitud = 1\nnam = 2\n";
  holds(skerry_says(reload), {reload, 1, {"skerry: 409: ", "did you mean \"latitude\"", "did you mean \"name\""}});
  router.wait_for_line("latitud");
  holds(skerry_says({"pops", "--admin", local(admin)}), {{"pops"}, 0, {"ber "}});
}

BOOST_FIXTURE_TEST_CASE(prometheus_accepts_the_routers_metrics, OneRouter) {
  const Reply page = get(admin, "/metrics");
  BOOST_TEST(page.status == 200);
  BOOST_TEST(page.body.find("skerry_dns_queries_total") != std::string::npos);
  const std::string written = folder.write("metrics", page.body);
  const Finished checked = run({{"bash", "-c", "promtool check metrics <" + written}, {}, {}});
  BOOST_TEST(checked.exit_code == 0, checked.output);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(logs_for_machines)

// Whoever collects JSON gets nothing else: not at the start, not from a refused reload.
BOOST_AUTO_TEST_CASE(every_line_is_one_json_object) {
  const TempDir folder;
  const OriginProcess origin;
  EdgeOptions options;
  options.origin = origin.url();
  options.edge_keys = "log_format = \"json\"\n";
  EdgeProcess edge(folder, options);
  BOOST_TEST(get(edge.port(), "/_gen/1k/a").status == 200);
  EdgeOptions broken = options;
  broken.edge_keys = "log_format = \"json\"\nlistn = 1\nworkrs = 2\n";
  edge.rewrite(broken);
  edge.process().send(SIGHUP);
  edge.process().wait_for_line("\"reload_refused\"");
  broken.edge_keys = "log_format = \"json\"\nname\n";  // a syntax error
  edge.rewrite(broken);
  edge.process().send(SIGHUP);
  edge.process().wait_for_line("\"reload_refused\"", 1);
  BOOST_TEST(edge.stop() == 0);
  const std::string output = edge.process().output();
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);) BOOST_TEST((line.starts_with('{') && line.ends_with('}')), line);
  BOOST_TEST(output.find(R"("event":"listening","kind":"client","address":"127.0.0.1:)") != std::string::npos, output);
  BOOST_TEST(output.find("unknown key (did you mean \\\"workers\\\"?)") != std::string::npos, output);
  BOOST_TEST(output.find("the end of the line") != std::string::npos, output);
}

BOOST_AUTO_TEST_SUITE_END()
