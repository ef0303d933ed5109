// MaxMind DB files as lists of address ranges with coordinates: the whole tree is walked once, at load and reload only.
//
// Reads what the usual files hold: `location.latitude` (GeoIP2), `latitude` at the top (flat), or else only a country,
// each record by the first that it has. The file is untrusted: whatever it holds, the walk ends and stays inside it; it
// must be replaced by renaming, not written in place, for it is mapped while it is read. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/net/address.h"
#include "core/result.h"
#include "routing/pop.h"
#include "routing/range_table.h"

namespace skerry::routing {

template <class Number>
struct LocatedRange {
  Number first;
  Number last;          // inclusive
  std::uint32_t place;  // index of LocatedNetworks::places
};

struct LocatedNetworks {
  std::vector<LocatedRange<std::uint32_t>> v4;  // in order, none over another; neighbours of equal place are one
  std::vector<LocatedRange<U128>> v6;           // without IPv4 in any of its disguises; empty for an IPv4-only file
  std::vector<Coordinates> places;

  std::string type;  // as the file calls itself
  std::uint64_t networks = 0;
  std::uint64_t without_place = 0;      // networks whose record says nothing of where they are
  std::uint64_t unknown_countries = 0;  // those among them with a country that we have no point for
};

// Errors name the file: not_found, invalid_configuration with what is wrong in it.
core::Result<LocatedNetworks> read_mmdb(const std::string& file);

// One address, looked up in the file: for explanations, not for queries.
std::optional<Coordinates> find_in_mmdb(const std::string& file, const core::IpAddress&);

}  // namespace skerry::routing
