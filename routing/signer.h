// Makes the RRSIG records of one thread: from its cache, or anew while the second's budget lasts.
//
// What is signed is also what the cache is asked for (the hash of RFC 4034 3.1.8.1's bytes, and the key), so a
// signature can never stand beside other data. Owned by what answers on that thread; its counters may be read from any.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string_view>

#include "core/dns/dnssec.h"
#include "routing/signature_cache.h"

namespace skerry::routing {

struct SigningOptions {
  std::chrono::seconds validity{7 * 86400};
  std::uint32_t per_second = 5000;      // new signatures of each UDP thread
  std::uint32_t tcp_per_second = 2000;  // over TCP, TLS and HTTPS together
  std::size_t cache = 16384;            // signatures that each thread keeps
};

// A record set that is to be signed.
struct SetToSign {
  dns::Name owner;  // in lower case
  dns::Type type{};
  std::uint32_t original_ttl = 0;
  std::string_view records;  // in canonical form and order, each behind its two length bytes
};

struct SigningTerms {
  const dns::SigningKey& key;
  const dns::Name& zone;  // in lower case
  std::chrono::seconds validity;
  std::uint32_t per_second;
  std::uint32_t now;      // seconds since 1970
  bool invented = false;  // the zone has not got the name: askers can make up any number of these
};

struct SignatureTotals {
  std::uint64_t made = 0, cached = 0, refused = 0, failed = 0;
};

class Signer {
 public:
  explicit Signer(std::size_t cache_entries) : cache_(cache_entries) {}

  // The data of the set's RRSIG record, valid until the next call. Empty: none is to be had now; what is not signed
  // must not be told.
  std::string_view sign(const SetToSign&, const SigningTerms&);

  void add_to(SignatureTotals&) const;

 private:
  dns::Digest digest(const SetToSign&, std::string_view head);
  bool may_sign(const SigningTerms&);
  static void increment(std::atomic<std::uint64_t>& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  SignatureCache cache_;
  dns::Sha256 hash_;
  std::array<char, dns::longest_signature_head + sizeof(dns::SigningKey::Signature)> data_;
  std::uint32_t second_ = 0;  // the one that is counted
  std::uint32_t made_in_second_ = 0;
  std::uint32_t invented_in_second_ = 0;  // of these
  std::atomic<std::uint64_t> made_{0}, cached_{0}, refused_{0}, failed_{0};
};

}  // namespace skerry::routing
