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

// What the operator says of an edge or a PoP, whatever its probes say.
enum class Forced : std::uint8_t { automatic, up, down, drain };

struct Edge {
  std::string name;  // unique in the whole router: the hash works on it
  std::vector<core::IpAddress> addresses;
  double weight = 1;  // 0: gets no clients
  Forced forced = Forced::automatic;
  std::string url = {};  // for redirects: scheme and authority, no slash at its end
};

// What all edges of a PoP can take together; 0: no limit.
struct Capacity {
  double in_flight = 0;         // requests
  double bytes_per_second = 0;  // to clients
  double cpu = 0;               // share of the processors, 0 … 1
};

struct Pop {
  std::string name;
  Coordinates at;
  double bias = 0;  // km added to every distance: positive sends clients elsewhere
  std::vector<Edge> edges = {};
  double reach = 0;  // km; clients farther away come only if no other PoP can have them; 0: the whole world
  Capacity capacity = {};
  Forced forced = Forced::automatic;
};

// Great-circle distance in km on a sphere of the Earth's mean radius (haversine formula: exact enough for near points,
// where the cosine law is not).
double distance_km(const Coordinates&, const Coordinates&);

using PopIndex = std::uint16_t;
// Sorts PoPs by distance from many points. Holds a reference to them.
class DistanceOrder {
 public:
  explicit DistanceOrder(const std::vector<Pop>&);
  // The first `most` PoPs, nearest first: bias included, ties by name; those whose reach is shorter behind the others.
  std::vector<PopIndex> from(const Coordinates&, std::size_t most) const;

 private:
  // On the unit sphere: a chord costs less than the haversine formula and is as exact for near points.
  struct Point {
    double x, y, z;
  };
  static Point point_of(const Coordinates&);

  const std::vector<Pop>& pops_;
  std::vector<Point> points_;
  std::vector<PopIndex> rank_by_name_;
};
// All PoPs as DistanceOrder sorts them.
std::vector<PopIndex> by_distance(const Coordinates& from, const std::vector<Pop>&);

}  // namespace skerry::routing
