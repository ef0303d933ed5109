// Points of presence and their edges as the configuration names them: what the router chooses from. Plain values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/net/address.h"

namespace skerry::routing {

// Degrees, north and east positive.
struct Coordinates {
  double latitude = 0;
  double longitude = 0;
};

struct Edge {
  std::string name;  // unique in the whole router: the hash works on it
  std::vector<core::IpAddress> addresses;
  double weight = 1;  // 0: gets no clients
};

struct Pop {
  std::string name;
  Coordinates at;
  double bias = 0;  // km added to every distance: positive sends clients elsewhere
  std::vector<Edge> edges;
};

// Great-circle distance in km on a sphere of the Earth's mean radius (haversine formula: exact enough for near points,
// where the cosine law is not).
double distance_km(const Coordinates&, const Coordinates&);

using PopIndex = std::uint16_t;
// All PoPs, nearest first; bias included, ties by name.
std::vector<PopIndex> by_distance(const Coordinates& from, const std::vector<Pop>&);

}  // namespace skerry::routing
