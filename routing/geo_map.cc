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
  explicit Lists(const std::vector<Pop>& pops) : pops_(pops) {}

  GeoMap::ListId add(std::vector<PopIndex> list) {
    list.resize(std::min(list.size(), GeoMap::deepest_list));
    const auto [at, is_new] = ids_.try_emplace(list, static_cast<GeoMap::ListId>(lists_.size()));
    if (is_new) lists_.push_back(std::move(list));
    return at->second;
  }
  // The named PoPs first; behind them the others by distance from the first one.
  std::vector<PopIndex> completed(std::vector<PopIndex> named) const {
    for (PopIndex pop : by_distance(pops_[named.front()].at, pops_)) {
      if (std::find(named.begin(), named.end(), pop) == named.end()) named.push_back(pop);
    }
    return named;
  }
  GeoMap::ListId list_of(const NetMapEntry& entry) {
    return add(entry.pops.empty() ? by_distance(entry.at, pops_) : completed(entry.pops));
  }
  std::vector<std::vector<PopIndex>> take() { return std::move(lists_); }

 private:
  const std::vector<Pop>& pops_;
  std::map<std::vector<PopIndex>, GeoMap::ListId> ids_;
  std::vector<std::vector<PopIndex>> lists_;
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
  auto ranges = painter.ranges();
  fill_holes<Number>(ranges);
  return ranges;
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
RangeTable<Number> with_special(const Ranges<Number>& ranges, const std::vector<core::IpNetwork>& blocks,
                                core::AddressFamily family) {
  RangePainter<Number> painter(GeoMap::default_list);
  for (const auto& range : ranges) painter.paint(range.first, range.last, range.value);
  for (const core::IpNetwork& block : blocks) {
    if (block.ip.family() != family) continue;
    const Number first = number_of<Number>(block.ip);
    painter.paint(first, last_of<Number>(first, block.prefix), GeoMap::special);
  }
  return RangeTable<Number>(painter.ranges());
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

GeoMap GeoMap::compile(NetMap map, const std::vector<Pop>& pops) {
  GeoMap result;
  if (pops.empty()) return result;
  Lists lists(pops);
  if (map.default_pops.empty()) {
    map.default_pops.resize(pops.size());
    std::iota(map.default_pops.begin(), map.default_pops.end(), PopIndex{0});
  }
  lists.add(lists.completed(map.default_pops));  // number 0
  std::vector<ListId> list_of;
  for (const NetMapEntry& entry : map.entries) list_of.push_back(lists.list_of(entry));

  const auto v4 = paint_entries<V4>(map.entries, list_of, core::AddressFamily::ipv4);
  const auto v6 = paint_entries<V6>(map.entries, list_of, core::AddressFamily::ipv6);
  const auto blocks = unnamed_special(map.entries);
  result.v4_ = with_special<V4>(v4, blocks, core::AddressFamily::ipv4);
  result.v6_ = with_special<V6>(v6, blocks, core::AddressFamily::ipv6);
  result.lists_ = lists.take();
  result.entries_ = std::move(map.entries);
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
