#include "edge/cacheability.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/edge/cache/heads.h"

namespace skerry::edge {
namespace {

using namespace testing;
using http::Method;

struct Row {
  const char* what;
  Fields asked;
  Fields answered;
  Reason why;
  int status = 200;
  Method method = Method::get;
};

Storable store(const Row& row, const CachePolicy& policy = {}) {
  const http::ResponseHead answer = response(row.answered, row.status);
  return may_store(request(row.asked, row.method), answer, freshness(answer, policy), policy);
}

void check(const std::vector<Row>& rows, const CachePolicy& policy = {}) {
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.what << " " << row.status) {
      const Storable found = store(row, policy);
      BOOST_TEST(name(found.why) == name(row.why));
      BOOST_TEST(found.store == (row.why == Reason::stored));
    }
  }
}

const Fields fresh = {{"Cache-Control", "max-age=60"}};
const Fields with_key = {{"Authorization", "Basic eDp5"}};

}  // namespace

BOOST_AUTO_TEST_SUITE(storing)

BOOST_AUTO_TEST_CASE(directives_forbid_storing_rfc9111_3) {
  check({
      {"explicit", {}, fresh, Reason::stored},
      {"no-store", {}, {{"Cache-Control", "max-age=60, no-store"}}, Reason::no_store},
      {"private", {}, {{"Cache-Control", "private, max-age=60"}}, Reason::private_},
      {"private fields only", {}, {{"Cache-Control", "private=\"x\", max-age=60"}}, Reason::stored},
      {"CDN-Cache-Control no-store", {}, {{"CDN-Cache-Control", "no-store"}, fresh[0]}, Reason::no_store},
      {"CDN-Cache-Control private", {}, {{"CDN-Cache-Control", "private"}, fresh[0]}, Reason::private_},
      {"CDN-Cache-Control over no-store",
       {},
       {{"CDN-Cache-Control", "max-age=60"}, {"Cache-Control", "no-store, private"}},
       Reason::stored},
      {"Surrogate-Control over no-store",
       {},
       {{"Surrogate-Control", "max-age=60"}, {"Cache-Control", "no-store"}},
       Reason::stored},
      {"Vary: *", {}, {fresh[0], {"Vary", "*"}}, Reason::vary_any},
      {"Vary: * in a list", {}, {fresh[0], {"Vary", "a"}, {"Vary", "b, *"}}, Reason::vary_any},
      {"a request's no-store is not honoured by default", {{"Cache-Control", "no-store"}}, fresh, Reason::stored},
      {"Expires", {}, {{"Expires", date(60)}}, Reason::stored},
      {"heuristic", {}, {{"Last-Modified", date(-1000)}}, Reason::stored},
      {"nothing", {}, {}, Reason::no_lifetime},
      {"an entity tag is no lifetime", {}, {{"ETag", "\"1\""}}, Reason::no_lifetime},
  });
  CachePolicy honour;
  honour.honour_request_directives = true;
  check({{"on a site that honours it", {{"Cache-Control", "no-store"}}, fresh, Reason::request_no_store}}, honour);
}

BOOST_AUTO_TEST_CASE(authorized_responses_need_permission_rfc9111_3_5) {
  check({
      {"none", with_key, fresh, Reason::authorization},
      {"public", with_key, {{"Cache-Control", "max-age=60, public"}}, Reason::stored},
      {"must-revalidate", with_key, {{"Cache-Control", "max-age=60, must-revalidate"}}, Reason::stored},
      {"s-maxage", with_key, {{"Cache-Control", "s-maxage=60"}}, Reason::stored},
      {"proxy-revalidate isn't one",
       with_key,
       {{"Cache-Control", "max-age=6, proxy-revalidate"}},
       Reason::authorization},
      {"only the field that rules counts",
       with_key,
       {{"CDN-Cache-Control", "max-age=60"}, {"Cache-Control", "public"}},
       Reason::authorization},
      {"public in CDN-Cache-Control", with_key, {{"CDN-Cache-Control", "max-age=60, public"}}, Reason::stored},
  });
}

BOOST_AUTO_TEST_CASE(any_final_status_but_206_and_304_is_stored_with_explicit_freshness) {
  std::vector<Row> rows;
  for (const int status : {200, 201, 204, 299, 301, 302, 303, 307, 400, 403, 404, 418, 429, 499, 500, 503, 599, 999}) {
    rows.push_back({"explicit", {}, fresh, Reason::stored, status});
    rows.push_back({"nothing", {}, {}, Reason::no_lifetime, status});
  }
  for (const int status : {100, 103, 304}) {
    rows.push_back({"not final", {}, fresh, Reason::status_not_cacheable, status});
  }
  rows.push_back({"partial", {}, fresh, Reason::partial_content, 206});
  rows.push_back({"Content-Range on a 200", {}, {fresh[0], {"Content-Range", "bytes 0-1/2"}}, Reason::stored});
  check(rows);
}

BOOST_AUTO_TEST_CASE(must_understand_overrides_no_store_for_what_we_know_rfc9111_5_2_2_3) {
  const Fields both = {{"Cache-Control", "max-age=60, no-store, must-understand"}};
  const Fields alone = {{"Cache-Control", "max-age=60, must-understand"}};
  check({{"known", {}, both, Reason::stored, 200},
         {"known", {}, both, Reason::stored, 404},
         {"unknown", {}, both, Reason::must_understand, 299},
         {"unknown", {}, alone, Reason::must_understand, 499},
         {"known", {}, alone, Reason::stored, 503}});
}

