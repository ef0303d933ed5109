// Data sets: objects of hundreds of MiB, read by many at once in ranges. Every byte is the origin's, and the origin
// sends each part once.
#include <boost/test/unit_test.hpp>
#include <random>

#include "tests/support/crowd.h"
#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

constexpr std::uint64_t mebibyte = 1 << 20;
constexpr std::uint64_t part = 4 * mebibyte;

std::string range_request(const std::string& path, std::uint64_t first, std::uint64_t last) {
  return get_text(path, "Range: bytes=" + std::to_string(first) + "-" + std::to_string(last) + "\r\n");
}

struct DataSet {
  TempDir folder;
  OriginProcess origin;
  std::unique_ptr<EdgeProcess> edge;

  DataSet() {
    EdgeOptions options;
    options.origin = origin.url();
    options.memory = "128MiB";
    options.store = folder / "store";
    options.store_size = "2GiB";
    options.workers = 2;
    edge = std::make_unique<EdgeProcess>(folder, options);
  }

  // Readers that together read everything, each a slice of its own, and as many again that read anywhere.
  void read_all(std::uint64_t megabytes, std::size_t readers) {
    const std::uint64_t size = megabytes * mebibyte;
    const std::string path = "/_gen/" + std::to_string(megabytes) + "m/data";
    const std::string body = get(origin.port(), path).body;
    BOOST_REQUIRE(body.size() == size);
    // The first range of an object passes as it came, and tells what the object is.
    Crowd scout(body);
    scout.add({.port = edge->port(), .request = range_request(path, 100, 199), .first = 100});
    scout.run();
    BOOST_TEST(scout.whole() == 1u);
    origin.reset_counts();
    std::minstd_rand random(1);
    Crowd crowd(body);
    for (std::size_t i = 0; i < readers; ++i) {
      const std::uint64_t first = size * i / readers, last = size * (i + 1) / readers - 1;
      crowd.add({.port = edge->port(), .request = range_request(path, first, last), .first = first});
      const std::uint64_t anywhere = random() % (size - 1000);
      const std::uint64_t end = std::min<std::uint64_t>(size - 1, anywhere + random() % (2 * part));
      crowd.add({.port = edge->port(), .request = range_request(path, anywhere, end), .first = anywhere});
    }
    crowd.run(std::chrono::seconds(300));
    BOOST_TEST(crowd.whole() == crowd.size());
    BOOST_TEST(crowd.deceived() == 0u);
    BOOST_TEST(origin.requests() == size / part);
    // All of it again, across a restart: the origin is not asked.
    BOOST_TEST(edge->stop() == 0);
    edge->start();
    origin.reset_counts();
    Crowd again(body);
    for (std::uint64_t first = 0; first < size; first += 3 * part) {
      const std::uint64_t last = std::min(size, first + 3 * part) - 1;
      again.add({.port = edge->port(), .request = range_request(path, first, last), .first = first});
    }
    again.run(std::chrono::seconds(300));
    BOOST_TEST(again.whole() == again.size());
    BOOST_TEST(origin.requests() == 0u);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(users_large_data)

BOOST_FIXTURE_TEST_CASE(readers_of_ranges_get_the_origins_bytes_and_each_part_is_asked_for_once, DataSet) {
  read_all(48, 30);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(users_large_data_slow)

BOOST_FIXTURE_TEST_CASE(two_hundred_readers_of_256_mib_in_ranges, DataSet) {
  read_all(256, 100);
}

BOOST_AUTO_TEST_SUITE_END()
