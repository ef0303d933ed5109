// The segment log: appends records, writes each segment's table of contents and seals it, and drops the oldest segments
// so that the directory never grows past its budget. At open it rebuilds the index from the tables of contents.
//
// Belongs to the writer thread (after recover()); the index and the large bodies it fills are thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "edge/store/index.h"
#include "edge/store/large_body.h"
#include "edge/store/object_store.h"
#include "edge/store/purge_table.h"
#include "edge/store/record.h"
#include "edge/store/segment_storage.h"

namespace skerry::edge {

struct SegmentLogOptions {
  std::uint64_t budget = 0;        // of the whole directory
  std::uint64_t segment_size = 0;  // bytes after which a segment is sealed
  std::uint64_t seed = 0;          // of the key hashes, for the tables of contents
  std::uint64_t index_limit = 0;   // bytes of index beyond which the oldest segment goes though the disk isn't full
  // Has the memory tier seen hits on this since it was kept? Decides what is written again before its segment goes.
  std::function<bool(const KeyHash&)> is_hot;
  // An object left the disk because its segment did. May be empty.
  std::function<void(const KeyHash&)> on_evicted;
};

// clamp(min(budget / 1024, memory / 24), 2 MiB, 256 MiB): three memtables must fit the memory budget.
std::uint64_t segment_size_for(std::uint64_t budget, std::uint64_t memory);

class SegmentLog {
 public:
  struct Counters {
    std::atomic<std::uint64_t> segments{0}, sealed{0}, evicted{0}, reinserted{0}, corrupt{0}, lost{0}, bytes{0};
  };

  SegmentLog(SegmentStorage&, Index&, LargeBodies&, const PurgeTable&, SegmentLogOptions);

  struct Recovered {
    std::uint64_t segments = 0, broken = 0;
    Epoch newest_epoch = 0;
    std::vector<ContentsVary> varies;
  };
  core::Result<Recovered> recover();

  // A small object's record, or the head of a large one whose chunks were all put before.
  core::Result<void> put_object(const KeyHash&, const Object&, LargeBody* body);
  core::Result<void> put_chunk(LargeBody&, std::uint32_t chunk, const Piece&);
  void remember_vary(const KeyHash& primary, std::string_view list);
  // Evicts, writes the table of contents and begins the flush. Nothing pending: ok.
  core::Result<void> seal();
  // Is the last sealed segment in its place? Waits at most `longest`.
  bool settled(core::Duration longest);
  std::uint64_t pending_bytes() const { return pending_bytes_; }
  // A twentieth of all segments, at least one: what makes room on a full disk. False: there is none left.
  bool drop_oldest_twentieth();
  const Counters& counters() const { return counters_; }

 private:
  // What one segment holds, while it is open or until it is evicted.
  struct Sealed {
    std::uint64_t segment = 0;
    std::uint64_t bytes = 0;
  };
  core::Result<void> make_room_for_record();
  core::Result<void> append(const RecordKey&, std::vector<std::string_view> parts);
  core::Result<void> make_room(std::uint64_t sealing);
  bool fits(std::uint64_t sealing) const;
  core::Result<void> evict_oldest(bool keep_hot);
  void drop_indexed(const KeyHash&, std::uint64_t segment, std::uint32_t sequence);
  void drop_entries(const Contents&);
  void keep_hot_objects(const Contents&);
  void restore_entries(const Contents&);

  SegmentStorage& storage_;
  Index& index_;
  LargeBodies& bodies_;
  const PurgeTable& purges_;
  const SegmentLogOptions options_;
  Counters counters_;

  Contents open_;  // of the segment being written
  std::uint32_t next_sequence_ = 0;
  std::uint64_t pending_bytes_ = 0;
  std::uint64_t reinserted_bytes_ = 0;  // into the open segment
  bool contents_written_ = false;       // the open segment is complete but its flush could not begin
  bool flush_in_flight_ = false;
  std::uint64_t run_body_ = 0;  // the large body whose run may be extended
  std::vector<Sealed> sealed_;  // oldest first
};

}  // namespace skerry::edge
