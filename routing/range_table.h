// The whole address space of one family cut into ranges of equal value: a longest-prefix table, compiled.
//
// Prefixes are painted over each other, shortest first; what is left is a sorted array of range starts. A lookup is one
// index by the upper 16 bits and a short binary search; the widest block around an address that has one value follows
// from the two ends of its range, so it need not be stored. `Number` is std::uint32_t for IPv4, U128 for IPv6. Painting
// is for one thread; a finished table is immutable.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <map>
#include <vector>

namespace skerry::routing {

using U128 = unsigned __int128;

template <class Number>
constexpr int bits_of = static_cast<int>(sizeof(Number) * 8);

// Leading bits that are equal in both.
template <class Number>
constexpr int common_bits(Number a, Number b) {
  const Number difference = a ^ b;
  if constexpr (sizeof(Number) <= 8) {
    return std::countl_zero(difference);
  } else {
    const auto high = static_cast<std::uint64_t>(difference >> 64);
    return high ? std::countl_zero(high) : 64 + std::countl_zero(static_cast<std::uint64_t>(difference));
  }
}

// The last address of the prefix `start`/`length`.
template <class Number>
constexpr Number last_of(Number start, int length) {
  return length == 0 ? static_cast<Number>(~Number{0})
                     : start | static_cast<Number>(((Number{1} << (bits_of<Number> - length)) - 1));
}

template <class Number>
class RangeTable {
 public:
  using Value = std::uint32_t;
  static constexpr Number last_address = static_cast<Number>(~Number{0});

  struct Range {
    Number first;
    Number last;  // inclusive
    Value value;
  };
  struct Found {
    Value value;
    int block;  // length of the widest prefix around the address in which every address has this value
  };

  RangeTable() : RangeTable(std::vector<Range>{{0, last_address, 0}}) {}
  // `ranges` cover the whole space in order; neighbours of equal value become one.
  explicit RangeTable(const std::vector<Range>& ranges) {
    for (const Range& range : ranges) {
      if (!values_.empty() && values_.back() == range.value) continue;
      starts_.push_back(range.first);
      values_.push_back(range.value);
    }
    if (starts_.size() > small) make_index();
  }

  Found find(Number address) const {
    auto from = starts_.begin(), to = starts_.end();
    if (!index_.empty()) {
      const auto upper = static_cast<std::size_t>(address >> (bits_of<Number> - index_bits));
      to = from + index_[upper + 1] + 1;
      from += index_[upper];
    }
    const auto at = static_cast<std::size_t>(std::upper_bound(from, to, address) - starts_.begin()) - 1;
    int block = 0;
    if (at > 0) block = common_bits<Number>(address, starts_[at] - 1) + 1;
    if (at + 1 < starts_.size()) block = std::max(block, common_bits<Number>(address, starts_[at + 1]) + 1);
    return {values_[at], block};
  }

  std::size_t size() const { return starts_.size(); }
  Range range(std::size_t at) const {
    return {starts_[at], at + 1 < starts_.size() ? static_cast<Number>(starts_[at + 1] - 1) : last_address,
            values_[at]};
  }
  // The same ranges with other values; neighbours that become equal are joined.
  template <class Map>
  RangeTable mapped(Map map) const {
    std::vector<Range> ranges;
    ranges.reserve(size());
    for (std::size_t i = 0; i < size(); ++i) {
      ranges.push_back(range(i));
      ranges.back().value = map(ranges.back().value);
    }
    return RangeTable(ranges);
  }

 private:
  static constexpr int index_bits = 16;
  static constexpr std::size_t index_size = std::size_t{1} << index_bits;
  static constexpr std::size_t small = 64;  // ranges that a binary search finds as fast, without 256 KiB of index

  void make_index() {
    index_.reserve(index_size + 1);
    std::size_t at = 0;
    for (std::size_t upper = 0; upper < index_size; ++upper) {
      const Number first = static_cast<Number>(upper) << (bits_of<Number> - index_bits);
      while (at + 1 < starts_.size() && starts_[at + 1] <= first) ++at;
      index_.push_back(static_cast<std::uint32_t>(at));
    }
    index_.push_back(static_cast<std::uint32_t>(starts_.size() - 1));
  }

  std::vector<Number> starts_;
  std::vector<Value> values_;
  std::vector<std::uint32_t>
      index_;  // by upper bits: the range that holds the first address of the block; empty: small
};

// Ranges under construction.
template <class Number>
class RangePainter {
 public:
  using Value = typename RangeTable<Number>::Value;
  using Range = typename RangeTable<Number>::Range;

  explicit RangePainter(Value background) { starts_[0] = background; }

  // Everything in [first, last] gets `value`.
  void paint(Number first, Number last, Value value) {
    if (last != RangeTable<Number>::last_address) {
      const auto after = std::prev(starts_.upper_bound(last + 1));
      starts_.try_emplace(last + 1, after->second);
    }
    const auto at = starts_.lower_bound(first);
    starts_.erase(at, starts_.upper_bound(last));
    starts_[first] = value;
  }

  std::vector<Range> ranges() const {
    std::vector<Range> ranges;
    for (auto at = starts_.begin(); at != starts_.end(); ++at) {
      const auto next = std::next(at);
      const Number last =
          next == starts_.end() ? RangeTable<Number>::last_address : static_cast<Number>(next->first - 1);
      ranges.push_back({at->first, last, at->second});
    }
    return ranges;
  }

 private:
  std::map<Number, Value> starts_;
};

}  // namespace skerry::routing
