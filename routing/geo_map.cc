#include "routing/geo_map.h"

#include <algorithm>
#include <array>
#include <map>
#include <numeric>

namespace skerry::routing {
namespace {

constexpr GeoMap::ListId no_data = GeoMap::special - 1;
constexpr int widest_filled_hole = 8;  // a prefix length

constexpr std::array<std::string_view, 6> special_v4 = {"0.0.0.0/8",   "10.0.0.0/8",     "100.64.0.0/10",
                                                        "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"};
constexpr std::array<std::string_view, 5> special_more = {"192.168.0.0/16", "::/127", "::ffff:0:0/96", "fc00::/7",
                                                          "fe80::/10"};

const std::vector<core::IpNetwork>& special_blocks() {
  static const std::vector<core::IpNetwork> blocks = [] {
    std::vector<core::IpNetwork> result;
    result.reserve(special_v4.size() + special_more.size());
    for (auto text : special_v4) result.push_back(core::IpNetwork::parse(text).value());
    for (auto text : special_more) result.push_back(core::IpNetwork::parse(text).value());
    return result;
  }();
  return blocks;
}

template <class Number>
Number number_of(const core::IpAddress& ip) {
  Number number = 0;
  for (char octet : ip.octets()) number = static_cast<Number>(number << 8) | static_cast<unsigned char>(octet);
  return number;
}

bool holds(const core::IpNetwork& block, const core::IpAddress& ip) {
  if (block.ip.family() != ip.family()) return false;
  if (ip.family() == core::AddressFamily::ipv4) {
    return common_bits(number_of<V4>(block.ip), number_of<V4>(ip)) >= block.prefix;
  }
  return common_bits(number_of<V6>(block.ip), number_of<V6>(ip)) >= block.prefix;
}

// Collects lists and numbers them; equal lists have one number, so that ranges with equal lists become one.
class Lists {
 public:
  explicit Lists(const std::vector<Pop>& pops) : pops_(pops), order_(pops) {}

  GeoMap::ListId of_place(const Coordinates& at) {
    const auto [known, is_new] = by_place_.try_emplace({at.latitude, at.longitude}, 0);
    if (is_new) known->second = add(order_.from(at, GeoMap::deepest_list), at);
    return known->second;
  }
  // The named PoPs first; behind them the others by distance from the first one.
  GeoMap::ListId of_pops(const std::vector<PopIndex>& named) {
    const auto [known, is_new] = by_pops_.try_emplace(named, 0);
    if (!is_new) return known->second;
    const Coordinates& at = pops_[named.front()].at;
    std::vector<PopIndex> list = named;
    for (PopIndex pop : order_.from(at, GeoMap::deepest_list)) {
      if (list.size() >= GeoMap::deepest_list) break;
      if (std::find(list.begin(), list.end(), pop) == list.end()) list.push_back(pop);
    }
    return known->second = add(std::move(list), at);
  }
  GeoMap::ListId of_entry(const NetMapEntry& entry) {
    return entry.pops.empty() ? of_place(entry.at) : of_pops(entry.pops);
  }
  std::vector<std::vector<PopIndex>> take() { return std::move(lists_); }
  std::vector<Coordinates> take_origins() { return std::move(origins_); }

 private:
  // Of lists that are equal as far as they are kept, the first one's origin counts.
  GeoMap::ListId add(std::vector<PopIndex> list, const Coordinates& origin) {
    const auto [at, is_new] = ids_.try_emplace(list, static_cast<GeoMap::ListId>(lists_.size()));
    if (is_new) {
      lists_.push_back(std::move(list));
      origins_.push_back(origin);
    }
    return at->second;
  }

  const std::vector<Pop>& pops_;
  const DistanceOrder order_;
  std::map<std::vector<PopIndex>, GeoMap::ListId> ids_, by_pops_;
  std::map<std::pair<double, double>, GeoMap::ListId> by_place_;
  std::vector<std::vector<PopIndex>> lists_;
  std::vector<Coordinates> origins_;
};

template <class Number>
using Ranges = std::vector<typename RangeTable<Number>::Range>;

// A hole's lower neighbour is what ends where it begins. `ranges` are in order and cover everything.
template <class Number>
void fill_holes(Ranges<Number>& ranges) {
  const Number widest = last_of<Number>(0, widest_filled_hole);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].value != no_data) continue;
    const bool small = ranges[i].last - ranges[i].first <= widest;
    ranges[i].value = small && i > 0 ? ranges[i - 1].value : GeoMap::default_list;
  }
}

template <class Number>
Ranges<Number> paint_entries(const std::vector<NetMapEntry>& entries, const std::vector<GeoMap::ListId>& lists,
                             core::AddressFamily family) {
  std::vector<std::size_t> order(entries.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Longer prefixes are painted over shorter ones.
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return entries[a].prefix.prefix < entries[b].prefix.prefix; });
  RangePainter<Number> painter(no_data);
  for (std::size_t i : order) {
    const core::IpNetwork& prefix = entries[i].prefix;
    if (prefix.ip.family() != family) continue;
    const Number first = number_of<Number>(prefix.ip);
    painter.paint(first, last_of<Number>(first, prefix.prefix), lists[i]);
  }
  return painter.ranges();
}

