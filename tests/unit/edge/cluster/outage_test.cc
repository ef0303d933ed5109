// An origin that is known to be down: stale copies carry the site, misses are told at once, one request at a time asks
// whether it is back (RFC 9111 4.2.4, RFC 9209).
#include <boost/test/unit_test.hpp>

#include "simulated_pop.h"

using namespace skerry;
using namespace skerry::edge::test;
using namespace std::chrono_literals;

namespace {

// Three misses that find the origin hung.
void find_out(SimulatedPop& pop) {
  std::vector<Answer> lost(3);
  for (std::size_t i = 0; i < lost.size(); ++i) pop.ask(0, "/lost-" + std::to_string(i), lost, i);
  pop.simulation.run_until([&] { return lost[0].ok && lost[1].ok && lost[2].ok; }, 40s);
  for (const Answer& answer : lost) BOOST_REQUIRE(answer.status == 504);
}

// One edge that holds "/kept", stale by now, in front of an origin that has just been found hung.
struct Outage {
  SimulatedPop pop;

  Outage() : pop(31, 1) {
    pop.get(0, "/kept");
    pop.simulation.run_for(120s);
    pop.origin.silent = true;
    find_out(pop);
    asked = pop.origin.total();
  }

  // How long the answer took in simulated time.
  core::Duration time_of(const std::string& path, Answer& answer) {
    const core::TimePoint began = pop.client.worker().loop.now();
    answer = pop.get(0, path);
    return pop.client.worker().loop.now() - began;
  }
  std::string proxy_status(const Answer& answer) const {
    return std::string(answer.fields.find(http::HeaderId::proxy_status).value_or(""));
  }

