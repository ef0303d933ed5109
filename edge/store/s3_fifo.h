// One shard's worth of S3-FIFO: a hash table over nodes in two intrusive FIFO lists, and the ghost.
//
// Not thread-safe: MemoryTier's shard holds a lock around it. Objects that leave are handed out, so that their memory
// is given back outside that lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "edge/object.h"

namespace skerry::edge {

// Fingerprints of what was evicted from the small queue, forgotten once as many bytes as the main queue holds have
// followed. Four ways a bucket; the oldest of a full bucket goes first.
class Ghost {
 public:
  void add(const KeyHash&, std::size_t bytes);
  // Was it let go within the last `window` bytes? Forgets it.
  bool take(const KeyHash&, std::size_t window);
  void reserve(std::size_t entries);
  std::size_t memory_size() const { return entries_.capacity() * sizeof(Entry); }

 private:
  static constexpr std::size_t ways = 4;
  struct Entry {
    std::uint32_t fingerprint = 0;  // 0: free
    std::uint32_t time = 0;         // in KiB let go so far; wraps at 4 TiB
  };
  Entry* bucket(const KeyHash&);

  std::vector<Entry> entries_ = std::vector<Entry>(256);
  std::uint64_t bytes_ = 0;
};

class S3Fifo {
 public:
  using Evicted = std::vector<ObjectPtr>;

  explicit S3Fifo(std::size_t capacity) : capacity_(capacity) {}

  // Null if absent.
  const ObjectPtr* find(const KeyHash&) const;
  // `key` must be absent or is replaced in place. What had to leave is appended to `evicted`.
  void insert(const KeyHash&, ObjectPtr, Evicted& evicted);
  ObjectPtr remove(const KeyHash&);
  void set_capacity(std::size_t capacity, Evicted& evicted);

  std::size_t objects() const { return small_.count + main_.count; }
  std::size_t bytes() const { return small_.bytes + main_.bytes; }
  std::uint64_t evictions() const { return evictions_; }
  std::uint64_t ghost_hits() const { return ghost_hits_; }

 private:
  static constexpr std::uint32_t none = 0xffffffff;
  struct Node {
    KeyHash hash;
    ObjectPtr object;
    std::size_t bytes = 0;
    std::uint32_t newer = none, older = none;
    bool in_main = false;
  };
  struct Queue {
    std::uint32_t newest = none, oldest = none;
    std::size_t bytes = 0, count = 0;
  };

  std::size_t home(const KeyHash& hash) const { return hash.low & (slots_.size() - 1); }
  std::size_t slot_of(const KeyHash&) const;
  void grow_table();
  void erase_slot(std::size_t slot);
  Queue& queue_of(const Node& node) { return node.in_main ? main_ : small_; }
  void push(std::uint32_t node, bool to_main);
  void unlink(std::uint32_t node);
  ObjectPtr release(std::uint32_t node);
  void make_room(Evicted&);
  void evict_from_small(Evicted&);
  void evict_from_main(Evicted&);
  // Hits that carry an object of this size from the small queue to the main one.
  int promotion_threshold(std::size_t bytes) const;

  std::size_t capacity_;
  std::vector<std::uint32_t> slots_ = std::vector<std::uint32_t>(64, none);  // node numbers; linear probing
  std::vector<Node> nodes_;
  std::vector<std::uint32_t> free_;
  Queue small_, main_;
  Ghost ghost_;
  std::uint64_t evictions_ = 0, ghost_hits_ = 0;
};

}  // namespace skerry::edge
