#include "routing/signer.h"

#include <cstring>

#include "routing/ring/rendezvous.h"

namespace skerry::routing {
namespace {

char* put_u16(char* out, std::uint32_t value) {
  *out++ = static_cast<char>(value >> 8);
  *out++ = static_cast<char>(value);
  return out;
}

// The same on every router, and another for each set: those of one name are not all due in the same second.
std::uint32_t spread_of(const SetToSign& set) {
  const std::uint64_t hash = ring::Ring::hash_key(set.owner.wire()) + ring::Ring::hash_key(set.records);
  return static_cast<std::uint32_t>(hash + static_cast<std::uint64_t>(set.type) * 0x9e3779b9);
}

dns::SignatureTimes earlier(const dns::SignatureTimes& times, std::chrono::seconds validity) {
  const auto step = static_cast<std::uint32_t>(validity.count() / 4);
  return {times.inception - step, times.expiration - step};
}

}  // namespace

std::string_view Signer::sign(const SetToSign& set, const SigningTerms& terms) {
  const auto times = dns::signature_times(terms.now, terms.validity, spread_of(set));
  std::size_t head = 0;
  const auto look_up = [&](const dns::SignatureTimes& at, dns::Digest& what) {
    head = dns::write_signature_head({set.type, set.owner, terms.zone, set.original_ttl, at, terms.key.tag()},
                                     data_.data());
    what = digest(set, {data_.data(), head});
    return cache_.find(what, terms.key.id());
  };
  dns::Digest what;
  dns::SigningKey::Signature signature;
  if (const auto* kept = look_up(times, what)) {
    increment(cached_);
    signature = *kept;
  } else if (!may_sign(terms)) {
    // The one before is good for three quarters of its time yet.
    dns::Digest before;
    const auto* older = look_up(earlier(times, terms.validity), before);
    increment(older ? cached_ : refused_);
    if (!older) return {};
    signature = *older;
  } else if (!terms.key.sign(what, signature)) {
    increment(failed_);
    return {};
  } else {
    increment(made_);
    cache_.insert(what, terms.key.id(), signature);
  }
  std::memcpy(data_.data() + head, signature.data(), signature.size());
  return {data_.data(), head + signature.size()};
}

// RFC 4034 3.1.8.1: the RRSIG's data up to the signature, then every record with its owner and Original TTL.
dns::Digest Signer::digest(const SetToSign& set, std::string_view head) {
  std::array<char, dns::Name::max_size + 8> before;
  const std::string_view owner = set.owner.wire();
  char* at = std::copy(owner.begin(), owner.end(), before.data());
  at = put_u16(at, static_cast<std::uint16_t>(set.type));
  at = put_u16(at, static_cast<std::uint16_t>(dns::Class::in));
  at = put_u16(put_u16(at, set.original_ttl >> 16), set.original_ttl);
  hash_.begin();
  hash_.add(head);
  for (std::string_view rest = set.records; !rest.empty();) {
    const std::size_t size =
        2u + (static_cast<std::size_t>(static_cast<unsigned char>(rest[0])) << 8) + static_cast<unsigned char>(rest[1]);
    hash_.add({before.data(), static_cast<std::size_t>(at - before.data())});
    hash_.add(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return hash_.end();
}

bool Signer::may_sign(const SigningTerms& terms) {
  if (terms.now != second_) {
    second_ = terms.now;
    made_in_second_ = invented_in_second_ = 0;
  }
  if (made_in_second_ >= terms.per_second) return false;
  // Half is for what the zone has: a flood of random names must not keep a new set of addresses unsigned.
  if (terms.invented && invented_in_second_ >= (terms.per_second + 1) / 2) return false;
  ++made_in_second_;
  if (terms.invented) ++invented_in_second_;
  return true;
}

void Signer::add_to(SignatureTotals& totals) const {
  totals.made += made_.load(std::memory_order_relaxed);
  totals.cached += cached_.load(std::memory_order_relaxed);
  totals.refused += refused_.load(std::memory_order_relaxed);
  totals.failed += failed_.load(std::memory_order_relaxed);
}

}  // namespace skerry::routing
