// Errors of the origin's: kept only where the site or the origin says for how long, and never in the place of a good
// copy.
#include <boost/test/unit_test.hpp>

#include "simulated_pop.h"

using namespace skerry;
using namespace skerry::edge::test;
using namespace std::chrono_literals;

namespace {

void keep_errors(edge::EdgeConfig& config) {
  config.sites[0].handling.policy.negative_ttl = {{404, 10s}, {503, 5s}};
}

// An edge that keeps 404 for 10 s and 503 for 5 s, or nothing; its origin states no lifetime.
struct Errors {
  SimulatedPop pop;

  explicit Errors(EdgeChange change = keep_errors) : pop(51, 1, 1, change) { pop.origin.fields.clear(); }
  // From now on, under another validator than what went before.
  void answer(int status) {
    pop.origin.status = status;
    pop.origin.version += "-" + std::to_string(status);
  }
  // How many of `count` requests, a second apart, reached the origin.
  int asked(const std::string& path, int count, int expected_status) {
    const int before = pop.origin.total();
    for (int i = 0; i < count; ++i) {
      BOOST_TEST(pop.get(0, path).status == expected_status);
      pop.simulation.run_for(1s);
    }
    return pop.origin.total() - before;
  }
  // "/page" was good, and is stale by now.
  void keep_good_copy() {
    pop.origin.fields = {{"Cache-Control", "max-age=60"}};
    BOOST_TEST(pop.get(0, "/page").status == 200);
    pop.simulation.run_for(120s);
    pop.origin.fields.clear();
  }
  std::string outcome_without_origin() {
    pop.origin.silent = true;
    const Answer answer = pop.get(0, "/page");
    return std::to_string(answer.status) + " " + std::string(answer.fields.find(http::HeaderId::x_cache).value_or(""));
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(negative_caching)

BOOST_AUTO_TEST_CASE(errors_without_lifetime_are_not_kept_unless_the_site_says_so) {
  Errors nothing(nullptr), kept;
  nothing.answer(404);
  kept.answer(404);
  BOOST_TEST(nothing.asked("/gone", 5, 404) == 5);
  BOOST_TEST(kept.asked("/gone", 5, 404) == 1);
  kept.pop.simulation.run_for(10s);
  BOOST_TEST(kept.asked("/gone", 5, 404) == 1);
  kept.answer(410);
  BOOST_TEST(kept.asked("/gone-for-ever", 3, 410) == 3);
}

BOOST_AUTO_TEST_CASE(lifetime_that_the_origin_states_wins_over_the_sites) {
  const std::pair<const char*, int> rows[] = {
      {"max-age=60", 1}, {"max-age=2", 10}, {"max-age=0", 20}, {"no-store", 20}, {"private", 20}};
  for (const auto& [control, most] : rows) {
    Errors world;
    world.answer(404);
    world.pop.origin.fields = {{"Cache-Control", control}};
    const int asked = world.asked("/gone", 20, 404);
    BOOST_TEST(asked <= most, control << ": " << asked);
    BOOST_TEST(asked * 3 >= most, control << ": " << asked);
  }
}

BOOST_AUTO_TEST_CASE(servers_error_is_kept_as_long_as_the_site_says_where_nothing_else_is_kept) {
  Errors world;
  world.answer(503);
  BOOST_TEST(world.asked("/down", 4, 503) == 1);
  world.pop.simulation.run_for(2s);
  world.answer(200);
  BOOST_TEST(world.pop.get(0, "/down").status == 200);
}

BOOST_AUTO_TEST_CASE(servers_error_never_takes_the_place_of_a_good_copy) {
  for (const int status : {500, 501, 502, 503, 504, 520}) {
    Errors world;
    world.keep_good_copy();
    world.answer(status);
    BOOST_TEST(world.pop.get(0, "/page").status == status);
    BOOST_TEST(world.outcome_without_origin() == "200 STALE", status);
  }
}

BOOST_AUTO_TEST_CASE(servers_error_that_the_origin_calls_cacheable_does) {
  Errors world;
  world.keep_good_copy();
  world.answer(503);
  world.pop.origin.fields = {{"Cache-Control", "max-age=600"}};
  BOOST_TEST(world.asked("/page", 5, 503) == 1);
  BOOST_TEST(world.outcome_without_origin() == "503 HIT");
}

BOOST_AUTO_TEST_CASE(not_found_is_news_about_the_page_and_takes_its_place) {
  Errors world;
  world.keep_good_copy();
  world.answer(404);
  BOOST_TEST(world.asked("/page", 5, 404) == 1);
}

BOOST_AUTO_TEST_CASE(every_error_of_ours_names_the_edge_and_the_type_of_the_error_rfc9209) {
  struct Row {
    const char* path;
    std::vector<std::pair<std::string, std::string>> fields;
    std::string method;
    int status;
    const char* type;
  };
  const Row rows[] = {
      {"/.well-known/skerry/ready", {}, "GET", 403, "http_request_denied"},
      {"/looping", {{"CDN-Loop", "skerry, skerry, skerry, skerry, skerry"}}, "GET", 508, "proxy_loop_detected"},
      {"/cached-only", {{"Cache-Control", "only-if-cached"}}, "GET", 504, "proxy_internal_response"},
      {"/silent", {}, "GET", 504, "http_response_timeout"},
      {"/silent", {}, "POST", 504, "http_response_timeout"},
      {"/silent", {}, "HEAD", 504, "http_response_timeout"},
      {"/silent", {{"Range", "bytes=0-1"}}, "GET", 504, "http_response_timeout"},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.method << " " << row.path) {
      Errors world;
      world.pop.origin.silent = true;
      const Answer answer = world.pop.get(0, row.path, row.fields, row.method);
      const std::string said(answer.fields.find(http::HeaderId::proxy_status).value_or(""));
      BOOST_TEST(answer.status == row.status);
      BOOST_TEST(said.starts_with(world.pop.edges[0]->name + "; error=" + row.type + ";"), said);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
