// What a site's rules do to requests and answers of a whole PoP.
#include <boost/test/unit_test.hpp>

#include "core/http/signed_url.h"
#include "simulated_pop.h"
#include "tests/support/temp_dir.h"

using namespace skerry;
using namespace skerry::edge;
using namespace skerry::edge::test;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

// What a change of the configuration, which captures nothing, finds here.
std::string page_file;

RulesConfig& rules_of(EdgeConfig& config) {
  return config.sites[0].handling.rules;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rules)

BOOST_AUTO_TEST_CASE(request_edits_are_made_once_on_the_way_to_the_origin) {
  SimulatedPop pop(1, 3, 1, [](EdgeConfig& config) {
    rules_of(config).request_headers = {{"X-Key: ours"}, {"X-Tag: edge"}, {"Cookie"}};
  });
  for (int edge = 0; edge < 3; ++edge) {
    const std::string path = "/e" + std::to_string(edge);
    pop.get(0, path, {{"X-Key", "theirs"}, {"X-Tag", "client"}, {"Cookie", "a=1"}});
    const http::RequestHead& asked = pop.origin.heads.back();
    BOOST_TEST(asked.path == path);
    BOOST_TEST(asked.fields.joined("X-Key") == "ours");
    BOOST_TEST(asked.fields.joined("X-Tag") == "client, edge");
    BOOST_TEST(!asked.fields.find("Cookie"));
  }
  pop.get(0, "/posted", {{"X-Key", "theirs"}}, "POST");
  BOOST_TEST(pop.origin.heads.back().fields.joined("X-Key") == "ours");
}

BOOST_AUTO_TEST_CASE(response_edits_reach_every_kind_of_answer_and_no_stored_copy) {
  SimulatedPop pop(2, 3, 1, [](EdgeConfig& config) {
    rules_of(config).response_headers = {{"Cache-Control: no-cache"}, {"X-Seen: 1"}, {"X-Powered-By", "Via"}};
  });
  pop.origin.fields = {{"Cache-Control", "max-age=60"}, {"X-Powered-By", "engine"}};
  const auto check = [&](const Answer& answer, int status) {
    BOOST_TEST(answer.status == status);
    BOOST_TEST(answer.fields.joined("Cache-Control") == "no-cache");
    BOOST_TEST(answer.fields.joined("X-Seen") == "1");
    BOOST_TEST(!answer.fields.find("X-Powered-By"));
    BOOST_TEST(!answer.fields.find("Via"));
  };
  for (int edge = 0; edge < 3; ++edge) {
    check(pop.get(edge, "/a"), 200);
    const Answer hit = pop.get(edge, "/a");
    check(hit, 200);
    BOOST_TEST(hit.body == pop.origin.content("/a"));
    check(pop.get(edge, "/a", {{"If-None-Match", "\"/a\""}}), 304);
    check(pop.get(edge, "/a", {{"Range", "bytes=0-9"}}), 206);
    check(pop.get(edge, "/a", {{"Range", "bytes=0-1,5-9"}}), 206);
    check(pop.get(edge, "/a", {{"Range", "bytes=999999-"}}), 416);
    check(pop.get(edge, "/a", {}, "HEAD"), 200);
    check(pop.get(edge, "/a", {}, "POST"), 200);
    check(pop.get(edge, "/none", {{"Cache-Control", "only-if-cached"}}), 504);
  }
}

BOOST_AUTO_TEST_CASE(redirects_are_answered_by_the_edge_with_their_reason) {
  SimulatedPop pop(3, 3, 1, [](EdgeConfig& config) { rules_of(config).redirects.paths = {"/old/* /new/* 308"}; });
  for (const char* method : {"GET", "HEAD", "POST"}) {
    const Answer answer = pop.get(1, "/old/a?b", {}, method);
    BOOST_TEST(answer.status == 308, method);
    BOOST_TEST(answer.fields.joined("Location") == "/new/a?b");
    BOOST_TEST(answer.fields.joined("Cache-Status") == "edge-1; detail=redirect");
    BOOST_TEST(answer.body == (std::string_view(method) == "HEAD" ? "" : "/new/a?b\n"));
  }
  BOOST_TEST(pop.origin.total() == 0);
  BOOST_TEST(pop.get(1, "/new/a").status == 200);
}

