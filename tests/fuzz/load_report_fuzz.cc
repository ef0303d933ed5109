// What edges and HTTP clients send to the router: load reports, X-Forwarded-For and path patterns. Whatever the bytes,
// what is believed is within its bounds, and a client's address is its peer's or one that was written down.
#include "core/check.h"
#include "routing/http_decision.h"
#include "routing/load_report.h"

namespace {

using namespace skerry;

void check_bounds(const std::optional<double>& value, double most) {
  CHECK(!value || (*value >= 0 && *value <= most));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto load = routing::parse_load_report(text); load.ok()) {
    check_bounds(load->in_flight, 1e8);
    check_bounds(load->bytes_per_second, 1e13);
    check_bounds(load->cpu, 1);
  }
  const core::IpAddress peer = core::IpAddress::v4({10, 0, 0, 1});
  const std::vector<core::IpNetwork> trusted = {core::IpNetwork::parse("10.0.0.0/8").value()};
  CHECK(routing::client_behind(peer, text, {}) == peer);
  static_cast<void>(routing::client_behind(peer, text, trusted));
  const std::size_t middle = text.find('\n');
  const std::string_view pattern = text.substr(0, middle);
  CHECK(routing::matches_pattern(pattern, pattern));
  if (middle != std::string_view::npos) routing::matches_pattern(pattern, text.substr(middle + 1));
  return 0;
}
