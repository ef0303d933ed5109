// Which request fields select a stored response (RFC 9111 4.1), and the text that two matching requests have in common.
//
// Pure functions; any thread; bounded by the limits below.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/head.h"

namespace skerry::edge {

constexpr std::size_t max_vary_names = 32;
constexpr std::size_t max_variant_text = 8 * 1024;

struct VaryRule {
  bool any = false;  // "*" anywhere, a name that is no token, or too many names: never matches
  std::string list;  // lower case, sorted, without duplicates, joined by ','; empty: nothing varies
};

// The lists known for one URL, newest first. Immutable and shared: whoever looks at them copies no text.
class VaryLists {
 public:
  VaryLists() = default;
  explicit VaryLists(std::vector<std::string> lists)
      : lists_(std::make_shared<const std::vector<std::string>>(std::move(lists))) {}

  std::span<const std::string> all() const { return lists_ ? *lists_ : std::span<const std::string>(); }

 private:
  std::shared_ptr<const std::vector<std::string>> lists_;  // null: none
};

// All lines of Vary.
VaryRule vary_of(const http::HeaderMap& response_fields);

// Appends the variant part of a full cache key: for each name of `list` the request's value, lines joined and blanks
// trimmed; Accept-Encoding and Accept-Language in a normal form (order, case, blanks, q-values). An absent field
// differs from an empty one. Nothing is appended for an empty list. False: over max_variant_text, `key` is unchanged
// and the request matches no variant.
bool append_variant(std::string& key, std::string_view list, const http::HeaderMap& request_fields);

// Of the variant parts of two keys, the names of the fields that keep one from being the other: those whose values
// differ, and those that only one of them names.
std::vector<std::string> differing_fields(std::string_view variant, std::string_view other);

}  // namespace skerry::edge
