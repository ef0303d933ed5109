// The running router on a simulated network: what goes on through reloads.
#include "routing/router.h"

#include <boost/test/unit_test.hpp>

#include "core/http/client.h"
#include "core/loop/simulation.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/routing/telling_edge.h"

namespace {

using namespace skerry;
using namespace std::chrono_literals;

constexpr std::string_view configuration = R"(
[router]
admin_listen = "10.0.0.1:9181"
[router.clients]
"0.0.0.0/0" = "lon"
[[zone]]
name = "example.com"
ns = ["ns.example.net"]
[policy]
spill_interval = "10s"
[[pop]]
name = "lon"
max_in_flight = 10
[[pop.edge]]
name = "lon-1"
addresses = ["10.0.0.2"]
port = 8080
[[pop]]
name = "sin"
[[pop.edge]]
name = "sin-1"
addresses = ["10.0.0.3"]
port = 8080
)";

struct Fixture {
  core::Simulation simulation{3, core::WallTime{}};
  core::SimulatedHost& host = simulation.add_host("router", core::IpAddress::v4({10, 0, 0, 1}));
  core::SimulatedHost& edge = simulation.add_host("edge", core::IpAddress::v4({10, 0, 0, 2}));
  testing::TellingEdge service;
  std::unique_ptr<http::Server> server =
      std::move(http::Server::listen(edge.worker(), {edge.ip(), 8080}, {}, nullptr, service)).value();
  std::unique_ptr<routing::Router> router;

  std::string text{configuration};

