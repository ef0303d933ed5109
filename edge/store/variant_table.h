// Which variants of a URL were stored, newest first, so that no URL takes more room than its site allows.
//
// Any thread. Bounded: a full shard lets go of whatever URL lies where the new one belongs; that one's count begins
// anew, and what it has stored leaves by eviction like anything else.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "edge/object.h"

namespace skerry::edge {

class VariantTable {
 public:
  // Of a URL with as many variants as sites usually allow.
  static constexpr std::size_t cost_of_url = 512;

  explicit VariantTable(std::size_t most_urls) : most_in_shard_(most_urls / 16 + 1) {}
  // `variant` of the URL is being stored. The oldest one, if there are more than `most` (at least 1) now.
  std::optional<KeyHash> add(const KeyHash& primary, const KeyHash& variant, std::size_t most);

 private:
  struct HashOfKey {
    std::size_t operator()(const KeyHash& hash) const { return hash.low; }
  };
  struct Shard {
    core::Mutex mutex;
    std::unordered_map<KeyHash, std::vector<KeyHash>, HashOfKey> urls GUARDED_BY(mutex);
  };

  const std::size_t most_in_shard_;
  std::array<Shard, 16> shards_;
};

}  // namespace skerry::edge
