// An origin that hangs, or dies, and comes back: what is stale carries the site meanwhile, what is missing is told at
// once instead of after a time-out each.
#include <signal.h>
#include <sys/wait.h>

#include <boost/test/unit_test.hpp>
#include <chrono>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

constexpr std::string_view always_stale = "/_gen/1k/kept?header=Cache-Control:max-age=0";

struct FailingSite {
  TempDir folder;
  OriginProcess origin;
  std::unique_ptr<EdgeProcess> edge;

  // `back_off`: so long at least nobody is asked once the outage is known.
  explicit FailingSite(const std::string& back_off) {
    EdgeOptions options;
    options.origin = origin.url();
    options.site_keys = "first_byte_timeout = \"500ms\"\neject_for = \"" + back_off + "\"\n";
    edge = std::make_unique<EdgeProcess>(folder, options);
    BOOST_REQUIRE(get(edge->port(), always_stale).status == 200);
  }
  // Returns when it has stopped: from then on its kernel takes connections, and nobody answers.
  void hang_origin() {
    origin.process().send(SIGSTOP);
    siginfo_t stopped{};
    BOOST_REQUIRE(waitid(P_PID, static_cast<id_t>(origin.process().pid()), &stopped, WSTOPPED) == 0);
  }
  // Three clients who miss at the same time.
  void find_out(int expected_status) {
    std::vector<std::unique_ptr<HttpConnection>> clients;
    for (int i = 0; i < 3; ++i) {
      clients.push_back(std::make_unique<HttpConnection>(edge->port()));
      clients.back()->send(get_text("/_gen/1k/lost-" + std::to_string(i)));
    }
    for (const auto& client : clients) BOOST_TEST(client->read_reply().status == expected_status);
    edge->process().wait_for_line("upstream_ejected");
  }
  void expect_known_outage() {
    for (int i = 0; i < 20; ++i) {
      const Reply miss = get(edge->port(), "/_gen/1k/missing-" + std::to_string(i));
      BOOST_TEST(miss.status == 504);
      BOOST_TEST(miss.field("Proxy-Status").starts_with("edge-1; error=destination_unavailable"),
                 miss.field("Proxy-Status"));
      BOOST_TEST(miss.field("Cache-Status").find("detail=origin-down") != std::string::npos,
                 miss.field("Cache-Status"));
      const Reply kept = get(edge->port(), always_stale);
      BOOST_TEST(kept.status == 200);
      BOOST_TEST(kept.body.size() == 1024u);
      BOOST_TEST(kept.field("X-Cache") == "STALE");
    }
    BOOST_TEST(edge->metric("skerry_origins_ejected") == 1);
    BOOST_TEST(edge->metric("skerry_request_reasons_total{reason=\"origin-down\"}") == 20);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(outage)

BOOST_AUTO_TEST_CASE(hung_origin_is_asked_by_nobody_while_its_back_off_lasts) {
  FailingSite site("30s");
  site.hang_origin();
  site.find_out(504);
  site.expect_known_outage();
  site.origin.process().send(SIGCONT);
  // The three that were lost, and nothing since; the first one had filled the cache.
  BOOST_TEST(site.edge->metric("skerry_origin_requests_total") >= 4);
  BOOST_TEST(site.origin.requests() == 4u);
}

BOOST_AUTO_TEST_CASE(dead_origin_is_known_to_be_dead) {
  FailingSite site("30s");
  site.origin.process().kill();
  site.find_out(502);
  site.expect_known_outage();
}

BOOST_AUTO_TEST_CASE(origin_that_is_back_is_served_from_at_once) {
  FailingSite site("1s");
  site.hang_origin();
  site.find_out(504);
  site.origin.process().send(SIGCONT);
  // Clients keep asking; one of them is let through when the back-off is over.
  const auto until = std::chrono::steady_clock::now() + Process::patience;
  Reply reply;
  for (int i = 0; reply.status != 200 && std::chrono::steady_clock::now() < until; ++i) {
    reply = get(site.edge->port(), "/_gen/1k/wanted-" + std::to_string(i));
  }
  BOOST_TEST(reply.status == 200);
  site.edge->process().wait_for_line("upstream_readmitted");
  for (int i = 0; i < 10; ++i) BOOST_TEST(get(site.edge->port(), "/_gen/1k/after-" + std::to_string(i)).status == 200);
  BOOST_TEST(get(site.edge->port(), always_stale).field("X-Cache") == "REVALIDATED");
  BOOST_TEST(site.edge->metric("skerry_origins_ejected") == 0);
}

BOOST_AUTO_TEST_SUITE_END()
