#include "core/net/socket_network.h"

#include <sys/resource.h>

#include <boost/test/unit_test.hpp>
#include <thread>

#include "tests/support/stream_probe.h"

using namespace skerry::core;
using namespace skerry::testing;
using namespace std::chrono_literals;

namespace {

const Address any_port{IpAddress::v4({127, 0, 0, 1}), 0};

std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

// A real loop that runs until what a test waits for has happened.
struct Machine {
  std::unique_ptr<LibeventLoop> loop = std::move(LibeventLoop::create().value());
  SocketNetwork network{*loop};
  std::function<bool()> done;
  std::function<void()> changed = [this] {
    if (done && done()) loop->stop();
  };

  void run_until(std::function<bool()> condition) {
    done = std::move(condition);
    if (done()) return;
    bool timed_out = false;
    Timer deadline(*loop, [&] {
      timed_out = true;
      loop->stop();
    });
    deadline.arm(10s);
    loop->run();
    BOOST_REQUIRE(!timed_out);
  }
  std::unique_ptr<Listener> listen(ListenerProbe& probe, const Address& address = any_port) {
    probe.changed = changed;
    auto listener = network.listen(address, {}, probe);
    BOOST_REQUIRE(listener.ok());
    return std::move(*listener);
  }
  void connect(StreamProbe& probe, const Address& address) {
    probe.changed = changed;
    probe.stream = network.connect(address, {}, probe);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(socket_network)

BOOST_AUTO_TEST_CASE(bytes_come_back_from_an_echo_on_loopback_with_right_addresses) {
  Machine machine;
  ListenerProbe server;
  server.echo = true;
  const auto listener = machine.listen(server);
  BOOST_TEST(listener->local_address().port != 0);
  StreamProbe client;
  machine.connect(client, listener->local_address());
  BOOST_TEST(!client.connected);
  client.send("hello, ");
  machine.run_until([&] { return client.received == "hello, "; });
  client.send("world");
  machine.run_until([&] { return client.received == "hello, world"; });
  const auto& accepted = *server.accepted.at(0)->stream;
  BOOST_CHECK(accepted.peer_address() == client.stream->local_address());
  BOOST_CHECK(accepted.local_address() == client.stream->peer_address());
  // Not one read that only learned that there was nothing.
  BOOST_TEST(server.accepted[0]->reads == 2u);
}

BOOST_AUTO_TEST_CASE(large_transfer_passes_through_full_buffers) {
  Machine machine;
  ListenerProbe server;
  const auto listener = machine.listen(server);
  StreamProbe client;
  machine.connect(client, listener->local_address());
  std::string sent(20'000'000, 'x');
  for (std::size_t i = 0; i < sent.size(); i += 997) sent[i] = static_cast<char>('a' + i % 26);
  client.send(sent);
  machine.run_until([&] { return !server.accepted.empty(); });
  server.accepted[0]->pause_reading(true);
  machine.run_until([&] { return client.connected; });
  BOOST_TEST(client.unsent() > 0u);
  server.accepted[0]->pause_reading(false);
  machine.run_until([&] { return server.accepted[0]->received.size() == sent.size(); });
  BOOST_CHECK(server.accepted[0]->received == sent);
}

BOOST_AUTO_TEST_CASE(half_close_lets_the_answer_through) {
  Machine machine;
  ListenerProbe server;
  const auto listener = machine.listen(server);
  StreamProbe client;
  machine.connect(client, listener->local_address());
  client.send("question");
  machine.run_until([&] { return client.connected; });
  client.stream->shutdown_write();
  machine.run_until([&] { return !server.accepted.empty() && server.accepted[0]->ended; });
  BOOST_TEST(server.accepted[0]->received == "question");
  server.accepted[0]->send("answer");
  machine.run_until([&] { return client.received == "answer"; });
  server.accepted.clear();
  machine.run_until([&] { return client.ended; });
  BOOST_CHECK(!client.failure);
  // The end is told once, not for ever.
  BOOST_TEST(client.reads <= 3u);
}

BOOST_AUTO_TEST_CASE(refused_connect_is_told_later_as_an_upstream_error_worth_a_retry) {
  Machine machine;
  Address closed;
  {
    ListenerProbe server;
    closed = machine.listen(server)->local_address();
  }
  StreamProbe client;
  machine.connect(client, closed);
  BOOST_CHECK(!client.failure);
  machine.run_until([&] { return client.failure.has_value(); });
  BOOST_CHECK(client.failure->code == ErrorCode::connect_refused);
  BOOST_CHECK(client.failure->source == ErrorSource::upstream);
  BOOST_TEST(client.failure->retryable);
  BOOST_TEST(client.failure->detail.find(closed.to_string()) != std::string::npos);
}

BOOST_AUTO_TEST_CASE(connect_that_fails_at_once_is_told_later_and_may_be_given_up_before) {
  Machine machine;
  const auto unusable = Address::parse("[2001:db8::1]:80").value();
  StreamProbe client, given_up;
  for (auto* probe : {&client, &given_up}) {
    probe->changed = machine.changed;
    // A local address this host does not have.
    probe->stream = machine.network.connect(unusable, {IpAddress::parse("2001:db8::2").value()}, *probe);
    BOOST_CHECK(!probe->failure);
  }
  given_up.stream.reset();
  machine.run_until([&] { return client.failure.has_value(); });
  BOOST_CHECK(!given_up.failure);
}

BOOST_AUTO_TEST_CASE(abort_reaches_the_other_side_as_a_reset_with_its_source) {
  Machine machine;
  ListenerProbe server;
  const auto listener = machine.listen(server);
  StreamProbe client;
  machine.connect(client, listener->local_address());
  machine.run_until([&] { return client.connected && !server.accepted.empty(); });
  server.accepted[0]->stream->abort();
  server.accepted.clear();
  machine.run_until([&] { return client.failure.has_value(); });
  BOOST_CHECK(client.failure->code == ErrorCode::reset);
  BOOST_CHECK(client.failure->source == ErrorSource::upstream);
  BOOST_TEST(!client.ended);

  StreamProbe second;
  machine.connect(second, listener->local_address());
  machine.run_until([&] { return second.connected && !server.accepted.empty(); });
  second.stream->abort();
  second.stream.reset();
  machine.run_until([&] { return server.accepted[0]->failure.has_value(); });
  BOOST_CHECK(server.accepted[0]->failure->code == ErrorCode::reset);
  BOOST_CHECK(server.accepted[0]->failure->source == ErrorSource::client);
}

BOOST_AUTO_TEST_CASE(stream_may_be_destroyed_inside_its_own_callback) {
  Machine machine;
  ListenerProbe server;
  const auto listener = machine.listen(server);
  StreamProbe client;
  machine.connect(client, listener->local_address());
  client.send("x");
  machine.run_until([&] { return !server.accepted.empty(); });
  bool destroyed = false;
  server.accepted[0]->changed = [&] {
    server.accepted[0]->stream.reset();
    destroyed = true;
    machine.changed();
  };
  machine.run_until([&] { return destroyed && client.ended; });
  BOOST_TEST(destroyed);
}

BOOST_AUTO_TEST_CASE(busy_port_is_named_and_a_shared_one_is_found_by_the_check) {
  Machine machine;
  ListenerProbe server;
  const auto listener = machine.listen(server);
  const Address busy = listener->local_address();
  BOOST_TEST(machine.network.listen(busy, {}, server).ok());  // another worker of ours
  const auto exclusive = machine.network.listen(busy, {.share_port = false}, server);
  BOOST_REQUIRE(!exclusive.ok());
  BOOST_CHECK(exclusive.error().code == ErrorCode::address_in_use);
  BOOST_TEST(exclusive.error().detail.find(busy.to_string()) != std::string::npos);
  const auto check = check_port_is_free(busy);
  BOOST_REQUIRE(!check.ok());
  BOOST_CHECK(check.error().code == ErrorCode::address_in_use);
}

BOOST_AUTO_TEST_CASE(ipv6_listener_leaves_the_ipv4_port_alone) {
  Machine machine;
  ListenerProbe server;
  auto first = machine.network.listen(Address::parse("[::]:0").value(), {.share_port = false}, server);
  if (!first) {
    BOOST_TEST_MESSAGE("no IPv6 on this machine: " << first.error().message());
    BOOST_CHECK(first.error().code == ErrorCode::invalid_argument);
    return;
  }
  const Address v4{IpAddress(), (*first)->local_address().port};
  BOOST_TEST(machine.network.listen(v4, {.share_port = false}, server).ok());
}

BOOST_AUTO_TEST_CASE(paused_listener_accepts_after_it_goes_on) {
  Machine machine;
  ListenerProbe server;
  const auto listener = machine.listen(server);
  listener->pause(true);
  StreamProbe client;
  machine.connect(client, listener->local_address());
  machine.run_until([&] { return client.connected; });  // by the kernel's backlog
  BOOST_TEST(server.accepted.empty());
  listener->pause(false);
  machine.run_until([&] { return !server.accepted.empty(); });
  BOOST_TEST(server.accepted.size() == 1u);
}

BOOST_AUTO_TEST_CASE(running_out_of_descriptors_is_counted_and_accepting_goes_on_later) {
  Machine machine;
  ListenerProbe server;
  const auto listener = machine.listen(server);
  StreamProbe client;
  machine.connect(client, listener->local_address());
  rlimit before{};
  BOOST_REQUIRE(getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit none = before;
  none.rlim_cur = 3;
  BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &none) == 0);
  Timer look(*machine.loop, [&] { machine.changed(); });
  look.arm(20ms);
  machine.run_until([&] { return machine.network.counters().accept_failures > 0; });
  BOOST_REQUIRE(setrlimit(RLIMIT_NOFILE, &before) == 0);
  BOOST_TEST(server.accepted.empty());
  machine.run_until([&] { return !server.accepted.empty(); });
  // It paused instead of spinning.
  BOOST_TEST(machine.network.counters().accept_failures == 1u);
}

BOOST_AUTO_TEST_CASE(datagrams_arrive_in_batches_with_their_sender) {
  Machine machine;
  DatagramProbe left, right;
  left.changed = right.changed = machine.changed;
  const auto a = std::move(machine.network.bind_datagram(any_port, left).value());
  const auto b = std::move(machine.network.bind_datagram(any_port, right).value());
  for (int i = 0; i < 40; ++i) a->send(bytes("packet " + std::to_string(i)), b->local_address());
  machine.run_until([&] { return right.received.size() == 40; });
  BOOST_TEST(right.received[0] == "packet 0");
  BOOST_TEST(right.received[39] == "packet 39");
  BOOST_CHECK(right.from[0] == a->local_address());
  a->send(bytes(std::string(9000, 'x')), b->local_address());
  a->send({}, b->local_address());
  machine.run_until([&] { return right.received.size() == 41; });
  BOOST_TEST(right.received[40].empty());
  BOOST_TEST(machine.network.counters().datagrams_too_long == 1u);
  a->send(bytes(std::string(70000, 'x')), b->local_address());
  BOOST_TEST(machine.network.counters().datagrams_dropped == 1u);
}

BOOST_AUTO_TEST_CASE(packets_that_do_not_get_through_a_blocking_datagram_are_counted) {
  Machine machine;
  const auto socket = std::move(machine.network.bind_blocking_datagram(any_port).value());
  const auto other = std::move(machine.network.bind_blocking_datagram(any_port).value());
  std::vector<std::byte> bytes(70'000);
  const auto send_one = [&](std::size_t size) {
    const DatagramMessage message{socket->local_address(), std::span(bytes).first(size)};
    other->send({&message, 1});
  };
  send_one(70'000);
  BOOST_TEST(other->losses().not_sent == 1u);
  send_one(100), send_one(10);
  std::array<std::byte, 50> room;
  DatagramMessage received{{}, room};
  BOOST_TEST(socket->receive({&received, 1}) == 1u);
  BOOST_TEST(received.data.size() == 10u);
  BOOST_TEST(socket->losses().too_long == 1u);
  BOOST_TEST(socket->losses().queue_full == 0u);
  for (int i = 0; i < 10'000 && socket->losses().queue_full == 0; ++i) send_one(50'000);
  BOOST_TEST(socket->losses().queue_full > 0u);
}

BOOST_AUTO_TEST_CASE(blocking_datagram_answers_in_its_own_thread_until_woken) {
  Machine machine;
  auto server = std::move(machine.network.bind_blocking_datagram(any_port).value());
  std::size_t answered = 0;
  std::thread thread([&] {
    std::vector<std::array<std::byte, 512>> room(8);
    for (;;) {
      std::vector<DatagramMessage> messages(room.size());
      for (std::size_t i = 0; i < room.size(); ++i) messages[i].data = room[i];
      const auto got = server->receive(messages);
      if (got == 0) return;
      answered += got;
      server->send(std::span(messages).first(got));
    }
  });
  DatagramProbe client;
  client.changed = machine.changed;
  const auto socket = std::move(machine.network.bind_datagram(any_port, client).value());
  for (int i = 0; i < 20; ++i) socket->send(bytes(std::to_string(i)), server->local_address());
  machine.run_until([&] { return client.received.size() == 20; });
  BOOST_CHECK(client.from[0] == server->local_address());
  const auto begin = system_clock().now();
  server->wake();
  thread.join();
  BOOST_TEST(answered == 20u);
  BOOST_CHECK(system_clock().now() - begin < 900ms);
}

// By its routes the kernel would answer from 127.0.0.1, and who asked another address takes no answer from there.
BOOST_AUTO_TEST_CASE(socket_of_every_address_answers_from_the_one_that_was_asked) {
  struct Case {
    const char *bound, *from, *asked;
  };
  for (const Case& one : {Case{"0.0.0.0", "127.0.0.1", "127.0.0.2"}, Case{"::", "::1", "::1"}}) {
    Machine machine;
    const auto ip = [](const char* text) { return IpAddress::parse(text).value(); };
    const auto server = std::move(machine.network.bind_blocking_datagram({ip(one.bound), 0}).value());
    DatagramProbe client;
    client.changed = machine.changed;
    const auto socket = std::move(machine.network.bind_datagram({ip(one.from), 0}, client).value());
    const Address asked{ip(one.asked), server->local_address().port};
    socket->send(bytes("who are you?"), asked);
    std::array<std::byte, 512> room;
    std::array<DatagramMessage, 1> messages;
    messages[0].data = room;
    BOOST_REQUIRE(server->receive(messages) == 1u);
    BOOST_REQUIRE(messages[0].local.has_value());
    BOOST_TEST(messages[0].local->ip.to_string() == one.asked);
    server->send(messages);
    machine.run_until([&] { return client.received.size() == 1; });
    BOOST_TEST(client.from.at(0).to_string() == asked.to_string());
  }
}

BOOST_AUTO_TEST_SUITE_END()