  int asked = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(outage)

BOOST_AUTO_TEST_CASE(misses_during_a_known_outage_are_504_at_once_and_say_who_says_so_rfc9209_2_3_5) {
  Outage world;
  Answer answer;
  BOOST_TEST((world.time_of("/other", answer) < 1s));
  BOOST_TEST(answer.status == 504);
  BOOST_TEST(world.proxy_status(answer).find("error=destination_unavailable") != std::string::npos,
             world.proxy_status(answer));
  BOOST_TEST(world.proxy_status(answer).starts_with(world.pop.edges[0]->name));
  BOOST_TEST(answer.fields.find(http::HeaderId::cache_status).value_or("").find("origin-down") !=
             std::string_view::npos);
  BOOST_TEST(world.pop.origin.total() == world.asked);
}

BOOST_AUTO_TEST_CASE(stale_copies_are_served_at_once_during_a_known_outage) {
  Outage world;
  for (int i = 0; i < 20; ++i) {
    Answer answer;
    BOOST_TEST((world.time_of("/kept", answer) < 1s));
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.fields.find(http::HeaderId::x_cache).value_or("") == "STALE");
    BOOST_TEST(answer.body == world.pop.origin.content("/kept"));
    world.pop.simulation.run_for(1s);
  }
  // Asked again by refreshes in the background, with a growing back-off.
  const int probes = world.pop.origin.total() - world.asked;
  BOOST_TEST(probes >= 1);
  BOOST_TEST(probes <= 4);
}

BOOST_AUTO_TEST_CASE(one_request_at_a_time_asks_whether_the_origin_is_back) {
  Outage world;
  world.pop.simulation.run_for(1s);
  std::vector<Answer> answers(30);
  for (std::size_t i = 0; i < answers.size(); ++i) world.pop.ask(0, "/miss-" + std::to_string(i), answers, i);
  world.pop.simulation.run_for(1s);
  int answered = 0;
  for (const Answer& answer : answers) answered += answer.status == 504;
  BOOST_TEST(answered == 29);
  BOOST_TEST(world.pop.origin.total() == world.asked + 1);
}

BOOST_AUTO_TEST_CASE(traffic_goes_back_at_once_when_the_probe_was_answered) {
  Outage world;
  world.pop.origin.silent = false;
  world.pop.simulation.run_for(1s);
  BOOST_TEST(world.pop.get(0, "/probe").status == 200);
  for (int i = 0; i < 5; ++i) BOOST_TEST(world.pop.get(0, "/after-" + std::to_string(i)).status == 200);
  const Answer kept = world.pop.get(0, "/kept");
  BOOST_TEST(kept.fields.find(http::HeaderId::x_cache).value_or("") == "REVALIDATED");
}

BOOST_AUTO_TEST_CASE(stale_copy_asks_in_the_background_and_ends_the_outage_by_itself) {
  Outage world;
  world.pop.origin.silent = false;
  world.pop.simulation.run_for(1s);
  BOOST_TEST(world.pop.get(0, "/kept").fields.find(http::HeaderId::x_cache).value_or("") == "STALE");
  world.pop.simulation.run_for(1s);
  BOOST_TEST(world.pop.get(0, "/kept").fields.find(http::HeaderId::x_cache).value_or("") == "HIT");
}

BOOST_AUTO_TEST_CASE(copy_that_may_not_be_served_stale_is_504_during_an_outage) {
  SimulatedPop pop(32, 1);
  pop.origin.fields = {{"Cache-Control", "max-age=60, must-revalidate"}};
  pop.get(0, "/strict");
  pop.simulation.run_for(120s);
  pop.origin.silent = true;
  find_out(pop);
  const int asked = pop.origin.total();
  BOOST_TEST(pop.get(0, "/strict").status == 504);
  BOOST_TEST(pop.origin.total() == asked);
}

BOOST_AUTO_TEST_CASE(requests_past_the_cache_are_told_at_once_too) {
  Outage world;
  const Answer answer = world.pop.get(0, "/form", {}, "POST");
  BOOST_TEST(answer.status == 504);
  BOOST_TEST(world.proxy_status(answer).find("destination_unavailable") != std::string::npos);
  BOOST_TEST(world.pop.origin.total() == world.asked);
}

BOOST_AUTO_TEST_CASE(slow_url_of_a_working_origin_is_no_outage) {
  SimulatedPop pop(33, 1);
  pop.get(0, "/fine");
  pop.origin.silent = true;
  std::vector<Answer> slow(6);
  for (std::size_t i = 0; i < slow.size(); ++i) pop.ask(0, "/slow-" + std::to_string(i), slow, i);
  pop.simulation.run_for(10s);
  pop.origin.silent = false;
  std::vector<Answer> quick(1);
  pop.ask(0, "/quick", quick, 0);
  pop.simulation.run_for(25s);
  BOOST_TEST(quick[0].status == 200);
  for (const Answer& answer : slow) BOOST_TEST(answer.status == 504);
  BOOST_TEST(pop.get(0, "/other").status == 200);
}

BOOST_AUTO_TEST_CASE(owner_that_waits_for_a_hung_origin_is_not_taken_for_dead) {
  SimulatedPop pop(35, 3);
  pop.origin.silent = true;
  std::vector<Answer> lost(6);
  for (std::size_t i = 0; i < lost.size(); ++i) pop.ask(0, "/lost-" + std::to_string(i), lost, i);
  pop.simulation.run_for(45s);
  for (const Answer& answer : lost) BOOST_TEST(answer.status == 504);
  BOOST_TEST(pop.origin.total() == 6);
  BOOST_TEST(pop.edges[0]->counters.peer_failures.value() == 0u);
}

BOOST_AUTO_TEST_CASE(owner_that_knows_of_the_outage_answers_for_it_in_a_pop) {
  SimulatedPop pop(34, 3);
  pop.origin.silent = true;
  // Every edge finds out for the objects that it owns.
  std::vector<Answer> lost(60);
  for (std::size_t i = 0; i < lost.size(); ++i) {
    pop.ask(static_cast<int>(i % 3), "/lost-" + std::to_string(i), lost, i);
  }
  pop.simulation.run_for(120s);
  const int asked = pop.origin.total();
  std::vector<Answer> answers(30);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    pop.ask(static_cast<int>(i % 3), "/miss-" + std::to_string(i), answers, i);
  }
  pop.simulation.run_for(3s);
  int at_once = 0;
  for (const Answer& answer : answers) at_once += answer.status == 504;
  BOOST_TEST(at_once >= 27);
  BOOST_TEST(pop.origin.total() - asked <= 3);
}

BOOST_AUTO_TEST_CASE(peer_has_the_time_that_its_attempts_at_all_origins_take) {
  SimulatedPop pop(36, 3, 1, [](edge::EdgeConfig& config) {
    origin::UpstreamConfig& origin = config.sites.front().handling.origin;
    origin.urls = {"http://10.9.0.1", "http://10.9.0.2"};
    origin.attempts = 3;
    origin.connect_timeout = 2s;
    origin.first_byte_timeout = 10s;
    origin.queue_timeout = 4s;
  });
  const edge::Snapshot& snapshot = *pop.edges[0]->snapshot;
  http::RequestHead asked;
  asked.authority = "www.example.com";
  asked.path = "/";
  const edge::Site* site = snapshot.find_site(asked);
  BOOST_TEST_REQUIRE(site != nullptr);
  int peers = 0;
  for (std::uint64_t hash = 0; hash < 20; ++hash) {
    for (const edge::Source& source : snapshot.sources(*site, hash << 58, false)) {
      if (!source.is_peer()) continue;
      ++peers;
      BOOST_TEST((source.patience == 2 * (2s + 10s) + 4s + 1s));
    }
  }
  BOOST_TEST(peers > 0);
}

BOOST_AUTO_TEST_SUITE_END()
