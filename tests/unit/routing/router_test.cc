// The running router on a simulated network: what goes on through reloads.
#include "routing/router.h"

#include <boost/test/unit_test.hpp>

#include "core/http/client.h"
#include "core/loop/simulation.h"
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

  std::pair<routing::RouterConfig, routing::RouterPlan> loaded() {
    auto loaded = config::load_text(routing::router_table(), std::string(configuration), "router.toml", {});
    routing::RouterPlan plan = routing::plan_of(loaded.config, loaded.report);
    for (const auto& line : loaded.report.lines()) BOOST_TEST_MESSAGE(line);
    BOOST_REQUIRE(loaded.ok());
    loaded.config.router.listen.clear();
    return {std::move(loaded.config), std::move(plan)};
  }
  std::string metrics() {
    http::SimpleRequest request;
    request.address = router->admin_address();
    request.head.authority = "router";
    request.head.path = "/metrics";
    std::string body;
    const auto call = http::SimpleCall::start(edge.worker(), std::move(request), [&](auto response) {
      BOOST_REQUIRE(response.ok());
      body = response->body;
    });
    simulation.run_until([&] { return !body.empty(); }, 10s);
    return body;
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(running_router, Fixture)

BOOST_AUTO_TEST_CASE(reloads_that_come_often_do_not_keep_a_full_pop_from_spilling) {
  service.body = R"({"in_flight":100})";
  auto [config, plan] = loaded();
  router = std::move(routing::Router::start(host.worker(), std::move(config), std::move(plan))).value();
  for (int i = 0; i < 15; ++i) {
    simulation.run_for(4s);
    auto [again, new_plan] = loaded();
    router->reload(std::move(again), std::move(new_plan));
  }
  const std::string text = metrics();
  BOOST_TEST(text.find("\nskerry_router_spill_moves_total 6\n") != std::string::npos, text);
  router.reset();
}

BOOST_AUTO_TEST_SUITE_END()
