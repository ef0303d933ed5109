// Both tiers without a disk: memory only, and the disk tier on a storage in memory without threads.
#include <boost/test/unit_test.hpp>
#include <thread>

#include "edge/store/memory_storage.h"
#include "edge/store/open_store.h"
#include "tests/unit/edge/store/store_harness.h"

using namespace skerry;
using namespace skerry::edge;
using namespace skerry::edge::testing;

namespace {

struct Fixture {
  explicit Fixture(std::uint64_t memory = 64 << 20) {
    memory_config.size = {memory};
    store_config.hash_seed = 1;
  }
  void open_memory_only() {
    auto opened = ObjectStore::open(memory_config, store_config, core::system_clock(), 1);
    BOOST_REQUIRE(opened.ok());
    store = std::move(*opened);
  }
  void open_simulated(std::uint64_t budget = 64 << 20, std::uint64_t capacity = ~0ull) {
    store.reset();
    store_config.path = "simulated";
    store_config.size = {budget};
    store_config.single_threaded = true;
    auto made = std::make_unique<MemoryStorage>(disk, capacity);
    storage = made.get();
    auto opened = open_store_on(std::move(made), memory_config, store_config, core::system_clock(), 1, {});
    BOOST_REQUIRE(opened.ok());
    store = std::move(*opened);
  }
  // Until nothing of it is in memory.
  void flush_memory() {
    for (int n = 1'000'000; n < 1'000'400; ++n) {
      for (int again = 0; again < 4; ++again) {
        const auto found = store->find(store->hash(url(n)), url(n));
        if (std::holds_alternative<ObjectPtr>(found)) continue;
        put(*store, at, head_for(url(n), store->epoch()), body_for(n, 100 << 10));
      }
    }
  }
  bool on_disk(const std::string& key) {
    return std::holds_alternative<FoundOnDisk>(store->find(store->hash(key), key));
  }

