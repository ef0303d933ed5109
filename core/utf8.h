// UTF-8 (RFC 3629), for text that goes to people and formats that insist on it. Pure; any thread.
#pragma once

#include <cstddef>
#include <string_view>

namespace skerry::core {

// How many bytes the well-formed sequence at the front has, 1 to 4; 0: there is none.
std::size_t utf8_sequence_length(std::string_view text);
bool is_utf8(std::string_view text);

}  // namespace skerry::core