// The database's ranges with what lies between them, neighbours of equal list joined.
template <class Number>
Ranges<Number> located_ranges(const std::vector<LocatedRange<Number>>& located,
                              const std::vector<GeoMap::ListId>& list_of_place) {
  Ranges<Number> ranges;
  Number next = 0;
  bool complete = false;
  const auto add = [&](Number first, Number last, std::uint32_t value) {
    if (!ranges.empty() && ranges.back().value == value) {
      ranges.back().last = last;
    } else {
      ranges.push_back({first, last, value});
    }
    complete = last == RangeTable<Number>::last_address;
    next = static_cast<Number>(last + 1);
  };
  for (const auto& range : located) {
    if (range.first > next) add(next, static_cast<Number>(range.first - 1), no_data);
    add(range.first, range.last, list_of_place[range.place]);
  }
  if (!complete) add(next, RangeTable<Number>::last_address, no_data);
  return ranges;
}

// Both cover everything in order; what `upper` has no data about comes from `lower`.
template <class Number>
Ranges<Number> overlay(const Ranges<Number>& lower, const Ranges<Number>& upper) {
  Ranges<Number> result;
  Number first = 0;
  for (std::size_t i = 0, j = 0; i < lower.size() && j < upper.size();) {
    const Number last = std::min(lower[i].last, upper[j].last);
    const std::uint32_t value = upper[j].value != no_data ? upper[j].value : lower[i].value;
    if (!result.empty() && result.back().value == value) {
      result.back().last = last;
    } else {
      result.push_back({first, last, value});
    }
    first = static_cast<Number>(last + 1);
    i += lower[i].last == last;
    j += upper[j].last == last;
  }
  return result;
}

// Special blocks that no line of the map is about, neither as a whole nor in part.
std::vector<core::IpNetwork> unnamed_special(const std::vector<NetMapEntry>& entries) {
  std::vector<core::IpNetwork> blocks = special_blocks();
  std::erase_if(blocks, [&](const core::IpNetwork& block) {
    return std::any_of(entries.begin(), entries.end(), [&](const NetMapEntry& entry) {
      return entry.prefix.prefix >= block.prefix && holds(block, entry.prefix.ip);
    });
  });
  return blocks;
}

template <class Number>
Ranges<Number> special_ranges(const std::vector<core::IpNetwork>& blocks, core::AddressFamily family) {
  RangePainter<Number> painter(no_data);
  for (const core::IpNetwork& block : blocks) {
    if (block.ip.family() != family) continue;
    const Number first = number_of<Number>(block.ip);
    painter.paint(first, last_of<Number>(first, block.prefix), GeoMap::special);
  }
  return painter.ranges();
}

}  // namespace

V4 number_of_v4(const core::IpAddress& ip) {
  return number_of<V4>(ip);
}

V6 number_of_v6(const core::IpAddress& ip) {
  return number_of<V6>(ip);
}

bool is_special(const core::IpAddress& ip) {
  return std::any_of(special_blocks().begin(), special_blocks().end(),
                     [&](const auto& block) { return holds(block, ip); });
}

GeoMap GeoMap::compile(NetMap map, const std::vector<Pop>& pops, const LocatedNetworks& located) {
  GeoMap result;
  if (pops.empty()) return result;
  Lists lists(pops);
  if (map.default_pops.empty()) {
    map.default_pops.resize(std::min(pops.size(), deepest_list));
    std::iota(map.default_pops.begin(), map.default_pops.end(), PopIndex{0});
  }
  lists.of_pops(map.default_pops);  // number 0
  std::vector<ListId> of_entry, of_place;
  of_entry.reserve(map.entries.size());
  of_place.reserve(located.places.size());
  for (const NetMapEntry& entry : map.entries) of_entry.push_back(lists.of_entry(entry));
  for (const Coordinates& place : located.places) of_place.push_back(lists.of_place(place));

  const auto blocks = unnamed_special(map.entries);
  const auto table_of = [&]<class Number>(const std::vector<LocatedRange<Number>>& networks,
                                          core::AddressFamily family) {
    auto ranges = overlay<Number>(located_ranges<Number>(networks, of_place),
                                  paint_entries<Number>(map.entries, of_entry, family));
    fill_holes<Number>(ranges);
    return RangeTable<Number>(overlay<Number>(ranges, special_ranges<Number>(blocks, family)));
  };
  result.v4_ = table_of(located.v4, core::AddressFamily::ipv4);
  result.v6_ = table_of(located.v6, core::AddressFamily::ipv6);
  result.lists_ = lists.take();
  result.origins_ = lists.take_origins();
  result.entries_ = std::move(map.entries);
  result.networks_ = located.networks;
  result.unknown_countries_ = located.unknown_countries;
  return result;
}

GeoMap::ListId GeoMap::list_of(const core::IpAddress& ip) const {
  const bool is_v4 = ip.family() == core::AddressFamily::ipv4;
  const ListId id = is_v4 ? v4_.find(number_of<V4>(ip)).value : v6_.find(number_of<V6>(ip)).value;
  return id == special ? default_list : id;
}

const NetMapEntry* GeoMap::entry_of(const core::IpAddress& ip) const {
  const NetMapEntry* longest = nullptr;
  for (const NetMapEntry& entry : entries_) {
    if (holds(entry.prefix, ip) && (!longest || entry.prefix.prefix > longest->prefix.prefix)) longest = &entry;
  }
  return longest;
}

}  // namespace skerry::routing
