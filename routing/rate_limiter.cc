#include "routing/rate_limiter.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace skerry::routing {
namespace {

// A slot: 24 bits that tell networks apart, then 40 bits of µs (12 days): the time at which all its answers so far are
// paid for, one interval each (the generic cell rate algorithm).
constexpr int time_bits = 40;
constexpr std::uint64_t time_mask = (std::uint64_t{1} << time_bits) - 1;
constexpr std::uint64_t burst = 1'000'000;  // µs

// How far `time` lies ahead of `now`; 0 if it is past. The clock's 40 bits wrap, and no slot is ever more than a burst
// ahead of the clock that set it, so what seems further ahead is the past: twice that, for another thread's clock may
// be a little behind.
std::uint64_t ahead(std::uint64_t time, std::uint64_t now) {
  const std::uint64_t difference = (time - now) & time_mask;
  return difference > 2 * burst ? 0 : difference;
}

std::uint64_t hash_network(const core::SipKey& key, const core::IpAddress& client, int length) {
  const std::string_view octets = client.octets();
  char network[16] = {};
  const auto whole = static_cast<std::size_t>(length / 8);
  std::memcpy(network, octets.data(), whole);
  if (length % 8) network[whole] = static_cast<char>(octets[whole] & (0xff00 >> (length % 8)));
  return core::siphash24(key, {network, octets.size()});
}

}  // namespace

RateLimiter::RateLimiter(const RateLimits& limits, const core::SipKey& key)
    : limits_(limits),
      key_(key),
      interval_(std::max<std::uint64_t>(1, burst / std::max(1u, limits.per_second))),
      groups_(std::bit_ceil(std::max(limits.slots, group)) / group),
      slots_(std::make_unique<std::atomic<std::uint64_t>[]>(groups_ * group)) {}

bool RateLimiter::over(const core::IpAddress& client, core::TimePoint at) {
  const bool v4 = client.family() == core::AddressFamily::ipv4;
  const std::uint64_t hash = hash_network(key_, client, v4 ? limits_.v4_prefix : limits_.v6_prefix);
  const std::uint64_t tag = hash >> time_bits << time_bits;
  const auto elapsed = std::chrono::duration_cast<std::chrono::microseconds>(at.time_since_epoch()).count();
  const std::uint64_t now = static_cast<std::uint64_t>(elapsed) & time_mask;
  std::atomic<std::uint64_t>* const slots = &slots_[(hash & (groups_ - 1)) * group];
  std::atomic<std::uint64_t>* chosen = slots;
  std::uint64_t least = ~std::uint64_t{0}, paid = 0;
  for (std::size_t i = 0; i < group; ++i) {
    const std::uint64_t value = slots[i].load(std::memory_order_relaxed);
    const std::uint64_t owed = ahead(value & time_mask, now);
    if ((value & ~time_mask) == tag) {
      chosen = &slots[i];
      paid = owed;
      break;
    }
    if (owed < least) chosen = &slots[i], least = owed;
  }
  if (paid + interval_ > burst) return true;
  chosen->store(tag | ((now + paid + interval_) & time_mask), std::memory_order_relaxed);
  return false;
}

bool RateLimiter::slips() {
  if (limits_.slip <= 1) return limits_.slip == 1;
  return cut_.fetch_add(1, std::memory_order_relaxed) % limits_.slip == 0;
}

}  // namespace skerry::routing
