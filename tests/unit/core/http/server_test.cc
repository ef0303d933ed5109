// The server driver in a simulated network: order, back-pressure, deadlines, drains; clients slow, rude and gone.
#include "core/http/server.h"

#include <boost/test/unit_test.hpp>

#include "core/loop/simulation.h"
#include "tests/support/http_service.h"
#include "tests/support/stream_probe.h"

using namespace skerry;
using namespace skerry::http;
using skerry::testing::SeenRequest;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  core::Simulation simulation{1, core::WallTime(784111777s)};
  core::SimulatedHost& server_host = simulation.add_host("server", core::IpAddress::v4({10, 0, 0, 1}));
  core::SimulatedHost& client_host = simulation.add_host("client", core::IpAddress::v4({10, 0, 0, 2}));
  ServerLimits limits;
  testing::TestService service;
  std::unique_ptr<Server> server;

  void listen() {
    auto opened = Server::listen(server_host.worker(), {server_host.ip(), 80}, limits, nullptr, service);
    BOOST_REQUIRE(opened.ok());
    server = std::move(*opened);
  }
  std::unique_ptr<testing::StreamProbe> connect() {
    auto client = std::make_unique<testing::StreamProbe>();
    client->stream = client_host.worker().network.connect(server->local_address(), {}, *client);
    settle();
    BOOST_REQUIRE(client->connected);
    return client;
  }
  std::unique_ptr<testing::StreamProbe> connect_and_send(std::string_view text) {
    auto client = connect();
    client->send(text);
    settle();
    return client;
  }
  void settle() { simulation.run_for(10ms); }
};

const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const std::string date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
const std::string ok = "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 2\r\n\r\nok";

std::string post(std::size_t size, std::string_view extra = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n" + std::string(extra) + "\r\n";
}

void never_answer(SeenRequest&) {}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(http_server, Fixture)

BOOST_AUTO_TEST_CASE(requests_on_one_connection_are_answered_in_order) {
  listen();
  service.prepare = [](SeenRequest& request) { request.end = [](SeenRequest& self) { self.answer(self.path); }; };
  const auto client = connect_and_send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + post(5) +
                                       "helloGET /22 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  BOOST_TEST(client->received == "HTTP/1.1 200 OK\r\n" + date + "Content-Length: 2\r\n\r\n/1HTTP/1.1 200 OK\r\n" +
                                     date + "Content-Length: 1\r\n\r\n/HTTP/1.1 200 OK\r\n" + date +
                                     "Content-Length: 3\r\nConnection: close\r\n\r\n/22");
  BOOST_TEST(client->ended);
  BOOST_TEST(service.requests.size() == 3u);
  BOOST_TEST(service.requests[1]->body == "hello");
  BOOST_TEST(server->connections() == 0u);
}

BOOST_AUTO_TEST_CASE(a_later_answer_holds_back_the_requests_behind_it) {
  listen();
  service.prepare = never_answer;
  const auto client = connect_and_send(get + get);
  BOOST_TEST(service.requests.size() == 1u);
  service.requests[0]->answer("first");
  settle();
  BOOST_TEST(service.requests[0]->released);
  BOOST_TEST(service.requests.size() == 2u);
  BOOST_TEST(client->received.ends_with("first"));
  service.requests[1]->answer("second");
  settle();
  BOOST_TEST(client->received.ends_with("second"));
}

BOOST_AUTO_TEST_CASE(pipelined_requests_beyond_one_read_buffer_all_get_their_answer) {
  listen();
  std::string many;
  for (int i = 0; i < 5000; ++i) many += get;
  const auto client = connect_and_send(many);
  simulation.run_for(1s);
  BOOST_TEST(service.requests.size() == 5000u);
  BOOST_TEST(client->received.size() == 5000 * ok.size());
}

BOOST_AUTO_TEST_CASE(malformed_requests_are_told_why_and_cut_off) {
  listen();
  const auto client = connect_and_send("GET / HTTP/1.1\r\nHost: a\r\nA : b\r\n\r\n" + get);
  BOOST_TEST(client->received == "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n" + date +
                                     "Content-Length: 16\r\nConnection: close\r\n\r\nmalformed_field\n");
  BOOST_TEST(client->ended);
  BOOST_TEST(service.requests.empty());
  BOOST_TEST(service.refused == std::vector<std::string>{"400 malformed_field"});
  simulation.run_for(3s);  // a client that stays is not waited for long
  BOOST_TEST(server->connections() == 0u);
}

