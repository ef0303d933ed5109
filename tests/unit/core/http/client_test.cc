// The client driver against our own server in a simulated network, and against servers that misbehave.
#include "core/http/client.h"

#include <boost/test/unit_test.hpp>

#include "core/http/server.h"
#include "core/loop/simulation.h"
#include "tests/support/http_service.h"
#include "tests/support/stream_probe.h"

using namespace skerry;
using namespace skerry::http;
using namespace std::chrono_literals;
using testing::SeenRequest;

namespace {

// Writes down what a connection tells; may let go of it at a chosen event.
struct Client final : ResponseEvents {
  std::unique_ptr<ClientConnection> connection;
  std::string log;
  std::string body;
  std::string let_go_at;
  bool reusable = false;

  void note(const std::string& event, const std::string& more = "") {
    log += event + more + "\n";
    if (event == let_go_at) connection.reset();
  }
  void on_interim(const ResponseHead& head) override { note("interim", " " + std::to_string(head.status)); }
  void on_response(ResponseHead&& head, BodyLength) override { note("response", " " + std::to_string(head.status)); }
  void on_response_body(core::Chunk chunk) override {
    body += chunk.text();
    if (let_go_at == "body") connection.reset();
  }
  void on_response_end(const HeaderMap& trailers, bool may_reuse) override {
    reusable = may_reuse;
    for (const auto field : trailers) log += std::string(field.name) + ": " + std::string(field.value) + "\n";
    note("end");
  }
  void on_request_writable() override { note("writable"); }
  void on_response_error(const core::Error& error, bool before) override {
    note("error", " " + std::string(core::name(error.code)) + (before ? " before" : " after"));
  }
  void on_closed_idle() override { note("closed idle"); }
};

struct Fixture {
  core::Simulation simulation{1, core::WallTime(784111777s)};
  core::SimulatedHost& server_host = simulation.add_host("server", core::IpAddress::v4({10, 0, 0, 1}));
  core::SimulatedHost& client_host = simulation.add_host("client", core::IpAddress::v4({10, 0, 0, 2}));
  const core::Address address{server_host.ip(), 80};
  testing::TestService service;
  std::unique_ptr<Server> server;
  testing::ListenerProbe raw;
  std::unique_ptr<core::Listener> raw_listener;
  RequestHead get;

