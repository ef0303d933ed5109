// When a fetch asks again, and when it must not.
#include "tests/unit/origin/fetch_fixture.h"

namespace {

using namespace skerry;
using namespace skerry::testing;
using core::ErrorCode;

// A world with one idle connection, which the origin will close as soon as the next request reaches it.
struct ReusedWorld : FetchWorld {
  ReusedWorld() {
    FetchProbe probe;
    start(probe);
    BOOST_REQUIRE(has_request(0, 0));
    origin().connection().send(ok_hello);
    BOOST_REQUIRE(run_until([&] { return probe.ended; }));
    origin().connection().received.clear();
    BOOST_REQUIRE(status().idle == 1u);
  }
  void close_on_arrival() {
    BOOST_REQUIRE(has_request(0, 0));
    origin().connection().stream.reset();
  }
};

BOOST_AUTO_TEST_SUITE(fetch_retry)

BOOST_AUTO_TEST_CASE(request_on_a_closed_reused_connection_goes_out_again_on_a_fresh_one) {
  ReusedWorld world;
  FetchProbe probe;
  world.start(probe);
  world.close_on_arrival();
  BOOST_REQUIRE(world.has_request(0, 1));
  world.origin().connection(1).send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
  BOOST_TEST(probe.ended);
  BOOST_TEST(probe.fetch->attempts() == 1);
  BOOST_TEST(world.status().reconnects == 1u);
  BOOST_TEST(world.status().failures == 0u);
  BOOST_TEST(!world.status().ejected);
}

BOOST_AUTO_TEST_CASE(post_on_a_closed_reused_connection_is_never_sent_twice) {
  ReusedWorld world;
  FetchProbe probe;
  world.start(probe, FetchWorld::with_body(http::Method::post, "POST", 0));
  probe.fetch->finish_body();
  world.close_on_arrival();
  BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
  BOOST_TEST((probe.code() == ErrorCode::closed || probe.code() == ErrorCode::reset));
  BOOST_TEST(world.origin().connections() == 1u);
  BOOST_TEST(world.status().failures == 0u);
}

BOOST_AUTO_TEST_CASE(request_that_may_not_be_retried_is_not) {
  ReusedWorld world;
  FetchProbe probe;
  auto request = FetchWorld::get();
  request.may_retry = false;
  world.start(probe, std::move(request));
  world.close_on_arrival();
  BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
  BOOST_TEST(probe.error.has_value());
  BOOST_TEST(world.origin().connections() == 1u);
}

BOOST_AUTO_TEST_CASE(small_request_body_is_sent_again_from_its_first_byte) {
  ReusedWorld world;
  FetchProbe probe;
  world.start(probe, FetchWorld::with_body(http::Method::put, "PUT", 6));
  probe.fetch->send_body(core::Chunk::copy_of(std::string_view("abc")));
  world.close_on_arrival();
  BOOST_REQUIRE(world.has_request(0, 1));
  probe.fetch->send_body(core::Chunk::copy_of(std::string_view("def")));
  probe.fetch->finish_body();
  BOOST_REQUIRE(world.run_until([&] { return world.origin().connection(1).received.ends_with("\r\n\r\nabcdef"); }));
  world.origin().connection(1).send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
}

BOOST_AUTO_TEST_CASE(request_body_over_the_replay_limit_is_not_sent_again) {
  ReusedWorld world;
  FetchProbe probe;
  constexpr std::size_t size = 64 * 1024 + 1;
  world.start(probe, FetchWorld::with_body(http::Method::put, "PUT", size));
  probe.fetch->send_body(core::Chunk::copy_of(std::string(size, 'x')));
  world.close_on_arrival();
  BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
  BOOST_TEST(probe.error.has_value());
  BOOST_TEST(world.origin().connections() == 1u);
}

BOOST_AUTO_TEST_CASE(nothing_is_sent_again_once_a_byte_of_the_response_came) {
  ReusedWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send("HTTP/1.1 2");
  world.origin().connection().stream->shutdown_write();
  BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
  BOOST_TEST(probe.error.has_value());
  BOOST_TEST(world.origin().connections() == 1u);
  BOOST_TEST(world.status().failures == 1u);
}

BOOST_AUTO_TEST_CASE(no_other_upstream_is_asked_once_a_byte_of_the_response_came) {
  for (const std::string_view begun : {"HTTP/1.1 2", "HTTP/1.1 103 Early Hints\r\n\r\n"}) {
    FetchWorld world(2);
    FetchProbe probe;
    world.start(probe);
    const auto connections = [&] { return world.origin(0).connections() + world.origin(1).connections(); };
    BOOST_REQUIRE(world.run_until([&] { return connections() == 1; }));
    const std::size_t chosen = world.origin(0).connections() == 1 ? 0 : 1;
    BOOST_REQUIRE(world.has_request(chosen, 0));
    world.origin(chosen).connection().send(begun);
    world.origin(chosen).connection().stream->shutdown_write();
    BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
    BOOST_TEST(probe.error.has_value());
    BOOST_TEST(connections() == 1u);
  }
}

BOOST_AUTO_TEST_CASE(other_idle_connections_are_not_tried_after_a_closed_one) {
  FetchWorld world;
  FetchProbe first, second, third;
  world.start(first);
  world.start(second);
  BOOST_REQUIRE(world.has_request(0, 0));
  BOOST_REQUIRE(world.has_request(0, 1));
  world.origin().connection(0).send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return first.ended; }));
  world.origin().connection(1).send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return second.ended; }));
  BOOST_TEST(world.status().idle == 2u);
  world.start(third);
  BOOST_REQUIRE(world.has_request(0, 1, 2));
  world.origin().connection(1).stream.reset();
  BOOST_REQUIRE(world.has_request(0, 2));
  BOOST_TEST(world.status().idle == 1u);
}

