#include <boost/test/unit_test.hpp>

#include "edge/cacheability.h"
#include "tests/unit/edge/cache/heads.h"

namespace skerry::edge {
namespace {

using namespace testing;

struct Row {
  const char* control;
  std::int64_t now;
  Reuse reuse;
  Reason why;
  const char* asked = nullptr;
};

void check(const std::vector<Row>& rows, bool honour = false) {
  CachePolicy policy;
  policy.honour_request_directives = honour;
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.control << " at " << row.now << " asked " << (row.asked ? row.asked : "")) {
      const http::RequestHead asked = row.asked ? request({{"Cache-Control", row.asked}}) : request();
      const Judgement found = judge(object({{"Cache-Control", row.control}}), asked, policy, at(row.now));
      BOOST_TEST((found.reuse == row.reuse));
      BOOST_TEST(name(found.why) == name(row.why));
      BOOST_TEST(found.age.count() == row.now);
    }
  }
}

bool serves_stale(const char* control, Failure failure, std::int64_t now, const CachePolicy& policy = {}) {
  return may_serve_stale(object({{"Cache-Control", control}}), policy, failure, at(now));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reuse)

BOOST_AUTO_TEST_CASE(fresh_until_the_age_reaches_the_lifetime_rfc9111_4_2) {
  check({{"max-age=60", 0, Reuse::fresh, Reason::fresh},
         {"max-age=60", 59, Reuse::fresh, Reason::fresh},
         {"max-age=60", 60, Reuse::validate, Reason::expired},
         {"max-age=60, no-cache", 1, Reuse::validate, Reason::no_cache},
         {"max-age=0", 0, Reuse::validate, Reason::expired}});
}

BOOST_AUTO_TEST_CASE(stale_while_revalidate_has_an_exact_window_rfc5861_3) {
  check({{"max-age=60, stale-while-revalidate=10", 59, Reuse::fresh, Reason::fresh},
         {"max-age=60, stale-while-revalidate=10", 60, Reuse::stale_while_revalidate, Reason::stale_while_revalidate},
         {"max-age=60, stale-while-revalidate=10", 69, Reuse::stale_while_revalidate, Reason::stale_while_revalidate},
         {"max-age=60, stale-while-revalidate=10", 70, Reuse::validate, Reason::expired},
         {"s-maxage=60, stale-while-revalidate=10", 65, Reuse::stale_while_revalidate, Reason::stale_while_revalidate},
         {"max-age=60, stale-while-revalidate=10, must-revalidate", 65, Reuse::validate, Reason::expired},
         {"max-age=60, stale-while-revalidate=10, no-cache", 65, Reuse::validate, Reason::no_cache}});
}

BOOST_AUTO_TEST_CASE(the_time_to_live_goes_below_zero_rfc9211_2_4) {
  const Judgement found = judge(object({{"Cache-Control", "max-age=60"}}), request(), {}, at(75));
  BOOST_TEST(found.ttl.count() == -15);
}

BOOST_AUTO_TEST_CASE(request_directives_are_ignored_unless_the_site_honours_them) {
  for (const char* asked : {"no-cache", "max-age=0", "no-store", "min-fresh=1000"}) {
    check({{"max-age=60", 5, Reuse::fresh, Reason::fresh, asked}});
  }
  check({{"max-age=60", 65, Reuse::validate, Reason::expired, "max-stale"}});
}

BOOST_AUTO_TEST_CASE(request_directives_of_rfc9111_5_2_1) {
  check({{"max-age=60", 5, Reuse::validate, Reason::request_no_cache, "no-cache"},
         {"max-age=60", 0, Reuse::validate, Reason::request_max_age, "max-age=0"},
         {"max-age=60", 5, Reuse::fresh, Reason::fresh, "max-age=5"},
         {"max-age=60", 6, Reuse::validate, Reason::request_max_age, "max-age=5"},
         {"max-age=60", 40, Reuse::fresh, Reason::fresh, "min-fresh=20"},
         {"max-age=60", 41, Reuse::validate, Reason::request_min_fresh, "min-fresh=20"},
         {"max-age=60", 70, Reuse::fresh, Reason::request_max_stale, "max-stale=10"},
         {"max-age=60", 71, Reuse::validate, Reason::expired, "max-stale=10"},
         {"max-age=60", 9999, Reuse::fresh, Reason::request_max_stale, "max-stale"},
         {"max-age=60, must-revalidate", 61, Reuse::validate, Reason::expired, "max-stale"},
         {"max-age=60, no-cache", 1, Reuse::validate, Reason::no_cache, "max-stale"},
         {"max-age=60", 5, Reuse::fresh, Reason::fresh, "no-store"}},
        true);
}

