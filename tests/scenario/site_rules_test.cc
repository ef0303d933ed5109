// What sites say about requests and answers besides caching, from the programs.
#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

struct RuledEdge {
  explicit RuledEdge(std::string site_keys) : edge(folder, options_of(origin, std::move(site_keys))) {}

  static EdgeOptions options_of(const OriginProcess& origin, std::string site_keys) {
    EdgeOptions options;
    options.origin = origin.url();
    options.site_keys = std::move(site_keys);
    return options;
  }

  TempDir folder;
  OriginProcess origin;
  EdgeProcess edge;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(site_rules)

BOOST_AUTO_TEST_CASE(headers_are_edited_on_both_sides_and_paths_redirected) {
  RuledEdge it(R"(request_header_set = ["X-Key: ours"]
response_header_set = ["Strict-Transport-Security: max-age=60"]
response_header_remove = ["ETag"]
redirects = ["/old/* /_gen/* 308"]
[[site.route]]
path = "/secure/*"
https_redirect = "301"
)");
  const Reply seen = get(it.edge.port(), "/_echo", "X-Key: theirs\r\n");
  BOOST_TEST(seen.body.find("X-Key: ours") != std::string::npos, seen.body);
  BOOST_TEST(seen.body.find("theirs") == std::string::npos, seen.body);
  for (int i = 0; i < 2; ++i) {
    const Reply answer = get(it.edge.port(), "/_gen/1k/page");
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.field("Strict-Transport-Security") == "max-age=60");
    BOOST_TEST(!answer.has("ETag"));
    BOOST_TEST(answer.body.size() == 1024u);
  }
  const Reply moved = get(it.edge.port(), "/old/1k/page?x");
  BOOST_TEST(moved.status == 308);
  BOOST_TEST(moved.field("Location") == "/_gen/1k/page?x");
  const Reply secure = get(it.edge.port(), "/secure/a?b");
  BOOST_TEST(secure.status == 301);
  BOOST_TEST(secure.field("Location") == "https://www.example.com/secure/a?b");
  BOOST_TEST(it.edge.metric("skerry_request_reasons_total{reason=\"redirect\"") == 2);
  const Reply explained = it.edge.admin("GET", "/explain?url=http://www.example.com/old/a");
  BOOST_TEST(explained.body.find("\"reason\": \"redirect\"") != std::string::npos, explained.body);
}

BOOST_AUTO_TEST_CASE(url_signed_by_the_skerry_command_is_served_until_its_key_is_gone) {
  RuledEdge it(R"(signing_keys = "k1=a-secret-of-this-test"
[[site.route]]
path = "/_gen/*"
signed_urls = true
)");
  const auto sign = [&](const std::string& key) {
    const Finished made = run({{program("skerry"), "sign", "http://www.example.com/_gen/1k/film?q=hd", "--for", "1h"},
                               {{"SKERRY_SIGNING_KEYS", key}},
                               {}});
    BOOST_TEST_REQUIRE(made.exit_code == 0, made.output);
    const std::size_t path = made.output.find("/_gen");
    return made.output.substr(path, made.output.find('\n') - path);
  };
  const std::string url = sign("k1=a-secret-of-this-test");
  BOOST_TEST(get(it.edge.port(), url).status == 200);
  BOOST_TEST(get(it.edge.port(), url).field("X-Cache") == "HIT");
  BOOST_TEST(it.origin.requests("/_gen/1k/film?q=hd") == 1u);
  const auto reason = [&](const std::string& path) {
    const Reply answer = get(it.edge.port(), path);
    BOOST_TEST(answer.status == 403);
    return answer.field("Cache-Status");
  };
  BOOST_TEST(reason("/_gen/1k/film?q=hd") == "edge-1; detail=signature-missing");
  BOOST_TEST(reason(url + "&more") == "edge-1; detail=signature-wrong");
  BOOST_TEST(reason(sign("k2=another-secret-of-it")) == "edge-1; detail=signature-unknown-key");

  EdgeOptions rotated = it.edge.options();
  rotated.site_keys = "signed_urls = true\nsigning_keys = \"k2=another-secret-of-it\"\n";
  it.edge.rewrite(rotated);
  it.edge.process().send(SIGHUP);
  it.edge.process().wait_for_line("reloaded");
  BOOST_TEST(reason(url) == "edge-1; detail=signature-unknown-key");
  BOOST_TEST(get(it.edge.port(), sign("k2=another-secret-of-it")).status == 200);
}