BOOST_AUTO_TEST_CASE(refused_connect_goes_to_the_next_upstream_and_ejects_the_first) {
  FetchWorld world(2);
  world.origin(0).listener.reset();
  for (int i = 0; i < 8; ++i) {
    FetchProbe probe;
    world.start(probe);
    BOOST_REQUIRE(world.run_until([&] { return world.origin(1).connections() == static_cast<std::size_t>(i) + 1; }));
    world.origin(1).probe.accepted.back()->send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
    BOOST_TEST(probe.ended);
    BOOST_TEST(probe.fetch->attempts() <= 2);
  }
  BOOST_TEST(world.status(0).ejected);
  BOOST_TEST(world.status(0).failures == 1u);
  BOOST_TEST(!world.status(1).ejected);
}

BOOST_AUTO_TEST_CASE(post_whose_connect_failed_was_never_sent_and_goes_to_the_next_upstream) {
  FetchWorld world(2);
  world.origin(0).listener.reset();
  for (int i = 0; i < 4; ++i) {
    FetchProbe probe;
    world.start(probe, FetchWorld::with_body(http::Method::post, "POST", 3));
    probe.fetch->send_body(core::Chunk::copy_of(std::string_view("abc")));
    probe.fetch->finish_body();
    const auto connection = static_cast<std::size_t>(i);
    BOOST_REQUIRE(world.run_until([&] {
      return world.origin(1).connections() > connection &&
             world.origin(1).connection(connection).received.ends_with("abc");
    }));
  }
  BOOST_TEST(world.status(0).failures == 1u);
}

BOOST_AUTO_TEST_CASE(attempts_bound_how_many_upstreams_are_tried) {
  FetchWorld world(5);
  for (auto& origin : world.origins) origin.listener.reset();
  world.config.attempts = 3;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
  BOOST_TEST((probe.code() == ErrorCode::connect_refused));
  BOOST_TEST(probe.fetch->attempts() == 3);
}

BOOST_AUTO_TEST_CASE(dead_peer_costs_one_connect_then_is_skipped_and_probed_with_doubling_back_off) {
  FetchWorld world;
  world.origin().listener.reset();
  FetchProbe first, second, third;
  world.start(first);
  BOOST_REQUIRE(world.run_until([&] { return first.over(); }));
  BOOST_TEST((first.code() == ErrorCode::connect_refused));
  const auto now = [&] { return world.edge.worker().loop.now(); };
  BOOST_TEST(world.group->all_ejected(now()));
  world.start(second);
  world.simulation.run_until_idle();
  BOOST_TEST((second.code() == ErrorCode::no_healthy_upstream));
  BOOST_TEST(world.status().requests == 0u);

  world.simulation.run_for(1s);
  BOOST_TEST(!world.group->all_ejected(now()));
  world.start(third);
  BOOST_REQUIRE(world.run_until([&] { return third.over(); }));
  BOOST_TEST((third.code() == ErrorCode::connect_refused));
  world.simulation.run_for(1500ms);
  BOOST_TEST(world.group->all_ejected(now()));
  world.simulation.run_for(600ms);
  BOOST_TEST(!world.group->all_ejected(now()));
}

BOOST_AUTO_TEST_CASE(one_successful_probe_readmits_and_only_one_runs_at_a_time) {
  FetchWorld world;
  auto listener = std::move(world.origin().listener);
  listener.reset();
  FetchProbe failing, probe, beside, after;
  world.start(failing);
  BOOST_REQUIRE(world.run_until([&] { return failing.over(); }));
  SimulatedOrigin again(world.origin().host);
  world.simulation.run_for(1s);
  world.start(probe);
  world.start(beside);
  BOOST_REQUIRE(world.run_until([&] { return beside.over(); }));
  BOOST_TEST((beside.code() == ErrorCode::no_healthy_upstream));
  BOOST_REQUIRE(world.run_until([&] { return again.connections() == 1; }));
  again.connection().send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
  BOOST_TEST(!world.status().ejected);
  world.start(after);
  BOOST_TEST(world.status().in_flight == 1u);
}

