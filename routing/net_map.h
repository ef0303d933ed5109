// The operator's net map as text: which clients belong where.
//
//   # comment
//   192.0.2.0/24        lon,fra        clients of this prefix: these PoPs first, in this order
//   198.51.100.0/24     40.71 -74.01   clients that sit there: PoPs by distance
//   203.0.113.0/24      SG             the same for a whole country (ISO code; a PoP of that name comes first)
//   default             fra            clients of whom nothing is known (default: PoPs as configured)
//
// Parsing is strict: every mistake is reported with line and column, and then the map is not used. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/ip_network.h"
#include "routing/pop.h"

namespace skerry::routing {

struct NetMapEntry {
  core::IpNetwork prefix;
  std::vector<PopIndex> pops;  // empty: `at` counts
  Coordinates at;
  std::uint32_t line = 0;
};

struct NetMap {
  std::vector<NetMapEntry> entries;  // no prefix twice
  std::vector<PopIndex> default_pops;
};

struct NetMapProblem {
  std::uint32_t line;  // both from 1
  std::uint32_t column;
  std::string message;
};

constexpr std::size_t largest_net_map = 64u << 20;  // bytes

// Adds to `problems` (at most 50, after which the rest is not looked at). `pops` are those that may be named.
NetMap parse_net_map(std::string_view text, const std::vector<Pop>& pops, std::vector<NetMapProblem>& problems);

}  // namespace skerry::routing
