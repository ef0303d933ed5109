// What a site (or a route of it) decides about caching: the numbers behind every cache decision, and which parts of a
// request name an object.
//
// Plain values with their defaults; part of the immutable configuration; any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/units.h"

namespace skerry::edge {

struct CachePolicy {
  double heuristic_fraction = 0.1;  // of the age at Last-Modified (RFC 9111 4.2.2)
  std::chrono::seconds heuristic_max = std::chrono::hours(24);
  // Instead of what the origin says, for 200, 203, 204, 300, 301, 308. no-store, private and no-cache are still
  // obeyed.
  std::optional<std::chrono::seconds> ttl;
  // Status → lifetime, where the origin states none.
  std::vector<std::pair<int, std::chrono::seconds>> negative_ttl;
  bool store_set_cookie = true;                             // responses with Set-Cookie and explicit freshness
  std::chrono::seconds max_stale = std::chrono::hours(24);  // how long past its lifetime, when no answer comes
  std::chrono::seconds stale_if_error_default{0};           // on 500, 502, 503, 504 without stale-if-error
  bool honour_request_directives = false;                   // but only-if-cached, which always counts
  std::chrono::seconds hit_for_miss{120};
  std::chrono::milliseconds follower_timeout{5000};  // then a follower fetches on its own
  std::size_t max_variants = 16;                     // per URL
  core::Bytes max_object_size = core::operator""_GiB(64);
};

// Which requests mean the same object. Names of query parameters may end in '*'.
struct KeyRules {
  bool drop_query = false;
  std::vector<std::string> keep_query;  // if not empty: only these
  std::vector<std::string> drop_query_names;
  bool sort_query = false;           // by name; parameters of one name keep their order
  std::vector<std::string> headers;  // request fields that are part of the key
  std::vector<std::string> cookies;  // cookies that are part of the key

  bool changes_query() const { return drop_query || sort_query || !keep_query.empty() || !drop_query_names.empty(); }
};

// Content codings (RFC 9110 8.4.1, RFC 7932, RFC 8878).
enum class Coding : std::uint8_t { identity, gzip, br, zstd };

// Which bodies leave the edge in another coding than the origin's.
struct CodingPolicy {
  std::vector<Coding> offered;  // among those that a client likes equally the first is taken; empty: nothing is coded
  std::vector<std::string> types = {"text/*",
                                    "application/javascript",
                                    "application/json",
                                    "application/ld+json",
                                    "application/xml",
                                    "application/rss+xml",
                                    "application/manifest+json",
                                    "application/wasm",
                                    "image/svg+xml",
                                    "font/ttf",
                                    "font/otf"};
  core::Bytes smallest = core::operator""_KiB(1);
};

}  // namespace skerry::edge
