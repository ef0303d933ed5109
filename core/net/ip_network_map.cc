#include "core/net/ip_network_map.h"

#include <algorithm>
#include <array>

namespace skerry::core {

IpAddress unmapped(const IpAddress& address) {
  constexpr std::string_view mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  const std::string_view octets = address.octets();
  if (octets.size() != 16 || !octets.starts_with(mapped)) return address;
  std::array<std::uint8_t, 4> v4;
  std::copy(octets.begin() + 12, octets.end(), v4.begin());
  return IpAddress::v4(v4);
}

namespace {

// Addresses are looked up unmapped, so networks of mapped ones are those of IPv4 they mean.
IpNetwork as_ipv4(const IpNetwork& network) {
  const IpAddress ip = unmapped(network.ip);
  if (ip.family() == network.ip.family() || network.prefix < 96) return network;
  return {ip, network.prefix - 96};
}

}  // namespace

IpNetworkMap::IpNetworkMap(const std::vector<std::pair<IpNetwork, int>>& networks) {
  std::vector<Block> v4, v6;
  for (const auto& [given, number] : networks) {
    const IpNetwork network = as_ipv4(given);
    (network.ip.family() == AddressFamily::ipv4 ? v4 : v6).push_back(block_of(network, number));
  }
  v4_ = flattened(std::move(v4));
  v6_ = flattened(std::move(v6));
}

IpNetworkMap::Bits IpNetworkMap::bits_of(std::string_view octets) {
  Bits bits;
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const std::uint64_t octet = static_cast<unsigned char>(octets[i]);
    (i < 8 ? bits.high : bits.low) |= octet << (56 - 8 * (i % 8));
  }
  return bits;
}

IpNetworkMap::Block IpNetworkMap::block_of(const IpNetwork& network, int number) {
  const auto ones_behind = [](int prefix) {
    return prefix <= 0 ? ~std::uint64_t{0} : prefix >= 64 ? 0 : ~std::uint64_t{0} >> prefix;
  };
  const Bits first = bits_of(network.ip.octets());
  return {first, {first.high | ones_behind(network.prefix), first.low | ones_behind(network.prefix - 64)}, number};
}

// Networks nest and never overlap otherwise: sorted by their start, wide ones first, those around the current one are a
// stack. Where one ends, the one around it goes on.
std::vector<IpNetworkMap::Stretch> IpNetworkMap::flattened(std::vector<Block> blocks) {
  std::stable_sort(blocks.begin(), blocks.end(), [](const Block& a, const Block& b) {
    return a.first != b.first ? a.first < b.first : a.last > b.last;
  });
  std::vector<Stretch> stretches;
  std::vector<Block> around;
  const auto begin = [&](Bits first, std::optional<int> number) {
    if (!stretches.empty() && stretches.back().first == first) stretches.pop_back();
    stretches.push_back({first, number});
  };
  const auto leave = [&] {
    Bits next = around.back().last;
    around.pop_back();
    if (++next.low == 0 && ++next.high == 0) return;  // it ended where all addresses end
    begin(next, around.empty() ? std::nullopt : std::optional<int>(around.back().number));
  };
  for (const Block& block : blocks) {
    while (!around.empty() && around.back().last < block.first) leave();
    begin(block.first, block.number);
    around.push_back(block);
  }
  while (!around.empty()) leave();
  return stretches;
}

std::optional<int> IpNetworkMap::find(const IpAddress& address) const {
  const IpAddress plain = unmapped(address);
  const std::vector<Stretch>& stretches = plain.family() == AddressFamily::ipv4 ? v4_ : v6_;
  const auto after = std::upper_bound(stretches.begin(), stretches.end(), bits_of(plain.octets()),
                                      [](const Bits& bits, const Stretch& stretch) { return bits < stretch.first; });
  return after == stretches.begin() ? std::nullopt : std::prev(after)->number;
}

}  // namespace skerry::core
