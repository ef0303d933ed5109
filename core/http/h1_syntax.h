// The small grammars of RFC 9110 and 9112 that heads are checked against: character classes, authorities, numbers.
//
// Pure functions over bytes; any thread. Strict: where parsers on the way could differ in opinion, the answer is no.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/head.h"

namespace skerry::http {

// How many leading bytes are tchar (RFC 9110 5.6.2).
std::size_t token_prefix(std::string_view);
// Field values and reason phrases (RFC 9110 5.5): no CTL but HTAB.
bool is_field_text(std::string_view);
// A request target's bytes: visible ASCII without '#', which no client may send (RFC 9112 3.2).
bool is_target_text(std::string_view);

// Appends host[:port] in lower case to `out`, without the scheme's default port; false if it isn't a host: labels of
// letters, digits, '-' and '_', an IPv4 address, or an IPv6 literal in brackets, and a port of 1 to 65535 (which may be
// missing after its colon, RFC 3986 3.2.3). No user information, no percent-encoding.
bool append_authority(std::string& out, std::string_view text, Scheme scheme);

// 1*DIGIT up to 2^63 - 1 (RFC 9110 8.6).
std::optional<std::uint64_t> parse_content_length(std::string_view);

}  // namespace skerry::http
