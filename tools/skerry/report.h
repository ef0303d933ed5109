// The admin listener's JSON as text for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace skerry::cli {

// Each returns lines; text that is not the JSON expected is given back as it is.
std::string explain_report(std::string_view json);
std::string ring_report(std::string_view json);
std::string stat_report(std::string_view json);
// One line: "ready", or "not ready: draining".
std::string ready_report(std::string_view json);
std::string purge_report(std::string_view json);
// A router's.
std::string pops_report(std::string_view json);
std::string explain_ip_report(std::string_view json);
// The body of a purge request.
std::string purge_body(const std::vector<std::string>& urls, bool soft);

}  // namespace skerry::cli
