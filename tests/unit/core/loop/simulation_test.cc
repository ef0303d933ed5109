#include "core/loop/simulation.h"

#include <boost/test/unit_test.hpp>

#include "tests/support/stream_probe.h"

using namespace skerry::core;
using namespace skerry::testing;
using namespace std::chrono_literals;

namespace {

const WallTime start{std::chrono::seconds(1'700'000'000)};
const IpAddress ip_a = IpAddress::v4({10, 0, 0, 1});
const IpAddress ip_b = IpAddress::v4({10, 0, 0, 2});
const IpAddress ip_c = IpAddress::v4({10, 0, 0, 3});
constexpr std::uint16_t port = 80;

// Two hosts with a link of 1 ms; the second one listens.
struct Pair {
  Simulation simulation;
  SimulatedHost& a;
  SimulatedHost& b;
  ListenerProbe server;
  StreamProbe client;
  std::unique_ptr<Listener> listener;

  explicit Pair(std::uint64_t seed = 1)
      : simulation(seed, start), a(simulation.add_host("a", ip_a)), b(simulation.add_host("b", ip_b)) {
    simulation.set_link(a, b, {.delay = 1ms});
    listener = std::move(b.worker().network.listen({ip_b, port}, {}, server).value());
  }
  void connect() { client.stream = a.worker().network.connect({ip_b, port}, {}, client); }
  TimePoint now() { return simulation.clock().now(); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(simulation)

BOOST_AUTO_TEST_CASE(manual_loop_fires_timers_at_their_own_time_while_it_advances) {
  ManualClock clock(start);
  ManualLoop loop(clock);
  std::vector<Duration> fired;
  Timer once(loop, [&] { fired.push_back(loop.now() - TimePoint()); });
  std::unique_ptr<Timer> again;
  again = std::make_unique<Timer>(loop, [&] {
    fired.push_back(loop.now() - TimePoint());
    if (fired.size() < 4) again->arm(10ms);
  });
  once.arm(25ms);
  again->arm(10ms);
  loop.advance(29ms);
  BOOST_CHECK((fired == std::vector<Duration>{10ms, 20ms, 25ms}));
  BOOST_CHECK(loop.now() - TimePoint() == 29ms);
  BOOST_CHECK(loop.wall() == start + 29ms);
  loop.advance(std::chrono::hours(24 * 365));
  BOOST_TEST(fired.size() == 4u);
}

BOOST_AUTO_TEST_CASE(bytes_take_the_delay_of_their_link) {
  Pair pair;
  pair.server.echo = true;
  const TimePoint begin = pair.now();
  pair.connect();
  BOOST_TEST(pair.simulation.run_until([&] { return pair.client.connected; }, 1s));
  BOOST_CHECK(pair.now() - begin == 2ms);
  pair.client.send("ping");
  BOOST_TEST(pair.simulation.run_until([&] { return pair.client.received == "ping"; }, 1s));
  BOOST_CHECK(pair.now() - begin == 4ms);
  BOOST_CHECK(pair.server.accepted[0]->stream->peer_address().ip == ip_a);
}

BOOST_AUTO_TEST_CASE(buffers_are_bounded_and_back_pressure_reaches_the_sender) {
  Pair pair;
  pair.connect();
  pair.simulation.run_for(10ms);
  pair.server.accepted.at(0)->pause_reading(true);
  const std::string sent(1'000'000, 'x');
  pair.client.send(sent);
  pair.simulation.run_for(1s);
  BOOST_TEST(pair.client.unsent() == sent.size() - 64 * 1024);
  pair.server.accepted[0]->pause_reading(false);
  pair.simulation.run_for(1s);
  BOOST_CHECK(pair.server.accepted[0]->received == sent);
}

BOOST_AUTO_TEST_CASE(nobody_listening_refuses_and_nobody_there_fails) {
  Pair pair;
  pair.listener.reset();
  pair.connect();
  pair.simulation.run_for(1s);
  BOOST_REQUIRE(pair.client.failure.has_value());
  BOOST_CHECK(pair.client.failure->code == ErrorCode::connect_refused);
  StreamProbe lost;
  lost.stream = pair.a.worker().network.connect({ip_c, port}, {}, lost);
  pair.simulation.run_for(1s);
  BOOST_REQUIRE(lost.failure.has_value());
  BOOST_CHECK(lost.failure->code == ErrorCode::connect_failed);
}

BOOST_AUTO_TEST_CASE(half_close_end_and_abort_look_as_they_do_on_sockets) {
  Pair pair;
  pair.connect();
  pair.client.send("question");
  pair.simulation.run_for(10ms);
  pair.client.stream->shutdown_write();
  pair.simulation.run_for(10ms);
  StreamProbe& accepted = *pair.server.accepted.at(0);
  BOOST_TEST(accepted.received == "question");
  BOOST_TEST(accepted.ended);
  accepted.send("answer");
  accepted.stream.reset();
  pair.simulation.run_for(10ms);
  BOOST_TEST(pair.client.received == "answer");
  BOOST_TEST(pair.client.ended);

  StreamProbe second;
  second.stream = pair.a.worker().network.connect({ip_b, port}, {}, second);
  pair.simulation.run_for(10ms);
  second.stream->abort();
  second.stream.reset();
  pair.simulation.run_for(10ms);
  BOOST_REQUIRE(pair.server.accepted.at(1)->failure.has_value());
  BOOST_CHECK(pair.server.accepted[1]->failure->code == ErrorCode::reset);
  BOOST_CHECK(pair.server.accepted[1]->failure->source == ErrorSource::client);
}

BOOST_AUTO_TEST_CASE(a_busy_port_is_refused_unless_both_share_it) {
  Pair pair;
  auto& network = pair.b.worker().network;
  BOOST_TEST(network.listen({ip_b, port}, {}, pair.server).ok());
  const auto exclusive = network.listen({ip_b, port}, {.share_port = false}, pair.server);
  BOOST_REQUIRE(!exclusive.ok());
  BOOST_CHECK(exclusive.error().code == ErrorCode::address_in_use);
  const auto foreign = network.listen({ip_a, port}, {}, pair.server);
  BOOST_REQUIRE(!foreign.ok());
  BOOST_CHECK(foreign.error().code == ErrorCode::invalid_argument);
}

BOOST_AUTO_TEST_CASE(killed_host_resets_its_connections_and_runs_no_more) {
  Pair pair;
  pair.connect();
  int ticks = 0;
  std::unique_ptr<Timer> tick;
  tick = std::make_unique<Timer>(pair.b.worker().loop, [&] {
    ++ticks;
    tick->arm(10ms);
  });
  tick->arm(10ms);
  pair.simulation.run_for(55ms);
  BOOST_TEST(ticks == 5);
  pair.simulation.kill(pair.b);
  pair.simulation.run_for(1s);
  BOOST_TEST(ticks == 5);
  BOOST_TEST(!pair.b.alive());
  BOOST_REQUIRE(pair.client.failure.has_value());
  BOOST_CHECK(pair.client.failure->code == ErrorCode::reset);
  StreamProbe late;
  late.stream = pair.a.worker().network.connect({ip_b, port}, {}, late);
  pair.simulation.run_for(1s);
  BOOST_REQUIRE(late.failure.has_value());
  BOOST_CHECK(late.failure->code == ErrorCode::connect_refused);
}

BOOST_AUTO_TEST_CASE(a_host_may_be_killed_from_its_own_callback_and_started_again) {
  Pair pair;
  pair.server.changed = [&] {
    if (!pair.server.accepted.empty()) pair.simulation.kill(pair.b);
  };
  pair.connect();
  pair.simulation.run_for(1s);
  BOOST_TEST(!pair.b.alive());
  BOOST_REQUIRE(pair.client.failure.has_value());
  SimulatedHost& again = pair.simulation.add_host("b", ip_b);
  ListenerProbe server;
  server.echo = true;
  const auto listener = std::move(again.worker().network.listen({ip_b, port}, {}, server).value());
  StreamProbe client;
  client.stream = pair.a.worker().network.connect({ip_b, port}, {}, client);
  client.send("x");
  pair.simulation.run_for(1s);
  BOOST_TEST(client.received == "x");
}

BOOST_AUTO_TEST_CASE(partition_holds_streams_until_it_heals_and_loses_datagrams) {
  Pair pair;
  DatagramProbe left, right;
  const auto from = std::move(pair.a.worker().network.bind_datagram({ip_a, 0}, left).value());
  const auto to = std::move(pair.b.worker().network.bind_datagram({ip_b, 53}, right).value());
  const std::byte packet[1] = {std::byte{'p'}};
  pair.server.echo = true;
  pair.connect();
  pair.simulation.run_for(10ms);
  pair.simulation.partition(pair.a, pair.b);
  pair.client.send("held");
  from->send(packet, to->local_address());
  StreamProbe waiting;
  waiting.stream = pair.a.worker().network.connect({ip_b, port}, {}, waiting);
  pair.simulation.run_for(60s);
  BOOST_TEST(pair.client.received.empty());
  BOOST_TEST(!waiting.connected);
  BOOST_CHECK(!waiting.failure);
  BOOST_TEST(right.received.empty());
  pair.simulation.heal(pair.a, pair.b);
  from->send(packet, to->local_address());
  pair.simulation.run_for(1s);
  BOOST_TEST(pair.client.received == "held");
  BOOST_TEST(waiting.connected);
  BOOST_TEST(right.received.size() == 1u);
  BOOST_CHECK(right.from[0] == from->local_address());
}

namespace {

// A busy little world: three hosts that ask each other at random times, lose datagrams, and lose a host.
std::string history(std::uint64_t seed) {
  Simulation simulation(seed, start);
  std::string log;
  struct Node {
    SimulatedHost& host;
    ListenerProbe server;
    DatagramProbe datagrams;
    std::unique_ptr<Listener> listener;
    std::unique_ptr<Datagram> socket;
    std::vector<std::unique_ptr<StreamProbe>> clients;
    std::unique_ptr<Timer> timer;
    explicit Node(SimulatedHost& on) : host(on) {}
  };
  std::vector<std::unique_ptr<Node>> nodes;
  for (const auto& ip : {ip_a, ip_b, ip_c}) {
    nodes.push_back(std::make_unique<Node>(simulation.add_host("node " + ip.to_string(), ip)));
  }
  const auto note = [&](const Node& node, const std::string& what) {
    log +=
        std::to_string((simulation.clock().now() - TimePoint()).count()) + " " + node.host.name() + " " + what + "\n";
  };
  simulation.set_link(nodes[0]->host, nodes[1]->host, {.delay = 3ms, .datagram_loss = 0.3});
  for (auto& owned : nodes) {
    Node& node = *owned;
    const Worker& worker = node.host.worker();
    node.server.echo = true;
    node.listener = std::move(worker.network.listen({node.host.ip(), port}, {}, node.server).value());
    node.socket = std::move(worker.network.bind_datagram({node.host.ip(), 53}, node.datagrams).value());
    node.datagrams.changed = [&] { note(node, "datagram from " + node.datagrams.from.back().to_string()); };
    node.timer = std::make_unique<Timer>(worker.loop, [&] {
      const Node& target = *nodes[worker.random.below(3)];
      node.clients.push_back(std::make_unique<StreamProbe>());
      StreamProbe& client = *node.clients.back();
      client.changed = [&] { note(node, client.failure ? client.failure->message() : client.received); };
      client.stream = worker.network.connect({target.host.ip(), port}, {}, client);
      client.send(std::string(1 + worker.random.below(10), 'a'));
      node.socket->send(std::as_bytes(std::span("x", 1)), {target.host.ip(), 53});
      node.timer->arm(Duration(worker.random.below(5'000'000)));
    });
    node.timer->arm(1ms);
  }
  simulation.run_for(200ms);
  simulation.kill(nodes[2]->host);
  simulation.run_for(200ms);
  return log;
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_seed_gives_one_history_and_another_seed_another) {
  const std::string first = history(11);
  BOOST_TEST(first.size() > 10'000u);
  BOOST_TEST(first.find("connect_refused") != std::string::npos);
  BOOST_CHECK(first == history(11));
  BOOST_CHECK(first != history(12));
}

BOOST_AUTO_TEST_SUITE_END()
