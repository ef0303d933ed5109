#include "edge/store/variant_table.h"

#include <algorithm>

#include "edge/store/forget_near.h"

namespace skerry::edge {

std::optional<KeyHash> VariantTable::add(const KeyHash& primary, const KeyHash& variant, std::size_t most) {
  Shard& shard = shards_[primary.high >> 60];
  core::MutexLock lock(shard.mutex);
  auto found = shard.urls.find(primary);
  if (found == shard.urls.end()) {
    if (shard.urls.size() >= most_in_shard_) forget_near(shard.urls, primary);
    found = shard.urls.emplace(primary, std::vector<KeyHash>()).first;
  }
  std::vector<KeyHash>& variants = found->second;
  variants.erase(std::remove(variants.begin(), variants.end(), variant), variants.end());
  variants.insert(variants.begin(), variant);
  if (variants.size() <= most) return std::nullopt;
  // A site may have lowered its bound: the rest goes one at a time, with the variants that follow.
  const KeyHash oldest = variants.back();
  variants.pop_back();
  return oldest;
}

}  // namespace skerry::edge
