#include "routing/signature_cache.h"

#include <bit>
#include <cstring>

namespace skerry::routing {

SignatureCache::SignatureCache(std::size_t entries) : groups_(std::bit_ceil((entries + ways - 1) / ways)) {}

// A digest is as good as random, and whoever finds names whose digests meet in one group disturbs that group alone.
SignatureCache::Group& SignatureCache::group_of(const dns::Digest& digest) {
  std::uint64_t hash;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return table_[hash & (groups_ - 1)];
}

const dns::SigningKey::Signature* SignatureCache::find(const dns::Digest& digest, std::uint64_t key) {
  if (table_.empty()) return nullptr;
  for (Entry& entry : group_of(digest).entries) {
    if (!entry.used || entry.key != key || entry.digest != digest) continue;
    entry.asked = true;
    return &entry.signature;
  }
  return nullptr;
}

void SignatureCache::insert(const dns::Digest& digest, std::uint64_t key, const dns::SigningKey::Signature& signature) {
  if (table_.empty()) table_.resize(groups_);
  Group& group = group_of(digest);
  // Twice around at most: the first time takes away what protected them.
  while (group.entries[group.next].used && group.entries[group.next].asked) {
    group.entries[group.next].asked = false;
    group.next = (group.next + 1) % ways;
  }
  group.entries[group.next] = {digest, key, true, false, signature};
  group.next = (group.next + 1) % ways;
}

}  // namespace skerry::routing
