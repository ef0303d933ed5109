// The parts of the router that wait: DNS over TCP and the prober, on a manual clock and a simulated network.
#include <boost/test/unit_test.hpp>

#include "core/dns/rdata.h"
#include "core/dns/writer.h"
#include "core/loop/simulation.h"
#include "routing/admin.h"
#include "routing/dns_tcp.h"
#include "routing/prober.h"
#include "routing/zone_builder.h"
#include "tests/support/stream_probe.h"
#include "tests/unit/routing/telling_edge.h"

namespace {

using namespace skerry;
using namespace skerry::routing;
using namespace std::chrono_literals;

core::IpAddress ip(std::string_view text) {
  return core::IpAddress::parse(text).value();
}
dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

struct World {
  core::Simulation simulation{3, core::WallTime{}};
  core::SimulatedHost& router = simulation.add_host("router", ip("10.0.0.1"));
  core::SimulatedHost& other = simulation.add_host("other", ip("10.0.0.2"));
};

std::shared_ptr<const Routes> static_routes() {
  auto zones = std::make_shared<Zones>();
  ZoneBuilder zone(name("example.com"));
  const auto add = [&](const char* owner, dns::Type type, const std::string& value) {
    std::string data, problem;
    BOOST_REQUIRE_MESSAGE(dns::read_rdata_value(type, value, data, problem), problem);
    zone.add(name(owner), type, 60, data, 0);
  };
  add("example.com", dns::Type::soa, "ns.example.com hostmaster.example.com 1 2 3 4 5");
  add("example.com", dns::Type::ns, "ns.example.net");
  add("www.example.com", dns::Type::a, "192.0.2.1");
  for (char c = 'a'; c < 'a' + 8; ++c) {
    zone.add(name("big.example.com"), dns::Type::txt, 60, dns::text_data(std::string(4000, c)), 0);
  }
  zones->add(zone.finish(0));
  auto routes = std::make_shared<Routes>();
  routes->zones = zones;
  return routes;
}

std::string framed_query(std::uint16_t id, std::string_view host, dns::Type type = dns::Type::a) {
  std::array<std::byte, 512> buffer;
  dns::MessageWriter writer(buffer);
  writer.header(id, 0);
  writer.question(name(host), type, dns::Class::in);
  const std::size_t size = writer.finish();
  const std::string length = {static_cast<char>(size >> 8), static_cast<char>(size)};
  return length + std::string(reinterpret_cast<const char*>(buffer.data()), size);
}

std::vector<std::uint16_t> ids_in(std::string_view received) {
  std::vector<std::uint16_t> ids;
  const auto u16 = [&](std::size_t at) {
    return static_cast<std::uint16_t>(static_cast<unsigned char>(received[at]) << 8 |
                                      static_cast<unsigned char>(received[at + 1]));
  };
  while (received.size() >= 4) {
    ids.push_back(u16(2));
    received.remove_prefix(std::min<std::size_t>(received.size(), 2u + u16(0)));
  }
  return ids;
}

struct TcpFixture : World {
  Published<Routes> routes{static_routes()};
  std::unique_ptr<TcpResponder> server;

  void listen(TcpLimits limits) {
    server = std::move(TcpResponder::listen(router.worker(), {router.ip(), 53}, {limits}, routes)).value();
  }
  std::unique_ptr<testing::StreamProbe> connect() {
    auto probe = std::make_unique<testing::StreamProbe>();
    probe->stream = other.worker().network.connect({router.ip(), 53}, {}, *probe);
    simulation.run_until([&] { return probe->connected; }, 1s);
    BOOST_REQUIRE(probe->connected);
    return probe;
  }
};

// Readiness as an edge would tell it.
struct EdgeContent final : AdminContent {
  bool healthy = true;
  bool ready() const override { return healthy; }
  std::string report = "{}";
  std::string readiness() const override { return report; }
  std::string metrics() const override { return {}; }
  std::string configuration() const override { return {}; }
  std::string explanation(const core::IpAddress& asker, const std::optional<core::IpNetwork>& subnet) const override {
    return asker.to_string() + (subnet ? " for " + subnet->to_string() : "");
  }
  std::string state() const override { return "{}"; }
  bool may_change(std::string_view authorization) const override { return authorization == "Bearer yes"; }
  Change change_state(std::string_view kind, const std::string& name, std::string_view state) override {
    changes.push_back(std::string(kind) + " " + name + " " + std::string(state));
    return name == "lon" ? Change::done : Change::no_such_name;
  }
  core::Result<std::vector<std::string>> reload() override {
    if (!broken.empty()) {
      return core::Error{core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false, broken};
    }
    return std::vector<std::string>{"router.listen"};
  }
  std::vector<std::string> changes;
  std::string broken;
};

struct ProberFixture : World {
  std::vector<std::string> events;
  std::unique_ptr<Prober> prober;