BOOST_AUTO_TEST_CASE(client_that_asks_too_often_is_told_when_to_come_back) {
  RuledEdge it("rate_limit = \"6/h\"\nrate_burst = 3\n");
  for (int i = 0; i < 3; ++i) BOOST_TEST(get(it.edge.port(), "/_gen/1k/page").status == 200);
  const Reply refused = get(it.edge.port(), "/_gen/1k/page");
  BOOST_TEST(refused.status == 429);
  const int wait = std::atoi(refused.field("Retry-After").c_str());
  BOOST_TEST(wait > 0);
  BOOST_TEST(wait <= 600);
  BOOST_TEST(it.edge.metric("skerry_request_reasons_total{reason=\"rate-limited\"") == 1);
}

BOOST_AUTO_TEST_CASE(clients_are_let_in_by_the_address_that_a_trusted_proxy_names) {
  TempDir folder;
  OriginProcess origin;
  EdgeOptions options = RuledEdge::options_of(origin, "deny = [\"198.51.100.0/24\"]\n");
  options.edge_keys = "trusted_proxies = [\"127.0.0.0/8\"]\naccess_log = \"" + folder / "access.log" + "\"\n";
  EdgeProcess edge(folder, options);
  BOOST_TEST(get(edge.port(), "/_gen/1k/page", "X-Forwarded-For: 203.0.113.7\r\n").status == 200);
  const Reply refused = get(edge.port(), "/_gen/1k/page", "X-Forwarded-For: 203.0.113.7, 198.51.100.9\r\n");
  BOOST_TEST(refused.status == 403);
  BOOST_TEST(refused.field("Cache-Status") == "edge-1; detail=address-denied");
  BOOST_TEST(edge.stop() == 0);
  const std::string log = read_file(folder / "access.log");
  BOOST_TEST(log.find("\"203.0.113.7\"") != std::string::npos, log);
  BOOST_TEST(log.find("\"198.51.100.9\"") != std::string::npos, log);
}

BOOST_AUTO_TEST_CASE(error_page_is_read_anew_at_a_reload) {
  TempDir folder;
  const std::string page = folder.write("down.html", "<h1>Down</h1>");
  OriginProcess origin;
  EdgeProcess edge(folder, RuledEdge::options_of(origin, "error_pages = { 5xx = \"" + page + "\" }\n"));
  origin.process().kill();
  const Reply down = get(edge.port(), "/a");
  BOOST_TEST(down.status == 502);
  BOOST_TEST(down.body == "<h1>Down</h1>");
  BOOST_TEST(down.field("Content-Type") == "text/html; charset=utf-8");
  folder.write("down.html", "<h1>Still down</h1>");
  edge.process().send(SIGHUP);
  edge.process().wait_for_line("reloaded");
  BOOST_TEST(get(edge.port(), "/a").body == "<h1>Still down</h1>");
  HttpConnection head(edge.port());
  head.send("HEAD /a HTTP/1.1\r\nHost: www.example.com\r\n\r\n");
  BOOST_TEST(head.read_reply(true).field("Content-Length") == "19");
}

BOOST_AUTO_TEST_CASE(page_of_another_origin_may_read_what_the_site_allows) {
  RuledEdge it("cors_origins = [\"https://app.example.com\"]\ncors_max_age = \"5m\"\n");
  const Reply preflight = request(it.edge.port(), "OPTIONS", "/_gen/1k/font",
                                  "Origin: https://app.example.com\r\nAccess-Control-Request-Method: GET\r\n");
  BOOST_TEST(preflight.status == 204);
  BOOST_TEST(preflight.field("Access-Control-Max-Age") == "300");
  for (const char* origin : {"https://app.example.com", "https://other.example.com"}) {
    const Reply answer = get(it.edge.port(), "/_gen/1k/font", "Origin: " + std::string(origin) + "\r\n");
    const bool allowed = std::string_view(origin) == "https://app.example.com";
    BOOST_TEST(answer.field("Access-Control-Allow-Origin") == (allowed ? origin : ""));
    BOOST_TEST(answer.field("Vary") == "Origin");
  }
  BOOST_TEST(it.origin.requests() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
