// Rules of RFC 9111 4.2.4 and 4.3, and of RFC 5861, that take a whole edge to show: what is asked of the origin when a
// copy is stale, what is answered, and what is stored afterwards.
#include <boost/test/unit_test.hpp>

#include "http_rules.h"

using namespace skerry;
using namespace skerry::edge::test;
using std::chrono::seconds;

BOOST_AUTO_TEST_SUITE(http_rules_of_validation)

BOOST_AUTO_TEST_CASE(a_304_renews_the_stored_fields_at_once_and_for_the_next_hit_rfc9111_3_2) {
  SimulatedPop pop(1, 1);
  pop.get(0, "/v");
  pop.simulation.run_for(seconds(70));
  pop.origin.fields_of_304 = {{"ETag", "\"/v\""}, {"Cache-Control", "max-age=500"}, {"X-New", "1"}};
  const Answer validated = pop.get(0, "/v");
  BOOST_TEST(field(validated, "X-New") == "1");
  BOOST_TEST(field(validated, "Cache-Status") == "edge-0; fwd=stale; fwd-status=304");
  BOOST_TEST(validated.body == pop.origin.content("/v"));
  pop.simulation.run_for(seconds(400));
  const Answer hit = pop.get(0, "/v");
  BOOST_TEST(field(hit, "X-Cache") == "HIT");
  BOOST_TEST(field(hit, "X-New") == "1");
}

BOOST_AUTO_TEST_CASE(a_304_for_another_validator_updates_nothing_and_is_asked_again_rfc9111_4_3_4) {
  SimulatedPop pop(2, 1);
  pop.get(0, "/v");
  pop.simulation.run_for(seconds(70));
  pop.origin.fields_of_304 = {{"ETag", "\"elsewhere\""}, {"Cache-Control", "max-age=500"}, {"X-New", "1"}};
  const Answer answer = pop.get(0, "/v");
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(field(answer, "X-New") == "(absent)");
  BOOST_TEST(asked(pop, "If-None-Match") == "(absent)");
  BOOST_TEST(pop.origin.total() == 3);
}

// What the new list names is unknown of the stored response: to whom it may be given can't be told any more.
BOOST_AUTO_TEST_CASE(a_304_with_another_vary_list_is_asked_again_without_conditions_rfc9111_4_1) {
  for (const char* vary : {"X-Kind", "*"}) {
    SimulatedPop pop(3, 1);
    pop.get(0, "/v", {{"X-Kind", "a"}});
    pop.simulation.run_for(seconds(70));
    pop.origin.fields_of_304 = {{"ETag", "\"/v\""}, {"Cache-Control", "max-age=500"}, {"Vary", vary}};
    pop.origin.fields = {{"Cache-Control", "max-age=500"}, {"Vary", vary}};
    BOOST_TEST(pop.get(0, "/v", {{"X-Kind", "b"}}).status == 200);
    BOOST_TEST(asked(pop, "If-None-Match") == "(absent)");
    const int before = pop.origin.total();
    pop.get(0, "/v", {{"X-Kind", "a"}});
    // The response without Vary still matches everybody and is validated once more, in vain, before "a" has one of its
    // own; what may not be kept displaced it.
    const bool kept = std::string_view(vary) != "*";
    BOOST_TEST(asked(pop, "If-None-Match") == "(absent)");
    BOOST_TEST(pop.origin.total() == before + (kept ? 2 : 1));
    BOOST_TEST(hits(pop, "/v", {{"X-Kind", "a"}}) == kept);
  }
}

BOOST_AUTO_TEST_CASE(the_same_vary_list_in_a_304_changes_nothing_rfc9111_4_3_4) {
  SimulatedPop pop(4, 1);
  pop.origin.fields = {{"Cache-Control", "max-age=60"}, {"Vary", "X-Kind, Accept"}};
  pop.get(0, "/v");
  pop.simulation.run_for(seconds(70));
  pop.origin.fields_of_304 = {{"Cache-Control", "max-age=60"}, {"Vary", "accept"}, {"Vary", "x-kind"}};
  BOOST_TEST(field(pop.get(0, "/v"), "X-Cache") == "REVALIDATED");
  BOOST_TEST(pop.origin.total() == 2);
}