  void watch(ProbeSettings settings) {
    prober = std::make_unique<Prober>(
        router.worker(), std::move(settings), std::vector<ProbeTarget>{{"edge-1", 0, 0, {other.ip(), 8080}}},
        [this](const ProbeTarget& target, const EdgeHealth& health, ProbeNews news) {
          if (news == ProbeNews::doubt) return;
          events.push_back(target.edge + (health.up() ? " up" : " down: " + health.last_failure()));
        });
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(dns_over_tcp, TcpFixture)

BOOST_AUTO_TEST_CASE(pipelined_queries_are_answered_in_order_on_one_connection) {
  listen({});
  auto client = connect();
  std::string all;
  for (std::uint16_t id = 1; id <= 300; ++id) all += framed_query(id, "www.example.com");
  client->send(all);
  simulation.run_until([&] { return ids_in(client->received).size() == 300; }, 5s);
  const auto ids = ids_in(client->received);
  BOOST_REQUIRE_EQUAL(ids.size(), 300u);
  for (std::uint16_t i = 0; i < 300; ++i) BOOST_TEST(ids[i] == i + 1);
}

BOOST_AUTO_TEST_CASE(a_query_may_come_byte_by_byte) {
  listen({});
  auto client = connect();
  for (char c : framed_query(7, "www.example.com")) {
    client->send({&c, 1});
    simulation.run_for(1ms);
  }
  BOOST_TEST(ids_in(client->received).size() == 1u);
}

BOOST_AUTO_TEST_CASE(answers_wait_for_a_client_that_reads_slowly_and_the_rest_is_not_read) {
  TcpLimits limits;
  limits.response_buffer = 64 * 1024;
  listen(limits);
  auto client = connect();
  client->pause_reading(true);
  std::string all;
  for (std::uint16_t id = 1; id <= 200; ++id) all += framed_query(id, "big.example.com", dns::Type::txt);
  client->send(all);
  simulation.run_for(1s);
  AnswerTotals totals;
  server->counts().add_to(totals);
  BOOST_TEST(totals.queries() < 200u);
  client->pause_reading(false);
  const auto answered = [&] { return ids_in(client->received).size() == 200; };
  BOOST_TEST(simulation.run_until(answered, 60s));
}

BOOST_AUTO_TEST_CASE(answers_that_were_sent_are_let_go_though_others_always_wait) {
  TcpLimits limits;
  limits.response_buffer = 64 * 1024;
  listen(limits);
  auto client = connect();
  std::string all;
  for (std::uint16_t id = 1; id <= 400; ++id) all += framed_query(id, "big.example.com", dns::Type::txt);
  client->send(all);
  std::size_t most = 0, seen = 0;
  // It reads 16 KiB at a time, so that some of 12 MiB of answers is always left.
  while (client->received.size() < 8'000'000) {
    client->pause_reading(false);
    BOOST_REQUIRE(simulation.run_until([&] { return client->received.size() > seen; }, 10s));
    client->pause_reading(true);
    seen = client->received.size();
    simulation.run_for(1ms);
    most = std::max(most, server->held());
  }
  BOOST_TEST(most > 0u);
  BOOST_TEST(most <= 2 * (2 * limits.response_buffer + 65537), most << " bytes held");
}

BOOST_AUTO_TEST_CASE(a_client_that_finishes_sending_still_gets_its_answers) {
  listen({});
  auto client = connect();
  client->send(framed_query(1, "www.example.com"));
  client->stream->shutdown_write();
  simulation.run_until([&] { return client->ended; }, 5s);
  BOOST_TEST(ids_in(client->received).size() == 1u);
  BOOST_TEST(server->connections() == 0u);
}

BOOST_AUTO_TEST_CASE(an_unfinished_query_is_cut_off_after_the_idle_timeout) {
  listen({});
  auto client = connect();
  client->send(framed_query(1, "www.example.com") + std::string("\0", 1));
  simulation.run_for(9s);
  BOOST_TEST(server->connections() == 1u);
  simulation.run_for(2s);
  BOOST_TEST(server->connections() == 0u);
  BOOST_TEST(server->timed_out() == 1u);
}

BOOST_AUTO_TEST_CASE(the_longest_silent_connection_makes_room) {
  TcpLimits limits;
  limits.connections = 2;
  listen(limits);
  auto first = connect();
  auto second = connect();
  first->send(framed_query(1, "www.example.com"));
  simulation.run_for(1s);
  auto third = connect();
  simulation.run_for(1s);
  BOOST_TEST(server->connections() == 2u);
  BOOST_TEST(server->evicted() == 1u);
  BOOST_TEST((second->ended || second->failure));
  BOOST_TEST(!(first->ended || first->failure));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(edge_prober, ProberFixture)

BOOST_AUTO_TEST_CASE(an_edge_that_dies_is_taken_out_after_three_probes_and_comes_back_after_two) {
  testing::ListenerProbe acceptor;
  auto listener = std::move(other.worker().network.listen({other.ip(), 8080}, {}, acceptor)).value();
  ProbeSettings settings;
  settings.kind = ProbeKind::tcp;
  watch(settings);
  simulation.run_for(10s);
  BOOST_TEST(prober->settled());
  BOOST_TEST(events.empty());
  const auto probes = prober->probes();
  BOOST_TEST((probes >= 4 && probes <= 8), probes << " probes in ten seconds");

  simulation.partition(router, other);
  simulation.run_for(20s);
  BOOST_REQUIRE_EQUAL(events.size(), 1u);
  BOOST_TEST(events[0] == "edge-1 down: connect_timeout");
  EdgeStates states(1, std::vector<bool>(1, true));
  prober->apply_to(states);
  BOOST_TEST(!states[0][0]);
  BOOST_TEST(prober->failures() >= 3u);

  simulation.heal(router, other);
  simulation.run_for(20s);
  BOOST_REQUIRE_EQUAL(events.size(), 2u);
  BOOST_TEST(events[1] == "edge-1 up");
  listener.reset();
}

BOOST_AUTO_TEST_CASE(an_edge_that_says_it_is_not_ready_is_taken_out) {
  EdgeContent content;
  AdminService service(content);
  auto edge = std::move(http::Server::listen(other.worker(), {other.ip(), 8080}, {}, nullptr, service)).value();
  ProbeSettings settings;
  settings.path = "/readyz";
  watch(settings);
  simulation.run_for(5s);
  BOOST_TEST(prober->settled());
  BOOST_TEST(events.empty());
  content.healthy = false;
  simulation.run_for(10s);
  BOOST_REQUIRE_EQUAL(events.size(), 1u);
  BOOST_TEST(events[0] == "edge-1 down: status 503");
  content.healthy = true;
  simulation.run_for(10s);
  BOOST_TEST(events.size() == 2u);
  prober.reset();
}

BOOST_AUTO_TEST_CASE(an_edge_that_is_down_from_the_start_is_found_by_the_first_probe) {
  watch({});
  simulation.run_for(1s);
  BOOST_REQUIRE_EQUAL(events.size(), 1u);
  BOOST_TEST(events[0].starts_with("edge-1 down: connect_refused"), events[0]);
}

BOOST_AUTO_TEST_CASE(doubt_is_told_and_has_a_time_to_the_decision) {
  testing::ListenerProbe acceptor;
  auto listener = std::move(other.worker().network.listen({other.ip(), 8080}, {}, acceptor)).value();
  ProbeSettings settings;
  settings.kind = ProbeKind::tcp;
  int doubts = 0;
  prober = std::make_unique<Prober>(
      router.worker(), settings, std::vector<ProbeTarget>{{"edge-1", 0, 0, {other.ip(), 8080}}},
      [&](const ProbeTarget&, const EdgeHealth&, ProbeNews news) { doubts += news == ProbeNews::doubt; });
  BOOST_REQUIRE(prober->time_to_change(0, 0).has_value());
  BOOST_TEST((*prober->time_to_change(0, 0) == 2s), "the first probe decides");
  simulation.run_for(5s);
  BOOST_TEST(doubts == 1, "every edge has been probed");
  BOOST_TEST(!prober->time_to_change(0, 0).has_value());
  simulation.partition(router, other);
  simulation.run_until([&] { return doubts > 1; }, 20s);
  BOOST_REQUIRE(prober->time_to_change(0, 0).has_value());
  BOOST_TEST((*prober->time_to_change(0, 0) == 4s), "two more probes of three");
  simulation.heal(router, other);
  BOOST_TEST(simulation.run_until([&] { return doubts > 2; }, 20s));
  BOOST_TEST(!prober->time_to_change(0, 0).has_value());
}

BOOST_AUTO_TEST_CASE(the_load_in_the_readiness_answer_is_kept_while_probes_succeed) {
  EdgeContent content;
  content.report = R"({"ready":true,"in_flight":7})";
  AdminService service(content);
  auto edge = std::move(http::Server::listen(other.worker(), {other.ip(), 8080}, {}, nullptr, service)).value();
  ProbeSettings settings;
  settings.path = "/readyz";
  watch(settings);
  simulation.run_for(5s);
  BOOST_REQUIRE(prober->load(0, 0).has_value());
  BOOST_TEST(prober->load(0, 0)->in_flight.value_or(0) == 7);
  content.report = R"({"in_flight":-7})";
  simulation.run_for(5s);
  BOOST_TEST(!prober->load(0, 0).has_value(), "what can't be true is not believed");
  BOOST_TEST(prober->bad_reports() > 0u);
  BOOST_TEST(prober->health(0, 0)->up(), "and is no reason to leave it out");
  content.healthy = false;
  simulation.run_for(5s);
  BOOST_TEST(!prober->load(0, 0).has_value());
  prober.reset();
}

BOOST_AUTO_TEST_CASE(a_load_is_forgotten_when_the_edge_tells_none_any_more) {
  testing::TellingEdge service;
  auto edge = std::move(http::Server::listen(other.worker(), {other.ip(), 8080}, {}, nullptr, service)).value();
  watch({});
  const std::pair<int, const char*> silent[] = {{204, "application/json"}, {200, "text/plain"}};
  for (const auto& [status, type] : silent) {
    service.status = 200, service.type = "application/json";
    simulation.run_for(5s);
    BOOST_TEST(prober->load(0, 0).has_value());
    service.status = status, service.type = type;
    simulation.run_for(5s);
    BOOST_TEST(prober->health(0, 0)->up());
    BOOST_TEST(!prober->load(0, 0).has_value(), status << " " << type);
  }
  prober.reset();
}

struct AdminFixture : World {
  EdgeContent content;
  AdminService service{content};
  std::unique_ptr<http::Server> admin =
      std::move(http::Server::listen(other.worker(), {other.ip(), 9181}, {}, nullptr, service)).value();
  std::string body;  // of the last answer
  http::Method method = http::Method::post;

  int post(const char* path, const char* token) {
    http::SimpleRequest request;
    request.address = {other.ip(), 9181};
    request.head.method = method;
    request.head.method_text = method == http::Method::get ? "GET" : "POST";
    request.head.authority = "admin";
    request.head.path = path;
    if (*token) request.head.fields.add(http::HeaderId::authorization, token);
    int status = 0;
    const auto call = http::SimpleCall::start(router.worker(), std::move(request), [&](auto response) {
      status = response.ok() ? response->head.status : -1;
      if (response.ok()) body = response->body;
    });
    simulation.run_until([&] { return status != 0; }, 10s);
    return status;
  }
};

BOOST_FIXTURE_TEST_CASE(a_state_is_changed_only_with_the_token, AdminFixture) {
  BOOST_TEST(post("/state/pop/lon/drain", "") == 401);
  BOOST_TEST(post("/state/pop/lon/drain", "Bearer no") == 401);
  BOOST_TEST(content.changes.empty());
  BOOST_TEST(post("/state/pop/lon/drain", "Bearer yes") == 200);
  BOOST_TEST(post("/state/edge/ber-1/up", "Bearer yes") == 404);
  BOOST_TEST(content.changes == (std::vector<std::string>{"pop lon drain", "edge ber-1 up"}),
             boost::test_tools::per_element());
  for (const char* path : {"/state/pop", "/state/pop/", "/state/pop/lon", "/", "/metrics", "/state//"}) {
    BOOST_TEST(post(path, "Bearer yes") == 404, path);
  }
}

BOOST_FIXTURE_TEST_CASE(an_explanation_is_of_a_client_or_of_a_resolver_that_names_one, AdminFixture) {
  const auto get = [&](const char* path) {
    method = http::Method::get;
    return post(path, "");
  };
  BOOST_TEST(get("/explain?ip=192.0.2.1") == 200);
  BOOST_TEST(body == "192.0.2.1");
  BOOST_TEST(get("/explain?ip=2001:db8::53&ecs=192.0.2.0/24") == 200);
  BOOST_TEST(body == "2001:db8::53 for 192.0.2.0/24");
  BOOST_TEST(get("/explain?ip=192.0.2.1&ecs=192.0.2.1/24") == 400);
  BOOST_TEST(body.starts_with("ecs: "), body);
  BOOST_TEST(get("/explain?ip=nobody&ecs=192.0.2.0/24") == 400);
  BOOST_TEST(body.starts_with("ip: "), body);
}

BOOST_FIXTURE_TEST_CASE(a_reload_is_asked_for_with_the_token_and_answered_with_what_came_of_it, AdminFixture) {
  BOOST_TEST(post("/reload", "Bearer no") == 401);
  BOOST_TEST(post("/reload", "Bearer yes") == 200);
  BOOST_TEST(body == "reloaded\nneeds a restart: router.listen\n");
  content.broken = "router.toml:1:1: no\nrouter.toml:2:1: nor this";
  BOOST_TEST(post("/reload", "Bearer yes") == 409);
  BOOST_TEST(body == "invalid_configuration: router.toml:1:1: no\nrouter.toml:2:1: nor this\n");
}

BOOST_AUTO_TEST_SUITE_END()
