// What became of copies that are gone: the last of them in rings of fixed size, for whoever asks why a URL missed.
//
// Any thread. Written where a copy ends (a fill, a purge that is noticed, the disk's writer), never on a hit; a full
// ring forgets its oldest. Evictions and replacements, which are many, have a ring apart from the rest. Owned by the
// store; part of its memory budget.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/mutex.h"
#include "edge/store/object_store.h"

namespace skerry::edge {

class Tombstones {
 public:
  void bury(const Tombstone&);
  // Purges are remembered by their epoch, so that a copy found purged later can say by which.
  void note(const PurgeNote&);
  // A variant was stored: `selects` is what its key has behind the primary key.
  void note_variant(const KeyHash& primary, std::string_view selects);

  // Those of the URL, and those of `keys`, newest first.
  std::vector<Fate> fates(const KeyHash& primary, std::span<const KeyHash> keys) const;
  // What the URL's variants that were stored last are selected by, newest first.
  std::vector<std::string> variants(const KeyHash& primary) const;

  static std::size_t memory_size();

 private:
  static constexpr std::size_t shard_count = 16;
  static constexpr std::size_t longest_variant = 256;  // longer ones are not remembered

  // The last `size` of what was added.
  template <class Item, std::size_t size>
  class Ring {
   public:
    void add(Item item) { items_[added_++ % size] = std::move(item); }
    // Newest first.
    template <class Visit>
    void each(Visit visit) const {
      for (std::size_t i = 0; i < std::min(added_, size); ++i) visit(items_[(added_ - 1 - i) % size]);
    }

   private:
    std::array<Item, size> items_;
    std::size_t added_ = 0;
  };
  struct Variant {
    KeyHash primary;
    std::string selects;
  };
  struct Shard {
    mutable core::Mutex mutex;
    Ring<Tombstone, 128> ended GUARDED_BY(mutex);
    Ring<Tombstone, 256> made_room GUARDED_BY(mutex);
    Ring<Variant, 32> variants GUARDED_BY(mutex);
  };

  std::optional<PurgeNote> purge_at(Epoch) const;

  std::array<Shard, shard_count> shards_;
  mutable core::Mutex purges_mutex_;
  Ring<PurgeNote, 1024> purges_ GUARDED_BY(purges_mutex_);
};

}  // namespace skerry::edge
