// Which request fields select the variants of a URL: primary key → up to 4 interned Vary lists, newest first.
//
// Any thread. Bounded: a full shard lets go of whatever lies where the new one belongs, which costs one miss.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "edge/object.h"

namespace skerry::edge {

class VaryTable {
 public:
  static constexpr std::size_t lists_a_key = 4;

  explicit VaryTable(std::size_t most_keys) : most_in_shard_(most_keys / 16 + 1) {}
  std::vector<std::string> find(const KeyHash& primary) const;
  void remember(const KeyHash& primary, std::string_view list);

 private:
  using Ids = std::array<std::uint16_t, lists_a_key>;  // 0: none
  struct HashOfKey {
    std::size_t operator()(const KeyHash& hash) const { return hash.low; }
  };
  struct Shard {
    mutable core::Mutex mutex;
    std::unordered_map<KeyHash, Ids, HashOfKey> keys GUARDED_BY(mutex);
  };
  std::uint16_t intern(std::string_view list) EXCLUDES(names_mutex_);

  const std::size_t most_in_shard_;
  std::array<Shard, 16> shards_;
  mutable core::Mutex names_mutex_;
  std::vector<std::string> names_ GUARDED_BY(names_mutex_);  // id - 1
  std::unordered_map<std::string, std::uint16_t> ids_ GUARDED_BY(names_mutex_);
};

}  // namespace skerry::edge
