#include "edge/freshness.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/edge/cache/heads.h"

namespace skerry::edge {
namespace {

using namespace testing;

struct Row {
  const char* what;
  Fields fields;
  std::int64_t lifetime;
  FreshnessSource why;
  int status = 200;
};

void check(const std::vector<Row>& rows, const CachePolicy& policy = {}) {
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      const Freshness found = freshness(response(row.fields, row.status), policy);
      BOOST_TEST(found.lifetime.count() == row.lifetime);
      BOOST_TEST(name(found.why) == name(row.why));
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(freshness_lifetime)

BOOST_AUTO_TEST_CASE(the_order_of_control_is_that_of_rfc9111_4_2_1_and_rfc9213_2_1) {
  const std::string soon = date(100);
  check({
      {"nothing at all", {}, 0, FreshnessSource::none},
      {"no default", {{"ETag", "\"1\""}}, 0, FreshnessSource::none},
      {"max-age", {{"Cache-Control", "max-age=60"}}, 60, FreshnessSource::max_age},
      {"s-maxage first", {{"Cache-Control", "max-age=60, s-maxage=5"}}, 5, FreshnessSource::s_maxage},
      {"max-age before Expires",
       {{"Cache-Control", "max-age=60"}, {"Expires", soon}, {"Date", date(0)}},
       60,
       FreshnessSource::max_age},
      {"Expires - Date", {{"Expires", soon}, {"Date", date(-20)}}, 120, FreshnessSource::expires},
      {"Expires without Date", {{"Expires", soon}}, 100, FreshnessSource::expires},
      {"Expires with invalid Date", {{"Expires", soon}, {"Date", "yesterday"}}, 100, FreshnessSource::expires},
      {"Expires past 2^31, cut at what the clock can hold",
       {{"Expires", "Sun, 21 Nov 2286 04:46:39 GMT"}},
       7443372036,
       FreshnessSource::expires},
      {"Expires before Date", {{"Expires", date(-5)}, {"Date", date(0)}}, 0, FreshnessSource::expires},
      {"Expires: 0", {{"Expires", "0"}}, 0, FreshnessSource::expires},
      {"two Expires", {{"Expires", soon}, {"Expires", soon}}, 0, FreshnessSource::expires},
      {"Surrogate-Control before Cache-Control",
       {{"Surrogate-Control", "max-age=7"}, {"Cache-Control", "s-maxage=60"}, {"Expires", soon}},
       7,
       FreshnessSource::surrogate_control},
      {"CDN-Cache-Control before all",
       {{"CDN-Cache-Control", "max-age=9"}, {"Surrogate-Control", "max-age=7"}, {"Cache-Control", "no-store"}},
       9,
       FreshnessSource::cdn_cache_control},
      {"CDN-Cache-Control without max-age replaces Expires, too",
       {{"CDN-Cache-Control", "must-revalidate"}, {"Cache-Control", "max-age=60"}, {"Expires", soon}},
       0,
       FreshnessSource::none},
      {"then only the heuristic is left",
       {{"CDN-Cache-Control", "must-revalidate"}, {"Expires", soon}, {"Last-Modified", date(-1000)}},
       100,
       FreshnessSource::heuristic},
      {"a void CDN-Cache-Control lets Cache-Control rule",
       {{"CDN-Cache-Control", "max-age=9,"}, {"Cache-Control", "max-age=60"}},
       60,
       FreshnessSource::max_age},
      {"an empty one, too", {{"CDN-Cache-Control", ""}, {"Cache-Control", "max-age=60"}}, 60, FreshnessSource::max_age},
      {"an invalid max-age is stale at once, whatever Expires says",
       {{"Cache-Control", "max-age=abc"}, {"Expires", soon}},
       0,
       FreshnessSource::max_age},
  });
}

BOOST_AUTO_TEST_CASE(the_heuristic_needs_last_modified_and_a_status_for_it_rfc9111_4_2_2) {
  const std::string modified = date(-1000);
  const std::string far_past = "Thu, 01 Jan 1970 00:00:00 GMT";
  std::vector<Row> rows;
  for (const int status : {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}) {
    rows.push_back({"cacheable", {{"Last-Modified", modified}}, 100, FreshnessSource::heuristic, status});
  }
  for (const int status : {201, 202, 302, 303, 307, 400, 403, 500, 503, 599}) {
    rows.push_back({"not cacheable", {{"Last-Modified", modified}}, 0, FreshnessSource::none, status});
    rows.push_back({"public",
                    {{"Last-Modified", modified}, {"Cache-Control", "public"}},
                    100,
                    FreshnessSource::heuristic,
                    status});
  }
  rows.push_back(
      {"age at Date, not now", {{"Last-Modified", modified}, {"Date", date(-500)}}, 50, FreshnessSource::heuristic});
  rows.push_back({"bounded", {{"Last-Modified", far_past}}, 86400, FreshnessSource::heuristic});
  rows.push_back({"in the future", {{"Last-Modified", date(50)}}, 0, FreshnessSource::heuristic});
  rows.push_back({"invalid", {{"Last-Modified", "last week"}}, 0, FreshnessSource::none});
  check(rows);
  CachePolicy policy;
  policy.heuristic_fraction = 0.5;
  policy.heuristic_max = seconds(300);
  check({{"half", {{"Last-Modified", date(-100)}}, 50, FreshnessSource::heuristic},
         {"its bound", {{"Last-Modified", modified}}, 300, FreshnessSource::heuristic}},
        policy);
}

BOOST_AUTO_TEST_CASE(a_site_may_set_lifetimes_of_content_and_of_errors) {
  CachePolicy policy;
  policy.ttl = seconds(600);
  policy.negative_ttl = {{404, seconds(5)}, {503, seconds(1)}};
  check({{"instead of the origin's", {{"Cache-Control", "max-age=60"}}, 600, FreshnessSource::site},
         {"without any", {}, 600, FreshnessSource::site, 301},
         {"a temporary redirect keeps its own", {}, 0, FreshnessSource::none, 302},
         {"errors", {}, 5, FreshnessSource::negative_ttl, 404},
         {"errors of the server", {}, 1, FreshnessSource::negative_ttl, 503},
         {"the origin's word on errors", {{"Cache-Control", "max-age=60"}}, 60, FreshnessSource::max_age, 404}},
        policy);
}

BOOST_AUTO_TEST_CASE(what_forbids_stale_and_what_allows_it) {
  struct StaleRow {
    const char* control;
    bool always_validate, never_stale;
  };
  const std::vector<StaleRow> rows = {
      {"max-age=1", false, false},
      {"max-age=1, must-revalidate", false, true},
      {"max-age=1, proxy-revalidate", false, true},
      {"s-maxage=1", false, true},
      {"s-maxage=1, stale-while-revalidate=5", false, false},
      {"s-maxage=1, stale-if-error=5", false, false},
      {"s-maxage=1, stale-if-error=5, must-revalidate", false, true},
      {"no-cache", true, false},
      {"no-cache=\"a\"", false, false},
  };
  for (const StaleRow& row : rows) {
    BOOST_TEST_CONTEXT(row.control) {
      const Freshness found = freshness(response({{"Cache-Control", row.control}}));
      BOOST_TEST(found.always_validate == row.always_validate);
      BOOST_TEST(found.never_stale == row.never_stale);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(response_age)

BOOST_AUTO_TEST_CASE(initial_age_is_computed_as_in_rfc9111_4_2_3) {
  struct AgeRow {
    const char* what;
    Fields fields;
    std::int64_t requested, received, expected;
  };
  const std::vector<AgeRow> rows = {
      {"nothing known", {}, 0, 0, 0},
      {"Age", {{"Age", "30"}}, 0, 0, 30},
      {"Age and delay", {{"Age", "30"}}, 0, 4, 34},
      {"delay alone", {{"Date", date(4)}}, 0, 4, 4},
      {"apparent_age", {{"Date", date(-50)}}, 0, 0, 50},
      {"the larger of both", {{"Date", date(-50)}, {"Age", "60"}}, 0, 0, 60},
      {"a Date in the future", {{"Date", date(50)}, {"Age", "1"}}, 0, 0, 1},
      {"an invalid Date", {{"Date", "x"}, {"Age", "1"}}, 0, 0, 1},
      {"the first member counts", {{"Age", "7, 0"}}, 0, 0, 7},
      {"the first line counts", {{"Age", "0"}, {"Age", "7"}}, 0, 0, 0},
      {"not a number", {{"Age", "old"}}, 0, 0, 0},
      {"negative", {{"Age", "-5"}}, 0, 0, 0},
      {"fraction", {{"Age", "5.0"}}, 0, 0, 0},
      {"parameter", {{"Age", "5;a=1"}}, 0, 0, 0},
      {"saturating", {{"Age", "99999999999999999999"}}, 0, 0, 2147483648},
      {"a clock that went back", {{"Age", "5"}}, 10, 0, 5},
  };
  for (const AgeRow& row : rows) {
    BOOST_TEST_CONTEXT(row.what) {
      const Freshness found = freshness_of(response(row.fields), {}, at(row.requested), at(row.received));
      BOOST_TEST(found.initial_age.count() == row.expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(current_age_grows_with_the_clock_and_never_shrinks_below_the_initial_one) {
  const ObjectHead stored = object({{"Cache-Control", "max-age=60"}, {"Age", "10"}});
  BOOST_TEST(current_age(stored, at(0)).count() == 10);
  BOOST_TEST(current_age(stored, at(5)).count() == 15);
  BOOST_TEST(current_age(stored, at(5) + std::chrono::milliseconds(999)).count() == 15);
  BOOST_TEST(current_age(stored, at(-100)).count() == 10);
}

BOOST_AUTO_TEST_CASE(an_age_above_the_lifetime_is_stale_on_arrival) {
  BOOST_TEST(!freshness(response({{"Cache-Control", "max-age=60"}, {"Age", "60"}})).fresh_on_arrival());
  BOOST_TEST(freshness(response({{"Cache-Control", "max-age=60"}, {"Age", "59"}})).fresh_on_arrival());
  BOOST_TEST(!freshness(response({{"Cache-Control", "max-age=60, no-cache"}})).fresh_on_arrival());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
