// A map of IPv4 clients of real size that nobody has to license: the space from 1/8 to 223/8 cut into allocations, each
// of a country, and these into prefixes of the lengths that the global routing table has (59 % /24, 11 % /22, 9 % /23,
// …).
//
// Deterministic in `seed`. What the neighbours of a prefix are like decides how wide scopes can be: allocations are /10
// to /22, nineteen of twenty in a /8 belong to one part of the world, and every fifth has been let in part to others,
// so that 15 % of its prefixes are anywhere.
#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"
#include "routing/country.h"
#include "routing/net_map.h"

namespace skerry::testing {

class SyntheticMap {
 public:
  explicit SyntheticMap(std::uint64_t seed) : random_(seed) {}

  // Of all prefixes about `kept` in 1,000.
  std::vector<routing::NetMapEntry> make(std::uint64_t kept) {
    std::vector<routing::NetMapEntry> entries;
    for (std::uint64_t octet = 1; octet < 224; ++octet) {
      if (octet == 10 || octet == 127) continue;
      allocate({octet << 24, 8}, pick(region_weights), kept, entries);
    }
    return entries;
  }

 private:
  static constexpr std::size_t regions = 5;
  static constexpr std::uint64_t region_weights[regions] = {40, 25, 25, 6, 4};
  static constexpr const char* countries[regions][8] = {{"US", "US", "US", "US", "US", "CA", "MX", "US"},
                                                        {"GB", "DE", "FR", "IT", "NL", "PL", "ES", "SE"},
                                                        {"CN", "CN", "JP", "KR", "IN", "ID", "SG", "AU"},
                                                        {"BR", "BR", "AR", "CL", "CO", "PE", "BR", "UY"},
                                                        {"ZA", "EG", "NG", "KE", "MA", "TN", "GH", "ZA"}};

  std::size_t pick(const std::uint64_t (&weights)[regions]) {
    std::uint64_t n = random_.below(100);
    for (std::size_t i = 0; i < regions; ++i) {
      if (n < weights[i]) return i;
      n -= weights[i];
    }
    return 0;
  }
  struct Block {
    std::uint64_t first;
    int length;

    Block half(std::uint64_t which) const { return {first + (which << (31 - length)), length + 1}; }
  };
  bool chance(std::uint64_t in_1000) { return random_.below(1000) < in_1000; }

  // Cuts a /8 into allocations of /10 to /22, as registries hand them out.
  void allocate(Block block, std::size_t region, std::uint64_t kept, std::vector<routing::NetMapEntry>& entries) {
    const bool whole = block.length >= 22 || (block.length >= 10 && chance(250));
    if (whole && chance(120)) return;  // nobody's
    if (whole) {
      foreign_ = chance(200) ? 150 : 0;
      return cut(block, place_in(chance(950) ? region : pick(region_weights)), kept, entries);
    }
    allocate(block.half(0), region, kept, entries);
    allocate(block.half(1), region, kept, entries);
  }
  // How many in 1,000 blocks of a length are announced whole: then the lengths come out in the routing table's shares.
  static std::uint64_t announced(int length) {
    static constexpr std::uint64_t shares[] = {0,   0,   340, 100, 190, 180, 547,
                                               242, 266, 317, 332, 249, 364, 234};  // /10 …
    return length >= 24 ? 1000 : shares[length - 10];
  }
  void cut(Block block, const routing::Coordinates& place, std::uint64_t kept,
           std::vector<routing::NetMapEntry>& entries) {
    if (!chance(announced(block.length))) {
      cut(block.half(0), place, kept, entries);
      return cut(block.half(1), place, kept, entries);
    }
    if (!chance(kept)) return;
    const auto octet = [&](int shift) { return static_cast<std::uint8_t>(block.first >> shift); };
    const auto ip = core::IpAddress::v4({octet(24), octet(16), octet(8), octet(0)});
    const bool elsewhere = chance(foreign_);
    entries.push_back({{ip, block.length}, {}, elsewhere ? place_in(pick(region_weights)) : place, 1});
  }
  routing::Coordinates place_in(std::size_t region) {
    routing::Coordinates at = routing::country_place(countries[region][random_.below(8)]).value();
    // A dozen cities a country.
    at.latitude += static_cast<double>(random_.below(4)) * 2 - 3;
    at.longitude += static_cast<double>(random_.below(3)) * 4 - 4;
    return at;
  }

  core::Random random_;
  std::uint64_t foreign_ = 0;  // prefixes in 1,000 of the present allocation that are somewhere else
};

// How many queries reach the authoritative server when `clients` random /24s ask through one resolver that keeps
// answers for as long as the run lasts: what a scope holds is asked once (RFC 7871 7.3.1; a scope longer than 24 counts
// as 24).
template <class ScopeOf>
std::size_t scope_cost(ScopeOf scope_of, std::size_t clients, std::uint64_t seed) {
  core::Random random(seed);
  std::vector<bool> known(std::size_t{1} << 24);
  std::size_t queries = 0;
  for (std::size_t i = 0; i < clients; ++i) {
    std::uint64_t octet = 0;
    do octet = 1 + random.below(223);
    while (octet == 10 || octet == 127);
    const auto client = static_cast<std::uint32_t>(octet << 16 | random.below(65536));
    if (known[client]) continue;
    ++queries;
    const auto ip = core::IpAddress::v4({static_cast<std::uint8_t>(client >> 16),
                                         static_cast<std::uint8_t>(client >> 8), static_cast<std::uint8_t>(client), 0});
    const int scope = std::min(24, scope_of(ip));
    const std::uint32_t size = std::uint32_t{1} << (24 - scope);
    const std::uint32_t first = client & ~(size - 1);
    std::fill_n(known.begin() + first, size, true);
  }
  return queries;
}

}  // namespace skerry::testing
