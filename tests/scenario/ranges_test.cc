// Ranges of an object too large to fetch whole, through the program and its disk.
#include <boost/test/unit_test.hpp>
#include <random>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

constexpr std::uint64_t size = 64u << 20;
const std::string path = "/_gen/64m/film";

struct Range {
  std::uint64_t first, last;
};

Reply ask(HttpConnection& connection, const Range& range) {
  connection.send("GET " + path + " HTTP/1.1\r\nHost: www.example.com\r\nRange: bytes=" + std::to_string(range.first) +
                  "-" + std::to_string(range.last) + "\r\n\r\n");
  return connection.read_reply();
}

std::vector<Range> random_ranges(int count) {
  std::mt19937_64 random(7);
  std::vector<Range> ranges;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t first = random() % size;
    ranges.push_back({first, std::min(size - 1, first + random() % (i % 10 == 0 ? 9'000'000 : 100'000))});
  }
  return ranges;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(large_ranges)

BOOST_AUTO_TEST_CASE(parts_are_the_origins_bytes_and_outlive_a_restart) {
  TempDir folder;
  OriginProcess origin;
  EdgeOptions options;
  options.origin = origin.url();
  options.store = folder / "store";
  options.memory = "64MiB";
  EdgeProcess edge(folder, options);
  const std::vector<Range> ranges = random_ranges(60);
  const auto wrong = [&] {
    HttpConnection through_edge(edge.port()), direct(origin.port());
    int count = 0;
    for (const Range& range : ranges) {
      const Reply reply = ask(through_edge, range);
      count += reply.status != 206 || reply.body != ask(direct, range).body;
    }
    return count;
  };
  BOOST_TEST(wrong() == 0);
  BOOST_TEST(edge.metric("skerry_fills_stored_total") >= 10);
  BOOST_TEST(edge.stop() == 0);
  edge.start();
  origin.reset_counts();
  BOOST_TEST(wrong() == 0);
  // Half of the requests are our own, to compare with: the edge asked for nothing.
  BOOST_TEST(origin.requests() == ranges.size());
}

BOOST_AUTO_TEST_SUITE_END()
