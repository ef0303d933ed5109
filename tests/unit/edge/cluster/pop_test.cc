// A whole PoP in one process: what its edges do together, on a simulated network and clock.
#include <boost/test/unit_test.hpp>

#include "simulated_pop.h"

using namespace skerry;
using namespace skerry::edge::test;

BOOST_AUTO_TEST_SUITE(pop)

BOOST_AUTO_TEST_CASE(second_request_is_a_hit_and_says_so) {
  SimulatedPop pop(1, 1);
  const Answer first = pop.get(0, "/a");
  BOOST_TEST(first.status == 200);
  BOOST_TEST(first.body == SimulatedOrigin::body_of("/a", 2000));
  BOOST_TEST(first.fields.find("X-Cache").value_or("") == "MISS");
  const Answer second = pop.get(0, "/a");
  BOOST_TEST(second.status == 200);
  BOOST_TEST(second.body == first.body);
  BOOST_TEST(second.fields.find("X-Cache").value_or("") == "HIT");
  BOOST_TEST(second.fields.find("Cache-Status").value_or("") == "edge-0; hit; ttl=60");
  BOOST_TEST(pop.origin.total() == 1);
}

BOOST_AUTO_TEST_CASE(object_is_fetched_once_for_all_edges) {
  SimulatedPop pop(2, 3);
  for (int edge = 0; edge < 3; ++edge) {
    const Answer answer = pop.get(edge, "/shared");
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body == SimulatedOrigin::body_of("/shared", 2000));
  }
  BOOST_TEST(pop.origin.total() == 1);
}

