#include "routing/mmdb.h"

#include <boost/test/unit_test.hpp>
#include <cmath>

#include "core/random.h"
#include "routing/country.h"
#include "routing/geo_map.h"
#include "tests/support/temp_dir.h"
#include "tools/skerry/mmdb_writer.h"

namespace {

using namespace skerry;
using namespace skerry::routing;
using cli::MmdbRecord;
using cli::MmdbWriter;

core::IpAddress ip(std::string_view text) {
  return core::IpAddress::parse(text).value();
}
core::IpNetwork net(std::string_view text) {
  return core::IpNetwork::parse(text).value();
}
MmdbRecord at(double latitude, double longitude) {
  return {std::pair{latitude, longitude}, {}};
}
MmdbRecord in_country(std::string code) {
  return {std::nullopt, std::move(code)};
}

struct Folder {
  testing::TempDir folder;
  std::string write(const std::string& bytes) { return folder.write("map.mmdb", bytes); }
  core::Result<LocatedNetworks> read(MmdbWriter writer) { return read_mmdb(write(writer.finish())); }
};

// "lat,lon" of an address, "-" for none.
std::string place_of(const LocatedNetworks& networks, std::string_view text) {
  const auto find = [&](const auto& ranges, auto number) -> std::string {
    for (const auto& range : ranges) {
      if (number < range.first || number > range.last) continue;
      const Coordinates& place = networks.places[range.place];
      return std::to_string(std::lround(place.latitude)) + "," + std::to_string(std::lround(place.longitude));
    }
    return "-";
  };
  const core::IpAddress address = ip(text);
  if (address.family() == core::AddressFamily::ipv4) return find(networks.v4, number_of_v4(address));
  return find(networks.v6, number_of_v6(address));
}

MmdbWriter small(MmdbWriter::Options options) {
  MmdbWriter writer(std::move(options));
  writer.add(net("192.0.2.0/24"), at(51.5, -0.1));
  writer.add(net("192.0.2.128/25"), at(40.7, -74));
  writer.add(net("0.0.0.0/2"), at(10, 20));
  writer.add(net("2001:db8::/32"), at(1.4, 103.8));
  return writer;
}

std::vector<Pop> pops() {
  return {{"lon", {51.5, -0.1}, 0, {}}, {"nyc", {40.7, -74.0}, 0, {}}, {"sin", {1.35, 103.8}, 0, {}}};
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(mmdb, Folder)

BOOST_AUTO_TEST_CASE(both_schemas_and_every_record_size_are_read) {
  for (const int size : {24, 28, 32}) {
    for (const auto schema : {MmdbWriter::Schema::geoip2, MmdbWriter::Schema::flat}) {
      const auto networks = read(small({.record_size = size, .schema = schema}));
      BOOST_REQUIRE(networks.ok());
      BOOST_TEST(networks->type == "Skerry-City");
      BOOST_TEST(place_of(*networks, "192.0.2.1") == "52,0");
      BOOST_TEST(place_of(*networks, "192.0.2.200") == "41,-74", "the longer prefix");
      BOOST_TEST(place_of(*networks, "63.255.255.255") == "10,20");
      BOOST_TEST(place_of(*networks, "64.0.0.0") == "-");
      BOOST_TEST(place_of(*networks, "2001:db8::1") == "1,104");
      BOOST_TEST(place_of(*networks, "2001:db9::1") == "-");
      BOOST_TEST(networks->networks == 4u);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_ipv4_only_file_says_nothing_of_ipv6) {
  const auto networks = read(small({.ip_version = 4, .record_size = 24}));
  BOOST_REQUIRE(networks.ok());
  BOOST_TEST(place_of(*networks, "192.0.2.1") == "52,0");
  BOOST_TEST(networks->v6.empty());
}

BOOST_AUTO_TEST_CASE(ipv4_in_its_ipv6_disguises_is_walked_once) {
  const auto networks = read(small({.v4_aliases = true}));
  BOOST_REQUIRE(networks.ok());
  BOOST_TEST(networks->networks == 4u);
  BOOST_TEST(networks->v6.size() == 1u);
  BOOST_TEST(place_of(*networks, "2002:c000:201::1") == "-");
  BOOST_TEST(place_of(*networks, "192.0.2.1") == "52,0");
}

BOOST_AUTO_TEST_CASE(countries_become_points_and_unknown_ones_are_counted) {
  for (const auto schema : {MmdbWriter::Schema::geoip2, MmdbWriter::Schema::flat}) {
    MmdbWriter writer({.schema = schema});
    writer.add(net("192.0.2.0/24"), in_country("GB"));
    writer.add(net("198.51.100.0/24"), in_country("XX"));
    writer.add(net("203.0.113.0/24"), {});
    writer.add(net("20.0.0.0/8"), {std::pair{35.0, 139.0}, "US"});
    const auto networks = read(std::move(writer));
    BOOST_REQUIRE(networks.ok());
    BOOST_TEST(place_of(*networks, "192.0.2.1") == "52,0");
    BOOST_TEST(place_of(*networks, "198.51.100.1") == "-");
    BOOST_TEST(place_of(*networks, "20.1.1.1") == "35,139", "coordinates say more than a country");
    BOOST_TEST(networks->unknown_countries == 1u);
    BOOST_TEST(networks->without_place == 2u);
  }
  BOOST_TEST(!country_place("XX").has_value());
  BOOST_TEST(!country_place("gb").has_value());
  BOOST_TEST(!country_place("").has_value());
  BOOST_TEST((std::abs(country_place("AU")->latitude + 33.87) < 0.1));
}

BOOST_AUTO_TEST_CASE(a_record_above_ipv4_is_for_all_of_it) {
  MmdbWriter writer({});
  writer.add(net("::/0"), at(5, 6));
  const auto networks = read(std::move(writer));
  BOOST_REQUIRE(networks.ok());
  BOOST_TEST(place_of(*networks, "9.9.9.9") == "5,6");
  BOOST_TEST(place_of(*networks, "2001:db8::1") == "5,6");
  BOOST_TEST(networks->v4.size() == 1u);
}

BOOST_AUTO_TEST_CASE(random_maps_are_read_as_they_were_written) {
  core::Random random(3);
  for (int round = 0; round < 20; ++round) {
    MmdbWriter writer({.record_size = 24, .v4_aliases = round % 2 == 0});
    struct Entry {
      core::IpNetwork network;
      int place;
    };
    std::vector<Entry> entries;
    for (int i = 0; i < 60; ++i) {
      std::string prefix = std::to_string(random.below(8) * 32) + "." + std::to_string(random.below(4) * 64) + ".";
      prefix += std::to_string(random.below(256)) + ".0/" + std::to_string(24 + random.below(3));
      const auto network = core::IpNetwork::parse(prefix);
      const auto same = [&](const Entry& e) { return e.network == *network; };
      if (!network.ok() || std::any_of(entries.begin(), entries.end(), same)) continue;
      entries.push_back({*network, static_cast<int>(random.below(60))});
      writer.add(*network, at(entries.back().place, 0));
    }
    const auto networks = read(std::move(writer));
    BOOST_REQUIRE(networks.ok());
    for (const Entry& asked : entries) {
      const Entry* longest = &asked;
      for (const Entry& entry : entries) {
        if (entry.network.contains(asked.network.ip) && entry.network.prefix > longest->network.prefix)
          longest = &entry;
      }
      BOOST_REQUIRE_EQUAL(place_of(*networks, asked.network.ip.to_string()), std::to_string(longest->place) + ",0");
    }
    for (std::size_t i = 1; i < networks->v4.size(); ++i)
      BOOST_REQUIRE(networks->v4[i - 1].last < networks->v4[i].first);
  }
}

BOOST_AUTO_TEST_CASE(a_file_cut_short_or_damaged_is_refused_or_read_and_never_more) {
  const std::string whole = small({.v4_aliases = true}).finish();
  BOOST_TEST(!read_mmdb(folder / "nothing").ok());
  int refused = 0;
  for (std::size_t size = 0; size < whole.size(); size += 7) refused += !read_mmdb(write(whole.substr(0, size))).ok();
  BOOST_TEST(refused > 20);
  core::Random random(9);
  for (int i = 0; i < 400; ++i) {
    std::string damaged = whole;
    for (int j = 0; j < 3; ++j) damaged[random.below(damaged.size())] = static_cast<char>(random.next());
    const auto networks = read_mmdb(write(damaged));
    refused += !networks.ok();
    if (!networks.ok()) BOOST_REQUIRE(networks.error().detail.find("map.mmdb") != std::string::npos);
    if (networks.ok()) GeoMap::compile({}, pops(), *networks);
  }
  BOOST_TEST(refused > 100);
}

// A node that leads back to the root: walked naively, two to the 128th paths.
BOOST_AUTO_TEST_CASE(a_tree_that_leads_back_into_itself_is_refused) {
  std::string whole = small({.record_size = 32}).finish();
  for (std::size_t node = 0; node < 40; ++node) {
    std::string looped = whole;
    std::fill_n(looped.begin() + static_cast<std::ptrdiff_t>(node * 8), 8, '\0');
    const auto networks = read_mmdb(write(looped));
    BOOST_REQUIRE(!networks.ok());
    BOOST_TEST(networks.error().detail.find("search tree") != std::string::npos, networks.error().detail);
  }
}

BOOST_AUTO_TEST_CASE(the_operators_map_counts_before_the_database) {
  const auto networks = read(small({}));
  BOOST_REQUIRE(networks.ok());
  std::vector<NetMapProblem> problems;
  NetMap map = parse_net_map("192.0.0.0/16 sin\n192.0.2.200 lon\n2001:db8::/33 nyc\ndefault lon\n", pops(), problems);
  BOOST_REQUIRE(problems.empty());
  const GeoMap geo = GeoMap::compile(std::move(map), pops(), *networks);
  const auto first = [&](std::string_view address) { return pops()[geo.list(geo.list_of(ip(address))).front()].name; };
  BOOST_TEST(first("192.0.2.1") == "sin", "a shorter prefix of the operator's, too");
  BOOST_TEST(first("192.0.2.200") == "lon");
  BOOST_TEST(first("2001:db8::1") == "nyc");
  BOOST_TEST(first("2001:db8:8000::1") == "sin", "what the operator leaves open");
  BOOST_TEST(first("192.168.0.1") == "lon");
  BOOST_TEST(geo.v4().find(number_of_v4(ip("10.1.1.1"))).value == GeoMap::special, "private, whatever a database says");
  BOOST_TEST(geo.networks() == 4u);
}

BOOST_AUTO_TEST_CASE(one_address_is_found_as_the_walk_found_it) {
  const std::string file = write(small({}).finish());
  BOOST_TEST((std::abs(find_in_mmdb(file, ip("192.0.2.200"))->latitude - 40.7) < 0.01));
  BOOST_TEST(!find_in_mmdb(file, ip("64.1.1.1")).has_value());
  BOOST_TEST(!find_in_mmdb(file + ".none", ip("64.1.1.1")).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