BOOST_AUTO_TEST_CASE(a_validation_carries_the_fields_that_vary_names_rfc9111_4_3_1) {
  SimulatedPop pop(5, 1);
  pop.origin.fields = {
      {"Cache-Control", "max-age=60"}, {"Vary", "X-Kind"}, {"Last-Modified", "Thu, 01 Jan 2015 00:00:00 GMT"}};
  pop.get(0, "/v", {{"X-Kind", "a"}});
  pop.simulation.run_for(seconds(70));
  pop.get(0, "/v", {{"X-Kind", "a"}, {"If-None-Match", "\"clients\""}});
  BOOST_TEST(asked(pop, "X-Kind") == "a");
  BOOST_TEST(asked(pop, "If-None-Match") == "\"/v\"");
  BOOST_TEST(asked(pop, "If-Modified-Since") == "Thu, 01 Jan 2015 00:00:00 GMT");
}

BOOST_AUTO_TEST_CASE(an_answer_that_forbids_storing_displaces_the_stored_one_rfc9111_3) {
  for (const char* control : {"no-store", "private"}) {
    SimulatedPop pop(6, 1);
    pop.get(0, "/s");
    pop.simulation.run_for(seconds(70));
    pop.origin.version = "-2";
    pop.origin.fields = {{"Cache-Control", control}};
    pop.get(0, "/s");
    pop.origin.silent = true;
    BOOST_TEST(pop.get(0, "/s").status == 504);  // the old copy is not there to cover for it
  }
}

