// An edge on a small machine in a factory: one worker, little memory, and an uplink that is cut at times. What was seen
// once is served all the same, stale or not, even by an edge that was started in the middle of the outage.
#include <boost/test/unit_test.hpp>
#include <chrono>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

struct Factory {
  TempDir folder;
  OriginProcess headquarters;
  std::unique_ptr<EdgeProcess> edge;

  Factory() {
    EdgeOptions options;
    options.origin = headquarters.url();
    options.memory = "64MiB";
    options.store = folder / "store";
    options.store_size = "512MiB";
    options.site_keys = "connect_timeout = \"500ms\"\nmax_stale = \"7d\"\neject_at_most = \"1s\"\n";
    edge = std::make_unique<EdgeProcess>(folder, options);
  }

  static std::string manual(int number) { return "/_gen/200k/manual/" + std::to_string(number); }
  // Stale at once: every look asks headquarters, as long as there is a line.
  static std::string order(int number) {
    return "/_gen/2k/order/" + std::to_string(number) + "?header=Cache-Control:max-age%3D0";
  }

  int whole(std::string (*path)(int), int count, std::size_t size) const {
    HttpConnection connection(edge->port());
    int good = 0;
    for (int i = 0; i < count; ++i) {
      connection.send(get_text(path(i)));
      const Reply reply = connection.read_reply();
      good += reply.status == 200 && reply.body.size() == size;
    }
    return good;
  }
  // The line is back: a probe finds out, at most eject_at_most later.
  int asked_until_answered(const std::string& path) const {
    const auto until = std::chrono::steady_clock::now() + Process::patience;
    int status = 0;
    while (status != 200 && std::chrono::steady_clock::now() < until) status = get(edge->port(), path).status;
    return status;
  }
  int manuals() const { return whole(manual, 300, 200 * 1024); }  // 60 MiB: about what the machine has
  int orders() const { return whole(order, 50, 2048); }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(users_factory)

BOOST_FIXTURE_TEST_CASE(an_outage_is_bridged_with_what_is_stored_across_a_restart, Factory) {
  BOOST_TEST(manuals() == 300);
  BOOST_TEST(orders() == 50);
  const Reply fresh = get(edge->port(), order(7));
  BOOST_TEST(fresh.field("X-Cache") == "REVALIDATED");

  headquarters.process().kill();
  BOOST_TEST(manuals() == 300);
  BOOST_TEST(orders() == 50);
  BOOST_TEST(get(edge->port(), order(7)).field("X-Cache") == "STALE");
  BOOST_TEST(get(edge->port(), order(7)).field("ETag") == fresh.field("ETag"));
  BOOST_TEST(get(edge->port(), "/_gen/2k/never-seen").status == 504);  // known to be down by now

  BOOST_TEST(edge->stop() == 0);
  edge->start();
  BOOST_TEST(manuals() == 300);
  BOOST_TEST(orders() == 50);

  headquarters.start();
  BOOST_TEST(asked_until_answered("/_gen/2k/seen-now") == 200);
  BOOST_TEST(get(edge->port(), order(7)).field("X-Cache") == "REVALIDATED");
  BOOST_TEST(manuals() == 300);
  BOOST_TEST(headquarters.requests(manual(0)) == 0u);
}

BOOST_FIXTURE_TEST_CASE(more_content_than_memory_is_served_within_the_memory_that_was_given, Factory) {
  for (int round = 0; round < 2; ++round) BOOST_TEST(manuals() == 300);
  BOOST_TEST(headquarters.requests() == 300u);
  if (std::string_view(SKERRY_SANITIZE).empty()) {
    // The configured 64 MiB, and 64 for the program itself, its database and what the allocator holds.
    BOOST_TEST(resident_memory(edge->process().pid()) <= (64u + 64u) << 20);
  }
}

BOOST_AUTO_TEST_SUITE_END()
