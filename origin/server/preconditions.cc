#include "origin/server/preconditions.h"

#include <optional>

#include "core/http/date.h"
#include "core/http/etag.h"

namespace skerry::origin {

namespace {

// An invalid date makes the condition void (RFC 9110 13.1.3, 13.1.4).
std::optional<bool> modified_since(const http::HeaderMap& request, http::HeaderId field, std::string_view modified) {
  const auto value = request.find(field);
  const auto asked = value ? http::parse_http_date(*value) : std::nullopt;
  const auto actual = http::parse_http_date(modified);
  if (!asked || !actual) return std::nullopt;
  return *actual > *asked;
}

}  // namespace

int evaluate_preconditions(const http::RequestHead& request, const http::HeaderMap& response) {
  const http::HeaderMap& fields = request.fields;
  const std::string_view etag = response.find(http::HeaderId::etag).value_or("");
  const std::string_view modified = response.find(http::HeaderId::last_modified).value_or("");
  const bool reads = request.method == http::Method::get || request.method == http::Method::head;

  if (fields.contains(http::HeaderId::if_match)) {
    if (!http::any_strong_match(fields, http::HeaderId::if_match, etag)) return 412;
  } else if (modified_since(fields, http::HeaderId::if_unmodified_since, modified).value_or(false)) {
    return 412;
  }
  if (fields.contains(http::HeaderId::if_none_match)) {
    if (http::any_weak_match(fields, http::HeaderId::if_none_match, etag)) return reads ? 304 : 412;
  } else if (reads && !modified_since(fields, http::HeaderId::if_modified_since, modified).value_or(true)) {
    return 304;
  }
  return 200;
}

}  // namespace skerry::origin
