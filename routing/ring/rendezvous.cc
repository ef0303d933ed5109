#include "routing/ring/rendezvous.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "core/check.h"

namespace skerry::ring {
namespace {

// Part of the protocol between edges: changing any of these moves every key.
constexpr std::uint64_t key_seed = 0x736b657272793031;     // "skerry01"
constexpr std::uint64_t member_seed = 0x736b657272793032;  // "skerry02"

constexpr int table_bits = 10;
constexpr int fraction_bits = 32;

// log2(1 + i / 1024) in 32 fraction bits by repeated squaring: integers only, so it is the same table everywhere.
constexpr std::uint64_t log2_of_mantissa(std::uint64_t mantissa_q62) {
  unsigned __int128 x = mantissa_q62;  // in [1, 2), 62 fraction bits
  std::uint64_t result = 0;
  for (int bit = fraction_bits - 1; bit >= 0; --bit) {
    x = (x * x) >> 62;
    if (x >> 63) {
      result |= std::uint64_t{1} << bit;
      x >>= 1;
    }
  }
  return result;
}

constexpr auto make_log2_table() {
  std::array<std::uint64_t, (1 << table_bits) + 1> table{};
  for (std::uint64_t i = 0; i < (1 << table_bits); ++i) {
    table[i] = log2_of_mantissa((std::uint64_t{1} << 62) + (i << (62 - table_bits)));
  }
  table[1 << table_bits] = std::uint64_t{1} << fraction_bits;
  return table;
}
constexpr auto log2_table = make_log2_table();

// -log2(h / 2^64) in 32 fraction bits, h > 0. Linear between the table's points: exact at 0, where the winners are.
std::uint64_t negative_log2(std::uint64_t h) {
  const int zeros = std::countl_zero(h);
  const std::uint64_t mantissa = (h << zeros) << 1;  // the leading one is shifted out
  const std::uint64_t index = mantissa >> (64 - table_bits);
  const std::uint64_t rest = (mantissa << table_bits) >> 32;
  const std::uint64_t low = log2_table[index];
  const std::uint64_t log2 = low + (((log2_table[index + 1] - low) * rest) >> 32);
  return (static_cast<std::uint64_t>(zeros + 1) << fraction_bits) - log2;
}

// The finalizer of SplitMix64: every bit of key and name reaches every bit of the result.
std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

std::uint64_t inverse_of(double weight) {
  if (!(weight > 0)) return 0;
  // Scaling by a power of two is exact, so the integer is the same wherever the configuration's number is.
  const double scaled = std::clamp(weight, 1.0 / 65536, 65536.0) * 65536.0;
  return (std::uint64_t{1} << 48) / static_cast<std::uint64_t>(scaled);
}

std::uint64_t cost_of(std::uint64_t key_hash, std::uint64_t name_hash, std::uint64_t inverse_weight) {
  const std::uint64_t h = mix(key_hash ^ name_hash) | 1;  // never 0, whose logarithm does not exist
  return static_cast<std::uint64_t>((static_cast<unsigned __int128>(negative_log2(h)) * inverse_weight) >> 24);
}

}  // namespace

Ring::Ring(std::vector<Member> members, std::uint64_t version) : members_(std::move(members)), version_(version) {
  CHECK(members_.size() <= 0xffff);
  std::sort(members_.begin(), members_.end(), [](const Member& a, const Member& b) { return a.name < b.name; });
  seats_.reserve(members_.size());
  for (std::size_t i = 0; i < members_.size(); ++i) {
    CHECK(i == 0 || members_[i - 1].name != members_[i].name);
    const std::string& name = members_[i].name;
    seats_.push_back({XXH3_64bits_withSeed(name.data(), name.size(), member_seed), inverse_of(members_[i].weight)});
  }
}

std::uint64_t Ring::hash_key(std::string_view key) {
  return XXH3_64bits_withSeed(key.data(), key.size(), key_seed);
}

std::size_t Ring::ordered(std::uint64_t key_hash, std::span<std::uint16_t> out) const {
  std::array<std::uint64_t, longest_list> costs;
  const std::size_t room = std::min(out.size(), longest_list);
  std::size_t used = 0;
  if (room == 0) return 0;
  for (std::size_t i = 0; i < seats_.size(); ++i) {
    const Seat& seat = seats_[i];
    if (seat.inverse_weight == 0) continue;
    const std::uint64_t cost = cost_of(key_hash, seat.name_hash, seat.inverse_weight);
    // Members come by name, so an equal cost stays behind the one that is there.
    if (used == room && cost >= costs[used - 1]) continue;
    std::size_t at = used == room ? room - 1 : used++;
    for (; at > 0 && costs[at - 1] > cost; --at) {
      costs[at] = costs[at - 1];
      out[at] = out[at - 1];
    }
    costs[at] = cost;
    out[at] = static_cast<std::uint16_t>(i);
  }
  return used;
}

std::size_t Ring::index_of(std::string_view name) const {
  const auto found = std::lower_bound(members_.begin(), members_.end(), name,
                                      [](const Member& member, std::string_view text) { return member.name < text; });
  if (found == members_.end() || found->name != name) return size();
  return static_cast<std::size_t>(found - members_.begin());
}

}  // namespace skerry::ring
