#include "origin/server/options.h"

#include "core/http/list.h"

namespace skerry::origin {

// Greedy with one point of return: after the latest '*', try to match one character later. Linear in practice, at most
// quadratic, and never recursive.
bool matches_pattern(std::string_view pattern, std::string_view path) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, star_text = 0;
  while (t < path.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_text = t;
    } else if (p < pattern.size() && pattern[p] == path[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::string_view cache_control_for(const OriginOptions& options, std::string_view path) {
  std::string_view value = "max-age=3600";
  for (const CacheRule& rule : options.cache_control) {
    if (matches_pattern(rule.pattern, path)) value = rule.value;
  }
  return value;
}

core::Result<CacheRule> parse_cache_rule(std::string_view text) {
  const std::size_t equals = text.find('=');
  const auto printable = [](std::string_view value) {
    for (const char c : value) {
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    }
    return true;
  };
  if (equals == text.npos || equals == 0 || !printable(text)) {
    return core::Error{core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false,
                       "\"" + std::string(text) + "\" is not PATTERN=VALUE, for instance *.html=max-age=60"};
  }
  return CacheRule{std::string(text.substr(0, equals)), std::string(http::trim_blanks(text.substr(equals + 1)))};
}

}  // namespace skerry::origin
