// HTTP dates (RFC 9110 5.6.7): reading the three forms, writing IMF-fixdate.
//
// Pure functions; any thread; no time zone database, no locale, no allocation.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/clock.h"

namespace skerry::http {

constexpr std::size_t http_date_size = 29;  // "Sun, 06 Nov 1994 08:49:37 GMT"

// IMF-fixdate, RFC 850 and asctime forms. Strict but for letter case; no date is guessed from anything else. A year
// that WallTime can't hold (before 1677, after 2262) becomes its nearest bound. A two-digit year (RFC 850 form) is the
// one that lies at most 50 years after `now`'s year.
std::optional<core::WallTime> parse_http_date(std::string_view, core::WallTime now);
// With two-digit years read as 1970 to 2069.
std::optional<core::WallTime> parse_http_date(std::string_view);

// IMF-fixdate; the part below a second is cut off.
void append_http_date(std::string& out, core::WallTime);
void write_http_date(std::span<char, http_date_size> out, core::WallTime);

}  // namespace skerry::http
