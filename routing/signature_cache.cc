#include "routing/signature_cache.h"

#include <bit>
#include <cstring>

#include "core/check.h"
#include "core/net/tls.h"
#include "core/siphash.h"

namespace skerry::routing {
namespace {

// All that a digest is made of is public, so names whose digests begin alike can be sought: where they go, nobody
// knows.
const core::SipKey& secret() {
  static const core::SipKey key = [] {
    const std::string bytes = core::secure_random_bytes(sizeof(core::SipKey));
    core::SipKey made;
    std::memcpy(&made, bytes.data(), sizeof made);
    return made;
  }();
  return key;
}

}  // namespace

// Zero bytes are an empty table, and the kernel hands them out page by page: no thread pauses to clear them all.
SignatureCache::SignatureCache(std::size_t entries)
    : groups_(std::bit_ceil((entries + ways - 1) / ways)),
      table_(static_cast<Group*>(std::calloc(groups_, sizeof(Group)))) {
  CHECK(table_);
}

SignatureCache::Group& SignatureCache::group_of(const dns::Digest& digest) {
  const std::uint64_t hash = core::siphash24(secret(), {digest.data(), digest.size()});
  return table_[hash & (groups_ - 1)];
}

const dns::SigningKey::Signature* SignatureCache::find(const dns::Digest& digest, std::uint64_t key) {
  for (Entry& entry : group_of(digest).entries) {
    if (!entry.used || entry.key != key || entry.digest != digest) continue;
    entry.asked = true;
    return &entry.signature;
  }
  return nullptr;
}

void SignatureCache::insert(const dns::Digest& digest, std::uint64_t key, const dns::SigningKey::Signature& signature) {
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