BOOST_AUTO_TEST_CASE(a_broken_body_cancels_its_request) {
  listen();
  service.prepare = never_answer;
  const auto client =
      connect_and_send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n");
  BOOST_REQUIRE(service.requests.size() == 1u);
  BOOST_TEST(service.last().body == "hello");
  BOOST_REQUIRE(service.last().cancelled.has_value());
  BOOST_TEST(core::name(service.last().cancelled->code) == "bad_chunk");
  BOOST_TEST(service.last().released);
  BOOST_TEST(client->received.starts_with("HTTP/1.1 400 Bad Request\r\n"));
  BOOST_TEST(service.refused.empty());
}

BOOST_AUTO_TEST_CASE(a_broken_body_after_the_head_was_sent_resets_the_connection) {
  listen();
  service.prepare = [](SeenRequest& request) {
    request.begin = [](SeenRequest& self) { self.sink->send_head({}, BodyLength::unknown()); };
  };
  const auto client = connect_and_send(post(10) + "hell");
  BOOST_TEST(client->received.find("200 OK") != std::string::npos);
  client->stream->shutdown_write();
  settle();
  BOOST_REQUIRE(service.last().cancelled.has_value());
  BOOST_TEST(core::name(service.last().cancelled->code) == "body_cut_short");
  BOOST_TEST(client->failure.has_value());
  BOOST_TEST(client->received.find("\r\n0\r\n") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_client_that_finished_sending_still_gets_its_answer) {
  listen();
  service.prepare = never_answer;
  const auto client = connect_and_send(get);
  client->stream->shutdown_write();
  settle();
  BOOST_TEST(!service.last().cancelled.has_value());
  service.last().answer();
  settle();
  BOOST_TEST(client->received.ends_with("Connection: close\r\n\r\nok"));
  BOOST_TEST(client->ended);
}

BOOST_AUTO_TEST_CASE(a_client_that_is_gone_cancels_its_request) {
  listen();
  service.prepare = never_answer;
  const auto client = connect_and_send(get);
  client->stream->abort();
  client->stream.reset();
  settle();
  BOOST_REQUIRE(service.last().cancelled.has_value());
  BOOST_TEST(service.last().released);
  BOOST_TEST(server->connections() == 0u);
}

BOOST_AUTO_TEST_CASE(an_aborted_response_resets_the_connection) {
  listen();
  service.prepare = never_answer;
  const auto client = connect_and_send(get + get);
  service.last().sink->send_head({}, BodyLength::known(10));
  service.last().sink->send_body(core::Chunk::copy_of("short"));
  settle();
  service.last().sink->abort();
  settle();
  BOOST_TEST(service.last().released);
  BOOST_TEST(!service.last().cancelled.has_value());
  BOOST_TEST(client->failure.has_value());
  BOOST_TEST(service.requests.size() == 1u);
  BOOST_TEST(server->connections() == 0u);
}

BOOST_AUTO_TEST_CASE(a_slow_reader_holds_its_own_response_back) {
  listen();
  constexpr std::size_t total = 4u << 20;
  std::size_t sent = 0;
  std::size_t most_queued = 0;
  const core::Chunk piece = core::Chunk::copy_of(std::string(16 * 1024, 'x'));
  const auto pump = [&](SeenRequest& self) {
    while (sent < total && self.sink->queued() < limits.response_buffer) {
      self.sink->send_body(piece);
      sent += piece.size();
      most_queued = std::max(most_queued, self.sink->queued());
    }
    if (sent == total) self.sink->finish();
  };
  const auto others = service.prepare;
  service.prepare = [&](SeenRequest& request) {
    request.begin = [&](SeenRequest& self) {
      self.sink->send_head({}, BodyLength::known(total));
      pump(self);
    };
    request.on_room = pump;
  };
  auto client = connect();
  client->pause_reading(true);
  client->send(get);
  simulation.run_for(1s);
  BOOST_TEST(sent < 1u << 20);
  service.prepare = others;
  BOOST_TEST(connect_and_send(get)->received.ends_with("\r\n\r\nok"));  // everybody else is served
  client->pause_reading(false);
  simulation.run_for(5s);
  BOOST_TEST(most_queued < limits.response_buffer + 32 * 1024);
  BOOST_TEST(client->received.size() > total);
  BOOST_TEST(service.requests[0]->released);
}

BOOST_AUTO_TEST_CASE(a_reader_that_stops_is_cut_off) {
  limits.write_timeout = 5s;
  listen();
  service.prepare = [](SeenRequest& request) {
    request.begin = [](SeenRequest& self) {
      self.sink->send_head({}, BodyLength::unknown());
      self.sink->send_body(core::Chunk::copy_of(std::string(1u << 20, 'x')));
    };
  };
  auto client = connect();
  client->pause_reading(true);
  client->send(get);
  simulation.run_for(4900ms);
  BOOST_TEST(!service.last().cancelled.has_value());
  simulation.run_for(200ms);
  BOOST_REQUIRE(service.last().cancelled.has_value());
  BOOST_TEST(core::name(service.last().cancelled->code) == "write_timeout");
  BOOST_TEST(server->connections() == 0u);
}

BOOST_AUTO_TEST_CASE(a_reader_that_moves_is_not_cut_off) {
  limits.write_timeout = 5s;
  listen();
  service.prepare = [](SeenRequest& request) {
    request.begin = [](SeenRequest& self) {
      self.sink->send_head({}, BodyLength::known(512 * 1024));
      self.sink->send_body(core::Chunk::copy_of(std::string(512 * 1024, 'x')));
      self.sink->finish();
    };
  };
  auto client = connect();
  client->send(get);
  for (int i = 0; i < 8; ++i) {
    client->pause_reading(true);
    simulation.run_for(4s);
    client->pause_reading(false);
    simulation.run_for(1ms);
  }
  simulation.run_for(1s);
  BOOST_TEST(client->received.size() > 512u * 1024);
  BOOST_TEST(!service.last().cancelled.has_value());
}

BOOST_AUTO_TEST_CASE(a_head_that_takes_too_long_is_answered_408) {
  limits.header_timeout = 10s;
  listen();
  const auto client = connect_and_send("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 9; ++i) {
    client->send("A: b\r\n");  // bytes that trickle in buy no time
    simulation.run_for(1s);
  }
  BOOST_TEST(client->received.empty());
  simulation.run_for(1s);
  BOOST_TEST(client->received.starts_with("HTTP/1.1 408 Request Timeout\r\n"));
  BOOST_TEST(client->received.ends_with("header_timeout\n"));
  BOOST_TEST(client->ended);
  BOOST_TEST(service.refused == std::vector<std::string>{"408 header_timeout"});
}

BOOST_AUTO_TEST_CASE(a_connection_that_never_asks_is_closed_without_a_word) {
  limits.header_timeout = 10s;
  listen();
  const auto client = connect();
  simulation.run_for(9900ms);
  BOOST_TEST(!client->ended);
  simulation.run_for(200ms);
  BOOST_TEST(client->ended);
  BOOST_TEST(client->received.empty());
}

BOOST_AUTO_TEST_CASE(an_idle_connection_is_closed_after_its_time) {
  limits.keep_alive_timeout = 20s;
  listen();
  const auto client = connect_and_send(get);
  simulation.run_for(15s);
  client->send(get);
  simulation.run_for(19s);
  BOOST_TEST(client->received.size() == 2 * ok.size());
  BOOST_TEST(!client->ended);
  simulation.run_for(2s);
  BOOST_TEST(client->ended);
  BOOST_TEST(client->received.size() == 2 * ok.size());
}

BOOST_AUTO_TEST_CASE(the_second_head_has_its_own_deadline) {
  limits.header_timeout = 10s;
  limits.keep_alive_timeout = 100s;
  listen();
  const auto client = connect_and_send(get);
  simulation.run_for(50s);
  client->send("GET");
  simulation.run_for(9900ms);
  BOOST_TEST(!client->ended);
  simulation.run_for(200ms);
  BOOST_TEST(client->received.ends_with("header_timeout\n"));
}

BOOST_AUTO_TEST_CASE(a_body_that_stops_cancels_its_request) {
  limits.body_timeout = 10s;
  listen();
  service.prepare = never_answer;
  const auto client = connect_and_send(post(100));
  for (int i = 0; i < 5; ++i) {
    simulation.run_for(8s);
    client->send("x");
  }
  settle();
  BOOST_TEST(service.last().body == "xxxxx");
  BOOST_TEST(!service.last().cancelled.has_value());
  simulation.run_for(11s);
  BOOST_REQUIRE(service.last().cancelled.has_value());
  BOOST_TEST(core::name(service.last().cancelled->code) == "body_timeout");
  BOOST_TEST(client->received.starts_with("HTTP/1.1 408 "));
}

BOOST_AUTO_TEST_CASE(a_handler_may_take_its_time) {
  listen();
  service.prepare = never_answer;
  const auto client = connect_and_send(get);
  simulation.run_for(std::chrono::hours(1));
  BOOST_TEST(!service.last().cancelled.has_value());
  service.last().answer();
  settle();
  BOOST_TEST(client->received.ends_with("ok"));
}

BOOST_AUTO_TEST_CASE(an_unread_body_pauses_the_client) {
  limits.request_window = 64 * 1024;
  listen();
  service.prepare = [](SeenRequest& request) {
    request.consumes = false;
    request.end = [](SeenRequest& self) { self.answer(); };
  };
  const std::size_t total = 1u << 20;
  const auto client = connect_and_send(post(total) + std::string(total, 'x'));
  simulation.run_for(1s);
  SeenRequest& request = service.last();
  BOOST_TEST(request.body.size() < 128u * 1024);
  BOOST_TEST(client->unsent() > 512u * 1024);
  simulation.run_for(60s);  // what the handler holds back is not the client's fault
  BOOST_TEST(!request.cancelled.has_value());
  for (std::size_t consumed = 0; consumed < total;) {
    const std::size_t step = request.body.size() - consumed;
    BOOST_REQUIRE(step > 0);
    request.sink->consume(step);
    consumed += step;
    simulation.run_for(1s);
  }
  BOOST_TEST(request.ended);
  BOOST_TEST(client->received == ok.substr(0, ok.find("Date")) + client->received.substr(ok.find("Date")));
  BOOST_TEST(client->received.ends_with("ok"));
}

BOOST_AUTO_TEST_CASE(a_client_that_stops_after_its_window_was_full_is_not_waited_for) {
  limits.request_window = 100;
  limits.body_timeout = 10s;
  listen();
  service.prepare = [](SeenRequest& request) { request.consumes = false; };
  const auto client = connect_and_send(post(1000) + std::string(100, 'x'));
  simulation.run_for(60s);
  BOOST_TEST(!service.last().cancelled.has_value());
  service.last().sink->consume(100);
  simulation.run_for(9s);
  BOOST_TEST(!service.last().cancelled.has_value());
  simulation.run_for(2s);
  BOOST_TEST(service.last().cancelled.has_value());
}

BOOST_AUTO_TEST_CASE(a_tunnel_lives_while_either_side_speaks) {
  limits.tunnel_timeout = 10s;
  listen();
  service.prepare = [](SeenRequest& request) {
    request.begin = [](SeenRequest& self) {
      ResponseHead head;
      head.status = 101;
      self.sink->send_head(head, BodyLength::none());
      self.sink->become_tunnel();
    };
  };
  const auto client = connect_and_send("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\n\r\n");
  for (int i = 0; i < 4; ++i) {
    simulation.run_for(9s);
    service.last().sink->send_body(core::Chunk::copy_of("down"));
    simulation.run_for(9s);
    client->send("up");
  }
  settle();
  BOOST_TEST(service.last().body == "upupupup");
  simulation.run_for(9s);
  BOOST_TEST(!service.last().cancelled.has_value());
  simulation.run_for(2s);
  BOOST_TEST(service.last().cancelled.has_value());
  BOOST_TEST(client->failure.has_value());
}

BOOST_AUTO_TEST_CASE(an_early_answer_to_a_long_upload_reaches_the_client) {
  listen();
  service.prepare = [](SeenRequest& request) {
    request.begin = [](SeenRequest& self) { self.answer("too long", 413); };
  };
  const std::size_t total = 512 * 1024;
  const auto client = connect_and_send(post(total) + std::string(total, 'x'));
  simulation.run_for(1s);
  BOOST_TEST(client->received.starts_with("HTTP/1.1 413 Content Too Large\r\n"));
  BOOST_TEST(client->received.ends_with("too long"));
  BOOST_TEST(client->ended);
  BOOST_TEST(!client->failure.has_value());
  client->stream.reset();
  settle();
  BOOST_TEST(server->connections() == 0u);
}

BOOST_AUTO_TEST_CASE(an_upgraded_connection_is_a_tunnel_until_both_sides_end) {
  listen();
  service.prepare = [](SeenRequest& request) {
    request.begin = [](SeenRequest& self) {
      ResponseHead head;
      head.status = 101;
      head.fields.add("Upgrade", "x");
      self.sink->send_head(head, BodyLength::none());
      self.sink->become_tunnel();
    };
    request.on_body = [](SeenRequest& self) {
      if (self.body == "early") self.sink->send_body(core::Chunk::copy_of("[early]"));
    };
  };
  const auto client = connect_and_send("GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nearly");
  BOOST_TEST(client->received.ends_with("Connection: upgrade\r\n\r\n[early]"));
  SeenRequest& tunnel = service.last();
  tunnel.sink->finish();
  settle();
  BOOST_TEST(client->ended);
  BOOST_TEST(!tunnel.released);
  client->send("late");
  settle();
  BOOST_TEST(tunnel.body == "earlylate");
  client->stream->shutdown_write();
  settle();
  BOOST_TEST(tunnel.ended);
  BOOST_TEST(tunnel.released);
  BOOST_TEST(server->connections() == 0u);
}

BOOST_AUTO_TEST_CASE(a_drain_ends_idle_connections_and_finishes_busy_ones) {
  listen();
  service.prepare = never_answer;
  const auto idle = connect();
  const auto busy = connect_and_send(get);
  bool drained = false;
  server->drain([&] { drained = true; });
  settle();
  BOOST_TEST(idle->ended);
  BOOST_TEST(!drained);
  BOOST_TEST(server->connections() == 1u);
  service.last().answer();
  settle();
  BOOST_TEST(busy->received.find("Connection: close\r\n") != std::string::npos);
  BOOST_TEST(busy->ended);
  BOOST_TEST(drained);
}

BOOST_AUTO_TEST_CASE(what_is_left_after_a_drain_can_be_cut) {
  listen();
  service.prepare = never_answer;
  const auto busy = connect_and_send(get);
  bool drained = false;
  server->drain([&] { drained = true; });
  server->close_all();
  settle();
  BOOST_TEST(drained);
  BOOST_TEST(service.last().cancelled.has_value());
  BOOST_TEST(busy->failure.has_value());
}

BOOST_AUTO_TEST_CASE(connections_beyond_the_cap_wait_until_one_ends) {
  limits.connections = 2;
  listen();
  auto first = connect_and_send(get);
  const auto second = connect_and_send(get);
  const auto third = connect_and_send(get);
  BOOST_TEST(server->connections() == 2u);
  BOOST_TEST(third->received.empty());
  first->stream.reset();
  settle();
  BOOST_TEST(server->connections() == 2u);
  BOOST_TEST(third->received == ok);
}

BOOST_AUTO_TEST_CASE(a_server_that_goes_away_cancels_what_it_was_doing) {
  listen();
  service.prepare = never_answer;
  const auto client = connect_and_send(get);
  server.reset();
  settle();
  BOOST_TEST(service.last().cancelled.has_value());
  BOOST_TEST(service.last().released);
  BOOST_TEST(client->failure.has_value());
}

BOOST_AUTO_TEST_CASE(bytes_sent_counts_head_and_body) {
  listen();
  std::uint64_t bytes = 0;
  service.prepare = [&](SeenRequest& request) {
    request.end = [&](SeenRequest& self) {
      self.answer();
      bytes = self.sink->bytes_sent();
    };
  };
  const auto client = connect_and_send(get + get);
  BOOST_TEST(client->received.size() == 2 * ok.size());
  BOOST_TEST(bytes == ok.size());
}

BOOST_AUTO_TEST_SUITE_END()
