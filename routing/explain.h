// Why a client gets the edges it gets, and what state every PoP and edge is in, as JSON: prefix, source, list, health,
// load, choice, scope, in the order of the decision. Pure; for the admin port, not for the query path.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "core/net/ip_network.h"
#include "routing/standing_policy.h"

namespace skerry::routing {

struct PolicyView {
  const RouterPlan& plan;
  const AnswerTable& table;
  const Prober& prober;
  const PolicyState& state;  // what the table was made of
  const StandingPolicy& standing;
  core::TimePoint now;
  std::chrono::seconds longest_ttl;  // of any name: how long a drained edge may still be asked
};

// `asker` is the client, or with a client subnet (ECS) the resolver that names it: then it is what that resolver is
// told.
std::string explain(const core::IpAddress& asker, const std::optional<core::IpNetwork>& subnet, const PolicyView&);
std::string state_report(const PolicyView&);

}  // namespace skerry::routing
