// Any text as a net map; what parses is compiled, and every look-up keeps its promise about the block.
#include <cstdint>
#include <span>

#include "core/check.h"
#include "routing/pop_selector.h"

using namespace skerry;

namespace {

const std::vector<routing::Pop>& pops() {
  static const std::vector<routing::Pop> result = [] {
    std::vector<routing::Pop> made = {
        {"lon", {51.5, -0.1}, 0, {}}, {"nyc", {40.7, -74}, 0, {}}, {"sin", {1.3, 103.8}, 50, {}}};
    for (auto& pop : made) pop.edges = {{pop.name + "-1", {core::IpAddress::v4({192, 0, 2, 1})}, 1}};
    return made;
  }();
  return result;
}

void check_block(const routing::AnswerTable& table, const core::IpAddress& ip) {
  const auto place = table.locate(ip);
  const int widest = ip.family() == core::AddressFamily::ipv4 ? 32 : 128;
  CHECK(place.block >= 0 && place.block <= widest);
  CHECK(place.pop < pops().size());
  const auto first = table.locate(routing::first_address(ip, place.block));
  CHECK(first.pop == place.pop && first.block == place.block && first.special == place.special);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<routing::NetMapProblem> problems;
  routing::NetMap map = routing::parse_net_map(text, pops(), problems);
  for (const auto& problem : problems) CHECK(problem.line > 0 && problem.column > 0 && !problem.message.empty());
  const auto entries = map.entries;
  const auto geo = routing::GeoMap::compile(std::move(map), pops());
  const auto table = routing::AnswerTable::select(geo, pops(), {{true}, {size % 2 == 0}, {true}}, 3);
  for (const auto& entry : entries) check_block(table, entry.prefix.ip);
  check_block(table, core::IpAddress::v4({203, 0, 113, 7}));
  check_block(table, core::IpAddress::v6({0x20, 1, 0xd, 0xb8}));
  return 0;
}
