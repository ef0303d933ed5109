// The disk tier on RocksDB: budget, restart, kill -9, damage, a full disk.
#include <fcntl.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/temp_dir.h"
#include "tests/unit/edge/store/store_harness.h"

using namespace skerry;
using namespace skerry::edge;
using namespace skerry::edge::testing;
namespace files = std::filesystem;

namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

core::Result<std::unique_ptr<ObjectStore>> open(const std::string& path, std::uint64_t budget = 64 * mebibyte) {
  StoreConfig config;
  config.path = path;
  config.size = {budget};
  return ObjectStore::open({{48 * mebibyte}}, config, core::system_clock(), 2);
}

std::unique_ptr<ObjectStore> must_open(const std::string& path, std::uint64_t budget = 64 * mebibyte) {
  auto store = open(path, budget);
  BOOST_REQUIRE_MESSAGE(store.ok(), (store ? "" : store.error().message()));
  for (const auto& event : (*store)->opened().events) BOOST_TEST_MESSAGE(event);
  return std::move(*store);
}

std::size_t size_of(int n) {
  return 500 + static_cast<std::size_t>(n) * 7919 % 90'000;
}

void fill(ObjectStore& store, TestWorker& at, int from, int to) {
  for (int n = from; n < to; ++n) {
    BOOST_REQUIRE(put(store, at, head_for(url(n), store.epoch()), body_for(n, size_of(n))) != nullptr);
    // Small bodies have no back-pressure; let the writer keep up, as a network would.
    if (n % 100 == 0) seal(store, at);
  }
}

// How many of them are there; every one that is has its very bytes.
int count_present(ObjectStore& store, TestWorker& at, int from, int to) {
  int present = 0;
  for (int n = from; n < to; ++n) {
    const auto found = get(store, at, url(n));
    if (!found) continue;
    ++present;
    BOOST_REQUIRE((read_body(store, at, *found) == body_for(n, size_of(n))));
  }
  return present;
}

constexpr const char* child_variable = "SKERRY_STORE_TEST_CHILD";

// What the process to be killed does: seals 400 objects, then purges one of them or leaves ten more unsealed, and says
// so with one byte.
[[noreturn]] void be_child(const std::string& path, const std::string& what, int told) {
  auto store = open(path);
  TestWorker at;
  if (!store) _exit(1);
  for (int n = 0; n < 400; ++n) put(**store, at, head_for(url(n)), body_for(n, size_of(n)));
  bool done = false;
  (*store)->seal([&] { at.loop.post([&] { done = true; }); });
  if (!at.loop.wait_until([&] { return done; }) || (*store)->stats().writes_refused > 0) _exit(2);
  if (what == "purge") {
    done = false;
    (*store)->purge(at.worker, {PurgeKind::url, url(3), false}, [&](core::Result<Epoch> epoch) { done = epoch.ok(); });
    if (!at.loop.wait_until([&] { return done; })) _exit(3);
  } else {
    for (int n = 400; n < 410; ++n) put(**store, at, head_for(url(n)), body_for(n, size_of(n)));
  }
  if (write(told, "s", 1) != 1) _exit(4);
  for (;;) pause();
}

// The child is this program again: after a mere fork RocksDB's threads would be missing.
struct Child {
  Child() {
    const char* asked = std::getenv(child_variable);
    if (!asked) return;
    const std::string text = asked;
    const std::size_t first = text.find(':'), second = text.find(':', first + 1);
    be_child(text.substr(second + 1), text.substr(first + 1, second - first - 1), std::stoi(text));
  }
};
BOOST_TEST_GLOBAL_FIXTURE(Child);

bool run_child_and_kill_it(const std::string& path, const std::string& what) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  const std::string task = std::string(child_variable) + "=" + std::to_string(ends[1]) + ":" + what + ":" + path;
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    char* const arguments[] = {const_cast<char*>("child"), nullptr};
    char* const environment[] = {const_cast<char*>(task.c_str()), nullptr};
    execve("/proc/self/exe", arguments, environment);
    _exit(127);
  }
  close(ends[1]);
  char told = 0;
  const bool ready = child > 0 && read(ends[0], &told, 1) == 1;
  close(ends[0]);
  if (child > 0) {
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    if (!ready) BOOST_TEST_MESSAGE("the child ended with status " << WEXITSTATUS(status));
  }
  return ready;
}

