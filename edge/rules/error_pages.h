// Pages of a site's own for errors: by status or by class of statuses, read when the configuration is. Immutable then;
// any thread: bodies are shared.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/chunk.h"
#include "core/result.h"

namespace skerry::edge {

struct ErrorPagesConfig {
  std::vector<std::pair<std::string, std::string>> files;  // "404", "4xx" or "5xx" → path
  bool for_origin = false;                                 // in place of an origin's own 5xx, too
};

struct ErrorPage {
  std::string content_type;
  core::Chunk body;
};

constexpr std::size_t largest_error_page = 1 << 20;

// Errors say what is wrong with it: no such status, a kind of file that browsers are not shown, not readable, too
// large.
core::Result<ErrorPage> read_error_page(std::string_view status, const std::string& path);

// Reads each file once and holds it once, however many sites, routes and statuses of a configuration name it.
class ErrorPageFiles {
 public:
  core::Result<ErrorPage> read(std::string_view status, const std::string& path);

 private:
  std::map<std::string, ErrorPage> pages_;
};

class ErrorPages {
 public:
  static core::Result<ErrorPages> make(const ErrorPagesConfig&, ErrorPageFiles&);
  bool empty() const { return pages_.empty(); }
  // That of the status, or of its class. Null: none.
  const ErrorPage* find(int status) const;
  // The one that stands for an origin's answer. Null: the answer is passed on.
  const ErrorPage* find_for_origin(int status) const;

 private:
  std::map<std::string, ErrorPage, std::less<>> pages_;
  bool for_origin_ = false;
};

}  // namespace skerry::edge
