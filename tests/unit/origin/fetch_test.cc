#include "origin/fetch.h"

#include "tests/unit/origin/fetch_fixture.h"

namespace {

using namespace skerry;
using namespace skerry::testing;
using core::ErrorCode;
using core::ErrorSource;

BOOST_AUTO_TEST_SUITE(fetch)

BOOST_AUTO_TEST_CASE(response_arrives_and_its_connection_carries_the_next_request) {
  FetchWorld world;
  FetchProbe first, second;
  world.start(first);
  BOOST_TEST(!first.over());
  BOOST_REQUIRE(world.has_request(0, 0));
  BOOST_TEST(world.origin().connection().received.starts_with("GET / HTTP/1.1\r\nHost: www.example.com\r\n"));
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return first.over(); }));
  BOOST_TEST(first.ended);
  BOOST_TEST(first.head->status == 200);
  BOOST_TEST(first.body == "hello");
  BOOST_TEST(first.fetch->upstream() == "http://10.0.1.1 (10.0.1.1:80)");
  BOOST_TEST(first.fetch->attempts() == 1);

  world.start(second);
  BOOST_REQUIRE(world.has_request(0, 0, 2));
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return second.ended; }));
  BOOST_TEST(world.origin().connections() == 1u);
  BOOST_TEST(world.status().requests == 2u);
  BOOST_TEST(world.status().connections_opened == 1u);
  BOOST_TEST(world.status().in_flight == 0u);
  BOOST_TEST(world.status().idle == 1u);
}

BOOST_AUTO_TEST_CASE(empty_authority_becomes_the_upstreams_own) {
  FetchWorld world;
  FetchProbe probe;
  auto request = FetchWorld::get();
  request.head.authority.clear();
  world.start(probe, std::move(request));
  BOOST_REQUIRE(world.has_request(0, 0));
  BOOST_TEST(world.origin().connection().received.find("Host: 10.0.1.1\r\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(response_that_closes_its_connection_leaves_nothing_to_reuse) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
  BOOST_TEST(world.status().idle == 0u);
  BOOST_TEST(world.status().connections == 0u);
}

BOOST_AUTO_TEST_CASE(interim_responses_pass_before_the_final_one) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + std::string(ok_hello));
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
  BOOST_REQUIRE(probe.interim.size() == 1u);
  BOOST_TEST(probe.interim[0] == 103);
}

BOOST_AUTO_TEST_CASE(body_cut_short_is_an_error_and_never_an_end) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  world.origin().connection().stream->shutdown_write();
  BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
  BOOST_TEST((probe.code() == ErrorCode::body_cut_short));
  BOOST_TEST((probe.error->source == ErrorSource::upstream));
  BOOST_TEST(probe.body == "hello");
  BOOST_TEST(world.origin().connections() == 1u);
  BOOST_TEST(world.status().connections == 0u);
}

BOOST_AUTO_TEST_CASE(malformed_response_is_an_error_that_blames_the_upstream) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send("rubbish\r\n\r\n");
  BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
  BOOST_TEST((probe.error->source == ErrorSource::upstream));
  BOOST_TEST(world.status().failures == 1u);
}

BOOST_AUTO_TEST_CASE(paused_fetch_lets_the_upstream_wait) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe);
  probe.fetch->pause(true);
  BOOST_REQUIRE(world.has_request(0, 0));
  constexpr std::size_t size = 1 << 20;
  world.origin().connection().send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n");
  world.origin().connection().send(std::string(size, 'x'));
  world.simulation.run_for(100s);  // far beyond the idle time-out: a pause is no fault of the upstream
  BOOST_TEST(probe.head.has_value());
  BOOST_TEST(!probe.over());
  BOOST_TEST(probe.body.size() < size / 2);
  probe.fetch->pause(false);
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }, 10s));
  BOOST_TEST(probe.body.size() == size);
}

BOOST_AUTO_TEST_CASE(tunnel_carries_bytes_both_ways_after_an_upgrade) {
  FetchWorld world;
  FetchProbe probe;
  auto request = FetchWorld::get();
  request.head.fields.add(http::HeaderId::upgrade, "websocket");
  world.start(probe, std::move(request));
  BOOST_REQUIRE(world.has_request(0, 0));
  StreamProbe& origin = world.origin().connection();
  origin.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  BOOST_REQUIRE(world.run_until([&] { return probe.head.has_value(); }));
  probe.fetch->become_tunnel();
  origin.received.clear();
  probe.fetch->send_body(core::Chunk::copy_of(std::string_view("ping")));
  BOOST_REQUIRE(world.run_until([&] { return origin.received == "ping"; }));
  world.simulation.run_for(60s);  // longer than the idle time-out of responses
  origin.send("pong");
  BOOST_REQUIRE(world.run_until([&] { return probe.body == "pong"; }));
  probe.fetch->finish_body();
  BOOST_REQUIRE(world.run_until([&] { return origin.ended; }));
  BOOST_TEST(!probe.over());
  origin.stream->shutdown_write();
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
  BOOST_TEST(world.status().connections == 0u);
}

