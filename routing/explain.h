// Why a client gets the edges it gets, as JSON: prefix, source, list, health, choice, scope, in the order of the
// decision. Pure; for the admin port, not for the query path.
#pragma once

#include <string>

#include "routing/config.h"

namespace skerry::routing {

struct ExplainInputs {
  const RouterPlan& plan;
  const AnswerTable& table;
  const Prober& prober;
};

std::string explain(const core::IpAddress& client, const ExplainInputs&);

}  // namespace skerry::routing
