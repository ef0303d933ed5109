// Text to tree: TOML 1.0 through toml++, with `${NAME}` expanded inside strings. The tree knows line and column.
//
// Input is bounded (size, depth, lengths); the parser stops at the first syntax error, expansion reports all of its
// own.
#pragma once

#include <string_view>
#include <vector>

#include "core/config/value.h"

namespace skerry::config {

constexpr std::size_t largest_file = 4 << 20;
constexpr std::size_t longest_text = 64 << 10;

// `${NAME}` becomes the variable's value, `${NAME:-text}` the text if the variable is not set or empty (as in shells
// and compose files; the text ends at the first `}`), `$${` a plain `${`. An undefined variable is a problem. The
// result stays within longest_text.
bool expand_variables(std::string& text, const Environment&, std::string& problem);

// Adds to `problems`; the tree is empty after a syntax error.
Value parse_toml(std::string_view text, const Environment&, std::vector<Problem>& problems);

// "\"quoted\"" as TOML and JSON both read it.
std::string quoted(std::string_view text);
// A table as TOML or JSON text.
std::string to_toml(const Value& table);
std::string to_json(const Value& table);

}  // namespace skerry::config