BOOST_AUTO_TEST_CASE(addresses_that_are_denied_get_403_from_the_edge_they_ask) {
  SimulatedPop pop(4, 3, 1, [](EdgeConfig& config) {
    rules_of(config).access.deny = {*core::IpNetwork::parse("10.0.0.2")};  // the client's
  });
  const Answer answer = pop.get(0, "/a");
  BOOST_TEST(answer.status == 403);
  BOOST_TEST(answer.fields.joined("Cache-Status") == "edge-0; detail=address-denied");
  BOOST_TEST(pop.origin.total() == 0);
}

BOOST_AUTO_TEST_CASE(members_are_not_judged_again_by_address_or_rate) {
  SimulatedPop pop(5, 3, 1, [](EdgeConfig& config) {
    rules_of(config).access.allow = {*core::IpNetwork::parse("10.0.0.2")};
    rules_of(config).rate_limit = {{10, std::chrono::seconds(1)}, 100};
  });
  for (int i = 0; i < 99; ++i) BOOST_TEST(pop.get(0, "/n" + std::to_string(i)).status == 200);
  BOOST_TEST(pop.origin.total() == 99);
}

BOOST_AUTO_TEST_CASE(client_behind_a_trusted_proxy_is_whom_the_proxy_names) {
  SimulatedPop pop(6, 3, 1, [](EdgeConfig& config) {
    config.trusted_proxies = {*core::IpNetwork::parse("10.0.0.2")};
    rules_of(config).access.deny = {*core::IpNetwork::parse("198.51.100.0/24")};
    rules_of(config).redirects.https = 308;
    rules_of(config).forwarded = {true, true, true, true};
  });
  const Fields secure = {{"X-Forwarded-For", "203.0.113.7"}, {"X-Forwarded-Proto", "https"}};
  BOOST_TEST(pop.get(0, "/a", {{"X-Forwarded-For", "198.51.100.1"}}).status == 403);
  BOOST_TEST(pop.get(0, "/a", {{"X-Forwarded-For", "203.0.113.7"}}).status == 308);
  for (int edge = 0; edge < 3; ++edge) {
    BOOST_TEST(pop.get(edge, "/b" + std::to_string(edge), secure).status == 200);
    const http::HeaderMap& asked = pop.origin.heads.back().fields;
    BOOST_TEST(asked.joined("X-Forwarded-For") == "203.0.113.7");
    BOOST_TEST(asked.joined("X-Forwarded-Proto") == "https");
    BOOST_TEST(asked.joined("X-Forwarded-Host") == "www.example.com");
    BOOST_TEST(asked.joined("Forwarded") == "for=203.0.113.7;host=\"www.example.com\";proto=https");
  }
}

BOOST_AUTO_TEST_CASE(what_a_client_says_of_itself_is_not_believed_and_reaches_no_origin) {
  SimulatedPop pop(7, 1);
  pop.get(0, "/a", {{"X-Forwarded-For", "203.0.113.7"}, {"X-Forwarded-Host", "evil.example"}, {"Forwarded", "for=1"}});
  const http::HeaderMap& asked = pop.origin.heads.back().fields;
  BOOST_TEST(asked.joined("X-Forwarded-For") == "10.0.0.2");
  BOOST_TEST(!asked.find("X-Forwarded-Host"));
  BOOST_TEST(!asked.find("Forwarded"));
}

BOOST_AUTO_TEST_CASE(rate_is_one_for_a_site_and_another_for_a_route_that_has_its_own) {
  SimulatedPop pop(8, 1, 2, [](EdgeConfig& config) {
    SiteConfig& site = config.sites[0];
    rules_of(config).rate_limit = {{1, std::chrono::seconds(1)}, 3};
    site.routes = {{"/shared/*", site.handling}, {"/own/*", site.handling}};
    site.routes[1].handling.rules.rate_limit = {{1, std::chrono::seconds(60)}, 1};
  });
  BOOST_TEST(pop.get(0, "/own/a").status == 200);
  const Answer over = pop.get(0, "/own/a");
  BOOST_TEST(over.status == 429);
  BOOST_TEST(over.fields.joined("Retry-After") == "60");
  BOOST_TEST(over.fields.joined("Cache-Status") == "edge-0; detail=rate-limited");
  pop.simulation.run_for(std::chrono::seconds(10));
  BOOST_TEST(pop.get(0, "/a").status == 200);
  BOOST_TEST(pop.get(0, "/shared/a").status == 200);
  BOOST_TEST(pop.get(0, "/a").status == 200);
  BOOST_TEST(pop.get(0, "/shared/a").status == 429);
  BOOST_TEST(pop.get(0, "/a").status == 429);
  pop.simulation.run_for(std::chrono::seconds(1));
  BOOST_TEST(pop.get(0, "/a").status == 200);
}

