// An IPv4 or IPv6 address with a port, as a plain value. Parsing is strict: no names, no octal, no short forms.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/result.h"

namespace skerry::core {

enum class AddressFamily : std::uint8_t { ipv4, ipv6 };

class IpAddress {
 public:
  IpAddress() = default;  // 0.0.0.0
  static IpAddress v4(std::array<std::uint8_t, 4>);
  static IpAddress v6(std::array<std::uint8_t, 16>);
  // "192.0.2.1" or "2001:db8::1" (no brackets, no zone).
  static Result<IpAddress> parse(std::string_view);

  AddressFamily family() const { return family_; }
  // 4 or 16 bytes, network order.
  std::string_view octets() const;
  std::string to_string() const;
  bool is_loopback() const;
  friend auto operator<=>(const IpAddress&, const IpAddress&) = default;

 private:
  AddressFamily family_ = AddressFamily::ipv4;
  std::array<std::uint8_t, 16> bytes_{};
};

struct Address {
  IpAddress ip;
  std::uint16_t port = 0;

  // "192.0.2.1:80" or "[2001:db8::1]:80".
  static Result<Address> parse(std::string_view);
  std::string to_string() const;
  friend auto operator<=>(const Address&, const Address&) = default;
};

}  // namespace skerry::core
