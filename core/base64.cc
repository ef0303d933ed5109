#include "core/base64.h"

namespace skerry::core {
namespace {

int value_of(char c, Base64 alphabet) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == (alphabet == Base64::url ? '-' : '+')) return 62;
  return c == (alphabet == Base64::url ? '_' : '/') ? 63 : -1;
}

}  // namespace

bool decode_base64(std::string_view text, Base64 alphabet, std::string& out) {
  out.clear();
  if (alphabet == Base64::standard) {
    if (text.size() % 4 != 0) return false;
    for (int padding = 0; padding < 2 && text.ends_with('='); ++padding) text.remove_suffix(1);
  }
  if (text.size() % 4 == 1) return false;
  std::uint32_t bits = 0;
  int count = 0;
  for (const char c : text) {
    const int value = value_of(c, alphabet);
    if (value < 0) return false;
    bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count));
  }
  return (bits & ((1u << count) - 1)) == 0;
}

std::string encode_base64(std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = bits << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (int shift = 18; shift >= 0; shift -= 6) text.push_back(digits[bits >> shift & 0x3f]);
  }
  for (std::size_t left = (3 - bytes.size() % 3) % 3; left > 0; --left) text[text.size() - left] = '=';
  return text;
}

}  // namespace skerry::core