BOOST_AUTO_TEST_CASE(what_could_never_be_reused_is_not_stored) {
  const std::string etag = "\"1\"";
  check({
      {"no-cache with a validator", {}, {{"Cache-Control", "no-cache"}, {"ETag", etag}}, Reason::stored},
      {"no-cache without", {}, {{"Cache-Control", "no-cache, max-age=60"}}, Reason::no_cache},
      {"no-cache on an error", {}, {{"Cache-Control", "no-cache"}, {"ETag", etag}}, Reason::no_lifetime, 500},
      {"max-age=0 with a validator", {}, {{"Cache-Control", "max-age=0"}, {"ETag", etag}}, Reason::stored},
      {"max-age=0 without", {}, {{"Cache-Control", "max-age=0"}}, Reason::no_lifetime},
      {"max-age=0 with a stale window", {}, {{"Cache-Control", "max-age=0, stale-if-error=9"}}, Reason::stored},
      {"stale on arrival", {}, {{"Cache-Control", "max-age=60"}, {"Age", "60"}}, Reason::no_lifetime},
      {"a stale error never displaces", {}, {{"Cache-Control", "max-age=0"}, {"ETag", etag}}, Reason::no_lifetime, 503},
  });
}

BOOST_AUTO_TEST_CASE(cookies_need_explicit_freshness_and_the_sites_consent) {
  const std::pair<std::string, std::string> cookie = {"Set-Cookie", "a=b"};
  const std::vector<Row> rows = {
      {"explicit", {}, {fresh[0], cookie}, Reason::stored},
      {"heuristic", {}, {{"Last-Modified", date(-1000)}, cookie}, Reason::set_cookie},
      {"not stored anyway", {}, {{"Cache-Control", "max-age=60, no-cache=\"set-cookie\""}, cookie}, Reason::stored},
  };
  check(rows);
  CachePolicy refuse;
  refuse.store_set_cookie = false;
  check({{"explicit", {}, {fresh[0], cookie}, Reason::set_cookie}, rows[2]}, refuse);
  CachePolicy site;
  site.ttl = seconds(60);
  check({{"a site's lifetime is no consent of the origin", {}, {cookie}, Reason::set_cookie}}, site);
}

BOOST_AUTO_TEST_CASE(a_site_lifetime_does_not_override_no_store_and_private) {
  CachePolicy site;
  site.ttl = seconds(60);
  check({{"nothing", {}, {}, Reason::stored},
         {"no-store", {}, {{"Cache-Control", "no-store"}}, Reason::no_store},
         {"private", {}, {{"Cache-Control", "private"}}, Reason::private_}},
        site);
}

BOOST_AUTO_TEST_CASE(methods_other_than_get) {
  const Fields own = {fresh[0], {"Content-Location", "/a"}};
  check({
      {"HEAD", {}, fresh, Reason::head_only, 200, Method::head},
      {"POST", {}, fresh, Reason::method_not_cacheable, 200, Method::post},
      {"POST for its own URL", {}, own, Reason::stored, 200, Method::post},
      {"its absolute form",
       {},
       {fresh[0], {"Content-Location", "http://example.com/a"}},
       Reason::stored,
       200,
       Method::post},
      {"another URL", {}, {fresh[0], {"Content-Location", "/b"}}, Reason::method_not_cacheable, 200, Method::post},
      {"not explicit", {}, {{"Last-Modified", date(-1000)}, own[1]}, Reason::method_not_cacheable, 200, Method::post},
      {"PUT", {}, own, Reason::method_not_cacheable, 200, Method::put},
      {"unknown", {}, own, Reason::method_not_cacheable, 200, Method::other},
  });
}

BOOST_AUTO_TEST_CASE(size_is_bounded_by_the_announced_length) {
  CachePolicy small;
  small.max_object_size = core::Bytes{100};
  check({{"at the bound", {}, {fresh[0], {"Content-Length", "100"}}, Reason::stored},
         {"above", {}, {fresh[0], {"Content-Length", "101"}}, Reason::too_large},
         {"far above", {}, {fresh[0], {"Content-Length", "99999999999999999999999"}}, Reason::too_large}},
        small);
}

BOOST_AUTO_TEST_CASE(followers_get_only_what_is_reusable_without_validation) {
  const auto shareable = [](const Fields& asked, const Fields& answered, const CachePolicy& policy = {}) {
    const http::ResponseHead answer = response(answered);
    return is_shareable_for_followers(request(asked), answer, freshness(answer, policy), policy);
  };
  BOOST_TEST(shareable({}, fresh));
  BOOST_TEST(!shareable({}, {}));
  BOOST_TEST(!shareable({}, {{"Cache-Control", "max-age=0"}, {"ETag", "\"1\""}}));
  BOOST_TEST(!shareable({}, {{"Cache-Control", "max-age=60, no-cache"}, {"ETag", "\"1\""}}));
  BOOST_TEST(!shareable({}, {{"Cache-Control", "max-age=60, private"}}));
  BOOST_TEST(!shareable(with_key, fresh));
  BOOST_TEST(shareable(with_key, {{"Cache-Control", "s-maxage=60"}}));
  CachePolicy small;
  small.max_object_size = core::Bytes{1};
  BOOST_TEST(shareable({}, {fresh[0], {"Content-Length", "2"}}, small));
}

BOOST_AUTO_TEST_CASE(unsafe_and_unknown_methods_invalidate_unless_they_fail_rfc9111_4_4) {
  for (const Method method : {Method::post, Method::put, Method::delete_, Method::patch, Method::other}) {
    for (const int status : {200, 204, 302}) BOOST_TEST(invalidates(request({}, method), status));
    for (const int status : {100, 400, 404, 500}) BOOST_TEST(!invalidates(request({}, method), status));
  }
  for (const Method method : {Method::get, Method::head, Method::options, Method::trace}) {
    BOOST_TEST(!invalidates(request({}, method), 200));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
