// Makes MaxMind DB files (format 2.0) from networks with coordinates or countries: for `skerry geo build`, and for the
// tests of whoever reads them. A plain value; nothing is written before finish().
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/net/ip_network.h"

namespace skerry::cli {

struct MmdbRecord {
  std::optional<std::pair<double, double>> at;  // latitude, longitude
  std::string country;                          // ISO code; empty: none
};

class MmdbWriter {
 public:
  // Where a record says its place: as GeoIP2 does (location.latitude, double; country.iso_code), or at its top
  // (latitude, float; country_code).
  enum class Schema : std::uint8_t { geoip2, flat };
  struct Options {
    int ip_version = 6;    // 6 holds IPv4, too, at ::/96
    int record_size = 28;  // bits: 24, 28 or 32
    Schema schema = Schema::geoip2;
    std::string type = "Skerry-City";
    std::uint64_t build_epoch = 1;  // Unix time; libmaxminddb takes 0 for none
    bool v4_aliases = false;        // ::ffff:0:0/96 and 2002::/16 lead to IPv4, as in MaxMind's own files
  };
  explicit MmdbWriter(Options options) : options_(std::move(options)) {}

  // Longer prefixes count before shorter ones, in whatever order they come. IPv6 is left out of a file of version 4.
  void add(const core::IpNetwork&, const MmdbRecord&);
  // The whole file; empty if the tree does not fit the record size.
  std::string finish();

 private:
  struct Network {
    std::array<std::uint8_t, 16> bits;
    int length;
    std::uint32_t data;
  };
  static constexpr std::uint32_t empty = 0xffffffff;
  static constexpr std::uint32_t data_flag = 0x80000000;
  using Node = std::array<std::uint32_t, 2>;  // a node's number, data_flag | offset, or empty

  std::uint32_t descend(const Network&, int depth);
  void insert(const Network&);
  void add_aliases();
  std::string encoded(const MmdbRecord&) const;
  std::string metadata() const;
  std::string tree() const;

  Options options_;
  std::vector<Network> networks_;
  std::vector<Node> nodes_;
  std::string data_;
  std::map<std::string, std::uint32_t> offsets_;  // equal records are stored once
};

}  // namespace skerry::cli