  MemoryConfig memory_config;
  StoreConfig store_config;
  TestWorker at;
  std::shared_ptr<MemoryStorage::Disk> disk = std::make_shared<MemoryStorage::Disk>();
  MemoryStorage* storage = nullptr;
  std::unique_ptr<ObjectStore> store;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(store_memory_only)

BOOST_AUTO_TEST_CASE(a_committed_object_is_found_and_an_aborted_one_is_not) {
  Fixture f;
  f.open_memory_only();
  const std::string body = body_for(1, 700'000);
  BOOST_REQUIRE(put(*f.store, f.at, head_for(url(1)), body) != nullptr);
  Reason why = Reason::none;
  {
    auto writer = f.store->begin(f.at.worker, head_for(url(2)), std::nullopt, why);
    BOOST_REQUIRE(writer != nullptr);
    BOOST_TEST(writer->append(core::Chunk::copy_of("half")));
  }
  const auto found = get(*f.store, f.at, url(1));
  BOOST_REQUIRE(found.ok());
  BOOST_TEST((text_of(**found) == body));
  BOOST_TEST(!get(*f.store, f.at, url(2)).ok());
}

BOOST_AUTO_TEST_CASE(what_is_too_large_is_refused_with_its_reason) {
  Fixture f;
  f.open_memory_only();
  Reason why = Reason::none;
  BOOST_TEST(!f.store->begin(f.at.worker, head_for(url(1)), 100 << 20, why));
  BOOST_TEST((why == Reason::too_large));
  auto writer = f.store->begin(f.at.worker, head_for(url(1)), std::nullopt, why);
  bool taken = true;
  const auto chunk = core::Chunk::copy_of(body_for(1, 256 << 10));
  for (int i = 0; i < 100 && taken; ++i) taken = writer->append(chunk);
  BOOST_TEST(!taken);
  BOOST_TEST(!writer->append(chunk));
  BOOST_TEST((writer->commit() == nullptr));
}

BOOST_AUTO_TEST_CASE(a_follower_reads_back_what_was_appended) {
  Fixture f;
  f.open_memory_only();
  Reason why = Reason::none;
  auto writer = f.store->begin(f.at.worker, head_for(url(1)), std::nullopt, why);
  const std::string body = body_for(1, 600'000);
  for (std::size_t i = 0; i < body.size(); i += 50'000) {
    BOOST_REQUIRE(writer->append(core::Chunk::copy_of(std::string_view(body).substr(i, 50'000))));
  }
  BOOST_TEST(writer->readable() == 600'000u);
  std::string read;
  while (read.size() < body.size()) {
    bool done = false;
    writer->read(read.size(), [&](core::Result<core::Chunk> chunk) {
      done = true;
      if (chunk) read += chunk->text();
    });
    BOOST_REQUIRE(f.at.loop.wait_until([&] { return done; }));
  }
  BOOST_TEST((read == body));
}

BOOST_AUTO_TEST_CASE(small_slices_do_not_keep_large_read_buffers_alive) {
  Fixture f;
  f.open_memory_only();
  Reason why = Reason::none;
  auto writer = f.store->begin(f.at.worker, head_for(url(1)), std::nullopt, why);
  BOOST_REQUIRE(writer->append(core::Chunk::copy_of(body_for(1, 64 << 10)).slice(100, 1000)));
  const ObjectPtr object = writer->commit();
  BOOST_REQUIRE(object != nullptr);
  BOOST_TEST(object->memory_size() < 4096u);
  BOOST_TEST((text_of(*object) == body_for(1, 64 << 10).substr(100, 1000)));
}

BOOST_AUTO_TEST_CASE(every_kind_of_purge_covers_what_it_names_and_nothing_else) {
  Fixture f;
  f.open_memory_only();
  struct Row {
    PurgeKind kind;
    const char* target;
    bool matches;
  };
  const Row rows[] = {{PurgeKind::url, "http://example.com/a/1", true},
                      {PurgeKind::url, "http://example.com/a/2", false},
                      {PurgeKind::host, "example.com", true},
                      {PurgeKind::host, "example.org", false},
                      {PurgeKind::prefix, "example.com/", true},
                      {PurgeKind::prefix, "example.com/a/", true},
                      {PurgeKind::prefix, "example.com/b/", false},
                      {PurgeKind::tag, "red", true},
                      {PurgeKind::tag, "blue", true},
                      {PurgeKind::tag, "re", false},
                      {PurgeKind::all, "", true}};
  for (const Row& row : rows) {
    ObjectHead head = head_for(url(1), f.store->epoch());
    head.fields.add("Surrogate-Key", "green red");
    head.fields.add("Cache-Tag", "blue, yellow");
    BOOST_REQUIRE(put(*f.store, f.at, std::move(head), "body") != nullptr);
    const Epoch before = f.store->epoch();
    const auto epoch = purge(*f.store, f.at, {row.kind, row.target, false});
    BOOST_REQUIRE(epoch.ok());
    BOOST_TEST(*epoch == before + 1);
    BOOST_TEST(f.store->epoch() == *epoch);
    const auto found = f.store->find(f.store->hash(url(1)), url(1));
    BOOST_TEST(std::holds_alternative<ObjectPtr>(found) == !row.matches, row.target);
    if (row.matches) BOOST_TEST((std::get<FoundNothing>(found).why == Reason::purged));
  }
}

BOOST_AUTO_TEST_CASE(a_soft_purge_leaves_an_expired_copy_until_it_is_validated) {
  Fixture f;
  f.open_memory_only();
  BOOST_REQUIRE(put(*f.store, f.at, head_for(url(1), f.store->epoch()), "body") != nullptr);
  BOOST_REQUIRE(purge(*f.store, f.at, {PurgeKind::host, "example.com", true}).ok());
  const auto stale = get(*f.store, f.at, url(1));
  BOOST_REQUIRE(stale.ok());
  BOOST_TEST((*stale)->head().lifetime.count() == 0);
  BOOST_TEST((text_of(**stale) == "body"));
  const ObjectPtr fresh = f.store->update(*stale, head_for(url(1), f.store->epoch()));
  BOOST_REQUIRE(fresh != nullptr);
  BOOST_REQUIRE(purge(*f.store, f.at, {PurgeKind::host, "elsewhere.com", true}).ok());
  BOOST_TEST((*get(*f.store, f.at, url(1)))->head().lifetime.count() == 3600);
}

BOOST_AUTO_TEST_CASE(what_a_fetch_begun_before_a_purge_stores_is_purged_already) {
  Fixture f;
  f.open_memory_only();
  const Epoch started = f.store->epoch();
  BOOST_REQUIRE(purge(*f.store, f.at, {PurgeKind::url, url(1), false}).ok());
  BOOST_TEST(f.store->purged_since(url(1), "example.com", "/a/1", started));
  BOOST_TEST(!f.store->purged_since(url(2), "example.com", "/a/2", started));
  put(*f.store, f.at, head_for(url(1), started), "old");
  BOOST_TEST(!get(*f.store, f.at, url(1)).ok());
  put(*f.store, f.at, head_for(url(1), f.store->epoch()), "new");
  BOOST_TEST(get(*f.store, f.at, url(1)).ok());
}

BOOST_AUTO_TEST_CASE(vary_lists_come_newest_first_and_at_most_four) {
  Fixture f;
  f.open_memory_only();
  const KeyHash primary = f.store->hash("p");
  BOOST_TEST(f.store->vary_lists(primary).all().empty());
  for (const char* list : {"a", "b", "c", "d", "e", "c"}) f.store->remember_vary(primary, list);
  const std::vector<std::string> expected = {"c", "e", "d", "b"};
  BOOST_TEST(f.store->vary_lists(primary).all() == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(several_threads_may_use_the_store_at_once) {
  Fixture f(32 << 20);
  f.open_memory_only();
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      TestWorker at;
      core::Random random(static_cast<std::uint64_t>(t));
      for (int i = 0; i < 5000; ++i) {
        const int n = static_cast<int>(random.below(2000));
        const auto found = f.store->find(f.store->hash(url(n)), url(n));
        const auto* object = std::get_if<ObjectPtr>(&found);
        if (object && text_of(**object) != body_for(n, 3000)) ++wrong;
        if (!object) put(*f.store, at, head_for(url(n), f.store->epoch()), body_for(n, 3000));
        if (i % 500 == 0)
          f.store->purge(at.worker, {PurgeKind::url, url(n), i % 1000 == 0}, [](core::Result<Epoch>) {});
      }
    });
  }
  for (auto& thread : threads) thread.join();
  BOOST_TEST(wrong == 0);
  BOOST_TEST(f.store->epoch() == 41u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(store_simulated_disk)

BOOST_AUTO_TEST_CASE(what_leaves_memory_is_found_on_disk_byte_for_byte) {
  Fixture f;
  f.open_simulated(1ull << 30);
  const std::string small = body_for(1, 5000), large = body_for(2, 900'000);
  put(*f.store, f.at, head_for(url(1)), small);
  put(*f.store, f.at, head_for(url(2)), large);
  f.flush_memory();
  BOOST_TEST(f.on_disk(url(1)));
  BOOST_TEST(f.on_disk(url(2)));
  const auto first = get(*f.store, f.at, url(1)), second = get(*f.store, f.at, url(2));
  BOOST_REQUIRE(first.ok() && second.ok());
  BOOST_TEST((read_body(*f.store, f.at, *first) == small));
  BOOST_TEST(!(*second)->in_memory());
  BOOST_TEST((read_body(*f.store, f.at, *second) == large));
  BOOST_TEST((*first)->head().fields.find("ETag").value() == "\"" + url(1) + "\"");
}

BOOST_AUTO_TEST_CASE(after_a_crash_sealed_objects_are_back_and_unsealed_ones_are_clean_misses) {
  Fixture f;
  f.open_simulated();
  put(*f.store, f.at, head_for(url(1)), body_for(1, 5000));
  put(*f.store, f.at, head_for(url(2)), body_for(2, 900'000));
  ObjectHead varying = head_for(url(4));
  varying.vary = "accept-language";
  put(*f.store, f.at, varying, "v");
  seal(*f.store, f.at);
  put(*f.store, f.at, head_for(url(3)), body_for(3, 5000));
  // The crash: a second store on what the first one has sealed so far.
  auto copy = std::make_shared<MemoryStorage::Disk>();
  {
    core::MutexLock lock(f.disk->mutex);
    core::MutexLock copy_lock(copy->mutex);
    copy->sealed = f.disk->sealed;
    copy->settings = f.disk->settings;
  }
  Fixture after;
  after.disk = copy;
  after.open_simulated();
  BOOST_TEST(after.store->opened().objects == 3u);
  const auto first = get(*after.store, after.at, url(1)), second = get(*after.store, after.at, url(2));
  BOOST_REQUIRE(first.ok() && second.ok());
  BOOST_TEST((read_body(*after.store, after.at, *first) == body_for(1, 5000)));
  BOOST_TEST((read_body(*after.store, after.at, *second) == body_for(2, 900'000)));
  BOOST_TEST(!get(*after.store, after.at, url(3)).ok());
  BOOST_TEST(after.store->vary_lists(after.store->hash(url(4))).all().size() == 1u);
}

BOOST_AUTO_TEST_CASE(purges_survive_a_restart_and_epochs_only_rise) {
  Fixture f;
  f.open_simulated();
  for (int n = 0; n < 3; ++n) put(*f.store, f.at, head_for(url(n), f.store->epoch()), "body");
  BOOST_REQUIRE(purge(*f.store, f.at, {PurgeKind::url, url(0), false}).ok());
  BOOST_REQUIRE(purge(*f.store, f.at, {PurgeKind::url, url(1), true}).ok());
  const Epoch before = f.store->epoch();
  f.open_simulated();
  BOOST_TEST(f.store->epoch() > before);
  BOOST_TEST(!get(*f.store, f.at, url(0)).ok());
  BOOST_TEST((*get(*f.store, f.at, url(1)))->head().lifetime.count() == 0);
  BOOST_TEST((*get(*f.store, f.at, url(2)))->head().lifetime.count() == 3600);
}

BOOST_AUTO_TEST_CASE(a_validated_object_keeps_its_body_through_a_restart) {
  Fixture f;
  f.open_simulated();
  const ObjectPtr small = put(*f.store, f.at, head_for(url(1)), body_for(1, 5000));
  const ObjectPtr large = put(*f.store, f.at, head_for(url(2)), body_for(2, 900'000));
  for (const auto& old : {small, large}) {
    ObjectHead head = old->head();
    head.fields.set("X-New", "yes");
    BOOST_REQUIRE(f.store->update(old, std::move(head)) != nullptr);
  }
  f.open_simulated();
  for (const int n : {1, 2}) {
    const auto found = get(*f.store, f.at, url(n));
    BOOST_REQUIRE(found.ok());
    BOOST_TEST((*found)->head().fields.find("X-New").value() == "yes");
    BOOST_TEST((read_body(*f.store, f.at, *found) == body_for(n, n == 1 ? 5000 : 900'000)));
  }
}

BOOST_AUTO_TEST_CASE(the_budget_is_never_crossed_and_what_is_hot_is_written_again) {
  Fixture f;
  f.open_simulated(32 << 20);
  put(*f.store, f.at, head_for(url(1)), body_for(1, 5000));
  for (int n = 100; n < 3000; ++n) {
    put(*f.store, f.at, head_for(url(n)), body_for(n, 40'000));
    if (n % 20 == 0) BOOST_REQUIRE(get(*f.store, f.at, url(1)).ok());
    BOOST_REQUIRE(f.storage->usage().used <= (32u << 20));
  }
  const StoreStats stats = f.store->stats();
  BOOST_TEST(stats.segments_evicted > 20u);
  BOOST_TEST(stats.reinserted > 0u);
  BOOST_TEST(!get(*f.store, f.at, url(100)).ok());
  f.open_simulated(32 << 20);
  BOOST_TEST(get(*f.store, f.at, url(1)).ok());
}

BOOST_AUTO_TEST_CASE(a_large_body_across_segments_is_whole_or_gone) {
  Fixture f;
  f.open_simulated(32 << 20);
  int whole = 0, gone = 0;
  for (int n = 0; n < 20; ++n) put(*f.store, f.at, head_for(url(n)), body_for(n, 3'100'000));
  f.open_simulated(32 << 20);
  for (int n = 0; n < 20; ++n) {
    const auto found = get(*f.store, f.at, url(n));
    ++(found.ok() ? whole : gone);
    if (found) BOOST_TEST((read_body(*f.store, f.at, *found) == body_for(n, 3'100'000)));
  }
  BOOST_TEST(whole >= 7);
  BOOST_TEST(gone >= 7);
}

BOOST_AUTO_TEST_CASE(a_damaged_record_is_a_counted_miss) {
  Fixture f;
  f.open_simulated();
  put(*f.store, f.at, head_for(url(1)), body_for(1, 5000));
  put(*f.store, f.at, head_for(url(2)), body_for(2, 900'000));
  f.open_simulated();
  {
    core::MutexLock lock(f.disk->mutex);
    for (auto& [key, value] : f.disk->sealed) {
      if (key.part == whole_object && value.size() < 10'000) value[20] ^= 1;
      if (key.part == 2) value.resize(value.size() / 2);
    }
  }
  BOOST_TEST(!get(*f.store, f.at, url(1)).ok());
  const auto large = get(*f.store, f.at, url(2));
  BOOST_REQUIRE(large.ok());
  BOOST_TEST(!read_body(*f.store, f.at, *large).has_value());
  BOOST_TEST(f.store->stats().corrupt_records == 2u);
  for (const int n : {1, 2}) {
    BOOST_TEST(std::holds_alternative<FoundNothing>(f.store->find(f.store->hash(url(n)), url(n))));
  }
}

BOOST_AUTO_TEST_CASE(a_storage_that_fails_makes_the_store_read_only_until_it_recovers) {
  Fixture f;
  f.open_simulated();
  put(*f.store, f.at, head_for(url(1)), body_for(1, 5000));
  seal(*f.store, f.at);
  f.storage->fail_writes(true);
  BOOST_TEST((put(*f.store, f.at, head_for(url(2)), "in memory still") != nullptr));
  BOOST_TEST(f.store->stats().disk_read_only);
  BOOST_TEST(get(*f.store, f.at, url(2)).ok());
  f.storage->fail_writes(false);
  BOOST_TEST(f.at.loop.wait_until([&] {
    put(*f.store, f.at, head_for(url(3)), "back");
    return !f.store->stats().disk_read_only;
  }));
  put(*f.store, f.at, head_for(url(4)), "on disk");
  f.open_simulated();
  BOOST_TEST(get(*f.store, f.at, url(4)).ok());
}

BOOST_AUTO_TEST_SUITE_END()
