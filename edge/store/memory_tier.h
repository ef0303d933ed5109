// Objects in memory, evicted by S3-FIFO (Yang et al., SOSP 2023) sized by bytes: a small queue that new objects must
// survive, a main queue, and a ghost of fingerprints of what the small queue let go.
//
// Any thread. Sharded by key hash; a shard's lock covers probe + reference only. A hit moves nothing and allocates
// nothing: it bumps a 2-bit counter inside the object.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "edge/object.h"

namespace skerry::edge {

struct MemoryTierStats {
  std::uint64_t objects = 0, bytes = 0, evictions = 0, ghost_hits = 0;
};

class MemoryTier {
 public:
  // `largest_object`: nothing above it is taken; the shards are few enough that each holds several of that size.
  MemoryTier(std::size_t capacity, std::size_t largest_object, int workers);
  ~MemoryTier();

  // Null if it isn't here. Counts as a use.
  ObjectPtr find(const KeyHash&, std::string_view key);
  // The same without counting, and without the key: for eviction decisions.
  ObjectPtr peek(const KeyHash&) const;
  // What had to leave, the one that was replaced among it.
  using Gone = std::vector<ObjectPtr>;
  // Replaces what is there. False: too large.
  bool insert(const KeyHash&, ObjectPtr, Gone& gone);
  // Keeps what is there already, and returns what is there afterwards (the argument itself if it is too large).
  ObjectPtr insert_if_absent(const KeyHash&, ObjectPtr, Gone& gone);
  // Puts `replacement` in the place of exactly `current`; false if that is no longer there.
  bool replace(const KeyHash&, const Object* current, ObjectPtr replacement);
  // Removes exactly `current`.
  void remove(const KeyHash&, const Object* current);

  std::size_t largest_object() const { return largest_object_; }
  // The memory left for objects changes as the index grows.
  void set_capacity(std::size_t, Gone& gone);
  MemoryTierStats stats() const;

 private:
  class Shard;
  Shard& shard(const KeyHash&) const;

  const std::size_t largest_object_;
  std::vector<std::unique_ptr<Shard>> shards_;
};

}  // namespace skerry::edge
