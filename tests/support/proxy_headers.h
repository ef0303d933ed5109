// PROXY protocol headers of version 2 for tests, right and wrong ones.
#pragma once

#include <string>
#include <string_view>

#include "core/net/proxy_header.h"

namespace skerry::testing {

struct ProxyV2 {
  static std::string number(unsigned value, int bytes) {
    std::string text;
    for (int i = bytes - 1; i >= 0; --i) text.push_back(static_cast<char>(value >> (8 * i) & 255));
    return text;
  }
  static std::string tlv(unsigned type, std::string_view value) {
    return number(type, 1) + number(static_cast<unsigned>(value.size()), 2) + std::string(value);
  }
  static std::string header(unsigned version_and_command, unsigned family, std::string_view block) {
    std::string text("\r\n\r\n\0\r\nQUIT\n", 12);
    text += number(version_and_command, 1) + number(family, 1) + number(static_cast<unsigned>(block.size()), 2);
    return text + std::string(block);
  }
  // With a TLV that holds the right CRC-32C of all of it.
  static std::string with_checksum(unsigned version_and_command, unsigned family, std::string_view block) {
    std::string text = header(version_and_command, family, std::string(block) + tlv(3, std::string(4, '\0')));
    const std::uint32_t sum = core::crc32c(text);
    return text.replace(text.size() - 4, 4, number(sum, 4));
  }
  static std::string tcp(std::string_view source, std::string_view destination, unsigned from, unsigned to) {
    std::string text(core::IpAddress::parse(source).value().octets());
    text += core::IpAddress::parse(destination).value().octets();
    return text + number(from, 2) + number(to, 2);
  }
};

}  // namespace skerry::testing