BOOST_AUTO_TEST_CASE(silent_tunnel_ends_at_its_own_deadline) {
  FetchWorld world;
  FetchProbe probe;
  auto request = FetchWorld::get();
  request.head.fields.add(http::HeaderId::upgrade, "websocket");
  world.start(probe, std::move(request));
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
  BOOST_REQUIRE(world.run_until([&] { return probe.head.has_value(); }));
  probe.fetch->become_tunnel();
  world.simulation.run_for(9min);
  BOOST_TEST(!probe.over());
  world.simulation.run_for(2min);
  BOOST_TEST((probe.code() == ErrorCode::idle_timeout));
}

// --- Request bodies --------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(large_request_body_waits_for_a_slow_upstream) {
  FetchWorld world;
  FetchProbe probe;
  constexpr std::size_t size = 2 << 20, piece = 64 * 1024;
  world.start(probe, FetchWorld::with_body(http::Method::post, "POST", size));
  BOOST_REQUIRE(world.run_until([&] { return world.origin().connections() == 1; }));
  StreamProbe& origin = world.origin().connection();
  origin.pause_reading(true);
  std::size_t sent = 0;
  const auto send_some = [&] {
    for (; sent < size && probe.fetch->queued() < 256 * 1024; sent += piece) {
      probe.fetch->send_body(core::Chunk::copy_of(std::string(piece, 'b')));
    }
  };
  send_some();
  world.simulation.run_for(1s);
  BOOST_TEST(sent < size / 2);
  BOOST_TEST(probe.fetch->queued() > 0u);
  origin.pause_reading(false);
  int told = 0;
  while (sent < size) {
    BOOST_REQUIRE(world.run_until([&] { return probe.writable > told; }, 10s));
    told = probe.writable;
    send_some();
  }
  probe.fetch->finish_body();
  BOOST_REQUIRE(world.run_until([&] { return origin.received.size() > size; }, 10s));
  origin.send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
  BOOST_TEST(world.status().idle == 1u);
}

BOOST_AUTO_TEST_CASE(body_sent_before_the_connection_is_open_waits_for_it) {
  FetchWorld world;
  FetchProbe probe;
  auto request = FetchWorld::with_body(http::Method::post, "POST", 0);
  request.body = http::BodyLength::unknown();
  world.start(probe, std::move(request));
  probe.fetch->send_body(core::Chunk::copy_of(std::string_view("abc")));
  BOOST_TEST(probe.fetch->queued() == 3u);
  probe.fetch->finish_body();
  BOOST_REQUIRE(world.run_until([&] {
    return world.origin().connections() == 1 && world.origin().connection().received.ends_with("3\r\nabc\r\n0\r\n\r\n");
  }));
  BOOST_TEST(probe.fetch->queued() == 0u);
}

BOOST_AUTO_TEST_CASE(response_before_the_end_of_the_request_ends_the_fetch_and_the_connection) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe, FetchWorld::with_body(http::Method::post, "POST", 100));
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
  BOOST_TEST(probe.head->status == 413);
  BOOST_TEST(world.status().connections == 0u);
  probe.fetch->send_body(core::Chunk::copy_of(std::string_view("late")));
  probe.fetch->finish_body();
  BOOST_TEST(probe.fetch->queued() == 0u);
}

// --- Deadlines -------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(unreachable_upstream_is_given_up_after_the_connect_timeout) {
  FetchWorld world;
  FetchProbe probe;
  world.simulation.partition(world.edge, world.origin().host);
  world.start(probe);
  world.simulation.run_for(4900ms);
  BOOST_TEST(!probe.over());
  world.simulation.run_for(200ms);
  BOOST_TEST((probe.code() == ErrorCode::connect_timeout));
  BOOST_TEST((probe.error->source == ErrorSource::upstream));
  BOOST_TEST(world.status().connections == 0u);
}

BOOST_AUTO_TEST_CASE(silent_upstream_is_given_up_after_the_first_byte_timeout) {
  FetchWorld world;
  FetchProbe probe;
  auto request = FetchWorld::get();
  request.first_byte_timeout = 3s;
  world.start(probe, std::move(request));
  BOOST_REQUIRE(world.has_request(0, 0));
  world.simulation.run_for(2900ms);
  BOOST_TEST(!probe.over());
  world.simulation.run_for(200ms);
  BOOST_TEST((probe.code() == ErrorCode::first_byte_timeout));
  BOOST_TEST(world.status().ejected);
}

BOOST_AUTO_TEST_CASE(stalled_body_is_given_up_after_the_idle_timeout) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel");
  world.simulation.run_for(29s);
  world.origin().connection().send("lo");
  world.simulation.run_for(29s);
  BOOST_TEST(!probe.over());
  world.simulation.run_for(2s);
  BOOST_TEST((probe.code() == ErrorCode::idle_timeout));
  BOOST_TEST(probe.body == "hello");
}