std::vector<files::path> tables(const std::string& path) {
  std::vector<files::path> found;
  for (const auto& entry : files::directory_iterator(path)) {
    if (entry.path().extension() == ".sst") found.push_back(entry.path());
  }
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_disk)

BOOST_AUTO_TEST_CASE(three_times_the_budget_never_takes_more_than_the_budget_and_compacts_nothing) {
  skerry::testing::TempDir dir;
  constexpr std::uint64_t budget = 64 * mebibyte;
  auto store = must_open(dir / "store", budget);
  TestWorker at;
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> most{0};
  std::thread sampler([&] {
    while (!stop) most = std::max(most.load(), skerry::testing::disk_usage(dir / "store"));
  });
  std::uint64_t written = 0, level0 = 0;
  for (int n = 0; written < 3 * budget; ++n) {
    if (put(*store, at, head_for(url(n)), body_for(n, size_of(n)))) written += size_of(n);
    if (n % 40 == 39) {
      seal(*store, at);
      level0 = std::max(level0, store->stats().files_at_level0);
    }
  }
  seal(*store, at);
  stop = true;
  sampler.join();
  const StoreStats stats = store->stats();
  BOOST_TEST_MESSAGE("peak " << most << " of " << budget << ", segments " << stats.sealed << ", evicted "
                             << stats.segments_evicted);
  BOOST_TEST(most > budget * 8 / 10);
  BOOST_TEST(most <= budget);
  BOOST_TEST(level0 == 0u);
  BOOST_TEST(stats.bytes_compacted == 0u);
  BOOST_TEST(stats.deletes == 0u);
  BOOST_TEST(stats.segments_evicted > 10u);
  BOOST_TEST(stats.writes_refused == 0u);
}

BOOST_AUTO_TEST_CASE(a_clean_stop_loses_nothing_large_bodies_included) {
  skerry::testing::TempDir dir;
  TestWorker at;
  const std::string large = body_for(9, 10 * mebibyte + 12345);
  {
    auto store = must_open(dir / "store");
    fill(*store, at, 0, 300);
    BOOST_REQUIRE(put(*store, at, head_for(url(9999)), large) != nullptr);
  }
  auto store = must_open(dir / "store");
  BOOST_TEST(store->opened().objects == 301u);
  BOOST_TEST(store->opened().broken_segments == 0u);
  BOOST_TEST(count_present(*store, at, 0, 300) == 300);
  const auto found = get(*store, at, url(9999));
  BOOST_REQUIRE(found.ok());
  BOOST_TEST((read_body(*store, at, *found) == large));
}

