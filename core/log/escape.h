// Text from outside, made safe for one line of a log. Pure; any thread.
#pragma once

#include <string>
#include <string_view>

namespace skerry::log {

// Inside a JSON string: always valid UTF-8 and one line; bytes that are not UTF-8 become U+FFFD.
void append_json(std::string& out, std::string_view text);
// Inside the quotes of a combined or text line: quotes, backslashes, control and non-ASCII bytes as \xHH (as nginx
// does).
void append_hex_escaped(std::string& out, std::string_view text);

}  // namespace skerry::log
