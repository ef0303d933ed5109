// Requests that a site sends elsewhere: from http to https, and from one path to another.
//
// What a client sends decides nothing but the path behind a configured prefix, so no redirect leads to a host that the
// operator didn't write down (or that the client reached us by). Made with the configuration, immutable then; any
// thread. Looking up allocates only where a redirect is the answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/head.h"
#include "core/result.h"

namespace skerry::edge {

struct RedirectsConfig {
  int https = 0;  // status of the answer to plain requests; 0: they are served
  int https_port = 443;
  std::vector<std::string> paths;  // "/from /to [status]"
};

struct PathRedirect {
  std::string from;          // without the "*" of a prefix
  bool from_prefix = false;  // ended in "*"
  std::string to;            // a path of the same site, or a URL; without its "*"
  bool to_rest = false;      // ended in "*": what the "*" of `from` stood for comes behind it
  int status = 301;

  bool matches(std::string_view path) const { return from_prefix ? path.starts_with(from) : path == from; }
};

// Errors say what is wrong: form, status, target, or a redirect to itself.
core::Result<PathRedirect> parse_path_redirect(std::string_view text);
bool is_redirect_status(int status);

struct Redirection {
  int status = 0;
  std::string location;
};

class Redirects {
 public:
  static core::Result<Redirects> make(const RedirectsConfig&);
  bool empty() const { return https_ == 0 && exact_.empty() && prefixes_.empty(); }
  // Where the request should go instead; nothing: no rule is about it. https first, then the exact path, then the
  // longest prefix.
  std::optional<Redirection> of(const http::RequestHead&) const;

 private:
  const PathRedirect* find(std::string_view path) const;

  int https_ = 0;
  int https_port_ = 443;
  std::vector<PathRedirect> exact_, prefixes_;  // each sorted by `from`
  std::vector<std::size_t> prefix_lengths_;     // distinct, longest first
};

}  // namespace skerry::edge
