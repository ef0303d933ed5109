// What the store remembers of copies that are gone, and that it never remembers more than it may.
#include "edge/store/tombstones.h"

#include <boost/test/unit_test.hpp>

#include "edge/store/memory_storage.h"
#include "edge/store/open_store.h"
#include "tests/unit/edge/store/store_harness.h"

using namespace skerry;
using namespace skerry::edge;
using namespace skerry::edge::testing;

namespace {

struct Kept {
  MemoryConfig memory{{64 << 20}};
  StoreConfig config;
  TestWorker at;
  std::unique_ptr<ObjectStore> store;

  explicit Kept(std::uint64_t disk_budget = 0) {
    config.hash_seed = 1;
    config.single_threaded = true;
    if (disk_budget == 0) {
      store = std::move(ObjectStore::open(memory, config, core::system_clock(), 1)).value();
      return;
    }
    config.path = "simulated";
    config.size = {disk_budget};
    auto storage = std::make_unique<MemoryStorage>(std::make_shared<MemoryStorage::Disk>(), ~0ull);
    store = std::move(open_store_on(std::move(storage), memory, config, core::system_clock(), 1, {})).value();
  }
  ObjectPtr keep(int n, std::size_t size = 1000, std::chrono::seconds lifetime = std::chrono::hours(1)) {
    ObjectHead head = head_for(url(n), store->epoch());
    head.lifetime = lifetime;
    return put(*store, at, std::move(head), body_for(n, size));
  }
  void purge(const Purge& purge) {
    bool done = false;
    store->purge(at.worker, purge, [&](core::Result<Epoch> applied) { done = applied.ok(); });
    BOOST_REQUIRE(at.loop.wait_until([&] { return done; }));
  }
  void look_for(int n) { static_cast<void>(store->find(store->hash(url(n)), url(n))); }
  std::vector<Fate> fates(int n) const {
    const KeyHash key = store->hash(url(n));
    return store->fates(key, {&key, 1});
  }
  // Of the newest tombstone; none: not_found.
  Reason fate(int n) const {
    const auto all = fates(n);
    return all.empty() ? Reason::not_found : all.front().tombstone.fate;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(store_tombstones)

BOOST_AUTO_TEST_CASE(copy_that_made_room_is_remembered_as_evicted) {
  Kept kept;
  kept.keep(1);
  for (int n = 1000; n < 1200; ++n) kept.keep(n, 1 << 20);
  kept.look_for(1);
  BOOST_TEST((kept.fate(1) == Reason::evicted));
  BOOST_TEST(!kept.fates(1).front().tombstone.from_disk);
  BOOST_TEST((kept.fate(2) == Reason::not_found));
}

BOOST_AUTO_TEST_CASE(copy_that_only_left_memory_and_lies_on_disk_has_no_tombstone) {
  Kept kept(256 << 20);
  kept.keep(1);
  for (int n = 1000; n < 1700; ++n) kept.keep(n, 100 << 10);
  BOOST_TEST(std::holds_alternative<FoundOnDisk>(kept.store->find(kept.store->hash(url(1)), url(1))));
  BOOST_TEST((kept.fate(1) == Reason::not_found));
}

BOOST_AUTO_TEST_CASE(copy_whose_segment_was_dropped_is_remembered_as_evicted_from_disk) {
  Kept kept(64 << 20);
  for (int n = 1; n < 1500; ++n) kept.keep(n, 100 << 10);
  int evicted = 0;
  for (int n = 1; n < 1500; ++n) {
    const auto fates = kept.fates(n);
    evicted += !fates.empty() && fates.front().tombstone.from_disk && fates.front().tombstone.fate == Reason::evicted;
  }
  BOOST_TEST(evicted > 100);
}

BOOST_AUTO_TEST_CASE(newer_answer_says_whether_the_older_one_was_expired) {
  Kept kept;
  kept.keep(1);
  kept.keep(1);
  BOOST_TEST((kept.fate(1) == Reason::changed));
  kept.keep(2, 1000, std::chrono::seconds(0));
  kept.keep(2);
  BOOST_TEST((kept.fate(2) == Reason::expired));
}

BOOST_AUTO_TEST_CASE(validation_ends_nothing) {
  Kept kept;
  const ObjectPtr object = kept.keep(1);
  BOOST_REQUIRE(kept.store->update(object, head_for(url(1), kept.store->epoch())) != nullptr);
  BOOST_TEST((kept.fate(1) == Reason::not_found));
}

BOOST_AUTO_TEST_CASE(purged_copy_says_by_which_purge) {
  const Purge purges[] = {{PurgeKind::url, url(1), false},
                          {PurgeKind::url, url(1), true},
                          {PurgeKind::host, "example.com", false},
                          {PurgeKind::prefix, "example.com/a/", false},
                          {PurgeKind::all, "", false},
                          {PurgeKind::url, url(1), false, Reason::displaced},
                          {PurgeKind::url, url(1), false, Reason::invalidated}};
  for (const Purge& purge : purges) {
    Kept kept;
    kept.keep(1);
    kept.purge({PurgeKind::url, url(2), false});
    kept.purge(purge);
    kept.look_for(1);
    const auto fates = kept.fates(1);
    BOOST_REQUIRE(fates.size() == 1u);
    BOOST_TEST((fates[0].tombstone.fate == Reason::purged));
    BOOST_REQUIRE(fates[0].purge.has_value());
    BOOST_TEST((fates[0].purge->kind == purge.kind));
    BOOST_TEST((fates[0].purge->why == purge.why));
    BOOST_TEST(fates[0].purge->soft == purge.soft);
    BOOST_TEST(fates[0].purge->epoch == kept.store->epoch());
  }
}

BOOST_AUTO_TEST_CASE(newest_fate_comes_first) {
  Kept kept;
  kept.keep(1);
  kept.keep(1);
  kept.purge({PurgeKind::url, url(1), false});
  kept.look_for(1);
  const auto fates = kept.fates(1);
  BOOST_REQUIRE(fates.size() == 2u);
  BOOST_TEST((fates[0].tombstone.fate == Reason::purged));
  BOOST_TEST((fates[1].tombstone.fate == Reason::changed));
}

BOOST_AUTO_TEST_CASE(rings_forget_their_oldest_and_evictions_never_push_out_purges) {
  Tombstones tombstones;
  const KeyHash mine{16, 1};
  const core::WallTime start{std::chrono::hours(1)};
  tombstones.bury({mine, mine, start, Reason::purged, false, 7});
  for (std::uint64_t i = 0; i < 100'000; ++i) tombstones.bury({{16, i + 2}, {}, start, Reason::evicted, true, 0});
  BOOST_TEST(tombstones.fates(mine, {}).size() == 1u);
  for (std::uint64_t i = 0; i < 100'000; ++i) tombstones.bury({{16, i + 2}, {}, start, Reason::purged, false, 0});
  BOOST_TEST(tombstones.fates(mine, {}).empty());
  BOOST_TEST(Tombstones::memory_size() < (1u << 20));
}

BOOST_AUTO_TEST_CASE(purge_that_is_no_longer_remembered_leaves_the_fate) {
  Tombstones tombstones;
  const KeyHash mine{16, 1};
  tombstones.bury({mine, mine, {}, Reason::purged, false, 7});
  tombstones.note({7, PurgeKind::tag, false, Reason::purged, {}});
  BOOST_TEST(tombstones.fates(mine, {}).front().purge.has_value());
  for (Epoch epoch = 8; epoch < 5000; ++epoch) tombstones.note({epoch, PurgeKind::url, false, Reason::purged, {}});
  BOOST_TEST(!tombstones.fates(mine, {}).front().purge.has_value());
}

BOOST_AUTO_TEST_CASE(variants_are_remembered_once_each_newest_first_and_never_long_ones) {
  Tombstones tombstones;
  const KeyHash page{3, 3};
  for (const char* language : {"de", "en", "de"}) {
    tombstones.note_variant(page, std::string("\nv:accept-language:") + language);
  }
  tombstones.note_variant(page, "\nv:cookie:" + std::string(5000, 'x'));
  tombstones.note_variant({19, 3}, "\nv:accept-language:fr");
  const std::vector<std::string> expected = {"\nv:accept-language:de", "\nv:accept-language:en"};
  BOOST_TEST(tombstones.variants(page) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
