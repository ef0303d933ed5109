// A block of IP addresses, "10.0.0.0/8": allow lists in configuration. A plain address is a block of one.
#pragma once

#include <string>
#include <string_view>

#include "core/net/address.h"
#include "core/result.h"

namespace skerry::core {

struct IpNetwork {
  IpAddress ip;
  int prefix = 32;  // leading bits that count

  // Bits behind the prefix must be zero: "10.0.0.1/8" is most likely a mistake.
  static Result<IpNetwork> parse(std::string_view);
  // IPv4 addresses mapped into IPv6 (::ffff:192.0.2.1, RFC 4291 2.5.5.2) count as IPv4.
  bool contains(const IpAddress&) const;
  std::string to_string() const;
  friend bool operator==(const IpNetwork&, const IpNetwork&) = default;
};

}  // namespace skerry::core
