// How often each URL was asked for: what lets a test say "one origin request".
//
// Written by all workers, so sharded by the URL's hash; a lock covers one look-up. Bounded: past `urls_at_most` new
// URLs count only in the total.
#pragma once

#include <array>
#include <atomic>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/mutex.h"

namespace skerry::origin {

class RequestCounts {
 public:
  static constexpr std::size_t urls_at_most = 1'000'000;

  void add(std::string_view url);
  std::uint64_t total() const { return total_.load(std::memory_order_relaxed); }
  std::uint64_t of(std::string_view url) const;
  // A copy, in order of URL.
  std::map<std::string, std::uint64_t> all() const;
  void reset();

 private:
  struct Shard {
    mutable core::Mutex mutex;
    std::unordered_map<std::string, std::uint64_t> by_url GUARDED_BY(mutex);
  };
  static constexpr std::size_t shard_count = 16;
  std::size_t shard_of(std::string_view url) const { return std::hash<std::string_view>()(url) % shard_count; }

  std::array<Shard, shard_count> shards_;
  std::atomic<std::uint64_t> total_{0};
};

}  // namespace skerry::origin