BOOST_AUTO_TEST_CASE(signed_urls_share_one_copy_and_the_origin_sees_no_signature) {
  SimulatedPop pop(9, 3, 1, [](EdgeConfig& config) {
    rules_of(config).signed_urls = {true, "new=0123456789abcdef old=fedcba9876543210"};
  });
  // The simulation's clock stands at its start, 50 years after 1970.
  const std::int64_t now = 24LL * 3600 * 365 * 50;
  const auto url = [](std::string_view id, std::string_view secret, std::int64_t end) {
    return http::signed_target("/film?q=hd", {std::string(id), std::string(secret)}, end);
  };
  for (int edge = 0; edge < 3; ++edge) {
    BOOST_TEST(pop.get(edge, url("new", "0123456789abcdef", now + 1000)).status == 200);
    BOOST_TEST(pop.get(edge, url("old", "fedcba9876543210", now + 2000)).status == 200);
  }
  BOOST_TEST(pop.origin.total() == 1);
  BOOST_TEST(pop.origin.heads[0].path == "/film?q=hd");
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"/film?q=hd", "signature-missing"},
      {url("new", "fedcba9876543210", now + 1000), "signature-wrong"},
      {url("none", "fedcba9876543210", now + 1000), "signature-unknown-key"},
      {url("new", "0123456789abcdef", now - 1000), "signature-expired"},
  };
  for (const auto& [path, reason] : rows) {
    const Answer answer = pop.get(0, path);
    BOOST_TEST(answer.status == 403);
    BOOST_TEST(answer.fields.joined("Cache-Status") == "edge-0; detail=" + reason);
  }
  BOOST_TEST(pop.origin.total() == 1);
}

BOOST_AUTO_TEST_CASE(cors_is_the_edges_and_one_copy_serves_every_origin) {
  SimulatedPop pop(10, 3, 1, [](EdgeConfig& config) {
    rules_of(config).cors.origins = {"https://a.example", "https://b.example"};
    rules_of(config).cors.methods = {"GET", "PUT"};
  });
  // A server that names whoever asks, as many do.
  pop.origin.fields = {{"Cache-Control", "max-age=60"},
                       {"Access-Control-Allow-Origin", "https://evil.example"},
                       {"Vary", "Accept-Encoding, Origin"}};
  for (int edge = 0; edge < 3; ++edge) {
    for (const std::string origin : {"https://a.example", "https://b.example", "https://evil.example", ""}) {
      const Fields fields = origin.empty() ? Fields() : Fields{{"Origin", origin}};
      const Answer answer = pop.get(edge, "/font", fields);
      const bool known = origin == "https://a.example" || origin == "https://b.example";
      BOOST_TEST(answer.status == 200);
      BOOST_TEST(answer.fields.joined("Access-Control-Allow-Origin") == (known ? origin : ""));
      BOOST_TEST(answer.fields.joined("Vary") == "Accept-Encoding, Origin");
    }
  }
  BOOST_TEST(pop.origin.total() == 1);
  BOOST_TEST(!pop.origin.heads[0].fields.find("Origin"));
  pop.get(0, "/font", {{"Origin", "https://a.example"}}, "POST");
  BOOST_TEST(pop.origin.heads.back().fields.joined("Origin") == "https://a.example");
}

BOOST_AUTO_TEST_CASE(preflights_are_answered_by_the_edge) {
  SimulatedPop pop(11, 1, 1, [](EdgeConfig& config) {
    rules_of(config).cors.origins = {"https://a.example"};
    rules_of(config).cors.methods = {"GET", "PUT"};
  });
  const auto ask = [&](const std::string& origin) {
    return pop.get(0, "/a", {{"Origin", origin}, {"Access-Control-Request-Method", "PUT"}}, "OPTIONS");
  };
  const Answer good = ask("https://a.example");
  BOOST_TEST(good.status == 204);
  BOOST_TEST(good.fields.joined("Access-Control-Allow-Origin") == "https://a.example");
  BOOST_TEST(good.fields.joined("Access-Control-Allow-Methods") == "GET, PUT");
  BOOST_TEST(good.fields.joined("Vary") == "Origin");
  BOOST_TEST(good.fields.joined("Cache-Status") == "edge-0; detail=preflight");
  const Answer bad = ask("https://evil.example");
  BOOST_TEST(bad.status == 403);
  BOOST_TEST(bad.fields.joined("Cache-Status") == "edge-0; detail=origin-not-allowed");
  BOOST_TEST(!bad.fields.find("Access-Control-Allow-Origin"));
  BOOST_TEST(pop.origin.total() == 0);
  pop.get(0, "/a", {}, "OPTIONS");  // no preflight: the origin's
  BOOST_TEST(pop.origin.total() == 1);
}