BOOST_AUTO_TEST_CASE(no_5xx_without_freshness_displaces_a_stored_response_rfc9111_4_3_3) {
  for (const int status : {500, 501, 502, 503, 504, 505, 511, 599}) {
    BOOST_TEST_CONTEXT(status) {
      SimulatedPop pop(7, 1);
      pop.get(0, "/s");
      pop.simulation.run_for(seconds(70));
      pop.origin.status = status;
      pop.origin.etags = pop.origin.validates = false;
      pop.origin.fields = {{"Last-Modified", "Thu, 01 Jan 2015 00:00:00 GMT"}};
      BOOST_TEST(pop.get(0, "/s").status == status);
      pop.origin.silent = true;
      BOOST_TEST(field(pop.get(0, "/s"), "X-Cache") == "STALE");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_5xx_with_explicit_freshness_is_stored_like_any_other_rfc9111_3) {
  SimulatedPop pop(8, 1);
  pop.get(0, "/s");
  pop.simulation.run_for(seconds(70));
  pop.origin.status = 503;
  pop.origin.validates = false;
  BOOST_TEST(pop.get(0, "/s").status == 503);
  const Answer hit = pop.get(0, "/s");
  BOOST_TEST(hit.status == 503);
  BOOST_TEST(field(hit, "X-Cache") == "HIT");
}

BOOST_AUTO_TEST_CASE(stale_while_revalidate_answers_at_once_and_refreshes_once_rfc5861_3) {
  SimulatedPop pop(9, 1);
  pop.origin.fields = {{"Cache-Control", "max-age=10, stale-while-revalidate=100"}};
  pop.get(0, "/w");
  pop.simulation.run_for(seconds(20));
  pop.origin.version = "-2";
  std::vector<Answer> answers(20);
  for (std::size_t i = 0; i < answers.size(); ++i) pop.ask(0, "/w", answers, i);
  pop.simulation.run_for(seconds(5));
  for (const Answer& answer : answers) BOOST_TEST(field(answer, "X-Cache") == "STALE");
  BOOST_TEST(pop.origin.total() == 2);
  BOOST_TEST(pop.get(0, "/w").body == pop.origin.content("/w"));
  BOOST_TEST(pop.origin.total() == 2);
  pop.simulation.run_for(seconds(200));
  BOOST_TEST(field(pop.get(0, "/w"), "X-Cache") == "REVALIDATED");  // past the window
}

// Nobody waits for it and nobody would find it: its rest is not asked for.
BOOST_AUTO_TEST_CASE(a_background_refresh_that_outgrows_the_store_is_broken_off_rfc5861_3) {
  SimulatedPop pop(12, 1);
  pop.origin.fields = {{"Cache-Control", "max-age=10, stale-while-revalidate=100"}};
  pop.get(0, "/w");
  pop.simulation.run_for(seconds(20));
  pop.origin.version = "-2";
  pop.origin.body_size = 30 << 20;  // more than memory keeps of one object
  pop.origin.lengths = false;
  BOOST_TEST(field(pop.get(0, "/w"), "X-Cache") == "STALE");
  pop.simulation.run_for(seconds(5));
  BOOST_TEST(pop.origin.total() == 2);
  BOOST_TEST(pop.edges[0]->counters.abandoned.value() == 1u);
  BOOST_TEST(pop.edges[0]->counters.not_stored.value() == 1u);
}

BOOST_AUTO_TEST_CASE(stale_if_error_covers_for_a_server_error_within_its_window_rfc5861_4) {
  SimulatedPop pop(10, 1);
  pop.origin.fields = {{"Cache-Control", "max-age=10, stale-if-error=100"}};
  pop.get(0, "/e");
  pop.origin.status = 503;
  pop.origin.validates = false;
  pop.origin.fields.clear();
  pop.simulation.run_for(seconds(50));
  const Answer covered = pop.get(0, "/e");
  BOOST_TEST(covered.status == 200);
  BOOST_TEST(field(covered, "X-Cache") == "STALE");
  pop.simulation.run_for(seconds(100));
  BOOST_TEST(pop.get(0, "/e").status == 503);
}

BOOST_AUTO_TEST_CASE(must_revalidate_is_an_error_where_others_are_stale_rfc9111_5_2_2_2) {
  for (const char* control : {"max-age=10, must-revalidate", "max-age=10, proxy-revalidate", "s-maxage=10",
                              "max-age=10, no-cache", "max-age=10, must-revalidate, stale-if-error=1000"}) {
    SimulatedPop pop(11, 1);
    pop.origin.fields = {{"Cache-Control", control}};
    pop.get(0, "/r");
    pop.simulation.run_for(seconds(20));
    pop.origin.silent = true;
    BOOST_TEST(pop.get(0, "/r").status == 504);
  }
}

BOOST_AUTO_TEST_CASE(what_a_304_says_to_one_client_is_told_to_no_other_rfc9111_3_2) {
  const std::vector<std::vector<std::pair<std::string, std::string>>> answers = {
      {{"Cache-Control", "private"}, {"Set-Cookie", "sid=A"}},
      {{"Cache-Control", "no-store"}, {"Set-Cookie", "sid=A"}},
      {{"Cache-Control", "max-age=10"}, {"Set-Cookie", "sid=A"}}};
  for (const auto& answer : answers) {
    SimulatedPop pop(12, 1, 1,
                     [](edge::EdgeConfig& config) { config.sites.front().handling.policy.store_set_cookie = false; });
    pop.origin.fields = {{"Cache-Control", "max-age=10"}};
    pop.get(0, "/p");
    pop.simulation.run_for(seconds(20));
    pop.origin.fields_of_304 = answer;
    BOOST_TEST(pop.get(0, "/p").status == 200);
    BOOST_TEST(asked(pop, "If-None-Match") == "(absent)", "all of it, for this client");
    pop.origin.fields_of_304.reset();
    for (int i = 0; i < 2; ++i) {
      BOOST_TEST(field(pop.get(0, "/p"), "Set-Cookie") == "(absent)");
      pop.simulation.run_for(seconds(20));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_a_client_may_not_have_takes_the_copy_from_nobody_rfc9111_3_5) {
  SimulatedPop pop(13, 1);
  pop.origin.fields = {{"Cache-Control", "max-age=10"}};
  pop.get(0, "/u");
  pop.simulation.run_for(seconds(20));
  pop.origin.status = 401;
  pop.origin.validates = false;
  pop.origin.fields.clear();
  BOOST_TEST(pop.get(0, "/u", {{"Authorization", "Basic anVuaw=="}}).status == 401);
  pop.origin.status = 200;
  pop.origin.validates = true;
  pop.get(0, "/u");
  BOOST_TEST(asked(pop, "If-None-Match") == "\"/u\"", "the copy is still there");
}

BOOST_AUTO_TEST_CASE(those_who_wait_ask_a_failing_origin_no_more_than_the_first_rfc5861_4) {
  SimulatedPop pop(14, 1);
  pop.origin.fields = {{"Cache-Control", "max-age=10, stale-if-error=100"}};
  pop.get(0, "/e");
  pop.simulation.run_for(seconds(20));
  pop.origin.status = 503;
  pop.origin.validates = false;
  pop.origin.fields.clear();
  std::vector<Answer> answers(20);
  for (std::size_t i = 0; i < answers.size(); ++i) pop.ask(0, "/e", answers, i);
  pop.simulation.run_for(seconds(5));
  for (const Answer& answer : answers) BOOST_TEST(field(answer, "X-Cache") == "STALE");
  BOOST_TEST(pop.origin.requests["/e"] == 2);
}

BOOST_AUTO_TEST_SUITE_END()
