// What the policy remembers between two answer tables: what operators said at the admin port, and how much each PoP
// spills. Together with plan and probes it gives the state that a table is made from.
//
// Kept across reloads, by name; lost with the process. Belongs to the main loop.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "routing/config.h"

namespace skerry::routing {

class StandingPolicy {
 public:
  // Over what the configuration says, until taken back with Forced::automatic.
  void force_pop(const std::string& name, Forced);
  void force_edge(const std::string& name, Forced);
  Forced pop_override(const std::string& name) const { return of(forced_pops_, name); }
  Forced edge_override(const std::string& name) const { return of(forced_edges_, name); }

  PolicyState state(const RouterPlan&, const Prober&, const PolicySection&) const;
  // One step of every PoP's spill, by the load that its edges report. Returns whether anything moved.
  bool move_spill(const RouterPlan&, const Prober&, const PolicySection&);
  // How full a PoP was at the last step; nothing if not known.
  std::optional<double> utilisation_of(const std::string& pop) const;
  // Notes which edges drain since when; call it with every new state.
  void note_drains(const RouterPlan&, const PolicyState&, core::TimePoint now);
  std::optional<core::TimePoint> draining_since(const std::string& edge) const;

 private:
  static Forced of(const std::map<std::string, Forced>&, const std::string& name);
  std::vector<Availability> availabilities(const Pop&, PopIndex, const Prober&) const;

  std::map<std::string, Forced> forced_pops_, forced_edges_;
  std::map<std::string, Spill> spills_;  // only those that spill
  std::map<std::string, double> utilisations_;
  std::map<std::string, core::TimePoint> drains_;
};

}  // namespace skerry::routing
