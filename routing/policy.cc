#include "routing/policy.h"

#include <algorithm>
#include <cmath>

#include "core/check.h"

namespace skerry::routing {
namespace {

constexpr double believed = 2;            // of an edge's own share of the capacity
constexpr double least_step = 1.0 / 256;  // so that it ends

// The fullest of what has a limit; nothing without limit or report.
std::optional<double> fullness(const Capacity& capacity, double share, const EdgeLoad& load) {
  std::optional<double> worst;
  const auto look = [&](const std::optional<double>& value, double limit) {
    if (value && limit > 0) worst = std::max(worst.value_or(0), *value / limit);
  };
  look(load.in_flight, capacity.in_flight * share);
  look(load.bytes_per_second, capacity.bytes_per_second * share);
  look(load.cpu, capacity.cpu);
  if (worst) worst = std::min(*worst, believed);
  return worst;
}

struct Weighed {
  double full, weight;
};

// The median of all but `one`, of which half by weight are no fuller; `reports` are in rising order.
double median_of_others(const Weighed& one, std::span<const Weighed> reports) {
  double left = 0;
  for (const Weighed& report : reports) left += &report == &one ? 0 : report.weight / 2;
  for (const Weighed& report : reports) {
    if (&report == &one) continue;
    left -= report.weight;
    if (left <= 0) return report.full;
  }
  return believed / 2;  // there are no others
}

// No single edge fills its PoP by what it says: more than full it counts only as far as others are busy, too.
double believable(const Weighed& report, std::span<const Weighed> reports) {
  if (report.full <= 1) return report.full;
  return std::min(report.full, std::max(1.0, 2 * median_of_others(report, reports)));
}

}  // namespace

std::string_view name(Availability availability) {
  switch (availability) {
    case Availability::up: return "up";
    case Availability::draining: return "draining";
    case Availability::failing: return "failing";
    case Availability::down: return "down";
  }
  return "unknown";
}

Availability availability(Forced pop, Forced edge, bool healthy) {
  switch (edge != Forced::automatic ? edge : pop) {
    case Forced::up: return Availability::up;
    case Forced::down: return Availability::down;
    case Forced::drain: return healthy ? Availability::draining : Availability::down;
    case Forced::automatic: break;
  }
  return healthy ? Availability::up : Availability::failing;
}

std::optional<double> utilisation(const Pop& pop, std::span<const Availability> states,
                                  std::span<const std::optional<EdgeLoad>> loads) {
  CHECK(states.size() == pop.edges.size() && loads.size() == pop.edges.size());
  double all = 0;
  for (const Edge& edge : pop.edges) all += edge.weight;
  std::vector<Weighed> reports;
  for (std::size_t i = 0; i < pop.edges.size(); ++i) {
    const double weight = pop.edges[i].weight;
    if (states[i] != Availability::up || !loads[i] || weight <= 0) continue;
    if (const auto full = fullness(pop.capacity, weight / all, *loads[i])) reports.push_back({*full, weight});
  }
  if (reports.empty()) return std::nullopt;
  std::sort(reports.begin(), reports.end(), [](const Weighed& a, const Weighed& b) { return a.full < b.full; });
  double reported = 0, sum = 0;
  for (const Weighed& report : reports) {
    reported += report.weight;
    sum += report.weight * believable(report, reports);
  }
  return sum / reported;
}

Spill next_spill(Spill now, std::optional<double> utilisation, const SpillSettings& settings) {
  const double gone = static_cast<double>(now) / whole_spill, here = 1 - gone;
  double next = gone;
  if (!utilisation) next = std::max(0.0, gone - least_step);
  // Where few are left, a step of the same size changes the load more: clients follow late, and it would swing.
  const double step = std::max(settings.step * std::max(here, 0.25), least_step);
  if (utilisation && *utilisation > settings.start) {
    const double too_much = (1 - settings.start / *utilisation) * here;
    next = std::min(std::max(settings.most, gone), gone + std::clamp(too_much, least_step, step));
  } else if (utilisation && *utilisation < settings.stop) {
    const double room = *utilisation > 0 ? (settings.stop / *utilisation - 1) * here : 1;
    next = std::max(0.0, gone - std::clamp(room / 2, least_step, std::max(step / 2, least_step)));
  }
  return static_cast<Spill>(std::lround(next * whole_spill));
}

}  // namespace skerry::routing
