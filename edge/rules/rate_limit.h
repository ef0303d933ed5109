// How often one client may ask: a token bucket for each address, of all workers together.
//
// The table has a fixed size. Addresses are hashed under a secret seed by the caller, so that nobody can aim at one set
// of it. A shard's lock covers a look at eight entries. An entry is the moment at which its bucket is full again (the
// generic cell rate algorithm, ITU-T I.371): 16 bytes a client, and one whose bucket is full needs no entry at all.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/net/address.h"
#include "core/result.h"

namespace skerry::edge {

// Requests a time; none: no limit.
struct Rate {
  int requests = 0;
  std::chrono::seconds time{1};
  friend bool operator==(const Rate&, const Rate&) = default;
};

// "100/s", "30/m", "1000/h", or "off".
core::Result<Rate> parse_rate(std::string_view text);
std::string to_string(const Rate&);

struct RateLimitConfig {
  Rate rate;
  int burst = 0;  // 0: what the rate gives in a second, at least 1
  friend bool operator==(const RateLimitConfig&, const RateLimitConfig&) = default;
};

// A limit as it is applied.
struct RateLimit {
  core::Duration interval{};   // between two requests at the full rate; zero: no limit
  core::Duration tolerance{};  // how far ahead of the rate a client may be
  static RateLimit of(const RateLimitConfig&);
};

// What one limit counts as one client: the whole IPv4 address, the first 64 bits of an IPv6 address, which one
// subscriber has. With the name of what is limited, as bytes to be hashed.
using RateKey = std::array<char, 17>;
RateKey rate_key(std::uint64_t limited, const core::IpAddress& client);

class RateTable {
 public:
  static constexpr std::size_t ways = 8;
  static constexpr std::size_t shards = 256;

  // For about so many clients at once: 16 bytes each, taken when the first one comes.
  explicit RateTable(std::size_t clients);

  struct Decision {
    bool allowed = true;
    std::chrono::seconds retry_after{0};  // if not: whole seconds, at least one
    bool displaced = false;               // another client's count was forgotten for this one's
  };
  Decision take(std::uint64_t key_hash, const RateLimit&, core::TimePoint now);
  // Bytes when every shard is in use.
  std::size_t largest_size() const { return shards * sets_ * sizeof(Set); }

 private:
  struct Entry {
    std::uint64_t key = 0;
    core::TimePoint full_at{};  // past: the bucket is full, the entry is free
  };
  using Set = std::array<Entry, ways>;
  struct Shard {
    core::Mutex mutex;
    std::unique_ptr<Set[]> sets GUARDED_BY(mutex);
  };

  std::size_t sets_;  // a shard, a power of two
  std::vector<Shard> table_;
};

}  // namespace skerry::edge
