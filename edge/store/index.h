// Where every object on disk lies: 32 bytes an entry in open-addressed tables that are two thirds to five sixths full,
// so some 43 bytes an object.
//
// Any thread. Sharded by key hash; a shard's lock covers the probe only. Entries are put by the writer thread once a
// record is written, and go when their segment does.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/mutex.h"
#include "edge/object.h"

namespace skerry::edge {

struct IndexEntry {
  KeyHash hash;
  std::uint32_t segment = 0;
  std::uint32_t sequence = 0;
  std::uint32_t epoch = 0;  // purge epoch at fetch start; saturates
  std::uint8_t hits = 0;    // since it was written; saturates
  bool large = false;       // the record is a head, the body lies in chunks
  bool used = false;
};
static_assert(sizeof(IndexEntry) == 32);

class Index {
 public:
  Index();
  // Counts as a use.
  std::optional<IndexEntry> find(const KeyHash&);
  std::optional<IndexEntry> peek(const KeyHash&) const;
  void put(const IndexEntry&);
  void erase(const KeyHash&);
  // Only if it still points there; false: it doesn't.
  bool erase_at(const KeyHash&, std::uint64_t segment, std::uint32_t sequence);
  // When a segment's table of contents can't be read: every entry of it, by looking at all. Returns how many.
  std::size_t erase_segment(std::uint64_t segment);

  std::size_t size() const;
  std::size_t memory_size() const;

 private:
  struct Shard {
    mutable core::Mutex mutex;
    std::vector<IndexEntry> slots GUARDED_BY(mutex) = std::vector<IndexEntry>(16);
    std::size_t used GUARDED_BY(mutex) = 0;

    std::size_t home(const KeyHash&) const REQUIRES(mutex);
    std::size_t slot_of(const KeyHash&) const REQUIRES(mutex);
    void erase_slot(std::size_t) REQUIRES(mutex);
    void grow() REQUIRES(mutex);
  };
  Shard& shard(const KeyHash& hash) { return shards_[hash.low >> 58]; }
  const Shard& shard(const KeyHash& hash) const { return shards_[hash.low >> 58]; }

  std::array<Shard, 64> shards_;
};

}  // namespace skerry::edge