  core::Result<routing::PlannedConfig> loaded() {
    auto loaded = config::load_text(routing::router_table(), text, "router.toml", {});
    routing::RouterPlan plan = routing::plan_of(loaded.config, loaded.report);
    if (!loaded.ok()) return loaded.report.error();
    loaded.config.router.listen.clear();
    return routing::PlannedConfig{std::move(loaded.config), std::move(plan)};
  }
  void start() {
    router = std::move(routing::Router::start(host.worker(), std::move(loaded()).value(), [this] {
               return loaded();
             })).value();
  }
  // Nothing listens at sin-1.
  void probe_nobody() { text += "[probe]\nkind = \"none\"\n"; }
  http::SimpleResponse get(const char* path) {
    http::SimpleRequest request;
    request.address = router->admin_address();
    request.head.authority = "router";
    request.head.path = path;
    std::optional<http::SimpleResponse> answer;
    const auto call = http::SimpleCall::start(edge.worker(), std::move(request), [&](auto response) {
      BOOST_REQUIRE(response.ok());
      answer = std::move(response).value();
    });
    simulation.run_until([&] { return answer.has_value(); }, 10s);
    return std::move(answer).value();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(running_router, Fixture)

BOOST_AUTO_TEST_CASE(reloads_that_come_often_do_not_keep_a_full_pop_from_spilling) {
  service.body = R"({"in_flight":100})";
  start();
  for (int i = 0; i < 15; ++i) {
    simulation.run_for(4s);
    BOOST_TEST(router->reload().ok());
  }
  const std::string metrics = get("/metrics").body;
  BOOST_TEST(metrics.find("\nskerry_router_spill_moves_total 6\n") != std::string::npos, metrics);
  router.reset();
}

// Whoever announces this router's address by its readiness would withdraw it at each reload.
BOOST_AUTO_TEST_CASE(a_router_that_was_ready_stays_so_through_reloads_that_bring_new_edges) {
  start();
  BOOST_TEST(get("/readyz").head.status == 503);
  simulation.run_for(5s);
  BOOST_TEST(get("/readyz").head.status == 200);
  text += "[[pop]]\nname = \"ber\"\n[[pop.edge]]\nname = \"ber-1\"\naddresses = [\"10.0.0.4\"]\n";
  BOOST_TEST(router->reload().ok());
  BOOST_TEST(get("/readyz").head.status == 200);
  router.reset();
}

BOOST_AUTO_TEST_CASE(answers_made_before_an_edge_was_probed_do_not_live_long) {
  start();
  const auto told = [&] { return get("/explain?ip=192.0.2.1").body; };
  BOOST_TEST(told().find("\"ttl_limit\": 5") != std::string::npos, told());
  simulation.run_for(5s);
  BOOST_TEST(told().find("ttl_limit") == std::string::npos, told());
  router.reset();
}

BOOST_AUTO_TEST_CASE(an_explanation_says_what_a_resolver_is_told_of_the_subnet_that_it_names) {
  text.insert(text.find("\"0.0.0.0/0\""), "\"192.0.2.0/24\" = \"sin\"\n");
  probe_nobody();
  start();
  const struct {
    const char *path, *decides, *choice, *kept;
  } rows[] = {
      {"/explain?ip=198.51.100.53&ecs=192.0.2.0/25", "the client subnet", "sin", "192.0.2.0/24"},
      {"/explain?ip=192.0.2.53&ecs=20.0.0.0/8", "the client subnet", "lon", "16.0.0.0/4"},
      {"/explain?ip=192.0.2.53&ecs=10.1.0.0/16", "in a private or special block", "sin", "10.0.0.0/8"},
      {"/explain?ip=192.0.2.53&ecs=0.0.0.0/0", "the subnet has no bits", "sin", "0.0.0.0/0"},
  };
  for (const auto& row : rows) {
    const std::string told = get(row.path).body;
    for (const std::string& part : {std::string(row.decides), "\"choice\": \"" + std::string(row.choice) + "\"",
                                    "\"ecs_kept_for\": \"" + std::string(row.kept) + "\""}) {
      BOOST_TEST(told.find(part) != std::string::npos, part << " in " << told);
    }
  }
  BOOST_TEST(get("/explain?ip=192.0.2.53").body.find("ecs") == std::string::npos);
  router.reset();
}

BOOST_AUTO_TEST_CASE(a_broken_net_map_database_or_zone_file_is_named_at_reload_and_changes_nothing) {
  const testing::TempDir folder;
  const std::string net_map = folder.write("netmap", "192.0.2.0/24 sin\n");
  const std::string zone = folder.write("zone", "@ 1h SOA ns hostmaster 7 1h 15m 2w 30s\n@ 1h NS ns.example.net.\n");
  text += "[[zone]]\nname = \"example.org\"\nfile = \"" + zone + "\"\n";
  text.insert(text.find("[router.clients]"), "net_map = \"" + net_map + "\"\n");
  probe_nobody();
  start();
  const std::string good = text;
  const auto refused = [&](std::string_view expected) {
    const auto outcome = router->reload();
    BOOST_REQUIRE(!outcome.ok());
    BOOST_TEST(outcome.error().detail.find(expected) != std::string::npos, outcome.error().detail);
    BOOST_TEST(get("/explain?ip=192.0.2.1").body.find("\"choice\": \"sin\"") != std::string::npos, expected);
    BOOST_TEST(get("/explain?ip=20.0.0.1").body.find("\"choice\": \"lon\"") != std::string::npos, expected);
  };
  folder.write("netmap", "192.0.2.0/24 lon\n192.0.2.0/33 sin\n");
  refused(net_map + ":2:1: ");
  folder.write("netmap", "192.0.2.0/24 sin\n");
  folder.write("zone", "@ 1h SOA ns hostmaster 7 1h 15m 2w 30s\n@ 1h NS ns.example.net.\na 1h A 300.1.1.1\n");
  refused(zone + ":3:8: ");
  folder.write("zone", "@ 1h SOA ns hostmaster 8 1h 15m 2w 30s\n@ 1h NS ns.example.net.\n");
  text.insert(text.find("[router.clients]"),
              "mmdb = \"" + folder.write("cut.mmdb", "\xab\xcd\xefMaxMind.com") + "\"\n");
  refused("cut.mmdb");
  text = good;
  BOOST_TEST(router->reload().ok());
  router.reset();
}

BOOST_AUTO_TEST_CASE(a_reload_with_mistakes_tells_all_of_them_changes_nothing_and_is_counted) {
  start();
  text += "[[pop]]\nname = \"lon\"\n[nonsense]\n";
  const auto outcome = router->reload();
  BOOST_REQUIRE(!outcome.ok());
  for (const char* part : {"two PoPs have this name", "nonsense"}) {
    BOOST_TEST(outcome.error().detail.find(part) != std::string::npos, outcome.error().detail);
  }
  const std::string metrics = get("/metrics").body;
  BOOST_TEST(metrics.find("\nskerry_router_reloads_refused_total 1\n") != std::string::npos);
  BOOST_TEST(metrics.find("\nskerry_router_reloads_total 0\n") != std::string::npos);
  router.reset();
}

BOOST_AUTO_TEST_SUITE_END()