BOOST_AUTO_TEST_CASE(hundred_concurrent_misses_on_three_edges_make_one_origin_request) {
  SimulatedPop pop(3, 3, 2);
  pop.origin.body_size = 300'000;
  std::vector<Answer> answers(100);
  for (std::size_t i = 0; i < answers.size(); ++i) pop.ask(static_cast<int>(i % 3), "/burst", answers, i);
  pop.simulation.run_for(std::chrono::seconds(20));
  const std::string body = SimulatedOrigin::body_of("/burst", 300'000);
  std::size_t whole = 0;
  for (const Answer& answer : answers) whole += answer.ok && answer.status == 200 && answer.body == body;
  BOOST_TEST(whole == answers.size());
  BOOST_TEST(pop.origin.requests["/burst"] == 1);
}

BOOST_AUTO_TEST_CASE(dead_owner_is_nobodys_error) {
  SimulatedPop pop(4, 3);
  pop.kill(2);
  for (int i = 0; i < 60; ++i) {
    const Answer answer = pop.get(i % 2, "/k" + std::to_string(i));
    BOOST_TEST(answer.status == 200);
  }
  BOOST_TEST(pop.origin.total() == 60);
}

BOOST_AUTO_TEST_CASE(broken_transfer_is_continued_under_the_same_strong_validator) {
  SimulatedPop pop(5, 1);
  pop.origin.body_size = 200'000;
  pop.origin.close_after = 70'000;
  const Answer answer = pop.get(0, "/long");
  BOOST_TEST(answer.ok);
  BOOST_TEST(answer.body == SimulatedOrigin::body_of("/long", 200'000));
  BOOST_TEST(pop.origin.total() == 2);
}

BOOST_AUTO_TEST_CASE(stale_object_is_validated_and_served) {
  SimulatedPop pop(6, 1);
  pop.get(0, "/v");
  pop.simulation.run_for(std::chrono::seconds(70));
  const Answer answer = pop.get(0, "/v");
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.fields.find("X-Cache").value_or("") == "REVALIDATED");
  BOOST_TEST(pop.origin.heads.back().fields.find("If-None-Match").value_or("") == "\"/v\"");
  BOOST_TEST(pop.get(0, "/v").fields.find("X-Cache").value_or("") == "HIT");
}

BOOST_AUTO_TEST_CASE(stale_object_covers_for_a_silent_origin) {
  SimulatedPop pop(7, 1);
  pop.get(0, "/s");
  pop.simulation.run_for(std::chrono::seconds(70));
  pop.origin.silent = true;
  const Answer answer = pop.get(0, "/s");
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.fields.find("X-Cache").value_or("") == "STALE");
}

BOOST_AUTO_TEST_CASE(silent_origin_is_a_504_with_the_reason) {
  SimulatedPop pop(8, 1);
  pop.origin.silent = true;
  const Answer answer = pop.get(0, "/never");
  BOOST_TEST(answer.status == 504);
  BOOST_TEST(answer.fields.find("Proxy-Status").value_or("").find("http_response_timeout") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(answers_that_may_not_be_shared_release_their_followers) {
  SimulatedPop pop(9, 1);
  pop.origin.fields = {{"Cache-Control", "private"}};
  std::vector<Answer> answers(10);
  for (std::size_t i = 0; i < answers.size(); ++i) pop.ask(0, "/mine", answers, i);
  pop.simulation.run_for(std::chrono::seconds(5));
  for (const Answer& answer : answers) BOOST_TEST(answer.status == 200);
  BOOST_TEST(pop.origin.requests["/mine"] == 10);
}

BOOST_AUTO_TEST_CASE(purge_reaches_every_member_before_it_is_answered) {
  SimulatedPop pop(10, 3);
  for (int edge = 0; edge < 3; ++edge) pop.get(edge, "/p");
  bool answered = false;
  edge::PurgeOutcome outcome;
  pop.edges[0]->relay->purge({edge::PurgeKind::url, "http://www.example.com/p", false},
                             [&](core::Result<edge::PurgeOutcome> result) {
                               answered = true;
                               BOOST_REQUIRE(result.ok());
                               outcome = std::move(result).value();
                             });
  pop.simulation.run_until([&] { return answered; }, std::chrono::seconds(10));
  BOOST_TEST(outcome.applied_by.size() == 3u);
  BOOST_TEST(outcome.unreachable.size() == 0u);
  for (int edge = 0; edge < 3; ++edge) pop.get(edge, "/p");
  BOOST_TEST(pop.origin.requests["/p"] == 2);
}

BOOST_AUTO_TEST_CASE(unreachable_member_is_named_and_validates_everything_when_it_notices_the_gap) {
  SimulatedPop pop(11, 2);
  const auto purge = [&](const std::string& path) {
    std::optional<edge::PurgeOutcome> outcome;
    pop.edges[0]->relay->purge({edge::PurgeKind::url, "http://www.example.com" + path, false},
                               [&](core::Result<edge::PurgeOutcome> result) { outcome = std::move(result).value(); });
    pop.simulation.run_until([&] { return outcome.has_value(); }, std::chrono::seconds(10));
    return outcome.value();
  };
  BOOST_TEST(purge("/first").unreachable.size() == 0u);
  pop.simulation.partition(pop.edges[0]->host, pop.edges[1]->host);
  const edge::PurgeOutcome cut = purge("/second");
  BOOST_REQUIRE(cut.unreachable.size() == 1u);
  BOOST_TEST(cut.unreachable[0] == "edge-1");
  pop.simulation.heal(pop.edges[0]->host, pop.edges[1]->host);
  pop.simulation.run_for(std::chrono::seconds(60));
  purge("/third");
  BOOST_TEST(pop.edges[1]->counters.purge_gaps.value() == 1u);
}

// One world, thousands of events: any hidden clock, random number or pointer order would show as a difference.
std::string thousand_requests_with_one_edge_killed(std::uint64_t seed, std::size_t& failed) {
  SimulatedPop pop(seed, 3);
  core::Random choice(seed);
  std::vector<Answer> answers(1000);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (i == 500) pop.kill(2);
    const int edge = static_cast<int>(choice.below(i < 500 ? 3 : 2));
    pop.ask(edge, "/o" + std::to_string(choice.below(200)), answers, i);
    pop.simulation.run_for(std::chrono::milliseconds(1 + choice.below(5)));
  }
  pop.simulation.run_for(std::chrono::seconds(30));
  failed = 0;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    if (answers[i].status != 200 || answers[i].body.size() != 2000) ++failed;
  }
  return pop.log;
}

BOOST_AUTO_TEST_CASE(one_seed_gives_byte_identical_logs) {
  std::size_t failed_once = 0, failed_again = 0, failed_other = 0;
  const std::string once = thousand_requests_with_one_edge_killed(42, failed_once);
  const std::string again = thousand_requests_with_one_edge_killed(42, failed_again);
  const std::string other = thousand_requests_with_one_edge_killed(43, failed_other);
  BOOST_TEST(once.size() > 50'000u);
  BOOST_TEST((once == again));
  BOOST_TEST((once != other));
  // Requests to the edge that died may be lost with it; the survivors' clients see nothing.
  BOOST_TEST(failed_once <= 2u);
}

BOOST_AUTO_TEST_SUITE_END()
