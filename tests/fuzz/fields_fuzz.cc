// Any text as the value of every field that an edge reads: dates, directives, lists, structured fields, ranges, Vary,
// validators. What comes out keeps its promises whatever came in.
#include <cstdint>
#include <string>

#include "core/check.h"
#include "core/http/cache_control.h"
#include "core/http/date.h"
#include "core/http/structured_fields.h"
#include "edge/cache_key.h"
#include "edge/cacheability.h"
#include "edge/coding/content_coding.h"
#include "edge/conditional.h"
#include "edge/freshness.h"
#include "edge/object_head.h"
#include "edge/parts.h"
#include "edge/range.h"
#include "edge/vary.h"

using namespace skerry;

namespace {

void check_ranges(std::string_view text) {
  for (const std::uint64_t size : {0ull, 1ull, 1000ull, ~0ull}) {
    const edge::RangeSet set = edge::parse_range(text, size);
    CHECK(set.ranges.size() <= edge::max_ranges);
    for (const edge::ByteRange& range : set.ranges) CHECK(range.first <= range.last && range.last < size);
  }
  const auto content = edge::parse_content_range(text);
  if (content) CHECK(content->range.first <= content->range.last);
  if (content && content->size) CHECK(content->range.last < *content->size);
}

void check_date(std::string_view text) {
  const auto date = http::parse_http_date(text, core::WallTime());
  if (!date) return;
  std::string written;
  http::append_http_date(written, *date);
  CHECK(http::parse_http_date(written).has_value());
}

http::HeaderMap fields_with(std::string_view text) {
  http::HeaderMap fields;
  for (const http::HeaderId id :
       {http::HeaderId::cache_control, http::HeaderId::cdn_cache_control, http::HeaderId::surrogate_control,
        http::HeaderId::age, http::HeaderId::date, http::HeaderId::expires, http::HeaderId::vary,
        http::HeaderId::last_modified, http::HeaderId::etag, http::HeaderId::content_range})
    fields.add(id, text);
  return fields;
}

// The same text in every field at once: contradictions must not add up to something negative or endless.
void check_decisions(std::string_view text) {
  const core::WallTime now(std::chrono::hours(24 * 365 * 50));
  http::ResponseHead response;
  response.status = 200;
  response.fields = fields_with(text);
  const edge::CachePolicy policy;
  const edge::Freshness freshness = edge::freshness_of(response, policy, now, now);
  CHECK(freshness.lifetime.count() >= 0 && freshness.initial_age.count() >= 0);
  http::RequestHead request;
  for (const http::HeaderId id : {http::HeaderId::range, http::HeaderId::if_range, http::HeaderId::if_none_match,
                                  http::HeaderId::if_modified_since, http::HeaderId::cache_control})
    request.fields.add(id, text);
  static_cast<void>(edge::may_store(request, response, freshness, policy));
  static_cast<void>(edge::outline_of(response.fields));
  edge::ObjectHead object;
  object.fields = response.fields;
  object.lifetime = freshness.lifetime;
  static_cast<void>(edge::judge(object, request, policy, now));
  static_cast<void>(edge::evaluate(request, object));
  static_cast<void>(edge::if_range_holds(request, object));
  edge::CodingPolicy coding;
  coding.offered = {edge::Coding::zstd, edge::Coding::br, edge::Coding::gzip};
  object.key = "k";
  object.body_size = 5000;
  object.fields.set(http::HeaderId::content_type, "text/html");
  http::RequestHead accepting;
  accepting.fields.add(http::HeaderId::accept_encoding, text);
  if (const auto wanted = edge::wanted_coding(accepting, object, coding)) {
    const edge::ObjectHead coded = edge::coded_head(object, *wanted);
    CHECK(coded.fields.contains(http::HeaderId::content_encoding) == (*wanted != edge::Coding::identity));
  }
  const edge::VaryRule vary = edge::vary_of(response.fields);
  std::string key;
  if (!vary.any) static_cast<void>(edge::append_variant(key, vary.list, request.fields));
  CHECK(key.size() <= edge::max_variant_text);
}

// What is kept of a response, and what a 304 makes of it.
void check_stored_head(std::string_view text) {
  const core::WallTime now(std::chrono::hours(24 * 365 * 50));
  const edge::ResponseTimes times{now, now, 1};
  http::ResponseHead response;
  response.fields = fields_with(text);
  response.fields.add(http::HeaderId::connection, text);
  response.fields.add("X-Other", text);
  static_cast<void>(edge::fields_for_one(response.fields));
  const edge::Freshness freshness = edge::freshness_of(response, {}, now, now);
  http::ResponseHead kept = response;
  const edge::ObjectHead object = edge::make_object_head({}, std::move(kept), freshness, times);
  for (const http::HeaderId id : {http::HeaderId::connection, http::HeaderId::age, http::HeaderId::content_length})
    CHECK(!object.fields.contains(id));
  const edge::ObjectHead updated = edge::updated_by_304(object, response, {}, times);
  CHECK(updated.vary == object.vary && updated.lifetime.count() >= 0);
  static_cast<void>(edge::selects(object, response));
}

// The values by which variants are told apart, and references of Location fields.
void check_keys(std::string_view text) {
  http::RequestHead request;
  request.authority = "example.com";
  request.path = "/a/b?c";
  for (const http::HeaderId id : {http::HeaderId::accept_encoding, http::HeaderId::accept_language})
    request.fields.add(id, text);
  request.fields.add("X-Kind", text);
  std::string key, again;
  const bool told = edge::append_variant(key, "accept-encoding,accept-language,x-kind", request.fields);
  CHECK(told == edge::append_variant(again, "accept-encoding,accept-language,x-kind", request.fields) && key == again);
  CHECK(key.size() <= edge::max_variant_text && key.find('\r') == std::string::npos);
  const auto path = edge::same_origin_path(request, text);
  if (path) CHECK(path->starts_with('/') && path->find(' ') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // What the parser lets through: no control characters but a tab.
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\t') return 0;
  }
  check_ranges(text);
  check_date(text);
  static_cast<void>(http::parse_structured_item(text));
  static_cast<void>(http::parse_structured_list(text));
  static_cast<void>(http::parse_structured_dictionary(text));
  check_decisions(text);
  check_stored_head(text);
  check_keys(text);
  return 0;
}