BOOST_AUTO_TEST_CASE(pragma_counts_only_without_cache_control_rfc9111_5_4) {
  CachePolicy honour;
  honour.honour_request_directives = true;
  const ObjectHead stored = object({{"Cache-Control", "max-age=60"}});
  const auto reuse = [&](const Fields& asked) { return judge(stored, request(asked), honour, at(5)).reuse; };
  BOOST_TEST((reuse({{"Pragma", "no-cache"}}) == Reuse::validate));
  BOOST_TEST((reuse({{"Pragma", "no-cache"}, {"Cache-Control", "max-age=10"}}) == Reuse::fresh));
}

BOOST_AUTO_TEST_CASE(only_get_and_head_are_answered_from_the_cache) {
  const ObjectHead stored = object({{"Cache-Control", "max-age=60"}});
  BOOST_TEST((judge(stored, request({}, http::Method::head), {}, at(1)).reuse == Reuse::fresh));
  const Judgement found = judge(stored, request({}, http::Method::post), {}, at(1));
  BOOST_TEST((found.reuse == Reuse::never));
  BOOST_TEST(name(found.why) == "method-not-cacheable");
}

BOOST_AUTO_TEST_CASE(only_if_cached_is_always_seen) {
  BOOST_TEST(only_if_cached(request({{"Cache-Control", "max-age=5, only-if-cached"}})));
  BOOST_TEST(!only_if_cached(request({{"Cache-Control", "x=\"only-if-cached\""}})));
  BOOST_TEST(!only_if_cached(request()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(stale_on_failure)

BOOST_AUTO_TEST_CASE(no_answer_is_bridged_for_max_stale_without_any_directive_rfc9111_4_2_4) {
  BOOST_TEST(serves_stale("max-age=60", Failure::no_answer, 60 + 86399));
  BOOST_TEST(!serves_stale("max-age=60", Failure::no_answer, 60 + 86400));
  CachePolicy never;
  never.max_stale = seconds(0);
  BOOST_TEST(!serves_stale("max-age=60", Failure::no_answer, 60, never));
  BOOST_TEST(serves_stale("max-age=60, stale-if-error=10", Failure::no_answer, 65, never));
}

BOOST_AUTO_TEST_CASE(server_errors_are_bridged_only_where_allowed_rfc5861_4) {
  BOOST_TEST(!serves_stale("max-age=60", Failure::server_error, 61));
  BOOST_TEST(serves_stale("max-age=60, stale-if-error=10", Failure::server_error, 69));
  BOOST_TEST(!serves_stale("max-age=60, stale-if-error=10", Failure::server_error, 70));
  CachePolicy site;
  site.stale_if_error_default = seconds(20);
  BOOST_TEST(serves_stale("max-age=60", Failure::server_error, 79, site));
  BOOST_TEST(!serves_stale("max-age=60", Failure::server_error, 80, site));
  for (const int status : {500, 502, 503, 504}) BOOST_TEST(is_server_error(status));
  for (const int status : {200, 404, 501, 505}) BOOST_TEST(!is_server_error(status));
}

BOOST_AUTO_TEST_CASE(some_directives_forbid_it_altogether) {
  for (const char* control : {"max-age=60, must-revalidate, stale-if-error=99", "max-age=60, proxy-revalidate",
                              "s-maxage=60", "max-age=60, no-cache, stale-if-error=99"}) {
    BOOST_TEST_CONTEXT(control) {
      BOOST_TEST(!serves_stale(control, Failure::no_answer, 61));
      BOOST_TEST(!serves_stale(control, Failure::server_error, 61));
    }
  }
  BOOST_TEST(serves_stale("s-maxage=60, stale-if-error=99", Failure::server_error, 61));
  // Still fresh: the client wanted it validated, the origin could not.
  BOOST_TEST(serves_stale("max-age=60, must-revalidate", Failure::server_error, 59));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
