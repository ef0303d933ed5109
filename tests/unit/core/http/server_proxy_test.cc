// A listener behind a balancer: the PROXY protocol's header before HTTP, its deadline, and who is refused.
#include <boost/test/unit_test.hpp>

#include "core/http/server.h"
#include "core/loop/simulation.h"
#include "tests/support/http_service.h"
#include "tests/support/proxy_headers.h"
#include "tests/support/stream_probe.h"

using namespace skerry;
using namespace skerry::http;
using namespace std::chrono_literals;
using skerry::testing::ProxyV2;

namespace {

struct Balanced {
  core::Simulation simulation{1, core::WallTime(784111777s)};
  core::SimulatedHost& server_host = simulation.add_host("server", core::IpAddress::v4({10, 0, 0, 1}));
  core::SimulatedHost& balancer = simulation.add_host("balancer", core::IpAddress::v4({10, 0, 0, 2}));
  core::SimulatedHost& stranger = simulation.add_host("stranger", core::IpAddress::v4({10, 1, 0, 2}));
  testing::TestService service;
  std::vector<std::string> clients;  // as requests had them
  std::unique_ptr<Server> server;

  Balanced() {
    service.prepare = [this](testing::SeenRequest& request) {
      clients.push_back(request.sink->connection().client.to_string());
      request.end = [](testing::SeenRequest& self) { self.answer(); };
    };
    auto opened = Server::listen(server_host.worker(), {server_host.ip(), 80}, {}, nullptr, service);
    BOOST_REQUIRE(opened.ok());
    server = std::move(*opened);
    server->expect_proxies({core::IpNetwork::parse("10.0.0.0/24").value()});
  }
  std::unique_ptr<testing::StreamProbe> connect(core::SimulatedHost& from, std::string_view text) {
    auto client = std::make_unique<testing::StreamProbe>();
    client->stream = from.worker().network.connect(server->local_address(), {}, *client);
    settle();
    client->send(text);
    settle();
    return client;
  }
  void settle() { simulation.run_for(10ms); }
  std::string refused() const { return service.refused.size() == 1 ? service.refused[0] : "not one"; }
  std::string only_client() const { return clients.size() == 1 ? clients[0] : "none"; }
};

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string line = "PROXY TCP4 192.0.2.7 198.51.100.1 4000 80\r\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(http_server_proxy)

BOOST_AUTO_TEST_CASE(requests_come_from_the_client_that_the_header_names) {
  const std::string headers[] = {line,
                                 ProxyV2::header(0x21, 0x11, ProxyV2::tcp("192.0.2.7", "198.51.100.1", 4000, 80))};
  for (const std::string& header : headers) {
    Balanced world;
    const auto client = world.connect(world.balancer, header + get);
    BOOST_TEST(client->received.starts_with("HTTP/1.1 200 OK"));
    BOOST_TEST(world.only_client() == "192.0.2.7:4000");
  }
}

BOOST_AUTO_TEST_CASE(header_may_come_a_byte_at_a_time) {
  Balanced world;
  const auto client = world.connect(world.balancer, "");
  for (const char c : line + get) {
    client->send(std::string_view(&c, 1));
    world.settle();
  }
  BOOST_TEST(client->received.starts_with("HTTP/1.1 200 OK"));
  BOOST_TEST(world.only_client() == "192.0.2.7:4000");
}

BOOST_AUTO_TEST_CASE(headers_that_name_nobody_leave_the_balancers_address) {
  for (const std::string& header : {std::string("PROXY UNKNOWN\r\n"), ProxyV2::header(0x20, 0, "")}) {
    Balanced world;
    const auto client = world.connect(world.balancer, header + get);
    BOOST_TEST(client->received.starts_with("HTTP/1.1 200 OK"));
    BOOST_TEST(world.only_client().starts_with("10.0.0.2:"), world.only_client());
  }
}

BOOST_AUTO_TEST_CASE(connections_without_a_right_header_are_closed_unanswered_and_told) {
  for (const std::string& text : {get, std::string("PROXY TCP4 nonsense\r\n"), ProxyV2::header(0x2f, 0x11, "")}) {
    Balanced world;
    const auto client = world.connect(world.balancer, text);
    BOOST_TEST((client->ended || client->failure.has_value()));
    BOOST_TEST(client->received == "");
    BOOST_TEST(world.service.requests.empty());
    BOOST_TEST(world.refused() == "0 bad_proxy_header");
    BOOST_TEST(world.server->connections() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(whoever_is_no_balancer_of_ours_is_closed_at_once) {
  Balanced world;
  const auto client = world.connect(world.stranger, line + get);
  BOOST_TEST((client->ended || client->failure.has_value()));
  BOOST_TEST(world.service.requests.empty());
  BOOST_TEST(world.refused() == "0 proxy_not_allowed");
  BOOST_TEST(world.server->connections() == 0u);
}

BOOST_AUTO_TEST_CASE(header_that_does_not_come_ends_the_connection_at_its_deadline) {
  for (const std::string_view begun : {"", "PROXY TCP4"}) {
    Balanced world;
    const auto client = world.connect(world.balancer, begun);
    world.simulation.run_for(21s);
    BOOST_TEST((client->ended || client->failure.has_value()));
    BOOST_TEST(world.refused() == "0 bad_proxy_header");
    BOOST_TEST(world.server->connections() == 0u);
  }
}

BOOST_AUTO_TEST_CASE(balancer_that_only_looks_whether_the_port_is_open_is_no_mistake) {
  Balanced world;
  const auto client = world.connect(world.balancer, "");
  client->stream.reset();
  world.settle();
  BOOST_TEST(world.service.refused.empty());
  BOOST_TEST(world.server->connections() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
