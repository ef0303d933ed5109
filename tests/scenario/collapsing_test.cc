// Many clients of one cold object on all edges of a PoP: one origin request, the same bytes for everyone, bounded
// memory; and what becomes of them when the origin breaks off or somebody leaves.
#include <boost/test/unit_test.hpp>

#include "tests/support/crowd.h"
#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

EdgeOptions with_memory() {
  EdgeOptions options;
  options.memory = "128MiB";
  options.workers = 2;
  return options;
}

struct ColdPop {
  PopOfThree pop{PopOfThree::Tiers::memory_and_disk, with_memory()};

  std::string body_of(const std::string& path) { return get(pop.origin().port(), path).body; }

  void add(Crowd& crowd, const std::string& path, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) crowd.add({.port = pop.edge(i % 3).port(), .request = get_text(path)});
  }

  void everybody_gets_it(const std::string& path, std::size_t clients, std::uint64_t most_resident) {
    const std::string body = body_of(path);
    pop.origin().reset_counts();
    Crowd crowd(body);
    add(crowd, path, clients);
    crowd.run(std::chrono::seconds(1000));
    BOOST_TEST(crowd.whole() == clients);
    BOOST_TEST(crowd.deceived() == 0u);
    BOOST_TEST(pop.origin().requests() == 1u);
    if (!std::string_view(SKERRY_SANITIZE).empty()) return;
    for (std::size_t i = 0; i < 3; ++i) {
      const std::uint64_t peak = peak_memory(pop.edge(i).process().pid());
      BOOST_TEST_MESSAGE("edge " << i << ": at most " << peak / mebibyte << " MiB resident");
      BOOST_TEST(peak <= most_resident);
    }
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(collapsing)

BOOST_FIXTURE_TEST_CASE(hundred_and_fifty_clients_on_three_edges_are_one_origin_request, ColdPop) {
  everybody_gets_it("/_gen/4m/film?slow=4000000", 150, 256 * mebibyte);
}

BOOST_FIXTURE_TEST_CASE(the_first_client_may_leave, ColdPop) {
  const std::string path = "/_gen/8m/left?slow=8000000";
  const std::string body = body_of("/_gen/8m/left");
  pop.origin().reset_counts();
  Crowd crowd(body);
  const Visitor& first = crowd.add({.port = pop.edge(0).port(), .request = get_text(path), .leaves_after = 64 * 1024});
  crowd.run_until_received(first, 1);
  add(crowd, path, 30);
  crowd.run();
  BOOST_TEST(first.received < body.size());
  BOOST_TEST(crowd.whole() == 30u);
  BOOST_TEST(pop.origin().requests() == 1u);
}

// Those who wait read nothing until the others have everything: where the object is stored nobody is held back, and
// what the slow ones missed comes from the store.
BOOST_AUTO_TEST_CASE(followers_of_different_speeds_all_get_the_whole_body) {
  TempDir folder;
  OriginProcess origin;
  EdgeOptions options = with_memory();
  options.origin = origin.url();
  options.store = folder / "store";
  EdgeProcess edge(folder, options);
  const std::string path = "/_gen/64m/speeds";
  const std::string body = get(origin.port(), path).body;
  origin.reset_counts();
  Crowd crowd(body);
  for (int i = 0; i < 20; ++i) {
    crowd.add({.port = edge.port(), .request = get_text(path), .waits = i % 2 == 1});
  }
  crowd.run();
  BOOST_TEST(crowd.whole() == 20u);
  BOOST_TEST(origin.requests() == 1u);
}

BOOST_FIXTURE_TEST_CASE(an_origin_that_breaks_off_half_way_never_gives_a_short_body_that_looks_complete, ColdPop) {
  const std::string path = "/_gen/8m/cut?slow=8000000&close=4000000&header=ETag:W/%22weak%22";
  const std::string body = body_of("/_gen/8m/cut");
  Crowd crowd(body);
  add(crowd, path, 60);
  crowd.run();
  BOOST_TEST(crowd.whole() == 0u);
  BOOST_TEST(crowd.deceived() == 0u);
  // Nothing of it was kept.
  const std::uint64_t asked = pop.origin().requests();
  BOOST_CHECK_THROW(get(pop.edge(0).port(), path), ConnectionLost);
  BOOST_TEST(pop.origin().requests() > asked);
}

BOOST_FIXTURE_TEST_CASE(under_a_strong_validator_the_rest_is_asked_for_once_for_all, ColdPop) {
  const std::string path = "/_gen/8m/resumed?slow=8000000&close=5000000";
  const std::string body = body_of("/_gen/8m/resumed");
  pop.origin().reset_counts();
  Crowd crowd(body);
  add(crowd, path, 60);
  crowd.run();
  BOOST_TEST(crowd.whole() == 60u);
  BOOST_TEST(pop.origin().requests() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(collapsing_slow)

// 384 MiB an edge: the configured 128 MiB, and for each of its clients and peers what the kernel has not taken yet.
BOOST_FIXTURE_TEST_CASE(thousand_clients_on_three_edges_of_100_mib_are_one_origin_request, ColdPop) {
  everybody_gets_it("/_gen/100m/film", 1000, 384 * mebibyte);
}

BOOST_AUTO_TEST_SUITE_END()
