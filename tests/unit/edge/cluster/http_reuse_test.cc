// Rules of RFC 9111 about what is reused, that take a whole edge to show.
#include <boost/test/unit_test.hpp>

#include "http_rules.h"

using namespace skerry;
using namespace skerry::edge::test;
using std::chrono::seconds;

namespace {

void honour_requests(edge::EdgeConfig& config) {
  config.sites.front().handling.policy.honour_request_directives = true;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_rules_of_reuse)

BOOST_AUTO_TEST_CASE(a_hit_has_its_age_and_the_origins_date_rfc9111_5_1) {
  SimulatedPop pop(1, 1);
  pop.origin.fields = {{"Cache-Control", "max-age=60"}, {"Age", "5"}};
  const std::string first = field(pop.get(0, "/a"), "Date");
  pop.simulation.run_for(seconds(7));
  const Answer hit = pop.get(0, "/a");
  BOOST_TEST(field(hit, "Age") == "12");
  BOOST_TEST(field(hit, "Date") == first);
}

BOOST_AUTO_TEST_CASE(variants_live_side_by_side_and_a_list_of_languages_has_one_form_rfc9111_4_1) {
  SimulatedPop pop(2, 1);
  pop.origin.fields = {{"Cache-Control", "max-age=60"}, {"Vary", "Accept-Language, X-Kind"}};
  BOOST_TEST(!hits(pop, "/v", {{"Accept-Language", "de, en;q=0.5"}}));
  BOOST_TEST(!hits(pop, "/v", {{"Accept-Language", "fr"}}));
  BOOST_TEST(!hits(pop, "/v", {{"Accept-Language", "fr"}, {"X-Kind", "a"}}));
  BOOST_TEST(hits(pop, "/v", {{"Accept-Language", "EN;q=0.50 , de"}, {"Other", "1"}}));
  BOOST_TEST(hits(pop, "/v", {{"Accept-Language", "fr"}}));
  BOOST_TEST(hits(pop, "/v", {{"Accept-Language", "fr"}, {"X-Kind", " a "}}));
  BOOST_TEST(pop.origin.total() == 3);
}

BOOST_AUTO_TEST_CASE(a_url_keeps_as_many_variants_as_the_site_allows_the_newest_rfc9111_4_1) {
  SimulatedPop pop(3, 1, 1, [](edge::EdgeConfig& config) { config.sites.front().handling.policy.max_variants = 3; });
  pop.origin.fields = {{"Cache-Control", "max-age=600"}, {"Vary", "X-Kind"}};
  const auto kind = [](int number) {
    return std::vector<std::pair<std::string, std::string>>{{"X-Kind", std::to_string(number)}};
  };
  for (int i = 0; i < 50; ++i) pop.get(0, "/many", kind(i));
  BOOST_TEST(pop.edges[0]->store->stats().memory_objects == 3u);
  BOOST_TEST(pop.edges[0]->counters.variants_displaced.value() == 47u);
  for (const int kept : {47, 48, 49}) BOOST_TEST(hits(pop, "/many", kind(kept)));
  BOOST_TEST(!hits(pop, "/many", kind(0)));
}

// A variant counts once it is stored: those that arrive at the same time displace each other, too.
BOOST_AUTO_TEST_CASE(variants_that_arrive_together_keep_to_the_bound_rfc9111_4_1) {
  SimulatedPop pop(13, 1, 1, [](edge::EdgeConfig& config) { config.sites.front().handling.policy.max_variants = 2; });
  pop.origin.fields = {{"Cache-Control", "max-age=600"}, {"Vary", "X-Kind"}};
  pop.get(0, "/v", {{"X-Kind", "known"}});  // tells what the URL varies by
  pop.origin.body_size = 1'000'000;
  std::vector<Answer> answers(8);
  for (std::size_t i = 0; i < answers.size(); ++i) pop.ask(0, "/v", answers, i, {{"X-Kind", std::to_string(i)}});
  pop.simulation.run_for(seconds(20));
  for (const Answer& answer : answers) BOOST_TEST(answer.status == 200);
  BOOST_TEST(pop.edges[0]->store->stats().memory_objects == 2u);
}

// What was validated is as new as what was stored.
BOOST_AUTO_TEST_CASE(a_304_gives_its_variant_a_new_turn_rfc9111_4_3_4) {
  SimulatedPop pop(12, 1, 1, [](edge::EdgeConfig& config) { config.sites.front().handling.policy.max_variants = 2; });
  pop.origin.fields = {{"Cache-Control", "max-age=60"}, {"Vary", "X-Kind"}};
  pop.get(0, "/v", {{"X-Kind", "first"}});
  pop.get(0, "/v", {{"X-Kind", "second"}});
  pop.simulation.run_for(seconds(70));
  BOOST_TEST(field(pop.get(0, "/v", {{"X-Kind", "first"}}), "X-Cache") == "REVALIDATED");
  pop.get(0, "/v", {{"X-Kind", "third"}});
  BOOST_TEST(hits(pop, "/v", {{"X-Kind", "first"}}));
  BOOST_TEST(!hits(pop, "/v", {{"X-Kind", "second"}}));
}

BOOST_AUTO_TEST_CASE(only_if_cached_never_asks_the_origin_rfc9111_5_2_1_7) {
  SimulatedPop pop(4, 1);
  const std::vector<std::pair<std::string, std::string>> only = {{"Cache-Control", "only-if-cached"}};
  BOOST_TEST(pop.get(0, "/o", only).status == 504);
  BOOST_TEST(pop.origin.total() == 0);
  pop.get(0, "/o");
  BOOST_TEST(pop.get(0, "/o", only).status == 200);
  BOOST_TEST(pop.origin.total() == 1);
}

BOOST_AUTO_TEST_CASE(request_directives_count_where_the_site_honours_them_rfc9111_5_2_1) {
  for (const bool honoured : {false, true}) {
    SimulatedPop pop(5, 1, 1, honoured ? honour_requests : nullptr);
    pop.origin.fields = {{"Cache-Control", "max-age=60"}};
    pop.get(0, "/d");
    pop.simulation.run_for(seconds(10));
    for (const char* control : {"no-cache", "max-age=5", "min-fresh=55"}) {
      const int before = pop.origin.total();
      pop.get(0, "/d", {{"Cache-Control", control}});
      BOOST_TEST((pop.origin.total() - before) == (honoured ? 1 : 0));
      pop.simulation.run_for(seconds(10));
    }
    pop.simulation.run_for(seconds(70));
    BOOST_TEST((field(pop.get(0, "/d", {{"Cache-Control", "max-stale=600"}}), "X-Cache") == "HIT") == honoured);
    pop.get(0, "/private", {{"Cache-Control", "no-store"}});
    BOOST_TEST(hits(pop, "/private") == !honoured);
  }
}

BOOST_AUTO_TEST_CASE(head_is_answered_from_a_stored_get_and_its_own_miss_is_not_stored_rfc9110_9_3_2) {
  SimulatedPop pop(6, 1);
  const Answer miss = pop.get(0, "/h", {}, "HEAD");
  BOOST_TEST(miss.status == 200);
  BOOST_TEST(miss.body.empty());
  BOOST_TEST((pop.origin.heads.back().method == http::Method::head));
  BOOST_TEST(!hits(pop, "/h"));
  const Answer hit = pop.get(0, "/h", {}, "HEAD");
  BOOST_TEST(field(hit, "X-Cache") == "HIT");
  BOOST_TEST(field(hit, "Content-Length") == "2000");
  BOOST_TEST(hit.body.empty());
  BOOST_TEST(pop.origin.total() == 2);
}

// A HEAD of what is stale is a validation: the origin is asked with the stored validators, and whatever it answers is
// known afterwards, so that 4.3.5 has nothing left to freshen.
BOOST_AUTO_TEST_CASE(a_head_of_a_stale_copy_freshens_the_stored_get_rfc9111_4_3_5) {
  SimulatedPop pop(7, 1);
  pop.get(0, "/h");
  pop.simulation.run_for(seconds(70));
  BOOST_TEST(field(pop.get(0, "/h", {}, "HEAD"), "X-Cache") == "REVALIDATED");
  BOOST_TEST(asked(pop, "If-None-Match") == "\"/h\"");
  BOOST_TEST(hits(pop, "/h"));
  pop.simulation.run_for(seconds(70));
  pop.origin.version = "-2";
  BOOST_TEST(field(pop.get(0, "/h", {}, "HEAD"), "ETag") == "\"/h-2\"");
  BOOST_TEST(hits(pop, "/h"));
  BOOST_TEST(pop.get(0, "/h").body == pop.origin.content("/h"));
}

BOOST_AUTO_TEST_CASE(conditions_for_the_origin_are_forwarded_and_never_judged_here_rfc9111_4_3_2) {
  const std::vector<std::pair<std::string, std::string>> conditions = {
      {"If-Match", "\"mine\""}, {"If-Unmodified-Since", "Thu, 01 Jan 2015 00:00:00 GMT"}};
  for (const auto& condition : conditions) {
    SimulatedPop pop(8, 3);
    for (int edge = 0; edge < 3; ++edge) {
      const std::string path = "/m" + std::to_string(edge);
      pop.get(edge, path, {condition});
      BOOST_TEST(asked(pop, condition.first) == condition.second);  // nothing stored: the origin's to judge
      pop.get(edge, path);
      const int before = pop.origin.total();
      BOOST_TEST(pop.get(edge, path, {condition}).status == 200);  // ignored on a fresh hit
      BOOST_TEST(pop.origin.total() == before);
      pop.simulation.run_for(seconds(70));
      pop.origin.status = 412;
      BOOST_TEST(pop.get(edge, path, {condition}).status == 412);  // stale: forwarded again
      BOOST_TEST(asked(pop, condition.first) == condition.second);
      pop.origin.status = 200;
      BOOST_TEST(pop.get(edge, path).status == 200);  // ... and what it answered is nobody else's
    }
  }
}

BOOST_AUTO_TEST_CASE(a_clients_condition_is_answered_from_a_fresh_copy_rfc9111_4_3_2) {
  SimulatedPop pop(9, 1);
  pop.get(0, "/c");
  const Answer answer = pop.get(0, "/c", {{"If-None-Match", "\"other\", W/\"/c\""}});
  BOOST_TEST(answer.status == 304);
  BOOST_TEST(field(answer, "ETag") == "\"/c\"");
  BOOST_TEST(field(answer, "Cache-Control") == "max-age=60");
  BOOST_TEST(field(answer, "Age") == "0");
  BOOST_TEST(pop.origin.total() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
