#include "edge/store/key_hasher.h"

#include <xxhash.h>

namespace skerry::edge {

KeyHash KeyHasher::operator()(std::string_view text, std::uint8_t domain) const {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(text.data(), text.size(), seed_ + domain * 0x9e3779b97f4a7c15u);
  return {hash.low64, hash.high64};
}

}  // namespace skerry::edge
