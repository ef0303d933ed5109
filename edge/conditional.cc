#include "edge/conditional.h"

#include <chrono>

#include "core/http/date.h"
#include "core/http/etag.h"

namespace skerry::edge {
namespace {

using http::HeaderId;

// When the stored response was last modified, as If-Modified-Since sees it: Last-Modified, else Date, else its receipt
// (RFC 9111 4.3.2).
core::WallTime modification_time(const ObjectHead& object) {
  for (const HeaderId id : {HeaderId::last_modified, HeaderId::date}) {
    const auto text = object.fields.find(id);
    const auto time = text ? http::parse_http_date(*text, object.received) : std::nullopt;
    if (time) return *time;
  }
  return object.received;
}

bool modified_since(const http::RequestHead& request, const ObjectHead& object) {
  // Two dates, or none that is valid: the condition is ignored (RFC 9110 13.1.3).
  if (request.fields.count(HeaderId::if_modified_since) != 1) return true;
  const std::string_view text = *request.fields.find(HeaderId::if_modified_since);
  const auto since = http::parse_http_date(text, object.received);
  return !since || modification_time(object) > *since;
}

// Last-Modified is strong only if the origin's clock had moved on when it answered (RFC 9110 8.8.2.2).
bool is_strong_date(const ObjectHead& object, core::WallTime modified) {
  const auto text = object.fields.find(HeaderId::date);
  const auto date = text ? http::parse_http_date(*text, object.received) : std::nullopt;
  return date && *date > modified;
}

}  // namespace

ClientCondition evaluate(const http::RequestHead& request, const ObjectHead& object) {
  if (request.method != http::Method::get && request.method != http::Method::head) return ClientCondition::none;
  if (object.status < 200 || object.status > 299) return ClientCondition::none;
  if (request.fields.contains(HeaderId::if_none_match)) {
    const std::string_view etag = object.fields.find(HeaderId::etag).value_or(std::string_view());
    return http::any_weak_match(request.fields, HeaderId::if_none_match, etag) ? ClientCondition::not_modified
                                                                               : ClientCondition::none;
  }
  if (!request.fields.contains(HeaderId::if_modified_since)) return ClientCondition::none;
  return modified_since(request, object) ? ClientCondition::none : ClientCondition::not_modified;
}

bool has_origin_conditions(const http::RequestHead& request) {
  return request.fields.contains(HeaderId::if_match) || request.fields.contains(HeaderId::if_unmodified_since);
}

void remove_conditions(http::RequestHead& request) {
  for (const HeaderId id :
       {HeaderId::if_none_match, HeaderId::if_modified_since, HeaderId::if_match, HeaderId::if_unmodified_since}) {
    request.fields.remove(id);
  }
}

bool add_validators(http::RequestHead& request, const ObjectHead& object) {
  remove_conditions(request);
  const auto etag = object.fields.find(HeaderId::etag);
  const auto modified = object.fields.find(HeaderId::last_modified);
  if (etag) request.fields.add(HeaderId::if_none_match, *etag);
  if (modified) request.fields.add(HeaderId::if_modified_since, *modified);
  return etag || modified;
}

bool has_validator(const http::HeaderMap& fields) {
  return fields.contains(HeaderId::etag) || fields.contains(HeaderId::last_modified);
}

bool if_range_holds(const http::RequestHead& request, const ObjectHead& object) {
  const std::size_t count = request.fields.count(HeaderId::if_range);
  if (count == 0) return true;
  if (count > 1) return false;
  const std::string_view condition = *request.fields.find(HeaderId::if_range);
  if (const auto date = http::parse_http_date(condition, object.received)) {
    const auto text = object.fields.find(HeaderId::last_modified);
    const auto modified = text ? http::parse_http_date(*text, object.received) : std::nullopt;
    return modified && *modified == *date && is_strong_date(object, *modified);
  }
  const auto etag = object.fields.find(HeaderId::etag);
  return etag && http::strong_match(condition, *etag);
}

http::HeaderMap not_modified_fields(const ObjectHead& object) {
  http::HeaderMap fields;
  const bool has_etag = object.fields.contains(HeaderId::etag);
  for (const http::HeaderMap::Field field : object.fields) {
    switch (field.id) {
      case HeaderId::etag:
      case HeaderId::cache_control:
      case HeaderId::cdn_cache_control:
      case HeaderId::surrogate_control:
      case HeaderId::content_location:
      case HeaderId::date:
      case HeaderId::expires:
      case HeaderId::vary: fields.add(field.name, field.value); break;
      // Only where it is the validator (RFC 9110 15.4.5).
      case HeaderId::last_modified:
        if (!has_etag) fields.add(field.name, field.value);
        break;
      default: break;
    }
  }
  return fields;
}

}  // namespace skerry::edge
