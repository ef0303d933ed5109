#include "routing/pop.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>
#include <tuple>

namespace skerry::routing {
namespace {

constexpr double earth_radius_km = 6371.0088;

double radians(double degrees) {
  return degrees * std::numbers::pi / 180;
}

double squared_half_sine(double angle) {
  const double sine = std::sin(angle / 2);
  return sine * sine;
}

}  // namespace

double distance_km(const Coordinates& a, const Coordinates& b) {
  const double latitude_a = radians(a.latitude), latitude_b = radians(b.latitude);
  const double h = squared_half_sine(latitude_b - latitude_a) +
                   std::cos(latitude_a) * std::cos(latitude_b) * squared_half_sine(radians(b.longitude - a.longitude));
  return 2 * earth_radius_km * std::asin(std::sqrt(std::min(1.0, h)));
}

std::vector<PopIndex> by_distance(const Coordinates& from, const std::vector<Pop>& pops) {
  std::vector<double> distance;
  distance.reserve(pops.size());
  for (const Pop& pop : pops) distance.push_back(distance_km(from, pop.at) + pop.bias);
  std::vector<PopIndex> order(pops.size());
  std::iota(order.begin(), order.end(), PopIndex{0});
  std::sort(order.begin(), order.end(), [&](PopIndex a, PopIndex b) {
    return std::tie(distance[a], pops[a].name) < std::tie(distance[b], pops[b].name);
  });
  return order;
}

}  // namespace skerry::routing
