#include "edge/store/index.h"

namespace skerry::edge {

Index::Index() = default;

// Multiply-shift instead of a mask lets a table grow by a quarter at a time, which keeps it full.
std::size_t Index::Shard::home(const KeyHash& hash) const {
  return static_cast<std::size_t>((static_cast<unsigned __int128>(hash.high) * slots.size()) >> 64);
}

std::size_t Index::Shard::slot_of(const KeyHash& hash) const {
  std::size_t slot = home(hash);
  while (slots[slot].used && slots[slot].hash != hash) slot = slot + 1 == slots.size() ? 0 : slot + 1;
  return slot;
}

// Linear probing without tombstones: later members of the run move up into the hole.
void Index::Shard::erase_slot(std::size_t hole) {
  const std::size_t size = slots.size();
  const auto distance = [size](std::size_t from, std::size_t to) { return to >= from ? to - from : to + size - from; };
  for (std::size_t slot = hole + 1 == size ? 0 : hole + 1; slots[slot].used; slot = slot + 1 == size ? 0 : slot + 1) {
    if (distance(home(slots[slot].hash), slot) < distance(hole, slot)) continue;
    slots[hole] = slots[slot];
    hole = slot;
  }
  slots[hole] = {};
  --used;
}

void Index::Shard::grow() {
  std::vector<IndexEntry> old(slots.size() + slots.size() / 4);
  old.swap(slots);
  for (const auto& entry : old) {
    if (entry.used) slots[slot_of(entry.hash)] = entry;
  }
}

std::optional<IndexEntry> Index::find(const KeyHash& hash) {
  Shard& home = shard(hash);
  core::MutexLock lock(home.mutex);
  IndexEntry& entry = home.slots[home.slot_of(hash)];
  if (!entry.used) return std::nullopt;
  if (entry.hits < 255) ++entry.hits;
  return entry;
}

std::optional<IndexEntry> Index::peek(const KeyHash& hash) const {
  const Shard& home = shard(hash);
  core::MutexLock lock(home.mutex);
  const IndexEntry& entry = home.slots[home.slot_of(hash)];
  if (!entry.used) return std::nullopt;
  return entry;
}

void Index::put(const IndexEntry& entry) {
  Shard& home = shard(entry.hash);
  core::MutexLock lock(home.mutex);
  if ((home.used + 1) * 6 > home.slots.size() * 5) home.grow();
  IndexEntry& slot = home.slots[home.slot_of(entry.hash)];
  if (!slot.used) ++home.used;
  slot = entry;
  slot.used = true;
}

void Index::erase(const KeyHash& hash) {
  Shard& home = shard(hash);
  core::MutexLock lock(home.mutex);
  const std::size_t slot = home.slot_of(hash);
  if (home.slots[slot].used) home.erase_slot(slot);
}

bool Index::erase_at(const KeyHash& hash, std::uint64_t segment, std::uint32_t sequence) {
  Shard& home = shard(hash);
  core::MutexLock lock(home.mutex);
  const std::size_t slot = home.slot_of(hash);
  const IndexEntry& entry = home.slots[slot];
  if (!entry.used || entry.segment != segment || entry.sequence != sequence) return false;
  home.erase_slot(slot);
  return true;
}

std::size_t Index::erase_segment(std::uint64_t segment) {
  std::size_t erased = 0;
  for (Shard& shard : shards_) {
    core::MutexLock lock(shard.mutex);
    std::vector<KeyHash> gone;
    for (const auto& entry : shard.slots) {
      if (entry.used && entry.segment == segment) gone.push_back(entry.hash);
    }
    for (const auto& hash : gone) shard.erase_slot(shard.slot_of(hash));
    erased += gone.size();
  }
  return erased;
}

std::size_t Index::size() const {
  std::size_t total = 0;
  for (const Shard& shard : shards_) {
    core::MutexLock lock(shard.mutex);
    total += shard.used;
  }
  return total;
}

std::size_t Index::memory_size() const {
  std::size_t total = 0;
  for (const Shard& shard : shards_) {
    core::MutexLock lock(shard.mutex);
    total += shard.slots.size() * sizeof(IndexEntry);
  }
  return total;
}

}  // namespace skerry::edge
