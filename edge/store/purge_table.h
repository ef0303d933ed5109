// What was purged, and when, counted in epochs: {kind, hash of the target} → last hard and last soft epoch.
//
// Any thread. A lookup compares one number and comes here only if a purge happened since the object was last checked.
// The table is memory; making purges durable is the caller's part (SegmentLog's settings), before raise().
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/mutex.h"
#include "edge/object.h"
#include "edge/store/key_hasher.h"
#include "edge/store/object_store.h"

namespace skerry::edge {

struct PurgeKey {
  PurgeKind kind = PurgeKind::url;
  KeyHash hash;
  friend bool operator==(const PurgeKey&, const PurgeKey&) = default;
};

struct PurgeEpochs {
  Epoch hard = 0;
  Epoch soft = 0;
};

// Hard: it is gone. Soft: it may be served only as stale.
enum class PurgeVerdict : std::uint8_t { none, soft, hard };

class PurgeTable {
 public:
  // Beyond this many records the older half folds into one floor epoch, before which everything is validated.
  static constexpr std::size_t most_records = 1'000'000;

  explicit PurgeTable(const KeyHasher& hasher) : hasher_(hasher) {}

  Epoch epoch() const { return epoch_.load(std::memory_order_acquire); }
  // Of a URL's primary key only the URL counts: the headers and cookies behind it (a line each) are not what one purges
  // by, and a request that changes the resource changes it for all of them (RFC 9111 4.4).
  PurgeKey key_of(PurgeKind, std::string_view target) const;
  // Enters a purge. It counts for lookups at once; new fetches start after it only with raise().
  PurgeEpochs apply(const PurgeKey&, bool soft, Epoch);
  // Restores a record read from disk.
  void restore(const PurgeKey&, PurgeEpochs);
  void raise(Epoch);
  void set_floor(Epoch);
  Epoch floor() const { return floor_.load(std::memory_order_relaxed); }

  // Does a purge newer than `since` cover this?
  PurgeVerdict verdict(const ObjectHead&, Epoch since) const;
  PurgeVerdict verdict(std::string_view primary_key, std::string_view host, std::string_view path, Epoch since) const;

  // The newest purge, hard or soft ones, that covers this. Epoch 0: none, or it has folded into the floor.
  struct Match {
    PurgeKind kind = PurgeKind::all;
    Epoch epoch = 0;
  };
  Match newest(const ObjectHead&, bool soft) const;

  std::size_t size() const { return size_.load(std::memory_order_relaxed); }
  // Forgets the older half and raises the floor over it; returns what was forgotten.
  std::vector<PurgeKey> fold();

 private:
  struct HashOfKey {
    std::size_t operator()(const PurgeKey& key) const { return key.hash.low + static_cast<std::size_t>(key.kind); }
  };
  struct Shard {
    mutable core::Mutex mutex;
    std::unordered_map<PurgeKey, PurgeEpochs, HashOfKey> records GUARDED_BY(mutex);
  };
  static constexpr std::size_t kinds = 5;

  Shard& shard(const PurgeKey& key) { return shards_[(key.hash.low >> 56) % shards_.size()]; }
  const Shard& shard(const PurgeKey& key) const { return shards_[(key.hash.low >> 56) % shards_.size()]; }
  bool any(PurgeKind kind, Epoch since) const {
    return latest_[static_cast<std::size_t>(kind)].load(std::memory_order_acquire) > since;
  }
  PurgeVerdict probe(PurgeKind, std::string_view target, Epoch since) const;
  PurgeVerdict probe_prefixes(std::string_view host, std::string_view path, Epoch since) const;
  PurgeVerdict probe_tags(const ObjectHead&, Epoch since) const;

  const KeyHasher hasher_;
  std::atomic<Epoch> epoch_{1};
  std::atomic<Epoch> floor_{0};
  std::atomic<std::size_t> size_{0};
  std::array<std::atomic<Epoch>, kinds> latest_{};  // newest purge of each kind: what nobody purges by isn't probed
  std::array<Shard, 16> shards_;
};

}  // namespace skerry::edge
