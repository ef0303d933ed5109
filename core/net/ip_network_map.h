// A number for each of many networks, for instance "allowed" and "denied": the longest network that holds an address
// counts.
//
// Immutable once made, any thread; looking up is a binary search and allocates nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/net/ip_network.h"

namespace skerry::core {

// IPv4 of an address that is IPv4 mapped into IPv6; others as they are.
IpAddress unmapped(const IpAddress&);

class IpNetworkMap {
 public:
  IpNetworkMap() = default;
  // Of one network given twice the later number counts.
  explicit IpNetworkMap(const std::vector<std::pair<IpNetwork, int>>& networks);
  bool empty() const { return v4_.empty() && v6_.empty(); }
  std::optional<int> find(const IpAddress&) const;

 private:
  // An address, its first bit at the top of `high`.
  struct Bits {
    std::uint64_t high = 0, low = 0;
    friend auto operator<=>(const Bits&, const Bits&) = default;
  };
  // From `first` on, up to the next one, this number counts.
  struct Stretch {
    Bits first;
    std::optional<int> number;
  };
  struct Block {
    Bits first, last;
    int number;
  };
  static Bits bits_of(std::string_view octets);
  static Block block_of(const IpNetwork&, int number);
  static std::vector<Stretch> flattened(std::vector<Block> blocks);

  std::vector<Stretch> v4_, v6_;
};

}  // namespace skerry::core
