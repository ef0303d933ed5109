#include "routing/standing_policy.h"

#include <algorithm>

namespace skerry::routing {
namespace {

std::uint32_t seconds_rounded_up(core::Duration time) {
  const auto whole = std::chrono::ceil<std::chrono::seconds>(time).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(whole, 0, 0x7fffffff));
}

// The probes' clock: how soon one of the PoP's edges may change, which no answer should outlive.
std::uint32_t ttl_limit_of(const Pop& pop, PopIndex index, const Prober& prober, std::chrono::seconds floor) {
  std::optional<core::Duration> soonest;
  for (std::size_t i = 0; i < pop.edges.size(); ++i) {
    const auto time = prober.time_to_change(index, i);
    if (time && (!soonest || *time < *soonest)) soonest = time;
  }
  if (!soonest) return 0xffffffff;
  return std::max(seconds_rounded_up(*soonest), static_cast<std::uint32_t>(floor.count()));
}

void set(std::map<std::string, Forced>& all, const std::string& name, Forced forced) {
  if (forced == Forced::automatic) {
    all.erase(name);
  } else {
    all[name] = forced;
  }
}

}  // namespace

void StandingPolicy::force_pop(const std::string& name, Forced forced) {
  set(forced_pops_, name, forced);
}

void StandingPolicy::force_edge(const std::string& name, Forced forced) {
  set(forced_edges_, name, forced);
}

Forced StandingPolicy::of(const std::map<std::string, Forced>& all, const std::string& name) {
  const auto found = all.find(name);
  return found == all.end() ? Forced::automatic : found->second;
}

// What was said at the admin port counts before the configuration, of an edge before that of its PoP.
std::vector<Availability> StandingPolicy::availabilities(const Pop& pop, PopIndex index, const Prober& prober) const {
  const Forced said_of_pop = pop_override(pop.name);
  std::vector<Availability> result;
  result.reserve(pop.edges.size());
  for (std::size_t i = 0; i < pop.edges.size(); ++i) {
    const EdgeHealth* health = prober.health(index, i);
    Forced edge = edge_override(pop.edges[i].name);
    if (edge == Forced::automatic) edge = said_of_pop;
    if (edge == Forced::automatic) edge = pop.edges[i].forced;
    result.push_back(availability(pop.forced, edge, !health || health->up()));
  }
  return result;
}

PolicyState StandingPolicy::state(const RouterPlan& plan, const Prober& prober, const PolicySection& section) const {
  PolicyState state;
  state.reserve(plan.pops.size());
  for (std::size_t i = 0; i < plan.pops.size(); ++i) {
    const Pop& pop = plan.pops[i];
    const auto index = static_cast<PopIndex>(i);
    const auto spill = spills_.find(pop.name);
    state.push_back({availabilities(pop, index, prober), spill == spills_.end() ? 0 : spill->second,
                     ttl_limit_of(pop, index, prober, section.ttl_floor)});
  }
  return state;
}

bool StandingPolicy::move_spill(const RouterPlan& plan, const Prober& prober, const PolicySection& section) {
  std::map<std::string, Spill> moved;
  utilisations_.clear();
  for (std::size_t i = 0; i < plan.pops.size(); ++i) {
    const Pop& pop = plan.pops[i];
    const auto index = static_cast<PopIndex>(i);
    std::vector<std::optional<EdgeLoad>> loads;
    for (std::size_t j = 0; j < pop.edges.size(); ++j) loads.push_back(prober.load(index, j));
    const auto full = utilisation(pop, availabilities(pop, index, prober), loads);
    if (full) utilisations_[pop.name] = *full;
    const auto now = spills_.find(pop.name);
    const bool limited = pop.capacity.in_flight > 0 || pop.capacity.bytes_per_second > 0 || pop.capacity.cpu > 0;
    const Spill next = limited ? next_spill(now == spills_.end() ? 0 : now->second, full, section.spill) : 0;
    if (next > 0) moved[pop.name] = next;
  }
  const bool changed = moved != spills_;
  spills_ = std::move(moved);
  return changed;
}

std::optional<double> StandingPolicy::utilisation_of(const std::string& pop) const {
  const auto found = utilisations_.find(pop);
  if (found == utilisations_.end()) return std::nullopt;
  return found->second;
}

void StandingPolicy::note_drains(const RouterPlan& plan, const PolicyState& state, core::TimePoint now) {
  std::map<std::string, core::TimePoint> drains;
  for (std::size_t i = 0; i < state.size(); ++i) {
    for (std::size_t j = 0; j < state[i].edges.size(); ++j) {
      if (state[i].edges[j] != Availability::draining) continue;
      const std::string& edge = plan.pops[i].edges[j].name;
      drains.emplace(edge, draining_since(edge).value_or(now));
    }
  }
  drains_ = std::move(drains);
}

std::optional<core::TimePoint> StandingPolicy::draining_since(const std::string& edge) const {
  const auto found = drains_.find(edge);
  if (found == drains_.end()) return std::nullopt;
  return found->second;
}

}  // namespace skerry::routing
