#include "tools/skerry/geo.h"

#include <cstdio>
#include <fstream>
#include <iterator>

#include "core/clock.h"
#include "routing/mmdb.h"
#include "routing/net_map.h"
#include "tools/skerry/mmdb_writer.h"

namespace skerry::cli {
namespace {

int fail(const std::string& what) {
  std::fprintf(stderr, "skerry: %s\n", what.c_str());
  return 1;
}

bool read_file(const std::string& name, std::string& text) {
  std::ifstream in(name, std::ios::binary);
  text.assign(std::istreambuf_iterator<char>(in), {});
  return in.is_open() && !in.bad();
}

// A router that reads the old file meanwhile keeps it: it is mapped.
bool replace_file(const std::string& name, const std::string& bytes) {
  const std::string fresh = name + ".new";
  std::ofstream out(fresh, std::ios::binary | std::ios::trunc);
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  out.close();
  return out.good() && std::rename(fresh.c_str(), name.c_str()) == 0;
}

void print_summary(const std::string& file, const routing::LocatedNetworks& networks) {
  std::printf("%s: %s\n", file.c_str(), networks.type.c_str());
  std::printf("  networks           %llu\n", static_cast<unsigned long long>(networks.networks));
  std::printf("  without a place    %llu\n", static_cast<unsigned long long>(networks.without_place));
  std::printf("  unknown countries  %llu\n", static_cast<unsigned long long>(networks.unknown_countries));
  std::printf("  places             %zu\n", networks.places.size());
  std::printf("  IPv4 ranges        %zu\n", networks.v4.size());
  std::printf("  IPv6 ranges        %zu%s\n", networks.v6.size(),
              networks.v6.empty() ? "  (nothing is known of IPv6 clients)" : "");
}

}  // namespace

int geo_build(const GeoBuildOptions& options) {
  std::string text;
  if (!read_file(options.input, text)) return fail("\"" + options.input + "\" can't be read");
  std::vector<routing::NetMapProblem> problems;
  const routing::NetMap map = routing::parse_net_map(text, {}, problems);
  for (const auto& problem : problems) {
    std::fprintf(stderr, "%s:%u:%u: %s\n", options.input.c_str(), problem.line, problem.column,
                 problem.message.c_str());
  }
  if (!problems.empty()) return 1;
  if (map.entries.empty()) return fail("\"" + options.input + "\" has no network in it");
  MmdbWriter writer(
      {.ip_version = options.ipv4_only ? 4 : 6,
       .record_size = 32,
       .schema = options.flat ? MmdbWriter::Schema::flat : MmdbWriter::Schema::geoip2,
       .build_epoch = static_cast<std::uint64_t>(
           std::chrono::duration_cast<std::chrono::seconds>(core::system_clock().wall().time_since_epoch()).count())});
  for (const auto& entry : map.entries) {
    writer.add(entry.prefix, {std::pair{entry.at.latitude, entry.at.longitude}, {}});
  }
  if (!replace_file(options.output, writer.finish())) return fail("\"" + options.output + "\" can't be written");
  return geo_check(options.output);
}

int geo_check(const std::string& file) {
  const auto networks = routing::read_mmdb(file);
  if (!networks.ok()) return fail(networks.error().detail);
  print_summary(file, *networks);
  return 0;
}

}  // namespace skerry::cli
