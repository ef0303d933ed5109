#include "edge/rules/redirects.h"

#include <boost/test/unit_test.hpp>

using namespace skerry;
using namespace skerry::edge;

namespace {

http::RequestHead request(std::string path, http::Scheme scheme = http::Scheme::https,
                          std::string authority = "www.example.com") {
  http::RequestHead head;
  head.scheme = scheme;
  head.authority = std::move(authority);
  head.path = std::move(path);
  return head;
}

// "301 /new", or "-" where no rule is about the request.
std::string answer(const RedirectsConfig& config, const http::RequestHead& head) {
  const auto redirects = Redirects::make(config);
  BOOST_TEST_REQUIRE(redirects.ok());
  const auto found = redirects->of(head);
  return found ? std::to_string(found->status) + " " + found->location : "-";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redirects)

BOOST_AUTO_TEST_CASE(plain_requests_go_to_https_with_path_and_query) {
  const auto plain = [](std::string path, std::string authority = "www.example.com") {
    return request(std::move(path), http::Scheme::http, std::move(authority));
  };
  const RedirectsConfig config{308, 443, {}};
  BOOST_TEST(answer(config, plain("/a?b=c&d")) == "308 https://www.example.com/a?b=c&d");
  BOOST_TEST(answer(config, plain("/", "www.example.com:8080")) == "308 https://www.example.com/");
  BOOST_TEST(answer(config, plain("/", "[2001:db8::1]:8080")) == "308 https://[2001:db8::1]/");
  BOOST_TEST(answer({301, 8443, {}}, plain("/")) == "301 https://www.example.com:8443/");
  BOOST_TEST(answer(config, plain("//evil.example/")) == "308 https://www.example.com//evil.example/");
  BOOST_TEST(answer(config, plain("*")) == "-");
  BOOST_TEST(answer(config, request("/a")) == "-");
  BOOST_TEST(answer({0, 443, {}}, plain("/a")) == "-");
}

BOOST_AUTO_TEST_CASE(exact_path_counts_then_longest_prefix) {
  const RedirectsConfig config{0,
                               443,
                               {"/old/* /new/*", "/old/deep/* https://deep.example/x/* 307", "/old/page /page 302",
                                "/gone /here?from=gone 303", "/a/* /fixed", "/old/page /never"}};
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"/old/", "301 /new/"},
      {"/old/a/b?c=d", "301 /new/a/b?c=d"},
      {"/old/deep/a", "307 https://deep.example/x/a"},
      {"/old/deep", "301 /new/deep"},
      {"/old/page", "302 /page"},
      {"/old/page?x", "302 /page?x"},
      {"/gone?x=y", "303 /here?from=gone"},
      {"/a/anything", "301 /fixed"},
      {"/%6fld/a", "301 /new/a"},
      {"/x/../old//page?x", "302 /page?x"},
      {"/old", "-"},
      {"/olds/a", "-"},
      {"/", "-"},
      {"*", "-"},
  };
  for (const auto& [path, expected] : rows) BOOST_TEST(answer(config, request(path)) == expected, path);
}

BOOST_AUTO_TEST_CASE(location_is_a_uri_and_never_another_host) {
  const RedirectsConfig config{0, 443, {"/old* /*", "/far/* https://other.example/*"}};
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"/old//evil.example", "301 /evil.example"},
      {"/old///evil.example/", "301 /evil.example/"},
      {"/old/\\evil.example", "301 /%5Cevil.example"},
      {"/old\\evil.example", "301 /%5Cevil.example"},
      {"/old/a\"<b>", "301 /a%22%3Cb%3E"},
      {"/old/%41%zz%4", "301 /A%25zz%254"},
      {"/far/@evil.example", "301 https://other.example/@evil.example"},
      {"/far//evil.example", "301 https://other.example/evil.example"},
  };
  for (const auto& [path, expected] : rows) BOOST_TEST(answer(config, request(path)) == expected, path);
}

BOOST_AUTO_TEST_CASE(rules_that_make_no_sense_are_refused_with_the_reason) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"/a", "must be"},
      {"", "must be"},
      {"/a /b 301 x", "must be"},
      {"/a /b 200", "the status must be"},
      {"/a /b 30x", "the status must be"},
      {"a /b", "must begin with /"},
      {"/a*b /c", "may end in *"},
      {"/a?x /c", "no query"},
      {"/a b", "must be a path or an"},
      {"/a ftp://b/", "must be a path or an"},
      {"/a //b/", "write the target's scheme"},
      {"/a https://b/#c", "no URL may hold"},
      {"/a /b/*", "needs a path that does"},
      {"/a* https://b*", "needs a / behind its host"},
      {"/a /a", "to itself"},
      {"/a/* /a/b/*", "to itself"},
      {"/a /a?b", "to itself"},
  };
  for (const auto& [text, problem] : rows) {
    const auto parsed = parse_path_redirect(text);
    BOOST_TEST_REQUIRE(!parsed.ok(), text);
    BOOST_TEST(parsed.error().detail.find(problem) != std::string::npos, text << ": " << parsed.error().detail);
  }
}

BOOST_AUTO_TEST_SUITE_END()
