// skerry-origin's handlers behind the real server driver, in a simulated network.
#include "origin/server/content_service.h"

#include <boost/test/unit_test.hpp>

#include "core/loop/simulation.h"
#include "origin/server/admin_service.h"
#include "origin/server/generated.h"
#include "tests/support/stream_probe.h"
#include "tests/support/temp_dir.h"

namespace {

using namespace skerry;
using namespace skerry::testing;
using namespace std::chrono_literals;

struct OriginWorld {
  core::Simulation simulation{3, core::WallTime(std::chrono::seconds(1'700'000'000))};
  core::SimulatedHost& host = simulation.add_host("origin", core::IpAddress::v4({10, 0, 0, 1}));
  core::SimulatedHost& user = simulation.add_host("user", core::IpAddress::v4({10, 0, 0, 2}));
  TempDir folder;
  origin::OriginOptions options;
  std::unique_ptr<const origin::DocumentRoot> root;
  origin::RequestCounts counts;
  origin::FileThreads files{1, 100};
  origin::OriginContent content{options, nullptr, files, counts, {}};
  origin::ContentService service{content};
  origin::AdminService admin_service{counts};
  std::unique_ptr<http::Server> server, admin;
  StreamProbe client;

  explicit OriginWorld(bool faults = true) {
    options.faults = faults;
    folder.write("index.html", "top");
    folder.write("page.html", std::string(300'000, 'p'));
    root = std::move(origin::DocumentRoot::open(folder.path()).value());
    content.root = root.get();
    server = listen(80, service);
    admin = listen(81, admin_service);
  }
  ~OriginWorld() { client.stream.reset(); }
  std::unique_ptr<http::Server> listen(std::uint16_t port, http::RequestService& to) {
    auto listening = http::Server::listen(host.worker(), {host.ip(), port}, {}, nullptr, to);
    BOOST_REQUIRE(listening.ok());
    return std::move(*listening);
  }
  void send(std::string_view text, std::uint16_t port = 80) {
    if (!client.stream) {
      client.stream = user.worker().network.connect({host.ip(), port}, {}, client);
      BOOST_REQUIRE(simulation.run_until([&] { return client.connected; }, 1s));
    }
    client.received.clear();
    client.send(text);
  }
  // What comes back within `span`. Files are read on real threads: the simulation keeps turning until they answered.
  const std::string& get(std::string_view target, std::string_view fields = "", core::Duration span = 1s) {
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
    simulation.run_for(span);
    return client.received;
  }
  const std::string& get_file(std::string_view target, std::string_view fields, std::string_view last) {
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n");
    while (!client.received.ends_with(last)) {
      simulation.run_for(1ms);
      std::this_thread::yield();
    }
    return client.received;
  }
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != text.npos;
}
std::string body_of(const std::string& text) {
  return text.substr(text.find("\r\n\r\n") + 4);
}

BOOST_AUTO_TEST_SUITE(origin_service)

BOOST_AUTO_TEST_CASE(generated_content_comes_whole_and_in_part) {
  OriginWorld world;
  std::string expected(1000, '\0');
  origin::generate(origin::generated_seed("/_gen/1000"), 0, std::as_writable_bytes(std::span(expected)));
  BOOST_TEST(body_of(world.get("/_gen/1000?any")) == expected);
  const std::string& part = world.get("/_gen/1000", "Range: bytes=990-\r\n");
  BOOST_TEST(has(part, "HTTP/1.1 206 "));
  BOOST_TEST(has(part, "Content-Range: bytes 990-999/1000\r\n"));
  BOOST_TEST(body_of(part) == expected.substr(990));
  BOOST_TEST(has(world.get("/_gen/1000", "Range: bytes=1000-\r\n"), "HTTP/1.1 416 "));
}

BOOST_AUTO_TEST_CASE(large_content_waits_for_a_slow_reader) {
  OriginWorld world;
  world.send("GET /_gen/64m HTTP/1.1\r\nHost: a\r\n\r\n");
  world.client.pause_reading(true);
  world.simulation.run_for(5s);
  BOOST_TEST(world.client.received.size() < 1u << 20);
  world.client.pause_reading(false);
  BOOST_TEST(world.simulation.run_until([&] { return world.client.received.size() > 64u << 20; }, 60s));
}

BOOST_AUTO_TEST_CASE(file_comes_with_validators_that_answer_conditions) {
  OriginWorld world;
  const std::string whole = world.get_file("/page.html", "", "ppp");
  BOOST_TEST(has(whole, "Content-Type: text/html; charset=utf-8\r\n"));
  BOOST_TEST(has(whole, "Content-Length: 300000\r\n"));
  const std::size_t at = whole.find("ETag: ") + 6;
  const std::string etag = whole.substr(at, whole.find('\r', at) - at);
  BOOST_TEST(has(world.get_file("/page.html", "If-None-Match: " + etag + "\r\n", "\r\n\r\n"), "HTTP/1.1 304 "));
}

BOOST_AUTO_TEST_CASE(rule_for_html_holds_for_the_index_of_a_directory) {
  OriginWorld world;
  world.options.cache_control = {{"*.html", "max-age=60"}};
  BOOST_TEST(has(world.get_file("/", "", "top"), "Cache-Control: max-age=60\r\n"));
}

BOOST_AUTO_TEST_CASE(missing_files_and_other_methods_are_refused) {
  OriginWorld world;
  BOOST_TEST(has(world.get_file("/missing", "", "no such path\n"), "HTTP/1.1 404 "));
  world.send("DELETE /page.html HTTP/1.1\r\nHost: a\r\n\r\n");
  world.simulation.run_for(1s);
  BOOST_TEST(has(world.client.received, "HTTP/1.1 405 "));
  BOOST_TEST(has(world.client.received, "Allow: GET, HEAD, OPTIONS\r\n"));
}

BOOST_AUTO_TEST_CASE(head_says_what_get_would_without_the_body) {
  OriginWorld world;
  world.send("HEAD /_gen/1k HTTP/1.1\r\nHost: a\r\n\r\n");
  world.simulation.run_for(1s);
  BOOST_TEST(has(world.client.received, "Content-Length: 1024\r\n"));
  BOOST_TEST(world.client.received.ends_with("\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(echo_tells_length_and_hash_of_a_body) {
  OriginWorld world;
  world.send("POST /_echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nX-A: b\r\n\r\nhello");
  world.simulation.run_for(1s);
  BOOST_TEST(has(world.client.received, "length: 5\nxxh3: 9555e8555c62dcfd\n"));
  BOOST_TEST(has(world.client.received, "X-A: b\n"));
}

BOOST_AUTO_TEST_CASE(echo_becomes_a_tunnel_on_upgrade) {
  OriginWorld world;
  world.get("/_echo", "Connection: Upgrade\r\nUpgrade: test\r\n");
  BOOST_TEST(has(world.client.received, "HTTP/1.1 101 "));
  world.send("ping");
  world.simulation.run_for(1s);
  BOOST_TEST(world.client.received == "ping");
  world.client.stream->shutdown_write();
  BOOST_TEST(world.simulation.run_until([&] { return world.client.ended; }, 1s));
}

BOOST_AUTO_TEST_CASE(tunnel_outlives_a_queue_that_fills_and_empties) {
  OriginWorld world;
  world.get("/_echo", "Connection: Upgrade\r\nUpgrade: test\r\n");
  const std::string much(1'000'000, 'x');
  for (int round = 0; round < 2; ++round) {
    world.send(much);
    BOOST_TEST(world.simulation.run_until([&] { return world.client.received.size() == much.size(); }, 10s));
    BOOST_TEST(!world.client.ended);
  }
}

BOOST_AUTO_TEST_CASE(delay_and_slow_take_the_time_they_say) {
  OriginWorld world;
  BOOST_TEST(world.get("/_gen/1k?delay=500", "", 490ms).empty());
  world.simulation.run_for(20ms);
  BOOST_TEST(body_of(world.client.received).size() == 1024u);
  const std::size_t after_a_second = body_of(world.get("/_gen/10k?slow=1000", "", 1s)).size();
  BOOST_TEST(after_a_second > 900u);
  BOOST_TEST(after_a_second <= 1000u);
}

BOOST_AUTO_TEST_CASE(close_cuts_the_body_after_so_many_bytes) {
  OriginWorld world;
  const std::string& text = world.get("/_gen/100k?close=1000");
  BOOST_TEST(has(text, "Content-Length: 102400\r\n"));
  BOOST_TEST(body_of(text).size() == 1000u);
  BOOST_TEST(world.client.failure.has_value());
}

BOOST_AUTO_TEST_CASE(wrong_length_announces_more_than_comes) {
  OriginWorld world;
  const std::string& text = world.get("/_gen/100?wrong-length");
  BOOST_TEST(has(text, "Content-Length: 107\r\n"));
  BOOST_TEST(body_of(text).size() == 100u);
  BOOST_TEST(world.client.failure.has_value());
}

BOOST_AUTO_TEST_CASE(headers_status_and_length_bend_as_asked) {
  OriginWorld world;
  const std::string& text = world.get("/_gen/10?no-length&header=ETag:%22x%22&header=Cache-Control:");
  BOOST_TEST(has(text, "Transfer-Encoding: chunked\r\n"));
  BOOST_TEST(has(text, "ETag: \"x\"\r\n"));
  BOOST_TEST(!has(text, "Cache-Control"));
  BOOST_TEST(has(world.get("/_gen/10?header=ETag:%22x%22", "If-None-Match: \"x\"\r\n"), "HTTP/1.1 304 "));
  BOOST_TEST(has(world.get("/any", "Skerry-Origin-Fault: status=503\r\n"), "HTTP/1.1 503 "));
  BOOST_TEST(has(world.get("/_gen/10?garbage"), "\x01\x02 not a field"));
}

BOOST_AUTO_TEST_CASE(hang_never_answers_and_leaves_with_its_client) {
  OriginWorld world;
  BOOST_TEST(world.get("/_gen/10?hang", "", 60s).empty());
  world.client.stream->abort();
  world.client.stream.reset();
  BOOST_TEST(world.simulation.run_until([&] { return world.server->connections() == 0; }, 1s));
}

BOOST_AUTO_TEST_CASE(client_that_leaves_during_a_body_leaves_nothing_behind) {
  OriginWorld world;
  world.get("/_gen/10m?slow=1000");
  world.client.stream->abort();
  world.client.stream.reset();
  BOOST_TEST(world.simulation.run_until([&] { return world.server->connections() == 0; }, 1s));
}

BOOST_AUTO_TEST_CASE(without_the_flag_nobody_can_ask_for_faults) {
  OriginWorld world(false);
  BOOST_TEST(has(world.get("/_gen/10?status=503", "Skerry-Origin-Fault: status=503\r\n"), "HTTP/1.1 200 "));
}

BOOST_AUTO_TEST_CASE(admin_tells_and_resets_the_counts) {
  OriginWorld world;
  world.counts.add("/a?b=1");
  world.counts.add("/a?b=1");
  world.counts.add("/c");
  const auto ask = [&](std::string_view line) {
    world.send(std::string(line) + " HTTP/1.1\r\nHost: a\r\n\r\n", 81);
    world.simulation.run_for(1s);
    return body_of(world.client.received);
  };
  BOOST_TEST(ask("GET /counts") == "{\"total\":3,\"urls\":{\"/a?b=1\":2,\"/c\":1}}\n");
  BOOST_TEST(ask("GET /counts?url=/a%3Fb%3D1") == "{\"count\":2,\"url\":\"/a?b=1\"}\n");
  BOOST_TEST(ask("GET /healthz") == "ok\n");
  BOOST_TEST(ask("POST /reset") == "{\"total\":0}\n");
  BOOST_TEST(has(ask("GET /counts"), "\"total\":0"));
  ask("GET /other");
  BOOST_TEST(has(world.client.received, "HTTP/1.1 404 "));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
