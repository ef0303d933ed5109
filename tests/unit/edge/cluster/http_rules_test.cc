// Rules of RFC 9111 and its neighbours that take a whole edge to show: what is asked of the origin, what is answered,
// and what is stored afterwards.
#include <boost/test/unit_test.hpp>

#include "simulated_pop.h"

using namespace skerry;
using namespace skerry::edge::test;
using std::chrono::seconds;

namespace {

std::string field(const Answer& answer, std::string_view name) {
  return answer.fields.find(name) ? answer.fields.joined(name) : "(absent)";
}

std::string asked(const SimulatedPop& pop, std::string_view name) {
  const http::HeaderMap& fields = pop.origin.heads.back().fields;
  return fields.find(name) ? fields.joined(name) : "(absent)";
}

bool hits(SimulatedPop& pop, const std::string& path,
          const std::vector<std::pair<std::string, std::string>>& fields = {}) {
  return field(pop.get(0, path, fields), "X-Cache") == "HIT";
}

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

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(http_rules_of_invalidation)

BOOST_AUTO_TEST_CASE(unsafe_methods_drop_the_url_and_the_same_origin_locations_rfc9111_4_4) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "UNHEARD-OF"}) {
    SimulatedPop pop(1, 3);
    const std::vector<std::string> paths = {"/doc", "/list", "/doc/2", "/other"};
    for (const std::string& path : paths) pop.get(0, path);
    pop.origin.fields = {{"Location", "/list"}, {"Content-Location", "http://www.example.com/doc/2"}};
    pop.get(1, "/doc", {}, method);
    pop.simulation.run_for(seconds(1));
    pop.origin.fields = {{"Cache-Control", "max-age=60"}};
    pop.origin.requests.clear();
    for (const std::string& path : paths) pop.get(2, path);
    BOOST_TEST(pop.origin.requests["/doc"] == 1);
    BOOST_TEST(pop.origin.requests["/list"] == 1);
    BOOST_TEST(pop.origin.requests["/doc/2"] == 1);
    BOOST_TEST(pop.origin.requests["/other"] == 0);
  }
}

