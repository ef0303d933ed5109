#include "core/net/ip_network.h"

#include <charconv>

namespace skerry::core {
namespace {

bool bit(std::string_view octets, int index) {
  return (static_cast<unsigned char>(octets[static_cast<std::size_t>(index / 8)]) >> (7 - index % 8)) & 1;
}

std::string_view unmapped(std::string_view octets) {
  constexpr std::string_view mapped("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  return octets.size() == 16 && octets.starts_with(mapped) ? octets.substr(12) : octets;
}

Error invalid(std::string_view text) {
  return {ErrorCode::invalid_argument, ErrorSource::client, false, "not a network: " + std::string(text)};
}

}  // namespace

Result<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto ip = IpAddress::parse(text.substr(0, slash));
  if (!ip) return invalid(text);
  const int bits = ip->family() == AddressFamily::ipv4 ? 32 : 128;
  IpNetwork network{*ip, bits};
  if (slash == std::string_view::npos) return network;
  const std::string_view digits = text.substr(slash + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), network.prefix);
  const bool whole = error == std::errc() && end == digits.data() + digits.size() && !digits.starts_with('-');
  if (!whole || network.prefix < 0 || network.prefix > bits) return invalid(text);
  for (int i = network.prefix; i < bits; ++i) {
    if (bit(ip->octets(), i)) return invalid(text);
  }
  return network;
}

bool IpNetwork::contains(const IpAddress& address) const {
  const std::string_view ours = ip.octets();
  const std::string_view theirs = ours.size() == 4 ? unmapped(address.octets()) : address.octets();
  if (ours.size() != theirs.size()) return false;
  for (int i = 0; i < prefix; ++i) {
    if (bit(ours, i) != bit(theirs, i)) return false;
  }
  return true;
}

std::string IpNetwork::to_string() const {
  return ip.to_string() + "/" + std::to_string(prefix);
}

}  // namespace skerry::core