BOOST_AUTO_TEST_CASE(a_follower_reads_a_large_body_back_from_disk_while_it_arrives) {
  skerry::testing::TempDir dir;
  auto store = must_open(dir / "store");
  TestWorker at;
  Reason why = Reason::none;
  auto writer = store->begin(at.worker, head_for(url(1)), std::nullopt, why);
  const std::string body = body_for(1, 12 * mebibyte);  // more than stays in memory
  for (std::size_t i = 0; i < body.size(); i += 64 << 10) {
    BOOST_REQUIRE(at.loop.wait_until([&] { return !writer->congested(); }));
    BOOST_REQUIRE(writer->append(core::Chunk::copy_of(std::string_view(body).substr(i, 64 << 10))));
  }
  BOOST_TEST(writer->readable() == body.size());
  for (const std::size_t offset : {std::size_t{0}, std::size_t{300'000}, std::size_t{7'000'001}}) {
    bool done = false;
    writer->read(offset, [&](core::Result<core::Chunk> chunk) {
      done = true;
      BOOST_REQUIRE(chunk.ok());
      BOOST_TEST((chunk->size() > 0 && chunk->text() == std::string_view(body).substr(offset, chunk->size())));
    });
    BOOST_REQUIRE(at.loop.wait_until([&] { return done; }));
  }
  const ObjectPtr object = writer->commit();
  BOOST_REQUIRE(object != nullptr);
  BOOST_TEST((read_body(*store, at, object) == body));
}

BOOST_AUTO_TEST_CASE(kill_9_keeps_what_was_sealed_and_makes_clean_misses_of_the_rest) {
  skerry::testing::TempDir dir;
  BOOST_REQUIRE(run_child_and_kill_it(dir / "store", "write"));
  TestWorker at;
  auto store = must_open(dir / "store");
  BOOST_TEST(count_present(*store, at, 0, 400) == 400);
  BOOST_TEST(count_present(*store, at, 400, 410) == 0);
  BOOST_TEST(store->stats().corrupt_records == 0u);
}

// What was written invalidates what was read (RFC 9111 4.4): the answer to the write must not overtake it.
BOOST_AUTO_TEST_CASE(a_purge_counts_from_the_moment_it_is_asked_for) {
  skerry::testing::TempDir dir;
  TestWorker at;
  auto store = must_open(dir / "store");
  BOOST_REQUIRE(put(*store, at, head_for(url(1), store->epoch()), "before") != nullptr);
  bool durable = false;
  store->purge(at.worker, {PurgeKind::url, url(1), false}, [&](core::Result<Epoch> epoch) { durable = epoch.ok(); });
  BOOST_TEST(std::holds_alternative<FoundNothing>(store->find(store->hash(url(1)), url(1))));
  BOOST_TEST(!durable, "that takes a disk's write, and the loop has not run yet");
  BOOST_TEST(at.loop.wait_until([&] { return durable; }));
}

BOOST_AUTO_TEST_CASE(a_purge_survives_kill_9_once_it_was_acknowledged) {
  skerry::testing::TempDir dir;
  BOOST_REQUIRE(run_child_and_kill_it(dir / "store", "purge"));
  TestWorker at;
  auto store = must_open(dir / "store");
  BOOST_TEST(!get(*store, at, url(3)).ok());
  BOOST_TEST(count_present(*store, at, 0, 400) == 399);
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_misses_and_never_wrong_bytes) {
  skerry::testing::TempDir dir;
  TestWorker at;
  {
    auto store = must_open(dir / "store");
    fill(*store, at, 0, 300);
  }
  for (const auto& table : tables(dir / "store")) {
    if (files::file_size(table) < 8192) continue;  // settings
    std::fstream file(table, std::ios::in | std::ios::out | std::ios::binary);
    // The front half: data, not the footer, which would be damage to the whole file.
    const auto size = files::file_size(table);
    for (std::uint64_t i = 1; i < 5; ++i) {
      file.seekp(static_cast<std::streamoff>(size * i / 10));
      file.write("damage", 6);
    }
  }
  auto store = must_open(dir / "store");
  const int present = count_present(*store, at, 0, 300);
  BOOST_TEST_MESSAGE(present << " of 300 left");
  BOOST_TEST(present < 300);
  BOOST_TEST(present > 200);
  BOOST_TEST(store->stats().corrupt_records == static_cast<std::uint64_t>(300 - present));
}

BOOST_AUTO_TEST_CASE(a_store_that_can_not_be_opened_is_repaired_or_set_aside) {
  skerry::testing::TempDir dir;
  TestWorker at;
  {
    auto store = must_open(dir / "store");
    fill(*store, at, 0, 100);
  }
  for (const auto& entry : files::directory_iterator(dir / "store")) {
    if (entry.path().filename().string().starts_with("MANIFEST")) files::resize_file(entry.path(), 10);
  }
  {
    auto store = must_open(dir / "store");
    BOOST_TEST((store->opened().repaired || !store->opened().set_aside.empty()));
    BOOST_TEST(!store->opened().events.empty());
    count_present(*store, at, 0, 100);
    BOOST_TEST((put(*store, at, head_for(url(1), store->epoch()), "new") != nullptr));
    BOOST_TEST(get(*store, at, url(1)).ok());
  }
  auto again = must_open(dir / "store");
  BOOST_TEST(get(*again, at, url(1)).ok());
}

BOOST_AUTO_TEST_CASE(damaged_settings_cost_purges_and_so_everything_is_validated_but_nothing_is_lost) {
  skerry::testing::TempDir dir;
  TestWorker at;
  {
    auto store = must_open(dir / "store");
    fill(*store, at, 1, 51);
  }
  for (const auto& table : tables(dir / "store")) {
    if (files::file_size(table) < 8192) files::resize_file(table, 10);
  }
  for (int round = 0; round < 2; ++round) {
    auto store = must_open(dir / "store");
    BOOST_TEST(store->opened().repaired == (round == 0));
    BOOST_TEST(store->opened().objects == 50u);
    const auto found = get(*store, at, url(7));
    BOOST_REQUIRE(found.ok());
    BOOST_TEST((*found)->head().lifetime.count() == 0);
    BOOST_TEST((read_body(*store, at, *found) == body_for(7, size_of(7))));
  }
}

BOOST_AUTO_TEST_CASE(a_directory_in_use_or_unusable_is_a_clear_error) {
  skerry::testing::TempDir dir;
  auto first = must_open(dir / "store");
  const auto second = open(dir / "store");
  BOOST_REQUIRE(!second.ok());
  BOOST_TEST((second.error().code == core::ErrorCode::address_in_use), second.error().message());
  BOOST_TEST(second.error().message().find("in use by another process") != std::string::npos);
  const auto no_directory = open(dir.write("file", "x"));
  BOOST_REQUIRE(!no_directory.ok());
  BOOST_TEST((no_directory.error().code == core::ErrorCode::invalid_configuration));
  const auto too_small = open(dir / "small", mebibyte);
  BOOST_REQUIRE(!too_small.ok());
  BOOST_TEST((too_small.error().code == core::ErrorCode::invalid_configuration));
}

BOOST_AUTO_TEST_CASE(several_threads_put_get_and_purge_on_disk) {
  skerry::testing::TempDir dir;
  auto store = must_open(dir / "store", 32 * mebibyte);
  std::atomic<int> wrong{0}, hits{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      TestWorker at;
      core::Random random(static_cast<std::uint64_t>(t));
      for (int i = 0; i < 1500; ++i) {
        const int n = static_cast<int>(random.below(1500));
        const auto found = get(*store, at, url(n));
        if (found) {
          const auto body = read_body(*store, at, *found);
          if (body && *body != body_for(n, size_of(n))) ++wrong;
          ++hits;
        } else {
          put(*store, at, head_for(url(n), store->epoch()), body_for(n, size_of(n)));
        }
        if (i % 300 == 0 && !purge(*store, at, {PurgeKind::url, url(n), false})) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
  BOOST_TEST(hits > 0);
  TestWorker at;
  seal(*store, at);
  BOOST_TEST(store->stats().files_at_level0 == 0u);
  BOOST_TEST(skerry::testing::disk_usage(dir / "store") <= 32 * mebibyte);
}

BOOST_AUTO_TEST_CASE(a_full_disk_costs_the_oldest_objects_and_nothing_else) {
  skerry::testing::TempDir dir;
  const std::string mount_point = dir / "full";
  files::create_directories(mount_point);
  BOOST_REQUIRE_MESSAGE(mount("none", mount_point.c_str(), "tmpfs", 0, "size=24m") == 0,
                        "mounting a tmpfs needs root: " << std::strerror(errno));
  {
    auto store = must_open(mount_point + "/store", 256 * mebibyte);
    TestWorker at;
    for (int n = 0; n < 1200; ++n) {
      put(*store, at, head_for(url(n)), body_for(n, size_of(n)));
      if (n % 40 == 39) seal(*store, at);
      if (n == 600) {
        // Somebody else takes what was left.
        std::ofstream hog(mount_point + "/hog", std::ios::binary);
        hog << std::string(6 * mebibyte, 'x');
      }
    }
    seal(*store, at);
    BOOST_TEST(at.loop.wait_until([&] { return !store->stats().disk_read_only; }));
    BOOST_TEST(store->stats().segments_evicted > 0u);
    put(*store, at, head_for(url(5000)), body_for(5000, size_of(5000)));
    seal(*store, at);
    BOOST_TEST(get(*store, at, url(5000)).ok());
    count_present(*store, at, 0, 1200);
  }
  {
    TestWorker at;
    auto store = must_open(mount_point + "/store", 256 * mebibyte);
    BOOST_TEST(get(*store, at, url(5000)).ok());
  }
  BOOST_TEST(umount(mount_point.c_str()) == 0);
}

BOOST_AUTO_TEST_SUITE_END()
