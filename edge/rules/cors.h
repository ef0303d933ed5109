// Cross-origin resource sharing (Fetch standard 3.2), answered by the edge: which pages' scripts may read what a site
// serves.
//
// The origin need not know of it: what it says itself in Access-Control-* fields is replaced. Made with the
// configuration, immutable then; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/head.h"
#include "core/result.h"

namespace skerry::edge {

struct CorsConfig {
  std::vector<std::string> origins;  // "https://app.example.com", "https://*.example.com", "*"; none: no CORS
  std::vector<std::string> methods = {"GET", "HEAD"};
  std::vector<std::string> headers;  // request fields that scripts may set; "*": any
  std::vector<std::string> exposed;  // response fields that they may read
  std::optional<std::chrono::seconds> max_age;
  bool credentials = false;
};

// Errors say what is wrong: no serialised origin, or a star where one can't be.
core::Result<std::string> parse_cors_origin(std::string_view text);
// Nothing but tokens; "*" alone where `star` says so.
core::Result<std::string> parse_cors_name(std::string_view text, bool star);
// What the keys together get wrong; empty: nothing. Browsers take no "*" beside credentials.
std::string cors_problem(const CorsConfig&);

class Cors {
 public:
  Cors() = default;
  explicit Cors(const CorsConfig&);
  bool empty() const { return config_.origins.empty(); }

  bool allows(std::string_view origin) const;
  // OPTIONS with an Origin and the method that the script wants.
  static bool is_preflight(const http::RequestHead&);
  // Takes out what the origin server said and puts in what the configuration says of `origin` (empty: the request
  // had none). Where that depends on the request, Vary says so, whether the request had one or not. `preflight`: the
  // answer to one.
  void apply(std::string_view origin, bool preflight, http::HeaderMap& response) const;

 private:
  CorsConfig config_;
  bool any_ = false;  // every origin, and the same answer for all
  std::string methods_, headers_, exposed_, max_age_;
};

}  // namespace skerry::edge
