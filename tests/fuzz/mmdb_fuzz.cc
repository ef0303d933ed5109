// MaxMind DB files: whatever the bytes, the walk ends, its ranges are in order, and the map compiled from them answers.
#include <sys/mman.h>
#include <unistd.h>

#include "core/check.h"
#include "routing/geo_map.h"

namespace {

using namespace skerry;

template <class Ranges>
void check_order(const Ranges& ranges, std::size_t places) {
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    CHECK(ranges[i].first <= ranges[i].last && ranges[i].place < places);
    CHECK(i == 0 || ranges[i - 1].last < ranges[i].first);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const int file = memfd_create("map.mmdb", 0);
  CHECK(file >= 0 && ftruncate(file, static_cast<off_t>(size)) == 0);
  CHECK(pwrite(file, data, size, 0) == static_cast<ssize_t>(size));
  const auto networks = routing::read_mmdb("/proc/self/fd/" + std::to_string(file));
  if (!networks.ok()) return 0;
  check_order(networks->v4, networks->places.size());
  check_order(networks->v6, networks->places.size());
  const std::vector<routing::Pop> pops = {{"a", {51, 0}, 0, {}}, {"b", {-33, 151}, 0, {}}};
  const auto map = routing::GeoMap::compile({}, pops, *networks);
  CHECK(map.list_of(core::IpAddress::v4({192, 0, 2, 1})) < map.lists());
  return 0;
}
