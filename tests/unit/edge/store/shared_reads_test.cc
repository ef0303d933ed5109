#include "edge/store/shared_reads.h"

#include <boost/test/unit_test.hpp>

#include "core/loop/simulation.h"

using namespace skerry;
using namespace skerry::edge;

namespace {

struct Fixture {
  core::Simulation simulation{1, core::WallTime()};
  core::EventLoop& loop = simulation.add_host("edge", core::IpAddress::v4({10, 0, 0, 1})).worker().loop;
  SharedReads reads;
  std::vector<std::string> heard;

  bool join(const ChunkName& name, const std::string& who) {
    return reads.join(name, loop, [this, who](SharedReads::Outcome outcome) {
      heard.push_back(who + ": " + (outcome.ok() ? std::string(outcome->text()) : outcome.error().detail));
    });
  }
  std::vector<std::string> settled() {
    simulation.run_until_idle();
    return std::exchange(heard, {});
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(shared_reads, Fixture)

BOOST_AUTO_TEST_CASE(whoever_comes_while_a_chunk_is_read_gets_the_same_bytes) {
  BOOST_TEST(join({1, 7}, "first"));
  BOOST_TEST(!join({1, 7}, "second"));
  BOOST_TEST(join({1, 8}, "next chunk"));
  BOOST_TEST(join({2, 7}, "other body"));
  reads.finish({1, 7}, core::Chunk::copy_of("bytes"));
  BOOST_TEST(settled() == (std::vector<std::string>{"first: bytes", "second: bytes"}),
             boost::test_tools::per_element());
  BOOST_TEST(join({1, 7}, "later"));
}

BOOST_AUTO_TEST_CASE(a_read_that_fails_fails_for_all_who_waited_and_for_nobody_else) {
  join({1, 7}, "first");
  join({1, 7}, "second");
  reads.finish({1, 7}, core::Error{core::ErrorCode::corrupt, core::ErrorSource::internal, false, "broken"});
  BOOST_TEST(settled() == (std::vector<std::string>{"first: broken", "second: broken"}),
             boost::test_tools::per_element());
  BOOST_TEST(join({1, 7}, "later"));
  reads.finish({1, 7}, core::Chunk::copy_of("bytes"));
  BOOST_TEST(settled() == std::vector<std::string>{"later: bytes"}, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
