// From the configuration's zone sections to zones, with every mistake reported at its place. Start-up and reload.
#pragma once

#include <memory>
#include <vector>

#include "core/config/load.h"
#include "routing/signer.h"
#include "routing/zone.h"
#include "routing/zone_config.h"

namespace skerry::routing {

std::shared_ptr<const Zones> plan_zones(const std::vector<ZoneSection>&, const SigningOptions&, config::Report& report);

// How long answers that depend on the client live at most.
std::chrono::seconds longest_dynamic_ttl(const std::vector<ZoneSection>&);

}  // namespace skerry::routing