  Fixture() {
    get.authority = "example.com";
    get.path = "/";
  }
  void settle() { simulation.run_for(10ms); }
  void serve() {
    auto opened = Server::listen(server_host.worker(), address, {}, nullptr, service);
    BOOST_REQUIRE(opened.ok());
    server = std::move(*opened);
  }
  // A server that says what the test wants.
  void serve_raw() {
    auto opened = server_host.worker().network.listen(address, {}, raw);
    BOOST_REQUIRE(opened.ok());
    raw_listener = std::move(*opened);
  }
  testing::StreamProbe& raw_end() { return *raw.accepted.back(); }
  void connect(Client& client, const ClientLimits& limits = {}) {
    client.connection = ClientConnection::connect(
        client_host.worker(), address, limits, nullptr, "", [&client](core::Result<void> result) {
          client.note(result ? "connected" : "failed",
                      result ? "" : " " + std::string(core::name(result.error().code)));
        });
    client.connection->set_events(&client);
    settle();
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(http_client, Fixture)

BOOST_AUTO_TEST_CASE(requests_follow_each_other_on_one_connection) {
  serve();
  Client client;
  connect(client);
  for (int i = 0; i < 3; ++i) {
    client.connection->send_request(get, BodyLength::none());
    settle();
    BOOST_TEST(client.reusable);
    BOOST_TEST(client.connection->idle());
  }
  BOOST_TEST(client.log == "connected\nresponse 200\nend\nresponse 200\nend\nresponse 200\nend\n");
  BOOST_TEST(client.body == "okokok");
  BOOST_TEST(client.connection->requests() == 3u);
  BOOST_TEST(server->connections() == 1u);
}

BOOST_AUTO_TEST_CASE(bodies_and_trailers_pass_both_ways) {
  serve();
  service.prepare = [](SeenRequest& request) {
    request.end = [](SeenRequest& self) {
      self.sink->send_head({}, BodyLength::unknown());
      self.sink->send_body(core::Chunk::copy_of(self.body));
      HeaderMap trailers;
      trailers.add("Digest", "d");
      self.sink->finish(&trailers);
    };
  };
  Client client;
  connect(client);
  get.method = Method::put;
  get.method_text = "PUT";
  client.connection->send_request(get, BodyLength::unknown());
  client.connection->send_body(core::Chunk::copy_of("hello "));
  settle();
  client.connection->send_body(core::Chunk::copy_of("world"));
  HeaderMap trailers;
  trailers.add("Sum", "s");
  client.connection->finish_request(&trailers);
  settle();
  BOOST_TEST(client.body == "hello world");
  BOOST_TEST(service.last().trailers == "Sum: s\n");
  BOOST_TEST(client.log == "connected\nresponse 200\nDigest: d\nend\n");
}

BOOST_AUTO_TEST_CASE(a_refused_connection_is_told) {
  Client client;
  connect(client);
  BOOST_TEST(client.log == "failed connect_refused\n");
}

BOOST_AUTO_TEST_CASE(what_went_wrong_says_whether_an_answer_had_begun) {
  serve_raw();
  const auto outcome = [&](std::string_view answer, bool reset) {
    Client client;
    connect(client);
    client.connection->send_request(get, BodyLength::none());
    settle();
    raw_end().send(answer);
    settle();
    if (reset) raw_end().stream->abort();
    raw_end().stream.reset();
    settle();
    return client.log.substr(client.log.find('\n') + 1);
  };
  BOOST_TEST(outcome("", false) == "error closed before\n");
  BOOST_TEST(outcome("", true) == "error reset before\n");
  BOOST_TEST(outcome("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", false) ==
             "response 200\nerror body_cut_short after\n");
  BOOST_TEST(outcome("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", true) == "response 200\nerror reset after\n");
  BOOST_TEST(outcome("HTTP/1.1 200 OK\r\n\r\nall", false) == "response 200\nend\n");
  BOOST_TEST(outcome("HTTP/1.1 200 OK\r\n\r\nall", true) == "response 200\nerror reset after\n");
  BOOST_TEST(outcome("nonsense\r\n", false) == "error malformed_status_line after\n");
}

BOOST_AUTO_TEST_CASE(an_idle_connection_tells_when_it_is_closed_or_spoken_to) {
  serve_raw();
  for (const bool speaks : {false, true}) {
    Client client;
    connect(client);
    client.connection->send_request(get, BodyLength::none());
    settle();
    raw_end().send("HTTP/1.1 204 No Content\r\n\r\n");
    settle();
    BOOST_TEST(client.reusable);
    if (speaks) {
      raw_end().send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    } else {
      raw_end().stream.reset();
    }
    settle();
    BOOST_TEST(client.log == "connected\nresponse 204\nend\nclosed idle\n");
    BOOST_TEST(!client.connection->idle());
  }
}

BOOST_AUTO_TEST_CASE(the_owner_may_let_go_inside_any_event) {
  serve_raw();
  for (const std::string_view event : {"connected", "interim", "response", "body", "end", "error", "closed idle"}) {
    Client client;
    client.let_go_at = event;
    connect(client);
    if (client.connection) client.connection->send_request(get, BodyLength::none());
    settle();
    if (event == "error") {
      raw_end().send("nonsense\r\n");
    } else {
      raw_end().send(
          "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\ncd\r\n"
          "0\r\n\r\n");
    }
    settle();
    if (event == "closed idle") raw_end().stream.reset();
    settle();
    BOOST_TEST(client.connection == nullptr, event);
  }
}

BOOST_AUTO_TEST_CASE(a_paused_response_waits_at_the_server) {
  serve();
  constexpr std::size_t total = 2u << 20;
  service.prepare = [](SeenRequest& request) {
    request.begin = [](SeenRequest& self) {
      self.sink->send_head({}, BodyLength::known(total));
      self.sink->send_body(core::Chunk::copy_of(std::string(total, 'x')));
      self.sink->finish();
    };
  };
  Client client;
  connect(client);
  client.connection->send_request(get, BodyLength::none());
  client.connection->pause_reading(true);
  simulation.run_for(1s);
  BOOST_TEST(client.body.size() < 256u * 1024);
  client.connection->pause_reading(false);
  simulation.run_for(1s);
  BOOST_TEST(client.body.size() == total);
  BOOST_TEST(client.reusable);
}

BOOST_AUTO_TEST_CASE(a_long_upload_is_told_when_there_is_room) {
  serve();
  service.prepare = [](SeenRequest& request) {
    request.consumes = false;
    request.end = [](SeenRequest& self) { self.answer(); };
  };
  Client client;
  connect(client);
  get.method = Method::put;
  get.method_text = "PUT";
  constexpr std::size_t total = 1u << 20;
  client.connection->send_request(get, BodyLength::known(total));
  client.connection->send_body(core::Chunk::copy_of(std::string(total, 'x')));
  client.connection->finish_request();
  simulation.run_for(1s);
  BOOST_TEST(client.connection->queued() > 256u * 1024);
  BOOST_TEST(client.log == "connected\n");
  for (std::size_t consumed = 0; consumed < total;) {
    const std::size_t step = service.last().body.size() - consumed;
    BOOST_REQUIRE(step > 0);
    service.last().sink->consume(step);
    consumed += step;
    simulation.run_for(1s);
  }
  BOOST_TEST(client.connection->queued() == 0u);
  BOOST_TEST(client.log.find("writable\n") != std::string::npos);
  BOOST_TEST(client.log.ends_with("response 200\nend\n"));
}

BOOST_AUTO_TEST_CASE(an_upgrade_becomes_a_tunnel) {
  serve();
  service.prepare = [](SeenRequest& request) {
    request.begin = [](SeenRequest& self) {
      ResponseHead head;
      head.status = 101;
      head.fields.add("Upgrade", "x");
      self.sink->send_head(head, BodyLength::none());
      self.sink->become_tunnel();
      self.sink->send_body(core::Chunk::copy_of("hello "));
    };
    request.on_body = [](SeenRequest& self) { self.sink->send_body(core::Chunk::copy_of("pong ")); };
    request.end = [](SeenRequest& self) {
      if (!self.body.empty()) self.sink->finish();
    };
  };
  Client client;
  connect(client);
  get.fields.add("Upgrade", "x");
  client.connection->send_request(get, BodyLength::none());
  settle();
  BOOST_TEST(client.log == "connected\nresponse 101\n");
  client.connection->become_tunnel();
  client.connection->send_body(core::Chunk::copy_of("ping"));
  settle();
  client.connection->finish_request();
  settle();
  BOOST_TEST(client.body == "hello pong ");
  BOOST_TEST(service.last().body == "ping");
  BOOST_TEST(client.log.ends_with("end\n"));
  BOOST_TEST(!client.reusable);
  BOOST_TEST(service.last().released);
}

BOOST_AUTO_TEST_CASE(a_simple_call_returns_the_whole_answer) {
  serve();
  SimpleRequest request;
  request.address = address;
  request.head = get;
  std::string outcome;
  auto call = SimpleCall::start(client_host.worker(), request, [&](core::Result<SimpleResponse> result) {
    outcome = result ? std::to_string(result->head.status) + " " + result->body : result.error().message();
  });
  settle();
  BOOST_TEST(outcome == "200 ok");
  BOOST_TEST(server->connections() == 0u);
}

BOOST_AUTO_TEST_CASE(a_simple_call_is_bounded_in_time_and_size) {
  serve_raw();
  SimpleRequest request;
  request.address = address;
  request.head = get;
  request.max_body = 10;
  std::vector<std::string> outcomes;
  std::unique_ptr<SimpleCall> call;
  const auto start = [&] {
    call = SimpleCall::start(client_host.worker(), request, [&](core::Result<SimpleResponse> result) {
      outcomes.emplace_back(result ? "ok" : core::name(result.error().code));
      call.reset();
    });
    settle();
  };
  start();
  simulation.run_for(4900ms);
  BOOST_TEST(outcomes.empty());
  simulation.run_for(200ms);
  start();
  raw_end().send("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello world");
  settle();
  start();
  call.reset();  // cancelled: nothing more is told
  simulation.run_for(10s);
  BOOST_TEST(outcomes == (std::vector<std::string>{"first_byte_timeout", "body_too_long"}));
}

BOOST_AUTO_TEST_SUITE_END()
