// Where a country's clients are, for want of anything better: one point for each ISO 3166 code. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

#include "routing/pop.h"

namespace skerry::routing {

// `code` in upper case, as "GB"; nothing if there is no such country.
std::optional<Coordinates> country_place(std::string_view code);

}  // namespace skerry::routing
