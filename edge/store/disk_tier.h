// Everything about objects on disk behind one door: where they are (index, large bodies), how they are read, and the
// writer in front of the segment log.
//
// find(), forget() and the put_* functions: any worker, never blocking. load() and read(): I/O threads.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "edge/store/disk_writer.h"
#include "edge/store/index.h"
#include "edge/store/large_body.h"
#include "edge/store/segment_log.h"
#include "edge/store/segment_storage.h"

namespace skerry::edge {

struct DiskTierOptions {
  SegmentLogOptions log;
  std::size_t write_queue = 16 << 20;
  bool threaded = true;
};

class DiskTier {
 public:
  // Rebuilds the index from what the storage holds.
  static core::Result<std::unique_ptr<DiskTier>> open(std::unique_ptr<SegmentStorage>, const PurgeTable&, core::Clock&,
                                                      DiskTierOptions, SegmentLog::Recovered&);
  ~DiskTier();

  std::optional<DiskLocation> find(const KeyHash&);
  bool holds(const KeyHash&, const DiskLocation&) const;
  bool has(const KeyHash& hash) const { return index_.peek(hash).has_value(); }
  void forget(const KeyHash& hash) { index_.erase(hash); }

  struct Loaded {
    ObjectHead head;
    std::vector<core::Chunk> body;  // of a small object
    DiskLocation location;
  };
  // A record that is corrupt, missing or of another key loses its index entry.
  core::Result<Loaded> load(const KeyHash&, const std::string& key, const DiskLocation&);

  // A chunk of a large body that is still on its way to the disk: no I/O needed. Null: it is on disk, or gone.
  std::shared_ptr<const Piece> pending(std::uint64_t body, std::uint32_t chunk) const;
  core::Result<core::Chunk> read(std::uint64_t body, std::uint32_t chunk, std::size_t expected_size);

  std::shared_ptr<LargeBody> begin_body() { return bodies_.create(); }
  std::shared_ptr<LargeBody> body(std::uint64_t id) const { return bodies_.find(id); }
  // The body of a response that was given up.
  void abandon(LargeBody&);
  DiskWriter& writer() { return *writer_; }

  std::size_t memory_size() const;
  // A damaged record was met; for the counters.
  void add_stats(StoreStats&) const;
  SegmentStorage& storage() { return *storage_; }

 private:
  DiskTier(std::unique_ptr<SegmentStorage>, const PurgeTable&, DiskTierOptions);
  core::Result<void> name_bodies();
  core::Error lost(const KeyHash&, const DiskLocation&, core::Error why);

  std::unique_ptr<SegmentStorage> storage_;
  Index index_;
  LargeBodies bodies_;
  SegmentLog log_;
  const std::uint64_t budget_;
  std::atomic<std::uint64_t> reads_{0}, read_errors_{0}, corrupt_{0};
  std::unique_ptr<DiskWriter> writer_;  // last: its thread uses all of the above
};

}  // namespace skerry::edge
