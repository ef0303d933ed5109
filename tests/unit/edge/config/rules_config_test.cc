// What a configuration may say about a site's rules, and how its mistakes are told.
#include <boost/test/unit_test.hpp>

#include "edge/config.h"

using namespace skerry;

namespace {

constexpr std::string_view start = R"([edge]
listen = ["127.0.0.1:8080"]
[[site]]
hosts = ["*"]
origin = ["http://127.0.0.1:8000"]
)";

config::Loaded<edge::EdgeConfig> load(std::string_view more, const config::Environment& environment = {}) {
  return edge::load_edge_config_text(std::string(start) + std::string(more), "edge.toml", environment);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rules_config)

BOOST_AUTO_TEST_CASE(mistakes_are_told_at_their_place) {
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"request_header_set = [\"X-A: 1\", \"Host: b\"]", "edge.toml:6:33: [site.0.request_header_set].1: Host is the"},
      {"request_header_add = \"X-A\"", "[site.0.request_header_add].0: must be \"Name: value\""},
      {"request_header_remove = [\"Range\"]", "[site.0.request_header_remove].0: Range is the edge's own"},
      {"response_header_set = [\"Content-Length: 1\"]", "[site.0.response_header_set].0: Content-Length is the"},
      {"response_header_add = [\"A b: 1\"]", "[site.0.response_header_add].0: not a field name"},
      {"response_header_remove = [\"Age\"]", "[site.0.response_header_remove].0: Age is the edge's own"},
      {"https_redirect = \"303\"", "[site.0].https_redirect: must be one of: off, 301"},
      {"https_port = 0", "[site.0].https_port: must be 1"},
      {"redirects = [\"/a /b\", \"/c\"]", "edge.toml:6:23: [site.0.redirects].1: must be \"/from /to\""},
      {"allow = [\"10.0.0.1/8\"]", "[site.0].allow: item 1: must be a network"},
      {"rate_limit = \"10\"", "[site.0].rate_limit: must be \"off\" or requests a second"},
      {"rate_burst = -1", "[site.0].rate_burst: must be 0"},
      {"signed_urls = true", "[site.0].signed_urls: needs signing_keys or signing_keys_file"},
      {"signing_keys = \"a=short\"", "[site.0].signing_keys: key 1: the secret needs at least 16"},
      {"signed_urls = true\nsigning_keys_file = \"/nonexistent\"", "cannot read /nonexistent"},
      {"[[site.route]]\npath = \"/a\"\nsigned_urls = true", "[site.0.route.0].signed_urls: needs signing_keys"},
      {"cors_origins = [\"https://a.example\", \"a.example\"]",
       "edge.toml:6:38: [site.0.cors_origins].1: must be \"*\""},
      {"cors_methods = [\"GET POST\"]", "[site.0.cors_methods].0: not a name"},
      {"cors_origins = \"*\"\ncors_credentials = true", "[site.0].cors_credentials: name the origins"},
      {"error_pages = { 404 = \"/nonexistent.html\" }", "[site.0.error_pages].404: cannot read /nonexistent.html"},
      {"error_pages = { 200 = \"/a.html\" }", "[site.0.error_pages].200: must be a status"},
      {"forwarded = \"x-real-ip\"", "[site.0].forwarded: must be \"off\" or a list"},
      {"[[site.route]]\npath = \"/a\"\nredirects = [\"/a /a\"]", "[site.0.route.0.redirects].0: it redirects to"},
  };
  for (const auto& [more, expected] : rows) {
    const auto lines = load(more).report.lines();
    BOOST_TEST_REQUIRE(lines.size() == 1u, more);
    BOOST_TEST(lines[0].find(expected) != std::string::npos, expected << " is not in " << lines[0]);
  }
}

BOOST_AUTO_TEST_CASE(mistake_of_a_site_is_not_told_again_of_its_routes) {
  const auto lines = load("redirects = \"/a /a\"\n[[site.route]]\npath = \"/b/*\"\nttl = \"1s\"\n").report.lines();
  BOOST_TEST(lines.size() == 1u);
  const auto pages =
      load("error_pages = { 404 = \"/none.html\" }\nsigned_urls = true\n[[site.route]]\npath = \"/b/*\"\n");
  BOOST_TEST(pages.report.lines().size() == 2u);
}

BOOST_AUTO_TEST_CASE(route_may_ask_for_the_signatures_that_its_site_has_keys_for) {
  const auto loaded = load(R"(signing_keys = "a=0123456789abcdef"
[[site.route]]
path = "/private/*"
signed_urls = true
)");
  BOOST_TEST_REQUIRE(loaded.ok());
  const edge::RulesConfig& route = loaded.config.sites[0].handling_of("/private/a").rules;
  BOOST_TEST(route.signed_urls.required);
  BOOST_TEST(route.signed_urls.keys == "a=0123456789abcdef");
  BOOST_TEST(!loaded.config.sites[0].handling.rules.signed_urls.required);
}

BOOST_AUTO_TEST_CASE(only_sites_with_rules_have_any) {
  const auto made = [](std::string_view more) {
    const auto loaded = load(more);
    BOOST_TEST_REQUIRE(loaded.ok(), more);
    edge::ErrorPageFiles files;
    const auto rules = edge::SiteRules::make(loaded.config.sites[0].handling.rules, "a", files);
    BOOST_TEST_REQUIRE(rules.ok(), more);
    return *rules != nullptr;
  };
  for (const char* none : {"", "forwarded = \"x-forwarded-for, x-forwarded-proto\"", "rate_burst = 5",
                           "signing_keys = \"a=0123456789abcdef\"", "cors_max_age = \"1m\"", "https_port = 8443"})
    BOOST_TEST(!made(none), none);
  for (const char* some :
       {"forwarded = \"off\"", "rate_limit = \"1/s\"", "deny = \"10.0.0.0/8\"", "https_redirect = \"301\"",
        "redirects = \"/a /b\"", "cors_origins = \"*\"", "signing_keys = \"a=0123456789abcdef\"\nsigned_urls = true",
        "request_header_remove = \"Cookie\"", "response_header_set = \"A: b\""})
    BOOST_TEST(made(some), some);
}

BOOST_AUTO_TEST_CASE(routes_take_over_and_override_each_rule) {
  const auto loaded = load(R"(https_redirect = "308"
redirects = ["/a /b"]
response_header_set = ["X-A: site"]
[[site.route]]
path = "/plain/*"
https_redirect = "off"
response_header_set = []
)");
  BOOST_TEST_REQUIRE(loaded.ok());
  const edge::RulesConfig& route = loaded.config.sites[0].handling_of("/plain/a").rules;
  BOOST_TEST(route.redirects.https == 0);
  BOOST_TEST(route.redirects.paths.size() == 1u);
  BOOST_TEST(route.response_headers.set.empty());
  BOOST_TEST(loaded.config.sites[0].handling.rules.redirects.https == 308);
}

BOOST_AUTO_TEST_CASE(environment_says_as_much_as_the_file) {
  const auto loaded = load("", {{"SKERRY_SITE_0_HTTPS_REDIRECT", "301"},
                                {"SKERRY_SITE_0_REDIRECTS", "/a /b,/c/* /d/* 308"},
                                {"SKERRY_SITE_0_RESPONSE_HEADER_SET", "X-A: 1,X-B: 2"}});
  BOOST_TEST_REQUIRE(loaded.ok());
  const edge::RulesConfig& rules = loaded.config.sites[0].handling.rules;
  BOOST_TEST(rules.redirects.https == 301);
  BOOST_TEST(rules.redirects.paths.size() == 2u);
  BOOST_TEST(rules.response_headers.set.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()