BOOST_AUTO_TEST_CASE(errors_safe_methods_and_other_origins_drop_nothing_rfc9111_4_4) {
  struct Row {
    const char* method;
    int status;
    const char* location;
  };
  for (const Row& row : {Row{"POST", 404, "/doc"}, Row{"PUT", 500, "/doc"}, Row{"OPTIONS", 200, "/doc"},
                         Row{"POST", 200, "http://elsewhere.example/doc"}, Row{"POST", 201, "//www.example.com:81/doc"},
                         Row{"POST", 201, "https://www.example.com/doc"}}) {
    SimulatedPop pop(2, 1);
    pop.get(0, "/doc");
    pop.origin.status = row.status;
    pop.origin.fields = {{"Location", row.location}};
    pop.get(0, "/elsewhere", {}, row.method);
    pop.simulation.run_for(seconds(1));
    pop.origin.status = 200;
    BOOST_TEST(hits(pop, "/doc"));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(http_rules_of_sharing)

BOOST_AUTO_TEST_CASE(authorized_answers_are_nobody_elses_unless_the_origin_says_so_rfc9111_3_5) {
  const std::vector<std::pair<std::string, std::string>> key = {{"Authorization", "Basic eDp5"}};
  for (const bool allowed : {false, true}) {
    SimulatedPop pop(1, 3);
    pop.origin.fields = {{"Cache-Control", allowed ? "max-age=60, public" : "max-age=60"}};
    for (int edge = 0; edge < 3; ++edge) pop.get(edge, "/a", key);
    BOOST_TEST(pop.origin.total() == (allowed ? 1 : 3));
    pop.get(0, "/a");
    BOOST_TEST(pop.origin.total() == (allowed ? 1 : 4));
    BOOST_TEST(asked(pop, "Authorization") == (allowed ? "Basic eDp5" : "(absent)"));
  }
}

BOOST_AUTO_TEST_CASE(uncacheable_keys_do_not_queue_until_a_cacheable_answer_comes) {
  SimulatedPop pop(2, 1);
  pop.origin.fields = {{"Cache-Control", "no-store"}};
  pop.get(0, "/n");
  std::vector<Answer> answers(10);
  for (std::size_t i = 0; i < answers.size(); ++i) pop.ask(0, "/n", answers, i);
  pop.simulation.run_for(seconds(2));
  for (const Answer& answer : answers) {
    BOOST_TEST(field(answer, "Cache-Status").find("collapsed") == std::string::npos);
    BOOST_TEST(field(answer, "Cache-Status").find("fwd=uri-miss") != std::string::npos);
  }
  BOOST_TEST(pop.origin.total() == 11);
  pop.origin.fields = {{"Cache-Control", "max-age=60"}};
  pop.get(0, "/n");
  BOOST_TEST(hits(pop, "/n"));
}

BOOST_AUTO_TEST_CASE(a_follower_that_waits_too_long_fetches_on_its_own) {
  SimulatedPop pop(3, 1);
  pop.origin.silent = true;
  std::vector<Answer> answers(2);
  pop.ask(0, "/slow", answers, 0);
  pop.simulation.run_for(seconds(1));
  pop.ask(0, "/slow", answers, 1);
  pop.simulation.run_for(seconds(2));
  pop.origin.silent = false;
  pop.simulation.run_for(seconds(5));
  BOOST_TEST(answers[1].status == 200);
  BOOST_TEST(field(answers[1], "Cache-Status").find("follower-timeout") != std::string::npos);
  BOOST_TEST(pop.origin.total() == 2);
}

BOOST_AUTO_TEST_CASE(an_edge_listed_in_cdn_loop_refuses_rfc8586_2) {
  SimulatedPop pop(4, 1);
  pop.get(0, "/l");
  const std::string own = asked(pop, "CDN-Loop");  // one entry, ours
  const std::string cluster = own.substr(0, own.find(';'));
  struct Row {
    std::string value;
    int status;
  };
  const std::string other = cluster + ";node=another-one";
  for (const Row& row : {
           Row{own, 508},
           Row{"cdn.example, \t" + own, 508},
           Row{own + " , cdn.example;a=\"x, y\"", 508},
           Row{cluster + " ; node=edge-0", 508},
           Row{"cdn.example;a=\"" + own + "\"", 200},
           Row{"cdn.example;a=\", " + own + ", \"", 200},
           Row{other, 200},
           Row{other + "," + other + "," + other + "," + other, 200},
           Row{other + "," + other + "," + other + "," + other + " ,\t" + cluster, 508},
           Row{"another.example, third.example", 200},
       }) {
    BOOST_TEST_CONTEXT(row.value) {
      const int before = pop.origin.total();
      const Answer answer = pop.get(0, "/l" + std::to_string(before), {{"CDN-Loop", row.value}});
      BOOST_TEST(answer.status == row.status);
      BOOST_TEST(pop.origin.total() == before + (row.status == 200));
      if (row.status == 200) BOOST_TEST(asked(pop, "CDN-Loop") == row.value + ", " + own);
      if (row.status == 508) BOOST_TEST(field(answer, "Cache-Control") == "no-store");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(http_rules_of_hostility)

BOOST_AUTO_TEST_CASE(hostile_requests_get_the_right_body) {
  SimulatedPop pop(1, 1);
  const std::string body = pop.get(0, "/h").body;
  std::string many = "bytes=0-0", overlapping = "bytes=0-", list = "\"0\"", names = "a";
  while (many.size() < 50'000) many += "," + std::to_string(many.size() % 2000) + "-";
  while (overlapping.size() < 50'000) overlapping += ",0-1999";
  while (list.size() < 50'000) list += ",W/\"x\"";
  while (names.size() < 20'000) names += ",x" + std::to_string(names.size());
  const std::vector<std::vector<std::pair<std::string, std::string>>> requests = {
      {{"Range", many}},
      {{"Range", overlapping}},
      {{"Range", "bytes=0-18446744073709551615,-18446744073709551615"}},
      {{"Range", "bytes=99999999999999999999999-5"}},
      {{"If-None-Match", list}},
      {{"If-None-Match", std::string(50'000, '"')}},
      {{"If-Modified-Since", std::string(50'000, '9')}},
      {{"Cache-Control", "max-stale=" + std::string(50'000, '9')}},
      {{"Connection", names}},
      {{"CDN-Loop", list}},
      {{"If-Range", list}, {"Range", "bytes=0-0"}},
  };
  for (const auto& fields : requests) {
    BOOST_TEST_CONTEXT(fields.front().first << ": " << fields.front().second.substr(0, 30)) {
      const Answer answer = pop.get(0, "/h", fields);
      BOOST_TEST(answer.status == 200);
      BOOST_TEST((answer.body == body));
    }
  }
}

BOOST_AUTO_TEST_CASE(hostile_responses_give_each_client_its_own_body) {
  std::string names = "x-kind";
  while (names.size() < 20'000) names += ",x" + std::to_string(names.size());
  const std::string nines(20'000, '9'), quotes(20'000, '"');
  const std::vector<std::vector<std::pair<std::string, std::string>>> responses = {
      {{"Cache-Control", "max-age=60"}, {"Vary", names}},
      {{"Cache-Control", "max-age=60"}, {"Vary", "x-kind," + std::string(20'000, ',')}},
      {{"Cache-Control", "max-age=60, private=\"" + names + "\""}},
      {{"Cache-Control", "max-age=" + nines + ", no-cache"}},
      {{"Cache-Control", "max-age=60"}, {"Age", nines}},
      {{"Cache-Control", quotes + ", no-store, max-age=60"}},
      {{"CDN-Cache-Control", names}, {"Cache-Control", "no-store"}},
  };
  for (const auto& fields : responses) {
    BOOST_TEST_CONTEXT(fields.back().first << ": " << fields.back().second.substr(0, 30)) {
      SimulatedPop pop(2, 1);
      pop.origin.fields = fields;
      pop.origin.etags = false;
      for (int i = 0; i < 6; ++i) {
        const std::string kind = std::to_string(i);
        pop.origin.body = "for " + kind;  // the origin makes another body for each
        const Answer answer = pop.get(0, "/h", {{"X-Kind", kind}});
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(answer.body == "for " + kind);
      }
      BOOST_TEST(pop.origin.total() == 6);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
