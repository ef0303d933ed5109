// Base64 (RFC 4648) read, in both alphabets, and written in the standard one. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace skerry::core {

enum class Base64 : std::uint8_t {
  standard,  // with `+` and `/`, padded (section 4)
  url,       // with `-` and `_`, without padding (section 5)
};
// False, with `out` in no certain state: a character or a length that can't be, or bits left over that are not zero.
bool decode_base64(std::string_view text, Base64 alphabet, std::string& out);
// Standard and padded.
std::string encode_base64(std::string_view bytes);

}  // namespace skerry::core
