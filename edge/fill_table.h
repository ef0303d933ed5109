// Which objects are being received right now, across all workers, and which keys are known not to be shareable.
//
// Sharded by key hash; a shard's lock covers a probe and a reference. Any thread.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <unordered_map>

#include "core/clock.h"
#include "core/mutex.h"
#include "edge/object.h"

namespace skerry::edge {

class Fill;

class FillTable {
 public:
  struct Joined {
    std::shared_ptr<Fill> fill;
    bool made = false;  // by this call
  };
  // `asks_peers`: the fill's source is another edge. A request from a peer never joins such a one, so that edges can't
  // wait for each other in a circle; it does join a fill from the origin. The fill that is under way for the key, if
  // `usable(fill)` (no purge since it began covers it). Otherwise `make()` is registered and returned. Both run under
  // the shard's lock: they must only look and allocate.
  template <class Usable, class Make>
  Joined join_or_start(const KeyHash& hash, bool asks_peers, Usable usable, Make make);
  // Fill ended, or may not be shared. Only removes that very fill.
  void remove(const KeyHash& hash, bool asks_peers, const Fill&);

  // Hit-for-miss: the key's answers can't be shared until `until`, so requests for it do not queue.
  void remember_unshareable(const KeyHash&, core::TimePoint until);
  void forget_unshareable(const KeyHash&);
  bool unshareable(const KeyHash&, core::TimePoint now);

  std::size_t size() const;

 private:
  struct Key {
    KeyHash hash;
    bool asks_peers;
    bool operator==(const Key&) const = default;
  };
  struct Hasher {
    std::size_t operator()(const Key& key) const { return key.hash.low ^ (key.asks_peers ? 0x9e3779b9u : 0u); }
    std::size_t operator()(const KeyHash& hash) const { return hash.low; }
  };
  struct Shard {
    mutable core::Mutex mutex;
    std::unordered_map<Key, std::shared_ptr<Fill>, Hasher> fills GUARDED_BY(mutex);
    std::unordered_map<KeyHash, core::TimePoint, Hasher> unshareable GUARDED_BY(mutex);
  };
  static constexpr std::size_t shard_count = 64;
  static constexpr std::size_t unshareable_per_shard = 4096;

  Shard& shard(const KeyHash& hash) { return shards_[hash.high % shard_count]; }

  std::array<Shard, shard_count> shards_;
};

template <class Usable, class Make>
FillTable::Joined FillTable::join_or_start(const KeyHash& hash, bool asks_peers, Usable usable, Make make) {
  Shard& home = shard(hash);
  core::MutexLock lock(home.mutex);
  const auto at = home.fills.try_emplace(Key{hash, asks_peers}).first;
  const bool made = !at->second || !usable(at->second);
  if (made) at->second = make();
  Joined joined{at->second, made};
  if (!joined.fill) home.fills.erase(at);
  return joined;
}

}  // namespace skerry::edge
