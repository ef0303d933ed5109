// The disk tier through the program: what survives a restart and a kill, and that the directory keeps to its budget.
#include <signal.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <filesystem>
#include <thread>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

struct Stored {
  TempDir folder;
  OriginProcess origin;

  EdgeOptions options(const char* store_size = "1GiB") const {
    EdgeOptions options;
    options.origin = origin.url();
    options.store = folder / "store";
    options.store_size = store_size;
    options.memory = "64MiB";
    return options;
  }
};

std::string object(int number) {
  return "/_gen/256k/" + std::to_string(number);
}

int hits(const EdgeProcess& edge, int first, int last) {
  HttpConnection connection(edge.port());
  int count = 0;
  for (int i = first; i < last; ++i) {
    connection.send(get_text(object(i)));
    const Reply reply = connection.read_reply();
    count += reply.status == 200 && reply.body.size() == 256 * 1024 && reply.field("X-Cache") == "HIT";
  }
  return count;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store)

BOOST_FIXTURE_TEST_CASE(everything_stored_is_a_hit_after_an_orderly_restart, Stored) {
  EdgeProcess edge(folder, options());
  BOOST_TEST(hits(edge, 0, 400) == 0);
  BOOST_TEST(edge.stop() == 0);
  edge.start();
  origin.reset_counts();
  BOOST_TEST(hits(edge, 0, 400) == 400);
  BOOST_TEST(origin.requests() == 0u);
}

BOOST_FIXTURE_TEST_CASE(explain_judges_a_copy_that_lies_on_disk_alone_and_leaves_it_there, Stored) {
  EdgeProcess edge(folder, options());
  const std::string fresh = "/_gen/1k/fresh?header=Cache-Control:max-age=1000", large = "/_gen/600k/large";
  const std::string unusable = "/_gen/1k/checked?header=Cache-Control:no-cache";
  for (const std::string& path : {fresh, large, unusable}) get(edge.port(), path);
  edge.stop();
  edge.start();
  const auto explained = [&](const std::string& path) {
    return edge.admin("GET", "/explain?url=http://www.example.com" + path).body;
  };
  const auto has = [](const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; };
  for (int i = 0; i < 2; ++i) {
    for (const std::string& path : {fresh, large}) {
      const std::string told = explained(path);
      BOOST_TEST(has(told, "\"held\": \"disk\""), told);
      BOOST_TEST(has(told, "\"segment\": "), told);
      BOOST_TEST(has(told, "\"verdict\": \"hit\""), told);
      BOOST_TEST(has(told, "\"reason\": \"fresh\""), told);
      BOOST_TEST(has(told, path == fresh ? "\"lifetime\": 1000" : "\"size\": 614400"), told);
    }
    const std::string told = explained(unusable);
    BOOST_TEST(has(told, "\"verdict\": \"validate\""), told);
    BOOST_TEST(has(told, "\"reason\": \"no-cache\""), told);
  }
  BOOST_TEST(edge.metric("skerry_store_memory_objects") == 0);
}

BOOST_FIXTURE_TEST_CASE(sealed_objects_survive_kill_9_and_the_others_are_clean_misses, Stored) {
  EdgeProcess edge(folder, options());
  const auto sealed = [&] { return edge.metric("skerry_store_segments_sealed_total"); };
  int filled = 0;
  for (; sealed() < 3 && filled < 4000; filled += 50) hits(edge, filled, filled + 50);
  BOOST_REQUIRE(sealed() >= 3);
  edge.kill();
  edge.start();
  origin.reset_counts();
  const int found = hits(edge, 0, filled);
  // Three sealed segments at least; what was not sealed was asked of the origin again, once each, and nothing else.
  BOOST_TEST(found > filled / 3);
  BOOST_TEST(origin.requests() == static_cast<std::uint64_t>(filled - found));
  BOOST_TEST(hits(edge, 0, filled) == filled);
}

BOOST_FIXTURE_TEST_CASE(the_directory_never_exceeds_its_budget, Stored) {
  constexpr std::uint64_t budget = 256u << 20;
  EdgeProcess edge(folder, options("256MiB"));
  std::atomic<std::uint64_t> largest{0};
  {
    const std::jthread sampler([&](std::stop_token stop) {
      for (; !stop.stop_requested(); std::this_thread::sleep_for(std::chrono::milliseconds(100)))
        largest = std::max(largest.load(), disk_usage(folder / "store"));
    });
    for (int first = 0; first < 1600; first += 20) hits(edge, first, first + 20);  // 400 MiB in all
  }
  BOOST_TEST(largest > budget / 3);
  BOOST_TEST(largest <= budget);
}

BOOST_FIXTURE_TEST_CASE(a_corrupt_store_costs_misses_and_nothing_else, Stored) {
  EdgeProcess edge(folder, options());
  hits(edge, 0, 200);
  edge.stop();
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "store")) {
    if (entry.path().extension() == ".sst") std::filesystem::resize_file(entry.path(), entry.file_size() / 2);
  }
  edge.start();
  HttpConnection connection(edge.port());
  int served = 0;
  for (int i = 0; i < 200; ++i) {
    connection.send(get_text(object(i)));
    served += connection.read_reply().body.size() == 256 * 1024;
  }
  BOOST_TEST(served == 200);
}

BOOST_AUTO_TEST_SUITE_END()
