// What is known of the variants of a URL: the Vary lists that select them, and which were stored, newest first, so that
// no URL takes more room than its site allows.
//
// Any thread. Bounded in bytes: a full shard lets go of whatever URL lies where the new one belongs. That costs its
// variants one miss each, and their count begins anew; what it has stored leaves by eviction like anything else.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "edge/object.h"
#include "edge/vary.h"

namespace skerry::edge {

class VariantTable {
 public:
  static constexpr std::size_t lists_a_url = 4;
  // A longer list is not remembered: what varies by it is not found again.
  static constexpr std::size_t longest_list = 512;

  explicit VariantTable(std::size_t budget) : budget_of_shard_(budget / shard_count) {}

  // Newest first, lists_a_url at most; empty: no variant is known.
  VaryLists lists(const KeyHash& primary) const;
  void remember_list(const KeyHash& primary, std::string_view list);
  // `variant` of the URL was stored or validated: it is the newest now. The oldest one, if there are more than `most`
  // (at least 1) now. A site may have lowered its bound: the rest goes one at a time, with the variants that follow.
  std::optional<KeyHash> renew(const KeyHash& primary, const KeyHash& variant, std::size_t most);

  std::size_t memory_size() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t shard_count = 16;

  struct Url {
    VaryLists lists;
    std::vector<KeyHash> variants;  // newest first
  };
  struct HashOfKey {
    std::size_t operator()(const KeyHash& hash) const { return hash.low; }
  };
  struct Shard {
    mutable core::Mutex mutex;
    std::unordered_map<KeyHash, Url, HashOfKey> urls GUARDED_BY(mutex);
    std::size_t bytes GUARDED_BY(mutex) = 0;
  };

  static std::size_t cost_of(const Url&);
  Url take_out(Shard& shard, const KeyHash& primary) REQUIRES(shard.mutex);
  void put_back(Shard& shard, const KeyHash& primary, Url) REQUIRES(shard.mutex);

  const std::size_t budget_of_shard_;
  std::array<Shard, shard_count> shards_;
  std::atomic<std::size_t> bytes_{0};
};

}  // namespace skerry::edge
