#include "edge/object_head.h"

#include <algorithm>
#include <charconv>
#include <string>

#include "core/http/date.h"
#include "core/http/etag.h"
#include "edge/vary.h"

namespace skerry::edge {
namespace {

using http::HeaderId;

// What frames one message, names one request, or belongs to one connection or hop (RFC 9111 3.1).
void remove_unstorable(http::HeaderMap& fields) {
  http::remove_hop_by_hop(fields);
  constexpr HeaderId unstorable[] = {
      HeaderId::connection,
      HeaderId::keep_alive,
      HeaderId::proxy_authenticate,
      HeaderId::proxy_authentication_info,
      HeaderId::proxy_connection,
      HeaderId::proxy_authorization,
      HeaderId::te,
      HeaderId::trailer,
      HeaderId::transfer_encoding,
      HeaderId::upgrade,
      HeaderId::content_length,
      HeaderId::x_request_id,
      HeaderId::skerry_peer,
      HeaderId::skerry_answer,
  };
  for (const HeaderId id : unstorable) fields.remove(id);
}

// no-cache="…" and private="…": these fields are kept out of reuse (RFC 9111 5.2.2.4, 5.2.2.7).
void remove_qualified(http::HeaderMap& fields, const http::CacheControl& control) {
  for (const std::string& name : control.no_cache_fields) fields.remove(name);
  for (const std::string& name : control.private_fields) fields.remove(name);
}

void add_missing_date(http::HeaderMap& fields, core::WallTime received) {
  if (fields.contains(HeaderId::date)) return;
  std::string date;
  http::append_http_date(date, received);
  fields.add(HeaderId::date, date);
}

void set_freshness(ObjectHead& object, const Freshness& freshness, const ResponseTimes& times) {
  object.requested = times.requested;
  object.received = times.received;
  object.epoch = times.epoch;
  object.initial_age = freshness.initial_age;
  object.lifetime = freshness.lifetime;
  object.stale_while_revalidate = freshness.stale_while_revalidate;
  object.stale_if_error = freshness.stale_if_error;
  object.always_validate = freshness.always_validate;
  object.never_stale = freshness.never_stale;
}

// The stored fields with those of the update in their place (RFC 9111 3.2).
http::HeaderMap merged(const http::HeaderMap& stored, http::HeaderMap update) {
  http::HeaderMap fields;
  for (const http::HeaderMap::Field field : stored) {
    const bool replaced = field.id != HeaderId::other ? update.contains(field.id) : update.find(field.name).has_value();
    // A response without Date is dated by its receipt, and so is an update without one.
    if (!replaced && field.id != HeaderId::date) fields.add(field.name, field.value);
  }
  for (const http::HeaderMap::Field field : update) fields.add(field.name, field.value);
  return fields;
}

bool same_date(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const auto left = http::parse_http_date(a), right = http::parse_http_date(b);
  return left && right && *left == *right;
}

}  // namespace

ObjectHead make_object_head(const http::RequestHead&, http::ResponseHead&& response, const Freshness& freshness,
                            const ResponseTimes& times) {
  ObjectHead object;
  object.status = response.status;
  object.fields = std::move(response.fields);
  object.vary = vary_of(object.fields).list;
  const http::CacheControl control = effective_control(object.fields).control;
  remove_unstorable(object.fields);
  object.fields.remove(HeaderId::age);
  remove_qualified(object.fields, control);
  add_missing_date(object.fields, times.received);
  set_freshness(object, freshness, times);
  return object;
}

bool name_object(ObjectHead& object, const http::RequestHead& request, std::string_view primary_key) {
  object.primary_key = primary_key;
  object.host = request.authority;
  object.path = request.path;
  object.key = primary_key;
  return append_variant(object.key, object.vary, request.fields);
}

http::HeaderMap fields_for_one(const http::HeaderMap& fields) {
  const http::CacheControl control = effective_control(fields).control;
  const auto named = [&](std::string_view name) {
    const auto is_it = [&](const std::string& one) { return http::equals_ignoring_case(one, name); };
    return std::any_of(control.no_cache_fields.begin(), control.no_cache_fields.end(), is_it) ||
           std::any_of(control.private_fields.begin(), control.private_fields.end(), is_it);
  };
  http::HeaderMap once;
  for (const http::HeaderMap::Field field : fields) {
    if (named(field.name)) once.add(field.name, field.value);
  }
  remove_unstorable(once);
  return once;
}

ObjectHead updated_by_304(const ObjectHead& old, const http::ResponseHead& not_modified, const CachePolicy& policy,
                          const ResponseTimes& times) {
  http::HeaderMap update = not_modified.fields;
  remove_unstorable(update);
  update.remove(HeaderId::content_range);
  http::ResponseHead response;
  response.status = old.status;
  response.fields = merged(old.fields, std::move(update));
  add_missing_date(response.fields, times.received);

  ObjectHead object = old;
  set_freshness(object, freshness_of(response, policy, times.requested, times.received), times);
  const http::CacheControl control = effective_control(response.fields).control;
  // The origin took its permission back: what is stored is never used without asking again.
  if (control.no_store || control.private_) object.always_validate = true;
  response.fields.remove(HeaderId::age);
  remove_qualified(response.fields, control);
  object.fields = std::move(response.fields);
  return object;
}

bool selects(const ObjectHead& object, const http::ResponseHead& not_modified) {
  if (not_modified.fields.contains(HeaderId::vary)) {
    const VaryRule rule = vary_of(not_modified.fields);
    if (rule.any || rule.list != object.vary) return false;
  }
  if (const auto etag = not_modified.fields.find(HeaderId::etag)) {
    const auto stored = object.fields.find(HeaderId::etag);
    if (!stored) return false;
    return http::entity_tag(*etag).weak ? http::weak_match(*etag, *stored) : http::strong_match(*etag, *stored);
  }
  if (const auto modified = not_modified.fields.find(HeaderId::last_modified)) {
    const auto stored = object.fields.find(HeaderId::last_modified);
    return stored && same_date(*modified, *stored);
  }
  return true;
}

}  // namespace skerry::edge
