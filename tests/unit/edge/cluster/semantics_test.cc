// What HTTP asks of a cache and only a whole edge can show: interim responses, fields for one client, unsafe methods.
#include <boost/test/unit_test.hpp>

#include "simulated_pop.h"

using namespace skerry;
using namespace skerry::edge::test;

BOOST_AUTO_TEST_SUITE(semantics)

BOOST_AUTO_TEST_CASE(answer_to_a_post_that_is_the_new_representation_answers_the_next_get_rfc9110_9_3_3) {
  for (const int edges : {1, 3}) {
    SimulatedPop pop(1, edges);
    pop.get(0, "/form");  // the old one
    pop.origin.version = "-posted";
    pop.origin.fields.emplace_back("Content-Location", "/form");
    // Asked of every edge: only the owner may keep what it answers.
    for (int edge = 0; edge < edges; ++edge) {
      pop.get(edge, "/form", {}, "POST");
      pop.simulation.run_for(std::chrono::seconds(1));
    }
    const int asked = pop.origin.total();
    const Answer answer = pop.get(0, "/form");
    BOOST_TEST(answer.body == pop.origin.content("/form"));
    if (edges == 1) BOOST_TEST(pop.origin.total() == asked);
  }
}

BOOST_AUTO_TEST_CASE(surrogate_control_is_consumed_towards_clients_and_rules_every_edge) {
  SimulatedPop pop(2, 3);
  pop.origin.fields = {{"Cache-Control", "no-store"}, {"Surrogate-Control", "max-age=600;skerry"}};
  for (int edge = 0; edge < 3; ++edge) {
    const Answer answer = pop.get(edge, "/s");
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.fields.count(http::HeaderId::surrogate_control) == 0u);
  }
  BOOST_TEST(pop.origin.total() == 1);
  BOOST_TEST(pop.origin.heads.back().fields.find("Surrogate-Capability").value_or("") == "skerry=\"Surrogate/1.0\"");
}

BOOST_AUTO_TEST_CASE(fields_named_by_no_cache_go_to_one_client_and_are_not_kept_rfc9111_5_2_2_4) {
  SimulatedPop pop(3, 3);
  pop.origin.fields = {{"Cache-Control", "max-age=600, no-cache=\"set-cookie\""}, {"Set-Cookie", "a=1"}};
  pop.origin.fields.emplace_back("Set-Cookie", "b=2; Path=/");
  std::vector<std::string> cookies;
  for (int edge = 0; edge < 3; ++edge) {
    for (const auto one : pop.get(edge, "/c").fields) {
      if (one.id == http::HeaderId::set_cookie) cookies.emplace_back(one.value);
    }
  }
  BOOST_TEST(cookies == (std::vector<std::string>{"a=1", "b=2; Path=/"}), "a line each (RFC 6265 3)");
  BOOST_TEST(pop.origin.total() == 1);
}

BOOST_AUTO_TEST_CASE(background_refresh_that_may_not_be_stored_is_not_downloaded_to_its_end) {
  SimulatedPop pop(4, 1);
  pop.origin.body_size = 5'000'000;
  pop.origin.fields = {{"Cache-Control", "max-age=1, stale-while-revalidate=60"}};
  pop.get(0, "/r");
  pop.simulation.run_for(std::chrono::seconds(5));
  pop.origin.fields = {{"Cache-Control", "no-store"}};
  pop.origin.version = "-2";
  const std::uint64_t abandoned = pop.edges[0]->counters.abandoned.value();
  BOOST_TEST(pop.get(0, "/r").status == 200);
  pop.simulation.run_for(std::chrono::seconds(5));
  BOOST_TEST(pop.edges[0]->counters.abandoned.value() == abandoned + 1);
}

BOOST_AUTO_TEST_SUITE_END()
