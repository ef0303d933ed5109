// The load that an edge tells in its readiness answer, as JSON: {"in_flight": 12, "bytes_per_second": 1e6, "cpu": 0.4}.
//
// The edge is believed as far as its numbers can be true; what it does not tell stays unknown. Pure.
#pragma once

#include <string_view>

#include "core/result.h"
#include "routing/policy.h"

namespace skerry::routing {

// Errors: malformed for what is no JSON object or holds a number that can't be (negative, absurdly large, a text).
core::Result<EdgeLoad> parse_load_report(std::string_view json);

}  // namespace skerry::routing
