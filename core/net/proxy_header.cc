#include "core/net/proxy_header.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

namespace skerry::core {
namespace {

constexpr std::string_view v1_start = "PROXY ";
constexpr std::string_view v2_start{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t v2_fixed = 16;  // signature, version and command, family, length

std::uint8_t byte_at(std::string_view text, std::size_t at) {
  return static_cast<std::uint8_t>(text[at]);
}

std::uint16_t number16(std::string_view text, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(text, at) << 8 | byte_at(text, at + 1));
}

std::uint32_t number32(std::string_view text, std::size_t at) {
  return static_cast<std::uint32_t>(number16(text, at)) << 16 | number16(text, at + 2);
}

bool is_start_of(std::string_view text, std::string_view start) {
  const std::size_t both = std::min(text.size(), start.size());
  return text.substr(0, both) == start.substr(0, both);
}

// Section 2.1: decimal, no sign, no leading zeros.
std::optional<std::uint16_t> port_of(std::string_view text) {
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text.front() == '0')) return std::nullopt;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::optional<Address> address_of(std::string_view ip, std::string_view port, AddressFamily family) {
  const auto parsed = IpAddress::parse(ip);
  const auto number = port_of(port);
  if (!parsed || parsed->family() != family || !number) return std::nullopt;
  return Address{*parsed, *number};
}

// "TCP4 192.0.2.1 198.51.100.1 56324 443": one blank between five words, nothing behind them.
std::optional<ProxiedAddresses> parse_v1(std::string_view line) {
  std::array<std::string_view, 5> words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t blank = line.find(' ');
    if ((blank == line.npos) != (i + 1 == words.size())) return std::nullopt;
    words[i] = line.substr(0, blank);
    line.remove_prefix(std::min(line.size(), words[i].size() + 1));
  }
  if (words[0] != "TCP4" && words[0] != "TCP6") return std::nullopt;
  const AddressFamily family = words[0] == "TCP4" ? AddressFamily::ipv4 : AddressFamily::ipv6;
  const auto source = address_of(words[1], words[3], family);
  const auto destination = address_of(words[2], words[4], family);
  if (!source || !destination) return std::nullopt;
  return ProxiedAddresses{*source, *destination};
}

template <std::size_t size>
std::array<std::uint8_t, size> octets_at(std::string_view text, std::size_t at) {
  std::array<std::uint8_t, size> octets;
  std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(at), size, octets.begin());
  return octets;
}

// `block`: both addresses, then both ports.
ProxiedAddresses parse_v2(std::string_view block, AddressFamily family) {
  const std::size_t size = family == AddressFamily::ipv4 ? 4 : 16;
  const auto ip = [&](std::size_t at) {
    return family == AddressFamily::ipv4 ? IpAddress::v4(octets_at<4>(block, at))
                                         : IpAddress::v6(octets_at<16>(block, at));
  };
  return {{ip(0), number16(block, 2 * size)}, {ip(size), number16(block, 2 * size + 2)}};
}

constexpr std::uint8_t tlv_crc32c = 3;

// Section 2.2.2: each is a type, a length and a value, and none may reach over the end. A checksum has to be right,
// the others mean nothing to us. Returns what is wrong; empty: nothing.
std::string_view tlv_problem(std::string_view header, std::size_t at) {
  while (at < header.size()) {
    if (header.size() - at < 3) return "a TLV is cut off";
    const std::uint8_t type = byte_at(header, at);
    const std::size_t length = number16(header, at + 1);
    at += 3;
    if (header.size() - at < length) return "a TLV reaches over the end";
    if (type == tlv_crc32c) {
      if (length != 4) return "the checksum has not 4 bytes";
      std::string zeroed(header);
      zeroed.replace(at, 4, 4, '\0');
      if (crc32c(zeroed) != number32(header, at)) return "the checksum is wrong";
    }
    at += length;
  }
  return {};
}

// Bytes of the two addresses and what goes with them; nullopt: no such family or transport.
std::optional<std::size_t> size_of_addresses(std::uint8_t family) {
  if ((family & 15) > 2) return std::nullopt;
  switch (family >> 4) {
    case 0: return 0;
    case 1: return 12;
    case 2: return 36;
    case 3: return 216;
    default: return std::nullopt;
  }
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  constexpr std::uint32_t polynomial = 0x82f63b78;
  std::uint32_t sum = 0xffffffff;
  for (const char c : bytes) {
    sum ^= static_cast<std::uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) sum = (sum >> 1) ^ ((sum & 1) != 0 ? polynomial : 0);
  }
  return ~sum;
}

std::size_t ProxyHeader::receive(std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  while (state_ == State::incomplete && taken < bytes.size()) {
    const std::size_t more = std::min(bytes.size() - taken, wanted_ - received_.size());
    received_.append(reinterpret_cast<const char*>(bytes.data()) + taken, more);
    taken += more;
    judge();
  }
  return taken;
}

void ProxyHeader::judge() {
  if (is_start_of(received_, v2_start)) return judge_v2();
  if (is_start_of(received_, v1_start)) return judge_v1();
  refuse("no PROXY protocol header");
}

// Byte by byte to the line's end: what follows belongs to the client.
void ProxyHeader::judge_v1() {
  const char last = received_.back();
  const bool ends = last == '\n' && received_.size() >= 2 && received_[received_.size() - 2] == '\r';
  if (!ends) {
    if (last == '\n') return refuse("a line end without CR");
    if (received_.size() == longest_v1) return refuse("the line is too long");
    wanted_ = received_.size() + 1;
    return;
  }
  std::string_view line = received_;
  line.remove_suffix(2);
  line.remove_prefix(v1_start.size());
  state_ = State::complete;
  // Whatever stands behind it is to be ignored.
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return;
  addresses_ = parse_v1(line);
  if (!addresses_) refuse("not \"PROXY TCP4|TCP6 source destination port port\"");
}

void ProxyHeader::judge_v2() {
  if (received_.size() < v2_fixed) {
    wanted_ = received_.size() + 1;
    return;
  }
  const std::size_t size = v2_fixed + number16(received_, 14);
  const std::uint8_t command = byte_at(received_, 12);
  if (command != 0x20 && command != 0x21) return refuse("not version 2, or an unknown command");
  if (size > largest_v2) return refuse("the header is too long");
  wanted_ = size;
  if (received_.size() < size) return;
  state_ = State::complete;
  const bool local = command == 0x20;
  if (local) return;  // the proxy's own connection, a health check perhaps: the rest is to be ignored
  const std::uint8_t family = byte_at(received_, 13);
  const auto addresses = size_of_addresses(family);
  if (!addresses) return refuse("an unknown address family or transport");
  if (size < v2_fixed + *addresses) return refuse("the addresses are cut off");
  // Without a family nothing says where addresses end and TLVs begin.
  const std::string_view problem = family >> 4 == 0 ? "" : tlv_problem(received_, v2_fixed + *addresses);
  if (!problem.empty()) return refuse(problem);
  const std::string_view block = std::string_view(received_).substr(v2_fixed);
  if (family == 0x11) addresses_ = parse_v2(block, AddressFamily::ipv4);
  if (family == 0x21) addresses_ = parse_v2(block, AddressFamily::ipv6);
}

void ProxyHeader::refuse(std::string_view problem) {
  state_ = State::malformed;
  problem_ = problem;
}

}  // namespace skerry::core