BOOST_AUTO_TEST_CASE(upstream_that_answers_others_meanwhile_is_slow_for_one_url_and_not_down) {
  FetchWorld world;
  world.config.first_byte_timeout = 3s;
  FetchProbe slow, quick;
  world.start(slow, FetchWorld::get("/slow"));
  BOOST_REQUIRE(world.has_request(0, 0));
  world.simulation.run_for(1s);
  world.start(quick, FetchWorld::get("/quick"));
  BOOST_REQUIRE(world.has_request(0, 1));
  world.origin().connection(1).send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return slow.over(); }, 5s));
  BOOST_TEST((slow.code() == ErrorCode::first_byte_timeout));
  BOOST_TEST(quick.ended);
  BOOST_TEST(!world.status().ejected);
}

BOOST_AUTO_TEST_CASE(only_upstream_that_answers_badly_is_not_down) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send("HTTP/9.9 nonsense\r\n\r\n");
  BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
  BOOST_TEST(probe.error.has_value());
  BOOST_TEST(world.status().failures == 1u);
  BOOST_TEST(!world.status().ejected);
}

// An only upstream that was found hung, and whose back-off is over.
struct HungWorld : FetchWorld {
  HungWorld() {
    FetchProbe lost;
    start(lost, get("/lost"));
    BOOST_REQUIRE(run_until([&] { return lost.over(); }, 31s));
    BOOST_REQUIRE(status().ejected);
    simulation.run_for(1s);
  }
  bool refused(const std::string& path) {
    FetchProbe probe;
    start(probe, get(path));
    return run_until([&] { return probe.over(); }) && probe.code() == ErrorCode::no_healthy_upstream;
  }
};

BOOST_AUTO_TEST_CASE(probe_of_a_slow_url_lets_others_find_the_upstream_back) {
  HungWorld world;
  FetchProbe slow, quick;
  world.start(slow, FetchWorld::get("/slow"));
  BOOST_REQUIRE(world.has_request(0, 1));
  BOOST_TEST(world.refused("/quick"));
  world.simulation.run_for(6s);
  BOOST_TEST(!slow.over());
  BOOST_TEST(world.refused("/slow"));  // it would only wait for the same
  world.start(quick, FetchWorld::get("/quick"));
  BOOST_REQUIRE(world.has_request(0, 2));
  world.origin().connection(2).send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return quick.ended; }));
  BOOST_TEST(!world.status().ejected);
  BOOST_REQUIRE(world.run_until([&] { return slow.over(); }, 31s));
  BOOST_TEST((slow.code() == ErrorCode::first_byte_timeout));
  BOOST_TEST(!world.status().ejected);
}

BOOST_AUTO_TEST_CASE(silence_of_an_only_upstreams_probe_makes_no_back_off_longer) {
  HungWorld world;
  for (int i = 0; i < 3; ++i) {
    FetchProbe slow;
    world.start(slow, FetchWorld::get("/slow"));
    BOOST_REQUIRE(world.run_until([&] { return slow.over(); }, 31s));
    BOOST_TEST((slow.code() == ErrorCode::first_byte_timeout));
    BOOST_TEST(world.status().ejections == 1u);
    BOOST_TEST(!world.group->all_ejected(world.edge.worker().loop.now()));
  }
}

BOOST_AUTO_TEST_CASE(late_answer_to_an_only_upstreams_probe_says_that_it_is_back) {
  HungWorld world;
  FetchProbe slow, other, after;
  world.start(slow, FetchWorld::get("/slow"));
  BOOST_REQUIRE(world.has_request(0, 1));
  world.simulation.run_for(6s);
  world.start(other, FetchWorld::get("/other"));  // holds the probe's place by now
  BOOST_REQUIRE(world.has_request(0, 2));
  world.simulation.run_for(1s);
  world.origin().connection(1).send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return slow.ended; }));
  BOOST_TEST(!world.status().ejected);
  world.start(after, FetchWorld::get("/slow"));
  BOOST_TEST(world.has_request(0, 1, 2));
}

BOOST_AUTO_TEST_CASE(hung_only_upstream_is_asked_by_one_more_request_in_five_seconds) {
  HungWorld world;
  std::deque<FetchProbe> asked;
  for (int second = 0; second < 60; ++second) {
    world.start(asked.emplace_back(), FetchWorld::get("/" + std::to_string(second)));
    world.simulation.run_for(1s);
  }
  BOOST_TEST(world.status().requests >= 10u);
  BOOST_TEST(world.status().requests <= 14u);
}

