// Message heads and stored objects in one line, for tables of caching rules. Times are seconds after a fixed moment.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/date.h"
#include "core/http/head.h"
#include "edge/freshness.h"
#include "edge/object_head.h"
#include "edge/policy.h"

namespace skerry::edge::testing {

using std::chrono::seconds;
using Fields = std::vector<std::pair<std::string, std::string>>;

constexpr std::int64_t start_seconds = 1'780'000'000;  // 28 May 2026

inline core::WallTime at(std::int64_t after_start) {
  return core::WallTime(seconds(start_seconds + after_start));
}

inline std::string date(std::int64_t after_start) {
  std::string text;
  http::append_http_date(text, at(after_start));
  return text;
}

inline http::HeaderMap map_of(const Fields& fields) {
  http::HeaderMap map;
  for (const auto& [name, value] : fields) map.add(name, value);
  return map;
}

inline http::RequestHead request(const Fields& fields = {}, http::Method method = http::Method::get,
                                 std::string path = "/a") {
  http::RequestHead head;
  head.method = method;
  head.authority = "example.com";
  head.path = std::move(path);
  head.fields = map_of(fields);
  return head;
}

inline http::ResponseHead response(const Fields& fields = {}, int status = 200) {
  http::ResponseHead head;
  head.status = status;
  head.fields = map_of(fields);
  return head;
}

// Asked for and received at the start.
inline Freshness freshness(const http::ResponseHead& head, const CachePolicy& policy = {}) {
  return freshness_of(head, policy, at(0), at(0));
}

inline ObjectHead object(const Fields& fields, int status = 200, const CachePolicy& policy = {}) {
  http::ResponseHead head = response(fields, status);
  const Freshness known = freshness(head, policy);
  ObjectHead stored = make_object_head(request(), std::move(head), known, {at(0), at(0), 1});
  stored.primary_key = stored.key = "http://example.com/a";
  return stored;
}

inline std::string value_of(const http::HeaderMap& fields, std::string_view name) {
  return fields.find(name) ? fields.joined(name) : "(absent)";
}

}  // namespace skerry::edge::testing
