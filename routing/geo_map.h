// Which ordered list of PoPs belongs to a client address: the operator's net map, and a MaxMind DB where that says
// nothing, compiled into one longest-prefix table a family.
//
// Holes between known prefixes up to a /8 in size take the list of their lower neighbour, so that answers' scopes are
// wide; larger ones take the default list. Private and otherwise special blocks that the map does not name stand apart:
// a client in one of them says nothing about where it is. Built at load, immutable, swapped whole: any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "routing/mmdb.h"
#include "routing/net_map.h"
#include "routing/range_table.h"

namespace skerry::routing {

using V4 = std::uint32_t;
using V6 = U128;
V4 number_of_v4(const core::IpAddress&);
V6 number_of_v6(const core::IpAddress&);

class GeoMap {
 public:
  using ListId = std::uint32_t;
  static constexpr ListId default_list = 0;
  static constexpr ListId special = 0xffffffff;  // no list: a special block
  // A list is kept no deeper (or as deep as the operator's line names PoPs); behind its end come the other PoPs by
  // distance from its origin, which is worked out when it is needed.
  static constexpr std::size_t deepest_list = 16;

  GeoMap() : lists_(1), origins_(1) {}
  static GeoMap compile(NetMap map, const std::vector<Pop>& pops, const LocatedNetworks& located = {});

  const RangeTable<V4>& v4() const { return v4_; }
  const RangeTable<V6>& v6() const { return v6_; }
  const std::vector<PopIndex>& list(ListId id) const { return lists_[id]; }
  const Coordinates& origin(ListId id) const { return origins_[id]; }
  std::size_t lists() const { return lists_.size(); }
  // The list for an address; default_list for special ones.
  ListId list_of(const core::IpAddress&) const;

  // The net map's own line about the address: the longest prefix that holds it; null if none does.
  const NetMapEntry* entry_of(const core::IpAddress&) const;
  std::size_t entries() const { return entries_.size(); }
  // What came from a MaxMind DB.
  std::uint64_t networks() const { return networks_; }
  std::uint64_t unknown_countries() const { return unknown_countries_; }

 private:
  RangeTable<V4> v4_;
  RangeTable<V6> v6_;
  std::vector<std::vector<PopIndex>> lists_;
  std::vector<Coordinates> origins_;  // by list
  std::vector<NetMapEntry> entries_;
  std::uint64_t networks_ = 0;
  std::uint64_t unknown_countries_ = 0;
};

// 10/8, 127/8, fc00::/7 and the like (RFC 6890), where no public client sits. Documentation blocks are not among them.
bool is_special(const core::IpAddress&);

}  // namespace skerry::routing
