#include "edge/cache_key.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/edge/cache/heads.h"

namespace skerry::edge {
namespace {

using namespace testing;

std::string key(std::string path, const KeyRules& rules = {}, const Fields& fields = {}) {
  std::string out = "left over";
  make_primary_key(request(fields, http::Method::get, std::move(path)), rules, out);
  return out;
}

std::string resolved(const char* reference, const char* base = "/a/b?c=d") {
  return same_origin_path(request({}, http::Method::post, base), reference).value_or("(none)");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cache_key)

BOOST_AUTO_TEST_CASE(it_is_the_url_whatever_the_method) {
  BOOST_TEST(key("/a?b=1") == "http://example.com/a?b=1");
  http::RequestHead head = request({}, http::Method::head, "/a?b=1");
  std::string out;
  make_primary_key(head, {}, out);
  BOOST_TEST(out == key("/a?b=1"));
  head.scheme = http::Scheme::https;
  make_primary_key(head, {}, out);
  BOOST_TEST(out == "https://example.com/a?b=1");
}

BOOST_AUTO_TEST_CASE(percent_encodings_are_normalised_as_in_rfc3986_6_2_2) {
  BOOST_TEST(key("/%7euser/%2f%3a%41") == "http://example.com/~user/%2F%3AA");
  BOOST_TEST(key("/a?x=%7E%c3%a9&y=%26") == "http://example.com/a?x=~%C3%A9&y=%26");
  for (const char* odd : {"/%", "/%4", "/%zz", "/%4x", "/%%41"}) {
    BOOST_TEST_CONTEXT(odd) {
      BOOST_TEST(key(odd).size() >= std::string("http://example.com").size() + 2);
    }
  }
  BOOST_TEST(key("/%zz") == "http://example.com/%zz");
}

BOOST_AUTO_TEST_CASE(urls_that_an_origin_may_tell_apart_stay_apart) {
  BOOST_TEST(key("/a/../b") != key("/b"));
  BOOST_TEST(key("/a/%2e%2e/b") != key("/b"));
  BOOST_TEST(key("//a") != key("/a"));
  BOOST_TEST(key("/A") != key("/a"));
  BOOST_TEST(key("/a?") != key("/a"));
  BOOST_TEST(key("/a%2Fb") != key("/a/b"));
  BOOST_TEST(key("/a?x=1&y=2") != key("/a?y=2&x=1"));
}

BOOST_AUTO_TEST_CASE(query_rules) {
  KeyRules drop_all;
  drop_all.drop_query = true;
  BOOST_TEST(key("/a?b=1", drop_all) == "http://example.com/a");
  KeyRules keep;
  keep.keep_query = {"id", "x*"};
  BOOST_TEST(key("/a?utm=1&id=2&xy=3&&idx=4&id", keep) == "http://example.com/a?id=2&xy=3&id");
  BOOST_TEST(key("/a?b=1", keep) == "http://example.com/a");
  KeyRules drop;
  drop.drop_query_names = {"utm_*", "fbclid"};
  BOOST_TEST(key("/a?utm_source=1&b=2&fbclid=3&%75tm_x=4", drop) == "http://example.com/a?b=2");
  KeyRules sort;
  sort.sort_query = true;
  BOOST_TEST(key("/a?c=1&b=2&a=3&b=1", sort) == "http://example.com/a?a=3&b=2&b=1&c=1");
}

BOOST_AUTO_TEST_CASE(selected_headers_and_cookies_are_told_apart) {
  KeyRules rules;
  rules.headers = {"X-Device"};
  rules.cookies = {"lang"};
  const auto with = [&](const Fields& fields) { return key("/a", rules, fields); };
  BOOST_TEST(with({{"x-device", "tv"}, {"Cookie", "a=b; lang=de; lang=fr"}}) ==
             "http://example.com/a\nh:x-device:tv\nc:lang=de");
  BOOST_TEST(with({}) == "http://example.com/a\nh:x-device\nc:lang");
  BOOST_TEST(with({{"X-Device", ""}}) != with({}));
  BOOST_TEST(with({{"Cookie", "xlang=de"}}) == with({}));
  BOOST_TEST(with({{"Cookie", "lang="}}) != with({}));
  BOOST_TEST(with({{"Cookie", "a=b"}, {"Cookie", "lang=de"}}) == with({{"Cookie", "lang=de"}}));
}

BOOST_AUTO_TEST_CASE(default_rules_reuse_the_buffer) {
  std::string out;
  out.reserve(256);
  const char* before = out.data();
  for (int i = 0; i < 100; ++i) make_primary_key(request({}, http::Method::get, "/a%7e?b=%2f"), {}, out);
  BOOST_TEST(static_cast<const void*>(out.data()) == static_cast<const void*>(before));
}

BOOST_AUTO_TEST_CASE(references_are_resolved_on_their_own_origin_rfc3986_5_2) {
  BOOST_TEST(resolved("/x?y") == "/x?y");
  BOOST_TEST(resolved("x") == "/a/x");
  BOOST_TEST(resolved("../x") == "/x");
  BOOST_TEST(resolved("../../../x") == "/x");
  BOOST_TEST(resolved("./x/./y/..") == "/a/x/");
  BOOST_TEST(resolved("?q") == "/a/b?q");
  BOOST_TEST(resolved("#f") == "/a/b?c=d");
  BOOST_TEST(resolved("") == "/a/b?c=d");
  BOOST_TEST(resolved("http://example.com/x#f") == "/x");
  BOOST_TEST(resolved("HTTP://EXAMPLE.com:80/x") == "/x");
  BOOST_TEST(resolved("http://example.com") == "/");
  BOOST_TEST(resolved("http://example.com?q") == "/?q");
  BOOST_TEST(resolved("//example.com/x") == "/x");
  BOOST_TEST(resolved("/x?u=http://other.example/") == "/x?u=http://other.example/");
}

BOOST_AUTO_TEST_CASE(other_origins_and_nonsense_are_refused) {
  for (const char* reference :
       {"https://example.com/x", "http://example.com:81/x", "http://other.example/x", "//other.example/x",
        "http://user@example.com/x", "http:/x", "http:x", "mailto:a@example.com", "javascript:1", "/a b", "/a\nb",
        "http:///x", "http://example.com.evil/x"}) {
    BOOST_TEST_CONTEXT(reference) {
      BOOST_TEST(resolved(reference) == "(none)");
    }
  }
  BOOST_TEST(!same_origin_path(request(), std::string(100'000, '/')).has_value());
}

BOOST_AUTO_TEST_CASE(paths_are_matched_without_escapes_repeated_slashes_and_dot_segments) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"/private/film.mp4", "/private/film.mp4"},
      {"/private/film.mp4?a=/../b", "/private/film.mp4"},
      {"/%70rivate/%66ilm.mp4", "/private/film.mp4"},
      {"//private///film.mp4", "/private/film.mp4"},
      {"/open/../private/film.mp4", "/private/film.mp4"},
      {"/open/%2e%2E/./private/film.mp4", "/private/film.mp4"},
      {"/open//..//private/", "/private/"},
      {"/private/.", "/private/"},
      {"/private/..", "/"},
      {"/../../a", "/a"},
      {"/a%2fb%3Fc", "/a%2Fb%3Fc"},
      {"/a%20b%zz%4", "/a%20b%zz%4"},
      {"/...", "/..."},
      {"/.well-known/a..b/.c", "/.well-known/a..b/.c"},
      {"/a/", "/a/"},
      {"?a", "/"},
      {"*", "*"},
  };
  for (const auto& [target, expected] : rows) {
    std::string room;
    BOOST_TEST(edge::path_to_match(target, room) == expected, target);
  }
}

BOOST_AUTO_TEST_CASE(path_that_matches_as_it_is_takes_no_room) {
  const std::string target = "/a-path/longer.than/any%20small~string/..x/?query=//%70";
  std::string room;
  BOOST_TEST(static_cast<const void*>(edge::path_to_match(target, room).data()) == target.data());
  BOOST_TEST(room.empty());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