BOOST_AUTO_TEST_CASE(refused_requests_leave_no_origin_of_theirs_behind) {
  SimulatedPop pop(12, 1, 1, [](EdgeConfig& config) {
    rules_of(config).cors.origins = {"https://a.example"};
    rules_of(config).access.deny = {*core::IpNetwork::parse("10.0.0.2")};
  });
  BOOST_TEST(pop.get(0, "/a", {{"Origin", "https://a.example"}}).fields.joined("Access-Control-Allow-Origin") ==
             "https://a.example");
  BOOST_TEST(!pop.get(0, "/a").fields.find("Access-Control-Allow-Origin"));
}

BOOST_AUTO_TEST_CASE(refused_loop_shows_no_origin_of_the_request_before) {
  SimulatedPop pop(33, 1, 1, [](EdgeConfig& config) { rules_of(config).cors.origins = {"https://a.example"}; });
  pop.get(0, "/b");
  const std::string loop = pop.origin.heads.back().fields.joined("CDN-Loop");
  BOOST_TEST(pop.get(0, "/a", {{"Origin", "https://a.example"}}).status == 200);
  const Answer refused = pop.get(0, "/a", {{"CDN-Loop", loop}});
  BOOST_TEST(refused.status == 508);
  BOOST_TEST(!refused.fields.find("Access-Control-Allow-Origin"));
}

BOOST_AUTO_TEST_CASE(error_pages_stand_for_the_edges_own_errors_and_for_the_origins_where_asked_for) {
  skerry::testing::TempDir folder;
  page_file = folder.write("sorry.html", "<h1>Sorry</h1>");
  for (const bool for_origin : {false, true}) {
    SimulatedPop pop(
        13, 3, 1,
        for_origin ? [](EdgeConfig& config) { rules_of(config).error_pages = {{{"5xx", page_file}}, true}; }
                   : [](EdgeConfig& config) {
                       rules_of(config).error_pages = {{{"5xx", page_file}}, false};
                     });
    const auto is_page = [](const Answer& answer, const char* method = "GET") {
      return answer.fields.joined("Content-Type") == "text/html; charset=utf-8" &&
             answer.body == (std::string_view(method) == "HEAD" ? "" : "<h1>Sorry</h1>");
    };
    pop.origin.status = 503;
    pop.origin.fields = {{"Retry-After", "7"}, {"Cache-Control", "no-store"}};
    for (int edge = 0; edge < 3; ++edge) {
      for (const char* method : {"GET", "HEAD"}) {
        const Answer answer = pop.get(edge, "/a", {}, method);
        BOOST_TEST(answer.status == 503);
        BOOST_TEST(is_page(answer, method) == for_origin, method);
        BOOST_TEST(answer.fields.joined("Retry-After") == "7");
      }
      const Answer range = pop.get(edge, "/r", {{"Range", "bytes=0-5"}});
      BOOST_TEST(is_page(range) == (for_origin && range.status == 503));
      BOOST_TEST(!is_page(pop.get(edge, "/a", {}, "POST")));
    }
    pop.origin.status = 404;
    BOOST_TEST(!is_page(pop.get(0, "/a")));
    pop.origin.silent = true;
    const Answer late = pop.get(0, "/b");
    BOOST_TEST(late.status == 504);
    BOOST_TEST(is_page(late));
    BOOST_TEST(is_page(pop.get(0, "/none", {{"Cache-Control", "only-if-cached"}}, "HEAD"), "HEAD"));
  }
}

