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

}  // namespace skerry::core
