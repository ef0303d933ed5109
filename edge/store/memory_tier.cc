#include "edge/store/memory_tier.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "core/mutex.h"
#include "edge/store/s3_fifo.h"

namespace skerry::edge {

class MemoryTier::Shard {
 public:
  explicit Shard(std::size_t capacity) : queues_(capacity) {}

  ObjectPtr get(const KeyHash& hash) const EXCLUDES(mutex_) {
    core::MutexLock lock(mutex_);
    const ObjectPtr* object = queues_.find(hash);
    return object ? *object : nullptr;
  }

  // Runs `change` under the lock; what it evicts is freed after it.
  template <class Change>
  auto modify(Change change) EXCLUDES(mutex_) {
    S3Fifo::Evicted evicted;
    return modify(evicted, change);
  }
  template <class Change>
  auto modify(S3Fifo::Evicted& evicted, Change change) EXCLUDES(mutex_) {
    core::MutexLock lock(mutex_);
    return change(queues_, evicted);
  }

 private:
  mutable core::Mutex mutex_;
  S3Fifo queues_ GUARDED_BY(mutex_);
};

MemoryTier::MemoryTier(std::size_t capacity, std::size_t largest_object, int workers)
    : largest_object_(largest_object) {
  const std::size_t roomy = std::max<std::size_t>(1, capacity / (4 * std::max<std::size_t>(largest_object, 1)));
  const std::size_t wanted = std::min<std::size_t>(static_cast<std::size_t>(std::max(workers, 1)) * 4, 64);
  const std::size_t count = std::bit_floor(std::min(roomy, wanted));
  for (std::size_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>(capacity / count));
}

MemoryTier::~MemoryTier() = default;

MemoryTier::Shard& MemoryTier::shard(const KeyHash& hash) const {
  // The low bits pick the slot inside the shard, so the shard comes from elsewhere.
  return *shards_[(hash.low >> 48) & (shards_.size() - 1)];
}

ObjectPtr MemoryTier::find(const KeyHash& hash, std::string_view key) {
  ObjectPtr object = shard(hash).get(hash);
  if (!object || object->head().key != key) return nullptr;
  // Read before write: a hot object's line stays shared between cores. A bump lost to a race changes no hit ratio.
  const std::uint8_t hits = object->frequency().load(std::memory_order_relaxed);
  if (hits < 3) object->frequency().store(static_cast<std::uint8_t>(hits + 1), std::memory_order_relaxed);
  return object;
}

ObjectPtr MemoryTier::peek(const KeyHash& hash) const {
  return shard(hash).get(hash);
}

bool MemoryTier::insert(const KeyHash& hash, ObjectPtr object, Gone& gone) {
  if (object->memory_size() > largest_object_ + disk_chunk_size) {
    shard(hash).modify(gone, [&](S3Fifo& queues, Gone& evicted) {
      if (ObjectPtr old = queues.remove(hash)) evicted.push_back(std::move(old));
    });
    return false;
  }
  shard(hash).modify(gone, [&](S3Fifo& queues, Gone& evicted) { queues.insert(hash, std::move(object), evicted); });
  return true;
}

ObjectPtr MemoryTier::insert_if_absent(const KeyHash& hash, ObjectPtr object, Gone& gone) {
  if (object->memory_size() > largest_object_ + disk_chunk_size) return object;
  return shard(hash).modify(gone, [&](S3Fifo& queues, Gone& evicted) {
    if (const ObjectPtr* current = queues.find(hash)) return *current;
    queues.insert(hash, object, evicted);
    return object;
  });
}

bool MemoryTier::replace(const KeyHash& hash, const Object* current, ObjectPtr replacement) {
  return shard(hash).modify([&](S3Fifo& queues, S3Fifo::Evicted& evicted) {
    const ObjectPtr* found = queues.find(hash);
    if (!found || found->get() != current) return false;
    queues.insert(hash, std::move(replacement), evicted);
    return true;
  });
}

void MemoryTier::remove(const KeyHash& hash, const Object* current) {
  shard(hash).modify([&](S3Fifo& queues, S3Fifo::Evicted& evicted) {
    const ObjectPtr* found = queues.find(hash);
    if (found && found->get() == current) evicted.push_back(queues.remove(hash));
  });
}

void MemoryTier::set_capacity(std::size_t capacity, Gone& gone) {
  for (auto& shard : shards_) {
    shard->modify(gone,
                  [&](S3Fifo& queues, Gone& evicted) { queues.set_capacity(capacity / shards_.size(), evicted); });
  }
}

MemoryTierStats MemoryTier::stats() const {
  MemoryTierStats total;
  for (const auto& shard : shards_) {
    shard->modify([&](S3Fifo& queues, S3Fifo::Evicted&) {
      total.objects += queues.objects();
      total.bytes += queues.bytes();
      total.evictions += queues.evictions();
      total.ghost_hits += queues.ghost_hits();
    });
  }
  return total;
}

}  // namespace skerry::edge