BOOST_AUTO_TEST_CASE(lifetimes_of_a_route_count_where_the_origin_does_not_forbid_it) {
  SimulatedPop pop(14, 3, 1, [](EdgeConfig& config) {
    SiteConfig& site = config.sites[0];
    site.handling.policy.negative_ttl = {{404, std::chrono::seconds(10)}};
    site.routes = {{"/hour/*", site.handling}, {"/never/*", site.handling}, {"/lost/*", site.handling}};
    site.routes[0].handling.policy.ttl = std::chrono::hours(1);
    site.routes[1].handling.policy.ttl = std::chrono::seconds(0);
    site.routes[2].handling.policy.negative_ttl = {{404, std::chrono::seconds(100)}, {503, std::chrono::seconds(5)}};
  });
  // How often the origin is asked by two requests, the second one `later`.
  const auto asked = [&](const std::string& path, int status, const Fields& fields, std::chrono::seconds later) {
    pop.origin.status = status;
    pop.origin.fields = fields;
    const int before = pop.origin.total();
    BOOST_TEST(pop.get(0, path).status == status);
    pop.simulation.run_for(later);
    BOOST_TEST(pop.get(1, path).status == status);
    return pop.origin.total() - before;
  };
  using std::chrono::seconds;
  BOOST_TEST(asked("/hour/a", 200, {}, seconds(3500)) == 1);
  BOOST_TEST(asked("/hour/b", 200, {}, seconds(3700)) == 2);
  BOOST_TEST(asked("/hour/short", 200, {{"Cache-Control", "max-age=1"}}, seconds(3500)) == 1);
  BOOST_TEST(asked("/hour/private", 200, {{"Cache-Control", "private"}}, seconds(1)) == 2);
  BOOST_TEST(asked("/hour/no-store", 200, {{"Cache-Control", "no-store"}}, seconds(1)) == 2);
  BOOST_TEST(asked("/hour/gone", 404, {}, seconds(5)) == 1);
  BOOST_TEST(asked("/hour/gone-later", 404, {}, seconds(15)) == 2);
  BOOST_TEST(asked("/never/a", 200, {{"Cache-Control", "max-age=60"}}, seconds(1)) == 2);
  BOOST_TEST(asked("/lost/a", 404, {}, seconds(90)) == 1);
  BOOST_TEST(asked("/lost/b", 503, {}, seconds(4)) == 1);
  BOOST_TEST(asked("/lost/c", 503, {}, seconds(6)) == 2);
  BOOST_TEST(asked("/lost/d", 404, {{"Cache-Control", "max-age=1"}}, seconds(5)) == 2);
  BOOST_TEST(asked("/other", 503, {}, seconds(1)) == 2);
}

BOOST_AUTO_TEST_CASE(no_spelling_of_a_path_escapes_the_rules_of_its_route) {
  SimulatedPop pop(31, 1, 1, [](EdgeConfig& config) {
    RouteConfig route{"/private/*", config.sites[0].handling};
    route.handling.rules.access.deny = {*core::IpNetwork::parse("0.0.0.0/0")};
    config.sites[0].routes.push_back(std::move(route));
  });
  for (const char* path : {"/private/film.mp4", "/%70rivate/film.mp4", "//private/film.mp4", "/a/../private/film.mp4",
                           "/a/%2E%2e/private/film.mp4", "/./private/film.mp4?a"}) {
    BOOST_TEST(pop.get(0, path).status == 403, path);
  }
  BOOST_TEST(pop.get(0, "/public/film.mp4").status == 200);
}

BOOST_AUTO_TEST_CASE(malformed_forwarded_of_a_trusted_proxy_is_400_and_nobodys_address) {
  SimulatedPop pop(32, 1, 1, [](EdgeConfig& config) {
    config.trusted_proxies = {*core::IpNetwork::parse("0.0.0.0/0")};
    config.forwarded_field = ForwardedField::forwarded;
    rules_of(config).access.allow = {*core::IpNetwork::parse("0.0.0.0/0")};
  });
  BOOST_TEST(pop.get(0, "/a", {{"Forwarded", "for=10.0.0.5"}}).status == 200);
  BOOST_TEST(pop.get(0, "/a", {{"Forwarded", "for=10.0.0.5, for=\"[2001:db8::1]\""}}).status == 403);
  BOOST_TEST(pop.get(0, "/a", {{"Forwarded", "for=10.0.0.5;x=\", for=\"[2001:db8::1]\""}}).status == 400);
}

BOOST_AUTO_TEST_SUITE_END()