BOOST_AUTO_TEST_CASE(upstream_that_stops_reading_is_given_up_as_a_write_timeout) {
  FetchWorld world;
  FetchProbe probe;
  constexpr std::size_t size = 1 << 20;
  world.start(probe, FetchWorld::with_body(http::Method::post, "POST", size));
  BOOST_REQUIRE(world.run_until([&] { return world.origin().connections() == 1; }));
  world.origin().connection().pause_reading(true);
  probe.fetch->send_body(core::Chunk::copy_of(std::string(size, 'b')));
  probe.fetch->finish_body();
  world.simulation.run_for(29s);
  BOOST_TEST(!probe.over());
  world.simulation.run_for(6s);
  BOOST_TEST((probe.code() == ErrorCode::write_timeout));
}

BOOST_AUTO_TEST_CASE(slow_sender_of_a_body_is_no_late_upstream) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe, FetchWorld::with_body(http::Method::post, "POST", 8));
  BOOST_REQUIRE(world.has_request(0, 0));
  world.simulation.run_for(100s);
  probe.fetch->send_body(core::Chunk::copy_of(std::string_view("half")));
  world.simulation.run_for(100s);
  BOOST_TEST(!probe.over());
  probe.fetch->send_body(core::Chunk::copy_of(std::string_view("half")));
  probe.fetch->finish_body();
  world.simulation.run_for(29s);
  BOOST_TEST(!probe.over());
  world.simulation.run_for(6s);
  BOOST_TEST((probe.code() == ErrorCode::first_byte_timeout));
}

// --- Cancelling ------------------------------------------------------------------------------------------------------

void expect_nothing_left(FetchWorld& world) {
  world.simulation.run_for(60s);
  BOOST_TEST(world.status().in_flight == 0u);
  BOOST_TEST(world.status().connections == world.status().idle);
  BOOST_TEST(world.status().waiting == 0u);
}

BOOST_AUTO_TEST_CASE(fetch_destroyed_while_connecting_leaves_nothing) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_TEST(world.status().in_flight == 1u);
  probe.fetch.reset();
  expect_nothing_left(world);
  BOOST_TEST(!probe.over());
}

BOOST_AUTO_TEST_CASE(fetch_destroyed_while_resolving_leaves_nothing) {
  FetchWorld world;
  NameTable names(world.edge.worker());
  names.silent = true;
  world.config.urls = {"http://origin.example.com"};
  FetchProbe probe;
  world.start(probe);
  BOOST_TEST(names.asked == 1);
  probe.fetch.reset();
  expect_nothing_left(world);
}

BOOST_AUTO_TEST_CASE(fetch_destroyed_while_it_waits_for_its_head_resets_the_connection) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  probe.fetch.reset();
  BOOST_TEST(world.run_until([&] { return world.origin().connection().failure.has_value(); }));
  expect_nothing_left(world);
}

BOOST_AUTO_TEST_CASE(fetch_may_be_destroyed_inside_any_of_its_events) {
  for (const std::string event : {"interim", "head", "body", "end"}) {
    BOOST_TEST_CONTEXT(event) {
      FetchWorld world;
      FetchProbe probe;
      probe.destroy_in = event;
      world.start(probe);
      BOOST_REQUIRE(world.has_request(0, 0));
      world.origin().connection().send("HTTP/1.1 103 Early Hints\r\n\r\n" + std::string(ok_hello));
      BOOST_TEST(world.run_until([&] { return !probe.fetch; }));
      expect_nothing_left(world);
      BOOST_TEST(probe.ended == (event == "end"));
    }
  }
}

BOOST_AUTO_TEST_CASE(fetch_may_be_destroyed_inside_its_error) {
  FetchWorld world;
  world.origin().listener.reset();
  FetchProbe probe;
  probe.destroy_in = "error";
  world.start(probe);
  BOOST_TEST(world.run_until([&] { return !probe.fetch; }));
  expect_nothing_left(world);
  BOOST_TEST(probe.error.has_value());
}

BOOST_AUTO_TEST_CASE(error_known_at_once_is_still_reported_later_and_not_after_destruction) {
  FetchWorld world;
  world.origin().listener.reset();
  FetchProbe first, second, third;
  world.start(first);
  BOOST_REQUIRE(world.run_until([&] { return first.over(); }));
  world.start(second);
  BOOST_TEST(!second.over());
  world.start(third);
  third.fetch.reset();
  world.simulation.run_until_idle();
  BOOST_TEST((second.code() == ErrorCode::no_healthy_upstream));
  BOOST_TEST(!third.over());
}

BOOST_AUTO_TEST_CASE(group_dropped_on_reload_stays_until_its_last_fetch_is_done) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  const std::weak_ptr<origin::UpstreamGroup> watched = world.group;
  world.group.reset();
  BOOST_TEST(!watched.expired());
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
  probe.fetch.reset();
  BOOST_TEST(watched.expired());
  BOOST_TEST(world.run_until([&] { return world.origin().connection().ended; }));
}

BOOST_AUTO_TEST_CASE(last_fetch_of_a_dropped_group_may_end_it_from_inside_its_own_events) {
  FetchWorld world;
  FetchProbe probe;
  probe.destroy_in = "end";
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  const std::weak_ptr<origin::UpstreamGroup> watched = world.group;
  world.group.reset();
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
  BOOST_TEST(watched.expired());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
