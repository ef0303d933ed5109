// The store as the exchange sees it: the memory tier in front of the disk tier, or alone. Glue only: each tier, the
// purges and the I/O have their own files.
//
// Any worker may call; nothing here blocks. See README.md, "Life of a put" and "Life of a get".
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "edge/store/disk_tier.h"
#include "edge/store/io_pool.h"
#include "edge/store/key_hasher.h"
#include "edge/store/memory_tier.h"
#include "edge/store/object_store.h"
#include "edge/store/purge_log.h"
#include "edge/store/purge_table.h"
#include "edge/store/shared_reads.h"
#include "edge/store/tombstones.h"
#include "edge/store/variant_table.h"

namespace skerry::edge {

// Everything the process may use is one number; this is how it is shared out.
struct MemoryPlan {
  std::size_t total = 0;
  std::size_t largest_object = 0;  // of those whose body is kept in memory
  std::size_t segment = 0;         // three memtables of this size, if there is a disk
  std::size_t write_queue = 0;     // bodies on their way to the disk
  std::size_t fills = 0;           // bodies still arriving
  std::size_t connections = 0;     // buffers outside the store

  static MemoryPlan of(const MemoryConfig&, const StoreConfig&);
  // What is left for objects beside an index of that size.
  std::size_t for_objects(std::size_t index_bytes) const;
};

class TieredStore final : public ObjectStore {
 public:
  // What the disk tier and the purges share, made by open().
  struct Parts {
    std::unique_ptr<MemoryTier> memory;
    std::unique_ptr<PurgeTable> purges;
    std::unique_ptr<PurgeLog> purge_log;
    std::unique_ptr<DiskTier> disk;  // null: memory only
    std::unique_ptr<VariantTable> variants;
    std::shared_ptr<Tombstones> tombstones;
    OpenReport report;
  };
  TieredStore(const MemoryPlan&, const StoreConfig&, const KeyHasher&, core::Clock&, Parts);
  ~TieredStore() override;

  KeyHash hash(std::string_view key) const override { return hasher_(key); }
  Found find(const KeyHash&, std::string_view key) override;
  void load(const core::Worker& worker, const KeyHash&, std::string key, FoundOnDisk,
            core::UniqueFunction<void(core::Result<ObjectPtr>)> done) override;
  void look(const core::Worker& worker, const KeyHash&, std::string key, FoundOnDisk,
            core::UniqueFunction<void(core::Result<ObjectPtr>)> done) override;
  void read_chunk(const core::Worker& worker, const ObjectPtr&, std::uint64_t chunk,
                  core::UniqueFunction<void(core::Result<core::Chunk>)> done) override;
  std::unique_ptr<ObjectWriter> begin(const core::Worker& worker, ObjectHead head,
                                      std::optional<std::uint64_t> expected, Reason& why_not) override;
  ObjectPtr update(const ObjectPtr& old, ObjectHead head) override;
  VaryLists vary_lists(const KeyHash& primary) const override { return variants_->lists(primary); }
  void remember_vary(const KeyHash& primary, std::string_view list) override {
    variants_->remember_list(primary, list);
  }
  bool make_room_for_variant(const KeyHash& primary, const KeyHash& variant, std::size_t most) override;
  Epoch epoch() const override { return purges_->epoch(); }
  bool purged_since(std::string_view primary_key, std::string_view host, std::string_view path,
                    Epoch since) const override;
  void purge(const core::Worker& worker, const Purge&, core::UniqueFunction<void(core::Result<Epoch>)> done) override;
  std::vector<Fate> fates(const KeyHash& primary, std::span<const KeyHash> keys) const override {
    return tombstones_->fates(primary, keys);
  }
  std::vector<std::string> recent_variants(const KeyHash& primary) const override {
    return tombstones_->variants(primary);
  }
  void seal(core::UniqueFunction<void()> done) override;
  StoreStats stats() const override;
  const OpenReport& opened() const override { return report_; }

 private:
  friend class TieredWriter;

  using Reader = core::Result<ObjectPtr> (TieredStore::*)(const KeyHash&, const std::string&, const DiskLocation&);
  void submit_read(const core::Worker& worker, Reader reader, const KeyHash&, std::string key, const DiskLocation&,
                   core::UniqueFunction<void(core::Result<ObjectPtr>)> done);

  // What a purge since the object was last checked makes of it: itself, an expired copy, or null.
  ObjectPtr after_purges(const KeyHash&, ObjectPtr);
  core::Result<ObjectPtr> read_now(const KeyHash&, const std::string& key, const DiskLocation&);
  core::Result<ObjectPtr> load_now(const KeyHash&, const std::string& key, const DiskLocation&);
  std::uint64_t largest_storable() const { return largest_storable_; }
  // Makes the object visible in memory, and hands it to the disk. `validated`: the same body with new times.
  ObjectPtr keep(const KeyHash&, ObjectPtr, std::shared_ptr<LargeBody> body, bool validated);
  // What memory let go of. `newer` took the place of one of them, or came in without taking any.
  void bury(const MemoryTier::Gone&, const Object& newer, bool validated);
  void bury_purged(const KeyHash&, const Object&, bool soft);

  const MemoryPlan plan_;
  const KeyHasher hasher_;
  core::Clock& clock_;
  const std::uint64_t largest_storable_;
  std::unique_ptr<PurgeTable> purges_;
  std::unique_ptr<VariantTable> variants_;
  const std::shared_ptr<Tombstones> tombstones_;
  OpenReport report_;
  std::atomic<std::size_t> filling_{0};  // bytes that writers hold in memory
  std::atomic<std::uint64_t> refused_{0}, kept_{0};
  const std::unique_ptr<MemoryTier> memory_;
  std::unique_ptr<DiskTier> disk_;
  std::unique_ptr<PurgeLog> purge_log_;  // after disk_: it writes to the disk's storage until destroyed
  SharedReads reads_;
  std::atomic<std::uint64_t> reads_shared_{0};
  std::unique_ptr<IoPool> io_;  // last: its threads use all of the above
};

}  // namespace skerry::edge
