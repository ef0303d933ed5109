// Response rate limiting for UDP: how many answers a network of clients may get in a second.
//
// A fixed table of slots, each one atomic word, shared by all UDP threads without locks: two threads that meet in a
// slot may lose one count, which does no harm. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/clock.h"
#include "core/net/address.h"
#include "core/siphash.h"

namespace skerry::routing {

struct RateLimits {
  std::uint32_t per_second = 0;  // 0: no limit
  int v4_prefix = 24, v6_prefix = 56;
  std::uint32_t slip = 1;  // every so many-th answer over the limit goes out cut (TC), the others not at all
  std::size_t slots = 1 << 16;

  friend bool operator==(const RateLimits&, const RateLimits&) = default;
};

class RateLimiter {
 public:
  // `key` keeps strangers from choosing which networks share a slot.
  RateLimiter(const RateLimits&, const core::SipKey& key);

  // Counts one answer; true if the network has had its share. One second's worth may come at once.
  bool over(const core::IpAddress& client, core::TimePoint now);
  // For an answer over the limit: whether it goes out, cut.
  bool slips();

  const RateLimits& limits() const { return limits_; }

 private:
  // Networks that hash to one group share its slots; the one whose credit is oldest makes room.
  static constexpr std::size_t group = 4;

  const RateLimits limits_;
  const core::SipKey key_;
  const std::uint64_t interval_;  // µs between two answers
  const std::size_t groups_;      // a power of two
  std::unique_ptr<std::atomic<std::uint64_t>[]> slots_;
  std::atomic<std::uint32_t> cut_{0};
};

}  // namespace skerry::routing
