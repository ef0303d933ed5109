// Bodies too large for one record: which chunks lie in which segment, and the chunks still on their way to the disk.
//
// LargeBodies is the disk tier's registry of them by name; any thread. A body is shared by its writer, the writer
// thread and whoever reads it; its lock covers lookups only.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <variant>
#include <vector>

#include "core/mutex.h"
#include "edge/object.h"
#include "edge/store/piece.h"
#include "edge/store/segment_storage.h"

namespace skerry::edge {

// Chunks [first, first + count) lie in one segment under one sequence number.
struct BodyRun {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::uint64_t segment = 0;
  std::uint32_t sequence = 0;
};

class LargeBody {
 public:
  explicit LargeBody(std::uint64_t id) : id_(id) {}
  std::uint64_t id() const { return id_; }

  // By the ObjectWriter: a chunk that is complete, in order. Returns its number.
  std::uint32_t add_pending(std::shared_ptr<const Piece>);
  // By the writer thread: the chunk has been written. Runs are extended or begun.
  void written(std::uint32_t chunk, std::uint64_t segment, std::uint32_t sequence);
  // By recovery, in any order.
  void restore(const BodyRun&);
  // A write failed or a segment was dropped: whatever is missing now stays missing.
  void break_off();

  // Nowhere, in memory, or on disk.
  using Where = std::variant<std::monostate, std::shared_ptr<const Piece>, RecordKey>;
  Where locate(std::uint32_t chunk) const;
  std::uint64_t readable_chunks() const;
  bool broken() const;
  // Do the runs cover chunks 0 to count - 1?
  bool complete(std::uint32_t count) const;

  // Where the newest head that uses this body lies; a 304 writes a new one.
  void set_head(const KeyHash&, std::uint64_t segment, std::uint32_t sequence);
  struct Head {
    KeyHash hash;
    std::uint64_t segment = 0;
    std::uint32_t sequence = 0;
  };
  std::optional<Head> head() const;

 private:
  const std::uint64_t id_;
  mutable core::Mutex mutex_;
  std::vector<BodyRun> runs_ GUARDED_BY(mutex_);  // ascending by `first`
  std::map<std::uint32_t, std::shared_ptr<const Piece>> pending_ GUARDED_BY(mutex_);
  std::uint32_t chunks_ GUARDED_BY(mutex_) = 0;
  bool broken_ GUARDED_BY(mutex_) = false;
  std::optional<Head> head_ GUARDED_BY(mutex_);
};

class LargeBodies {
 public:
  std::shared_ptr<LargeBody> create();
  // At open: names continue above every one ever given.
  void start_at(std::uint64_t first_id);
  std::shared_ptr<LargeBody> find(std::uint64_t id) const;
  std::shared_ptr<LargeBody> find_or_create(std::uint64_t id);
  void erase(std::uint64_t id);
  // After loading: bodies without a head are let go.
  void erase_headless();
  std::size_t size() const;

 private:
  mutable core::Mutex mutex_;
  std::uint64_t next_ GUARDED_BY(mutex_) = 1;
  std::unordered_map<std::uint64_t, std::shared_ptr<LargeBody>> bodies_ GUARDED_BY(mutex_);
};

}  // namespace skerry::edge
