#include "origin/server/request_counts.h"

namespace skerry::origin {

void RequestCounts::add(std::string_view url) {
  total_.fetch_add(1, std::memory_order_relaxed);
  Shard& shard = shards_[shard_of(url)];
  const core::MutexLock lock(shard.mutex);
  if (const auto found = shard.by_url.find(std::string(url)); found != shard.by_url.end()) {
    ++found->second;
  } else if (shard.by_url.size() < urls_at_most / shard_count) {
    shard.by_url.emplace(url, 1);
  }
}

std::uint64_t RequestCounts::of(std::string_view url) const {
  const Shard& shard = shards_[shard_of(url)];
  const core::MutexLock lock(shard.mutex);
  const auto found = shard.by_url.find(std::string(url));
  return found == shard.by_url.end() ? 0 : found->second;
}

std::map<std::string, std::uint64_t> RequestCounts::all() const {
  std::map<std::string, std::uint64_t> copy;
  for (const Shard& shard : shards_) {
    const core::MutexLock lock(shard.mutex);
    copy.insert(shard.by_url.begin(), shard.by_url.end());
  }
  return copy;
}

void RequestCounts::reset() {
  for (Shard& shard : shards_) {
    const core::MutexLock lock(shard.mutex);
    shard.by_url.clear();
  }
  total_.store(0, std::memory_order_relaxed);
}

}  // namespace skerry::origin
