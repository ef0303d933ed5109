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

DistanceOrder::Point DistanceOrder::point_of(const Coordinates& at) {
  const double latitude = radians(at.latitude), longitude = radians(at.longitude);
  return {std::cos(latitude) * std::cos(longitude), std::cos(latitude) * std::sin(longitude), std::sin(latitude)};
}

DistanceOrder::DistanceOrder(const std::vector<Pop>& pops) : pops_(pops), rank_by_name_(pops.size()) {
  points_.reserve(pops.size());
  for (const Pop& pop : pops) points_.push_back(point_of(pop.at));
  std::vector<PopIndex> by_name(pops.size());
  std::iota(by_name.begin(), by_name.end(), PopIndex{0});
  std::sort(by_name.begin(), by_name.end(), [&](PopIndex a, PopIndex b) { return pops[a].name < pops[b].name; });
  for (std::size_t i = 0; i < by_name.size(); ++i) rank_by_name_[by_name[i]] = static_cast<PopIndex>(i);
}

std::vector<PopIndex> DistanceOrder::from(const Coordinates& place, std::size_t most) const {
  struct Candidate {
    bool out_of_reach;
    double km;
    PopIndex rank, pop;
  };
  const Point at = point_of(place);
  std::vector<Candidate> all;
  all.reserve(pops_.size());
  for (std::size_t i = 0; i < pops_.size(); ++i) {
    const double dx = at.x - points_[i].x, dy = at.y - points_[i].y, dz = at.z - points_[i].z;
    const double half_chord = std::sqrt(dx * dx + dy * dy + dz * dz) / 2;
    const double km = 2 * earth_radius_km * std::asin(std::min(1.0, half_chord));
    const bool out_of_reach = pops_[i].reach > 0 && km > pops_[i].reach;
    all.push_back({out_of_reach, km + pops_[i].bias, rank_by_name_[i], static_cast<PopIndex>(i)});
  }
  most = std::min(most, all.size());
  const auto end = all.begin() + static_cast<std::ptrdiff_t>(most);
  std::partial_sort(all.begin(), end, all.end(), [](const Candidate& a, const Candidate& b) {
    return std::tie(a.out_of_reach, a.km, a.rank) < std::tie(b.out_of_reach, b.km, b.rank);
  });
  std::vector<PopIndex> order;
  order.reserve(most);
  for (auto candidate = all.begin(); candidate != end; ++candidate) order.push_back(candidate->pop);
  return order;
}

std::vector<PopIndex> by_distance(const Coordinates& from, const std::vector<Pop>& pops) {
  return DistanceOrder(pops).from(from, pops.size());
}

}  // namespace skerry::routing