BOOST_AUTO_TEST_CASE(hung_upstream_costs_one_probe_at_a_time_each_as_patient_as_its_back_off) {
  FetchWorld world;
  world.config.eject_for = 8s;
  const auto now = [&] { return world.edge.worker().loop.now(); };
  const auto get = [] {
    auto request = FetchWorld::get();
    request.elsewhere = true;  // where others can be asked, its silence is a verdict
    return request;
  };
  FetchProbe first;
  world.start(first, get());
  BOOST_REQUIRE(world.run_until([&] { return first.over(); }, 31s));
  BOOST_TEST((first.code() == ErrorCode::first_byte_timeout));
  for (const core::Duration back_off : {8s, 16s, 30s, 30s}) {
    world.simulation.run_for(back_off);
    FetchProbe probe, beside;
    world.start(probe, get());
    world.start(beside, get());
    const core::TimePoint began = now();
    BOOST_REQUIRE(world.run_until([&] { return beside.over(); }));
    BOOST_TEST((beside.code() == ErrorCode::no_healthy_upstream));
    BOOST_TEST(beside.error->detail.find("first_byte_timeout") != std::string::npos, beside.error->detail);
    BOOST_TEST((now() - began < 1s));
    BOOST_REQUIRE(world.run_until([&] { return probe.over(); }, 31s));
    BOOST_TEST((probe.code() == ErrorCode::first_byte_timeout));
    BOOST_TEST((now() - began >= back_off && now() - began < back_off + 1s));
  }
  BOOST_TEST(world.status().requests == 5u);
  BOOST_TEST(world.status().last_failure == "first_byte_timeout");
}

BOOST_AUTO_TEST_CASE(cancelled_probe_frees_its_slot) {
  FetchWorld world;
  world.origin().listener.reset();
  FetchProbe failing, cancelled;
  world.start(failing);
  BOOST_REQUIRE(world.run_until([&] { return failing.over(); }));
  world.simulation.run_for(1s);
  world.start(cancelled);
  BOOST_TEST(world.group->all_ejected(world.edge.worker().loop.now()));
  cancelled.fetch.reset();
  BOOST_TEST(!world.group->all_ejected(world.edge.worker().loop.now()));
}

BOOST_AUTO_TEST_CASE(slow_upload_is_no_probe_for_ever) {
  FetchWorld world;
  auto listener = std::move(world.origin().listener);
  listener.reset();
  FetchProbe failing, upload, beside;
  world.start(failing);
  BOOST_REQUIRE(world.run_until([&] { return failing.over(); }));
  SimulatedOrigin again(world.origin().host);
  world.simulation.run_for(1s);
  world.start(upload, FetchWorld::with_body(http::Method::post, "POST", 1000));
  BOOST_REQUIRE(world.run_until([&] { return again.connections() == 1; }));
  const auto now = [&] { return world.edge.worker().loop.now(); };
  BOOST_TEST(world.group->all_ejected(now()));
  for (int i = 0; i < 6; ++i) {
    upload.fetch->send_body(core::Chunk::copy_of(std::string_view("x")));
    world.simulation.run_for(1s);
  }
  BOOST_TEST(!upload.over());
  BOOST_TEST(!world.group->all_ejected(now()));
  world.start(beside);
  BOOST_REQUIRE(world.run_until([&] { return again.connections() == 2; }));
  again.connection(1).send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return beside.ended; }));
  BOOST_TEST(!world.status().ejected);
}

BOOST_AUTO_TEST_CASE(only_upstream_that_answered_lately_may_close_without_an_answer) {
  FetchWorld world;
  FetchProbe answered;
  world.start(answered);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  BOOST_REQUIRE(world.run_until([&] { return answered.ended; }));
  const auto refuse_next = [&](std::size_t connection) {
    FetchProbe refused;
    auto request = FetchWorld::get();
    request.may_retry = false;
    world.start(refused, std::move(request));
    BOOST_REQUIRE(world.has_request(0, connection));
    world.origin().connection(connection).stream.reset();
    BOOST_REQUIRE(world.run_until([&] { return refused.over(); }));
    BOOST_TEST(refused.error.has_value());
  };
  refuse_next(1);
  BOOST_TEST(!world.status().ejected);
  world.simulation.run_for(31s);
  refuse_next(2);
  BOOST_TEST(world.status().ejected);
  // Nor does a probe that is closed keep it out: the next one asks at once.
  world.simulation.run_for(1s);
  refuse_next(3);
  BOOST_TEST(!world.group->all_ejected(world.edge.worker().loop.now()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
