// DNS over HTTPS: which requests are queries, and what the answers say of their age.
#include "routing/doh.h"

#include <boost/test/unit_test.hpp>

#include "core/http/client.h"
#include "core/loop/simulation.h"
#include "tests/unit/routing/asking.h"

using namespace skerry;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(doh_targets)

BOOST_AUTO_TEST_CASE(the_query_is_the_dns_parameter) {
  const std::pair<const char*, std::string> table[] = {
      {"/dns-query?dns=Zm9v", "foo"},
      {"/dns-query?a=b&dns=Zm9v&c", "foo"},
      {"/dns-query?dns=", ""},
      {"/dns-query?dns=Zm9v=", ""},
      {"/dns-query", ""},
      {"/dns-query?xdns=Zm9v", ""},
      {"/dns-query?dns=Zm9v&dns=YmFy", "foo"},
      {"/dns-query?", ""},
  };
  for (const auto& [target, expected] : table) BOOST_TEST(routing::query_in_target(target) == expected, target);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(doh_answers)

// RFC 9111: a shared cache must not hand what was chosen for one client to another.
BOOST_AUTO_TEST_CASE(only_answers_that_are_the_same_for_all_may_be_shared) {
  const testing::Asking asking(
      "[[zone]]\nname = \"example.com\"\nns = [\"ns.example.net\"]\nttl = \"90s\"\n"
      "[[zone.dynamic]]\nname = \"www\"\nttl = \"20s\"\n");
  const routing::Published<routing::Routes> routes{std::make_shared<const routing::Routes>(asking.routes)};
  core::Simulation simulation{3, core::WallTime{}};
  auto& router = simulation.add_host("router", core::IpAddress::v4({10, 0, 0, 1}));
  routing::DohService service(routes, "/dns-query");
  auto server = std::move(http::Server::listen(router.worker(), {router.ip(), 443}, {}, nullptr, service)).value();
  const std::pair<const char*, const char*> table[] = {
      {"AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB", "private, max-age=20"},  // www.example.com A
      {"AAABAAABAAAAAAAAB2V4YW1wbGUDY29tAAACAAE", "max-age=90"},                // example.com NS
  };
  for (const auto& [query, expected] : table) {
    http::SimpleRequest request;
    request.address = {router.ip(), 443};
    request.head.authority = "router";
    request.head.path = std::string("/dns-query?dns=") + query;
    std::string cache_control;
    const auto call = http::SimpleCall::start(router.worker(), std::move(request), [&](auto response) {
      BOOST_REQUIRE(response.ok());
      cache_control = response->head.fields.find(http::HeaderId::cache_control).value_or("none");
    });
    simulation.run_until([&] { return !cache_control.empty(); }, 10s);
    BOOST_TEST(cache_control == expected, query);
  }
}

BOOST_AUTO_TEST_SUITE_END()
