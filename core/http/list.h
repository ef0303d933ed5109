// Comma-separated field values (RFC 9110 5.6.1), quoted strings respected, over one line or over all lines of a field.
//
// Views into the map's text; any thread; linear in the size of the value, no allocation.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/http/head.h"

namespace skerry::http {

// Blanks (SP and HTAB) cut off both ends.
std::string_view trim_blanks(std::string_view);
// RFC 9110 5.6.2: not empty, and token characters only.
bool is_token(std::string_view);
bool is_token_char(char);
char lower(char);  // ASCII
void append_lower(std::string& out, std::string_view);

// Walks the elements of one value: trimmed, empty ones skipped, commas inside quoted strings kept. A quote that is
// never closed is an ordinary character.
class ListReader {
 public:
  explicit ListReader(std::string_view value) : rest_(value) {}
  std::optional<std::string_view> next();

 private:
  std::string_view rest_;
  bool broken_quote_ = false;  // a quote without an end was met
};

// Calls `visit(element)` for every element of every line of the field; stops when it returns false.
template <class Visit>
void for_each_element(const HeaderMap& fields, HeaderId id, Visit visit) {
  for (const HeaderMap::Field field : fields) {
    if (field.id != id) continue;
    ListReader reader(field.value);
    while (const auto element = reader.next()) {
      if (!visit(*element)) return;
    }
  }
}

// The text of a quoted-string, or of a token as it is. Nothing if it is neither, or has anything after it.
std::optional<std::string> token_or_quoted(std::string_view);

// A quality value (RFC 9110 12.4.2) in thousandths: "0.8" is 800. Nothing if it isn't one.
std::optional<int> parse_quality(std::string_view);

}  // namespace skerry::http
