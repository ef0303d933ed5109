#include "core/log/escape.h"

#include "core/utf8.h"

namespace skerry::log {
namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

}  // namespace

void append_json(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const auto byte = static_cast<unsigned char>(text[0]);
    std::size_t length = core::utf8_sequence_length(text);
    // U+2028 and U+2029 end lines for some readers; U+0080 … U+009F are control characters.
    const bool control = byte < 0x20 || byte == 0x7f || (length == 2 && byte == 0xc2 && (text[1] & 0xe0) == 0x80);
    const bool separator = length == 3 && (text.starts_with("\xe2\x80\xa8") || text.starts_with("\xe2\x80\xa9"));
    if (length == 0) {
      out.append("\xef\xbf\xbd");
      length = 1;
    } else if (separator) {
      out.append(text[2] == '\xa8' ? "\\u2028" : "\\u2029");
    } else if (control) {
      const auto code = length == 2 ? static_cast<unsigned char>(text[1]) : byte;
      out.append("\\u00").append({digits[code >> 4], digits[code & 15]});
    } else {
      if (byte == '"' || byte == '\\') out.push_back('\\');
      out.append(text.substr(0, length));
    }
    text.remove_prefix(length);
  }
}

void append_hex_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte >= 0x7f || c == '"' || c == '\\') {
      out.append("\\x").append({digits[byte >> 4], digits[byte & 15]});
    } else {
      out.push_back(c);
    }
  }
}

}  // namespace skerry::log
