// Signatures that were made, found by what they sign: a table of fixed size in groups of eight.
//
// A newcomer takes the place of one in its group that nobody has asked for again, so a flood of names that are asked
// once passes through without pushing out what is asked all the time. One thread. Memory that no signature has been put
// into is not touched: a router without signed zones needs none.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "core/dns/signing_key.h"

namespace skerry::routing {

class SignatureCache {
 public:
  // Room for at least so many.
  explicit SignatureCache(std::size_t entries);

  // Null: not there. Valid until the next insert.
  const dns::SigningKey::Signature* find(const dns::Digest&, std::uint64_t key);
  void insert(const dns::Digest&, std::uint64_t key, const dns::SigningKey::Signature&);

  std::size_t capacity() const { return groups_ * ways; }

 private:
  static constexpr std::size_t ways = 8;
  struct Entry {
    dns::Digest digest{};
    std::uint64_t key = 0;
    bool used = false;   // holds a signature
    bool asked = false;  // for again, since the group was last full of such
    dns::SigningKey::Signature signature{};
  };
  struct Group {
    std::array<Entry, ways> entries;
    std::size_t next = 0;  // where the search for a place begins
  };

  struct Freed {
    void operator()(Group* table) const { std::free(table); }
  };

  Group& group_of(const dns::Digest&);

  std::size_t groups_;  // a power of two
  std::unique_ptr<Group[], Freed> table_;
};

}  // namespace skerry::routing
