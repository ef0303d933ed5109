// Cache-Control (RFC 9111 5.2) and the two fields meant for CDNs: CDN-Cache-Control (RFC 9213) and Surrogate-Control
// (W3C Edge Architecture), all parsed into one struct.
//
// Pure; any thread. Time and memory are linear in the value; field name lists are bounded.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/http/head.h"

namespace skerry::http {

// Delta-seconds saturate here (RFC 9111 1.2.2): 68 years.
constexpr std::chrono::seconds max_delta_seconds{2147483648};

struct CacheControl {
  // An invalid value of max-age or s-maxage is zero: stale at once (RFC 9111 4.2.1). Invalid ones of the others are
  // left out. Of duplicates the first counts.
  std::optional<std::chrono::seconds> max_age, s_maxage;
  std::optional<std::chrono::seconds> stale_while_revalidate, stale_if_error;
  std::optional<std::chrono::seconds> min_fresh, max_stale;  // requests
  bool max_stale_any = false;                                // max-stale without a value
  bool invalid_lifetime = false;                             // max-age or s-maxage was not a number
  bool no_store = false;
  bool no_cache = false;  // without field names
  bool private_ = false;  // without field names
  bool public_ = false;
  bool must_revalidate = false;
  bool proxy_revalidate = false;
  bool only_if_cached = false;
  bool immutable = false;
  bool must_understand = false;
  bool no_transform = false;
  // no-cache="a, b" and private="a, b": lower case. A list that is malformed or too long counts as without names.
  std::vector<std::string> no_cache_fields, private_fields;
};

constexpr std::size_t max_qualified_fields = 64;

// All lines of `field` (Cache-Control). Unknown directives are ignored.
CacheControl parse_cache_control(const HeaderMap&, HeaderId field = HeaderId::cache_control);

// Nothing if the field is absent, empty, malformed, or has a known directive of the wrong type (RFC 9213 2.1).
std::optional<CacheControl> parse_cdn_cache_control(const HeaderMap&);

// Nothing if no line of Surrogate-Control says how to cache (content="ESI/1.0" alone doesn't). Directives aimed at a
// named surrogate (";name") are left out unless `device` is its name, the token that our Surrogate-Capability announces
// (Edge Architecture Specification, W3C Note 2001, 2.2 and 2.3). max-age=60+30 means 30 seconds of
// stale-while-revalidate and stale-if-error.
std::optional<CacheControl> parse_surrogate_control(const HeaderMap&, std::string_view device = {});

// Delta-seconds (1*DIGIT), saturating at max_delta_seconds.
std::optional<std::chrono::seconds> parse_delta_seconds(std::string_view);

}  // namespace skerry::http
