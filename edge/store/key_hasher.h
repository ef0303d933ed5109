// Hashes cache keys and purge targets under the store's secret seed, so that nobody outside can aim at one slot.
//
// A value; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "edge/object.h"

namespace skerry::edge {

class KeyHasher {
 public:
  explicit KeyHasher(std::uint64_t seed) : seed_(seed) {}
  // `domain` keeps hashes of different things apart: 0 are cache keys.
  KeyHash operator()(std::string_view text, std::uint8_t domain = 0) const;

 private:
  std::uint64_t seed_;
};

}  // namespace skerry::edge
