// What tests/bench/dns measures with: a map of real size as a MaxMind DB file, queries, and each country's nearest PoP
// for servers that know countries only. The same files every time.
//
//   dns_fixture DIRECTORY
#include <array>
#include <cstdio>
#include <fstream>
#include <map>

#include "core/dns/writer.h"
#include "core/random.h"
#include "routing/country.h"
#include "tests/support/synthetic_map.h"
#include "tools/skerry/mmdb_writer.h"

namespace {

using namespace skerry;
using routing::Coordinates;

constexpr int ecs_queries = 50'000, absent_names = 20'000;

// The synthetic map's cities lie around their country's place.
std::map<std::pair<double, double>, std::string> cities() {
  std::map<std::pair<double, double>, std::string> result;
  for (char first = 'A'; first <= 'Z'; ++first) {
    for (char second = 'A'; second <= 'Z'; ++second) {
      const std::string code{first, second};
      const auto centre = routing::country_place(code);
      if (!centre) continue;
      for (const double north : {-3, -1, 1, 3}) {
        for (const double east : {-4, 0, 4}) result[{centre->latitude + north, centre->longitude + east}] = code;
      }
    }
  }
  return result;
}

// The registries' blocks of IPv6, cut into /24s of the countries there.
void add_ipv6(cli::MmdbWriter& writer, core::Random& random) {
  const std::pair<int, std::array<const char*, 4>> registries[] = {{0x24, {"CN", "JP", "IN", "AU"}},
                                                                   {0x26, {"US", "US", "US", "CA"}},
                                                                   {0x28, {"BR", "AR", "CL", "BR"}},
                                                                   {0x2a, {"DE", "FR", "GB", "NL"}},
                                                                   {0x2c, {"ZA", "EG", "NG", "KE"}}};
  for (const auto& [first, countries] : registries) {
    for (int block = 0; block < 4096; ++block) {
      std::array<std::uint8_t, 16> bytes{static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(block >> 8),
                                         static_cast<std::uint8_t>(block)};
      const std::string country = countries.at(random.below(4));
      const Coordinates at = routing::country_place(country).value();
      writer.add({core::IpAddress::v6(bytes), 24}, {std::pair{at.latitude, at.longitude}, country});
    }
  }
}

// `networks` gets a hundred that the map knows.
void write_map(const std::string& file, const std::string& networks, core::Random& random) {
  const auto known = cities();
  const auto entries = testing::SyntheticMap(1).make(400);
  cli::MmdbWriter writer({.type = "Skerry-Bench-City"});
  for (const auto& entry : entries) {
    const std::pair at{entry.at.latitude, entry.at.longitude};
    writer.add(entry.prefix, {at, known.at(at)});
  }
  std::ofstream some(networks);
  for (std::size_t i = 0; i < 100; ++i) some << entries[i * entries.size() / 100].prefix.ip.to_string() << "/24\n";
  add_ipv6(writer, random);
  const std::string bytes = writer.finish();
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// "gb eu": a country, and which of the three PoPs is nearest to it.
void write_countries(const std::string& file) {
  const std::vector<routing::Pop> pops = {{"us", {38.9, -77}}, {"eu", {50.1, 8.7}}, {"as", {1.35, 103.8}}};
  std::ofstream out(file);
  std::map<std::string, Coordinates> centres;
  for (const auto& [at, code] : cities()) centres[code] = routing::country_place(code).value();
  for (const auto& [code, centre] : centres) out << code << ' ' << pops[by_distance(centre, pops).front()].name << '\n';
}

dns::SubnetOption random_subnet(core::Random& random) {
  dns::SubnetOption subnet;
  const auto octet = [&] { return static_cast<std::uint8_t>(random.below(256)); };
  if (random.below(5) == 0) {
    static constexpr std::uint8_t first[] = {0x20, 0x24, 0x26, 0x28, 0x2a, 0x2c};
    subnet.family = 2;
    subnet.source = 56;
    for (std::size_t i = 0; i < 7; ++i) subnet.address[i] = octet();
    subnet.address[0] = first[random.below(6)];
    return subnet;
  }
  subnet.family = 1;
  subnet.source = 24;
  for (std::size_t i = 0; i < 3; ++i) subnet.address[i] = octet();
  do subnet.address[0] = static_cast<std::uint8_t>(1 + random.below(223));
  while (subnet.address[0] == 10 || subnet.address[0] == 127);
  return subnet;
}

// Finished packets, each behind its length, as dnsperf -B wants them.
void write_ecs(const std::string& file, core::Random& random) {
  std::ofstream out(file, std::ios::binary);
  const dns::Name name = dns::Name::parse("www.example.com").value();
  for (int i = 0; i < ecs_queries; ++i) {
    std::array<std::byte, 512> buffer;
    dns::MessageWriter writer(buffer);
    writer.header(static_cast<std::uint16_t>(random.next()), 0);
    writer.question(name, dns::Type::a, dns::Class::in);
    const dns::SubnetOption subnet = random_subnet(random);
    dns::MessageWriter::Edns edns;
    edns.subnet = &subnet;
    writer.opt(edns, dns::Rcode::no_error);
    const std::size_t size = writer.finish();
    out.put(static_cast<char>(size >> 8)).put(static_cast<char>(size));
    out.write(reinterpret_cast<const char*>(buffer.data()), static_cast<std::streamsize>(size));
  }
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) {
    std::fprintf(stderr, "usage: dns_fixture DIRECTORY\n");
    return 2;
  }
  const std::string directory = std::string(arguments[1]) + "/";
  core::Random random(7);
  write_map(directory + "map.mmdb", directory + "networks", random);
  write_countries(directory + "countries");
  write_ecs(directory + "ecs", random);
  std::ofstream(directory + "plain") << "www.example.com A\n";
  std::ofstream absent(directory + "nx");
  for (int i = 0; i < absent_names; ++i) absent << "x" << random.below(1'000'000'000) << ".example.com A\n";
  return absent.good() ? 0 : 1;
}
