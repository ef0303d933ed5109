// The header of the PROXY protocol, versions 1 and 2: a proxy in front says whose connection it hands on (HAProxy,
// "The PROXY protocol", sections 2.1 and 2.2).
//
// A codec: bytes in, cut anywhere, one verdict out; it never sees a socket. One per connection, on its worker, gone
// once the header is read. Hostile input costs at most `largest_v2` bytes.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/net/address.h"
#include "core/result.h"

namespace skerry::core {

struct ProxiedAddresses {
  Address source, destination;
  friend bool operator==(const ProxiedAddresses&, const ProxiedAddresses&) = default;
};

class ProxyHeader {
 public:
  static constexpr std::size_t longest_v1 = 107;        // CRLF included
  static constexpr std::size_t largest_v2 = 16 + 2048;  // TLVs included

  enum class State : std::uint8_t { incomplete, complete, malformed };

  // Takes what belongs to the header from the front of `bytes`, and returns how much that was: the rest is the
  // client's. Nothing is taken once it is complete or malformed.
  std::size_t receive(std::span<const std::byte> bytes);

  State state() const { return state_; }
  bool empty() const { return received_.empty(); }
  // Of a complete one: null if it names no TCP connection (UNKNOWN, LOCAL, UNSPEC, UDP, UNIX): the connection's own
  // addresses hold then.
  const std::optional<ProxiedAddresses>& addresses() const { return addresses_; }
  // What is wrong with a malformed one.
  std::string_view problem() const { return problem_; }

 private:
  void judge();
  void judge_v1();
  void judge_v2();
  void refuse(std::string_view problem);

  State state_ = State::incomplete;
  std::size_t wanted_ = 1;  // bytes of the header at which there is something to judge
  std::string received_;
  std::optional<ProxiedAddresses> addresses_;
  std::string_view problem_;
};

// CRC-32C (RFC 9260 appendix A), reflected, as the PROXY protocol's checksum uses it.
std::uint32_t crc32c(std::string_view bytes);

}  // namespace skerry::core
