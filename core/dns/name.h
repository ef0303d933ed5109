// A domain name in wire form: length-prefixed labels ending with the root's zero byte (RFC 1035 3.1), never compressed.
//
// A plain value without allocation, up to 255 bytes. The case it came in is kept (0x20), and ignored by every
// comparison (RFC 4343). Any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "core/result.h"

namespace skerry::dns {

class Name {
 public:
  static constexpr std::size_t max_size = 255;
  static constexpr std::size_t max_label = 63;

  Name() = default;  // the root
  // Only the bytes in use are copied: a Name is mostly empty.
  Name(const Name& other) : size_(other.size_) { std::memcpy(wire_.data(), other.wire_.data(), size_); }
  Name& operator=(const Name& other) {
    size_ = other.size_;
    std::memmove(wire_.data(), other.wire_.data(), size_);
    return *this;
  }

  // "www.example.com", with or without the last dot; `\.`, `\\` and `\DDD` escape (RFC 1035 5.1); "." is the root.
  // Error: invalid_argument, with what is wrong.
  static core::Result<Name> parse(std::string_view text);

  // Appends a label of 1 to 63 bytes before the root. False when the name would grow beyond 255 bytes.
  bool append(std::string_view label);

  std::string_view wire() const { return {wire_.data(), size_}; }
  bool is_root() const { return size_ == 1; }
  int labels() const;
  // "www.example.com.", escaped where needed; "." for the root.
  std::string to_string() const;
  // A copy in lower case: the key that zones and caches use.
  Name lower() const;
  // True if this name is `zone` or below it.
  bool is_within(const Name& zone) const;
  // The name without its first label; the root stays the root.
  Name parent() const;

  friend bool operator==(const Name& a, const Name& b);

 private:
  std::array<char, max_size> wire_{'\0'};
  std::uint8_t size_ = 1;
};

// ASCII only (RFC 4343): length bytes, at most 63, have no case, so whole wire names may be compared.
constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}
bool equal_ignoring_case(std::string_view a, std::string_view b);

}  // namespace skerry::dns
