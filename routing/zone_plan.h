// From the configuration's zone sections to zones, with every mistake reported at its place. Start-up and reload.
#pragma once

#include <memory>
#include <vector>

#include "core/config/load.h"
#include "routing/zone.h"
#include "routing/zone_config.h"

namespace skerry::routing {

std::shared_ptr<const Zones> plan_zones(const std::vector<ZoneSection>&, config::Report& report);

}  // namespace skerry::routing
