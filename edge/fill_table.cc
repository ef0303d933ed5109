#include "edge/fill_table.h"

#include "edge/fill.h"

namespace skerry::edge {

void FillTable::remove(const KeyHash& hash, bool asks_peers, const Fill& fill) {
  std::shared_ptr<Fill> dropped;  // destroyed after the lock is gone
  Shard& home = shard(hash);
  core::MutexLock lock(home.mutex);
  const auto found = home.fills.find(Key{hash, asks_peers});
  if (found == home.fills.end() || found->second.get() != &fill) return;
  dropped = std::move(found->second);
  home.fills.erase(found);
}

void FillTable::remember_unshareable(const KeyHash& hash, core::TimePoint until) {
  Shard& home = shard(hash);
  core::MutexLock lock(home.mutex);
  // A full shard forgets some other key: that one merely queues once more.
  if (home.unshareable.size() >= unshareable_per_shard) home.unshareable.erase(home.unshareable.begin());
  home.unshareable[hash] = until;
}

void FillTable::forget_unshareable(const KeyHash& hash) {
  Shard& home = shard(hash);
  core::MutexLock lock(home.mutex);
  home.unshareable.erase(hash);
}

bool FillTable::unshareable(const KeyHash& hash, core::TimePoint now) {
  Shard& home = shard(hash);
  core::MutexLock lock(home.mutex);
  const auto found = home.unshareable.find(hash);
  if (found == home.unshareable.end()) return false;
  if (found->second > now) return true;
  home.unshareable.erase(found);
  return false;
}

std::size_t FillTable::size() const {
  std::size_t total = 0;
  for (const Shard& shard : shards_) {
    core::MutexLock lock(shard.mutex);
    total += shard.fills.size();
  }
  return total;
}

}  // namespace skerry::edge
