// What an edge may be used for, and how much of a PoP's clients go to its next one: the small decisions that the answer
// table is made of.
//
// Pure functions of probes, reported load and what the operator said; each is a table test. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "routing/pop.h"

namespace skerry::routing {

// From best to worst: answers hold edges of the best class that exists anywhere, so `draining` is better than what does
// not work.
enum class Availability : std::uint8_t {
  up,
  draining,  // it works, but the operator wants no more clients there
  failing,   // its probes say so
  down,      // the operator says so, or wants no clients where probes fail as well: mostly it is switched off
};
std::string_view name(Availability);

// An edge's own state counts before its PoP's; an operator's word before the probes'.
Availability availability(Forced pop, Forced edge, bool healthy);

// What an edge says of itself; what it leaves out is not known.
struct EdgeLoad {
  std::optional<double> in_flight;         // requests
  std::optional<double> bytes_per_second;  // sent to clients
  std::optional<double> cpu;               // share of its processors, 0 … 1
};

// How full a PoP is: 1 is its capacity, which shrinks with every edge that is not up. Nothing if it has no capacity
// configured, or if no edge that is up has reported. An edge counts by its weight, for at most twice its share, and for
// more than its share only up to twice the weighted median of the others: one that lies does not fill an idle PoP.
std::optional<double> utilisation(const Pop&, std::span<const Availability>, std::span<const std::optional<EdgeLoad>>);

// Share of a PoP's blocks that go to its next PoP, in 65536ths.
using Spill = std::uint32_t;
constexpr Spill whole_spill = 65536;

struct SpillSettings {
  double start = 1.0;  // utilisation above which clients leave
  double stop = 0.8;   // below which they come back; between both nothing moves
  double step = 0.05;  // the most that moves at once
  double most = 0.9;   // a PoP keeps the rest, by which it is seen to recover
};

// The next step from `now`: proportional to what is too much, bounded, and back at half the pace. A PoP whose load is
// unknown gets its clients back by the least step, or they would stay away for ever.
Spill next_spill(Spill now, std::optional<double> utilisation, const SpillSettings&);

}  // namespace skerry::routing
