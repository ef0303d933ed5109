// Absolute http and https URLs, and the one spelling of a path (RFC 3986 6.2.2).
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/http/head.h"
#include "core/result.h"

namespace skerry::http {

struct Url {
  Scheme scheme = Scheme::http;
  std::string host;  // lower case; an IPv6 address without its brackets
  std::uint16_t port = 80;
  std::string path;  // path and query, at least "/"

  // invalid_argument with the reason. No user information; a fragment is refused too.
  static core::Result<Url> parse(std::string_view);
  // host[:port] as it stands in Host: brackets for IPv6, no default port.
  std::string authority() const;
  std::string to_string() const;
};

// Writes `path` (path and query) to `out` with percent-encoded unreserved characters decoded and the other encodings in
// upper case; nothing else changes, and what isn't a valid encoding stays as it is. Equal results mean equivalent URLs.
void normalise_path(std::string_view path, std::string& out);

}  // namespace skerry::http
