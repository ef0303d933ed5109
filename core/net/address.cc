#include "core/net/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace skerry::core {
namespace {

Error not_an_address(std::string_view text, std::string_view expected) {
  constexpr std::size_t shown = 64;
  return {ErrorCode::invalid_argument, ErrorSource::internal, false,
          "\"" + std::string(text.substr(0, shown)) + "\" is not " + std::string(expected)};
}

// Decimal without sign or leading zeros.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

}  // namespace

IpAddress IpAddress::v4(std::array<std::uint8_t, 4> octets) {
  IpAddress address;
  std::copy(octets.begin(), octets.end(), address.bytes_.begin());
  return address;
}

IpAddress IpAddress::v6(std::array<std::uint8_t, 16> octets) {
  IpAddress address;
  address.family_ = AddressFamily::ipv6;
  address.bytes_ = octets;
  return address;
}

Result<IpAddress> IpAddress::parse(std::string_view text) {
  // inet_pton is strict in both families; it wants a terminated string, and sees only what is before a NUL.
  char buffer[INET6_ADDRSTRLEN];
  const auto error = [&] { return not_an_address(text, "an IP address"); };
  if (text.size() >= sizeof buffer || text.find('\0') != std::string_view::npos) return error();
  buffer[text.copy(buffer, text.size())] = '\0';
  if (text.find(':') == std::string_view::npos) {
    std::array<std::uint8_t, 4> octets;
    if (inet_pton(AF_INET, buffer, octets.data()) != 1) return error();
    return v4(octets);
  }
  std::array<std::uint8_t, 16> octets;
  if (inet_pton(AF_INET6, buffer, octets.data()) != 1) return error();
  return v6(octets);
}

std::string_view IpAddress::octets() const {
  return {reinterpret_cast<const char*>(bytes_.data()), family_ == AddressFamily::ipv4 ? 4u : 16u};
}

std::string IpAddress::to_string() const {
  char buffer[INET6_ADDRSTRLEN];
  const int family = family_ == AddressFamily::ipv4 ? AF_INET : AF_INET6;
  return inet_ntop(family, bytes_.data(), buffer, sizeof buffer);
}

bool IpAddress::is_loopback() const {
  if (family_ == AddressFamily::ipv4) return bytes_[0] == 127;
  static constexpr std::array<std::uint8_t, 16> one = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  // ::ffff:127.0.0.0/104 reaches the same host (RFC 4291 2.5.5.2).
  static constexpr std::array<std::uint8_t, 13> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127};
  return bytes_ == one || std::equal(mapped.begin(), mapped.end(), bytes_.begin());
}

Result<Address> Address::parse(std::string_view text) {
  const Error error = not_an_address(text, "an address with a port, such as 192.0.2.1:80 or [2001:db8::1]:80");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return error;
  const auto port = parse_port(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto ip = IpAddress::parse(host);
  if (!port || !ip || bracketed != (ip->family() == AddressFamily::ipv6)) return error;
  return Address{*ip, *port};
}

std::string Address::to_string() const {
  const std::string host = ip.to_string();
  const std::string port_text = std::to_string(port);
  return ip.family() == AddressFamily::ipv6 ? "[" + host + "]:" + port_text : host + ":" + port_text;
}

}  // namespace skerry::core
