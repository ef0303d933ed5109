#include "edge/store/tombstones.h"

#include <algorithm>

namespace skerry::edge {

void Tombstones::bury(const Tombstone& tombstone) {
  const Reason fate = tombstone.fate;
  const bool frequent = fate == Reason::evicted || fate == Reason::expired || fate == Reason::changed ||
                        fate == Reason::displaced_by_variant;
  Shard& shard = shards_[tombstone.key.low % shard_count];
  core::MutexLock lock(shard.mutex);
  frequent ? shard.made_room.add(tombstone) : shard.ended.add(tombstone);
}

void Tombstones::note(const PurgeNote& purge) {
  core::MutexLock lock(purges_mutex_);
  purges_.add(purge);
}

void Tombstones::note_variant(const KeyHash& primary, std::string_view selects) {
  if (selects.size() > longest_variant) return;
  Shard& shard = shards_[primary.low % shard_count];
  core::MutexLock lock(shard.mutex);
  shard.variants.add({primary, std::string(selects)});
}

std::vector<Fate> Tombstones::fates(const KeyHash& primary, std::span<const KeyHash> keys) const {
  std::vector<Fate> found;
  const auto look = [&](const Tombstone& tombstone) {
    const bool asked = tombstone.primary == primary || std::find(keys.begin(), keys.end(), tombstone.key) != keys.end();
    if (asked) found.push_back({tombstone, std::nullopt});
  };
  for (const Shard& shard : shards_) {
    core::MutexLock lock(shard.mutex);
    shard.ended.each(look);
    shard.made_room.each(look);
  }
  for (Fate& fate : found) fate.purge = purge_at(fate.tombstone.purge);
  std::stable_sort(found.begin(), found.end(),
                   [](const Fate& a, const Fate& b) { return a.tombstone.when > b.tombstone.when; });
  return found;
}

std::vector<std::string> Tombstones::variants(const KeyHash& primary) const {
  std::vector<std::string> found;
  const Shard& shard = shards_[primary.low % shard_count];
  core::MutexLock lock(shard.mutex);
  shard.variants.each([&](const Variant& variant) {
    const bool known = std::find(found.begin(), found.end(), variant.selects) != found.end();
    if (variant.primary == primary && !known) found.push_back(variant.selects);
  });
  return found;
}

std::optional<PurgeNote> Tombstones::purge_at(Epoch epoch) const {
  if (epoch == 0) return std::nullopt;
  std::optional<PurgeNote> found;
  core::MutexLock lock(purges_mutex_);
  purges_.each([&](const PurgeNote& note) {
    if (note.epoch == epoch) found = note;
  });
  return found;
}

std::size_t Tombstones::memory_size() {
  return sizeof(Tombstones) + shard_count * 32 * longest_variant;
}

}  // namespace skerry::edge
