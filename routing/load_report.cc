#include "routing/load_report.h"

#include <nlohmann/json.hpp>

namespace skerry::routing {
namespace {

constexpr std::size_t longest_report = 64 * 1024;
// What no machine reaches: beyond it the number says nothing.
constexpr double most_in_flight = 1e8, most_bytes_per_second = 1e13;

core::Error malformed(std::string what) {
  return {core::ErrorCode::invalid_argument, core::ErrorSource::upstream, false, std::move(what)};
}

// False: there and wrong.
bool read(const nlohmann::json& report, const char* key, double most, std::optional<double>& value) {
  const auto found = report.find(key);
  if (found == report.end()) return true;
  if (!found->is_number()) return false;
  const double number = found->get<double>();
  if (!(number >= 0 && number <= most)) return false;
  value = number;
  return true;
}

}  // namespace

core::Result<EdgeLoad> parse_load_report(std::string_view text) {
  if (text.size() > longest_report) return malformed("the load report is too long");
  const auto report = nlohmann::json::parse(text, nullptr, false);
  if (!report.is_object()) return malformed("the load report is no JSON object");
  EdgeLoad load;
  if (!read(report, "in_flight", most_in_flight, load.in_flight)) return malformed("in_flight can't be true");
  if (!read(report, "bytes_per_second", most_bytes_per_second, load.bytes_per_second)) {
    return malformed("bytes_per_second can't be true");
  }
  if (!read(report, "cpu", 1, load.cpu)) return malformed("cpu can't be true");
  return load;
}

}  // namespace skerry::routing
