#include "edge/cacheability.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "edge/cache_key.h"
#include "edge/conditional.h"
#include "edge/vary.h"

namespace skerry::edge {
namespace {

using http::HeaderId;
using std::chrono::seconds;

// Final statuses of RFC 9110 whose caching requirements we implement, for must-understand (RFC 9111 5.2.2.3).
bool is_understood(int status) {
  constexpr std::array statuses = {200, 201, 202, 203, 204, 205, 300, 301, 302, 303, 305, 307, 308, 400,
                                   401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414,
                                   415, 416, 417, 421, 422, 426, 500, 501, 502, 503, 504, 505};
  return std::binary_search(statuses.begin(), statuses.end(), status);
}

// GET is stored; HEAD has no body to store; a POST answers a later GET if it says that it is that resource's
// representation and how long it is good (RFC 9110 9.3.3).
Reason refused_by_method(const http::RequestHead& request, const http::ResponseHead& response,
                         const Freshness& freshness) {
  if (request.method == http::Method::get) return Reason::none;
  if (request.method == http::Method::head) return Reason::head_only;
  if (request.method != http::Method::post || !freshness.is_explicit()) return Reason::method_not_cacheable;
  const auto location = response.fields.find(HeaderId::content_location);
  const auto path = location ? same_origin_path(request, *location) : std::nullopt;
  return path == request.path ? Reason::none : Reason::method_not_cacheable;
}

Reason refused_by_status(int status) {
  if (status == 206) return Reason::partial_content;
  if (status < 200 || status == 304) return Reason::status_not_cacheable;
  return Reason::none;
}

Reason refused_by_directives(const http::RequestHead& request, int status, const http::CacheControl& control,
                             const CachePolicy& policy) {
  if (control.must_understand) {
    if (!is_understood(status)) return Reason::must_understand;
  } else if (control.no_store) {
    return Reason::no_store;
  }
  if (control.private_) return Reason::private_;
  // RFC 9111 3.5
  const bool allows_authorized = control.public_ || control.must_revalidate || control.s_maxage;
  if (request.fields.contains(HeaderId::authorization) && !allows_authorized) return Reason::authorization;
  if (!policy.honour_request_directives) return Reason::none;
  return http::parse_cache_control(request.fields).no_store ? Reason::request_no_store : Reason::none;
}

bool names_field(const std::vector<std::string>& names, std::string_view field) {
  return std::find(names.begin(), names.end(), field) != names.end();
}

// A cookie is replayed to others only where the origin itself said for how long the response is good, and the site
// agrees. Named in no-cache="…" or private="…", it is not stored anyway.
Reason refused_by_cookie(const http::ResponseHead& response, const EffectiveControl& effective,
                         const CachePolicy& policy) {
  if (!response.fields.contains(HeaderId::set_cookie)) return Reason::none;
  const http::CacheControl& control = effective.control;
  if (names_field(control.no_cache_fields, "set-cookie") || names_field(control.private_fields, "set-cookie")) {
    return Reason::none;
  }
  const bool has_expires = effective.field == HeaderId::cache_control && response.fields.contains(HeaderId::expires);
  const bool origin_is_explicit = control.s_maxage || control.max_age || has_expires || control.no_cache;
  return policy.store_set_cookie && origin_is_explicit ? Reason::none : Reason::set_cookie;
}

// What can neither be reused nor validated nor help when the origin fails would only take room.
Reason refused_by_lifetime(const http::ResponseHead& response, const Freshness& freshness, bool is_public) {
  if (freshness.fresh_on_arrival()) return Reason::none;
  // An error must be fresh to be worth more than what it would displace.
  if (response.status >= 500) return Reason::no_lifetime;
  const bool may_be_reused = freshness.why != FreshnessSource::none ||
                             (freshness.always_validate && (is_public || is_heuristically_cacheable(response.status)));
  if (!may_be_reused) return Reason::no_lifetime;
  if (has_validator(response.fields)) return Reason::none;
  if (freshness.always_validate) return Reason::no_cache;
  const bool has_stale_window = freshness.stale_while_revalidate > seconds(0) || freshness.stale_if_error > seconds(0);
  return has_stale_window ? Reason::none : Reason::no_lifetime;
}

Reason refused_by_size(const http::ResponseHead& response, const CachePolicy& policy) {
  const auto text = response.fields.find(HeaderId::content_length);
  if (!text) return Reason::none;
  std::uint64_t length = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (error == std::errc::invalid_argument) return Reason::none;  // the codec's to judge
  const bool too_large = error == std::errc::result_out_of_range || length > policy.max_object_size.count;
  return too_large ? Reason::too_large : Reason::none;
}

// What the request's own Cache-Control demands of a stored response (RFC 9111 5.2.1), on sites that honour it.
void apply_request_directives(Judgement& judgement, const http::RequestHead& request, bool never_stale) {
  const bool has_control = request.fields.contains(HeaderId::cache_control);
  const auto pragma = request.fields.find(HeaderId::pragma);
  if (!has_control && !pragma) return;
  const http::CacheControl control =
      http::parse_cache_control(request.fields, has_control ? HeaderId::cache_control : HeaderId::pragma);
  if (control.no_cache) {
    judgement.reuse = Reuse::validate;
    judgement.why = Reason::request_no_cache;
    return;
  }
  if (!has_control) return;
  // max-age=0 is a reload, even of what came in this very second.
  if (control.max_age && (judgement.age > *control.max_age || *control.max_age == seconds(0))) {
    judgement.reuse = Reuse::validate;
    judgement.why = Reason::request_max_age;
  } else if (control.min_fresh && judgement.ttl < *control.min_fresh) {
    judgement.reuse = Reuse::validate;
    judgement.why = Reason::request_min_fresh;
  } else if (judgement.why == Reason::expired && !never_stale &&
             (control.max_stale_any || (control.max_stale && -judgement.ttl <= *control.max_stale))) {
    judgement.reuse = Reuse::fresh;
    judgement.why = Reason::request_max_stale;
  }
}

Judgement judge_by_age(const ObjectHead& object, core::WallTime now) {
  Judgement judgement;
  judgement.age = current_age(object, now);
  judgement.ttl = object.lifetime - judgement.age;
  judgement.reuse = Reuse::validate;
  judgement.why = Reason::expired;
  if (object.always_validate) {
    judgement.why = Reason::no_cache;
  } else if (judgement.ttl > seconds(0)) {
    judgement.reuse = Reuse::fresh;
    judgement.why = Reason::fresh;
  } else if (!object.never_stale && -judgement.ttl < object.stale_while_revalidate) {
    judgement.reuse = Reuse::stale_while_revalidate;
    judgement.why = Reason::stale_while_revalidate;
  }
  return judgement;
}

}  // namespace

Storable may_store(const http::RequestHead& request, const http::ResponseHead& response, const Freshness& freshness,
                   const CachePolicy& policy) {
  const EffectiveControl effective = effective_control(response.fields);
  Reason why = refused_by_method(request, response, freshness);
  if (why == Reason::none) why = refused_by_status(response.status);
  if (why == Reason::none) why = refused_by_directives(request, response.status, effective.control, policy);
  if (why == Reason::none && vary_of(response.fields).any) why = Reason::vary_any;
  if (why == Reason::none) why = refused_by_lifetime(response, freshness, effective.control.public_);
  if (why == Reason::none) why = refused_by_cookie(response, effective, policy);
  if (why == Reason::none) why = refused_by_size(response, policy);
  if (why != Reason::none) return {false, why};
  return {true, Reason::stored};
}

Reason refused_update(const http::RequestHead& request, const http::ResponseHead& updated, const CachePolicy& policy) {
  const EffectiveControl effective = effective_control(updated.fields);
  const Reason why = refused_by_directives(request, updated.status, effective.control, policy);
  return why != Reason::none ? why : refused_by_cookie(updated, effective, policy);
}

bool may_replace(int status, const Freshness& freshness) {
  if (status < 500) return true;
  return freshness.is_explicit() && freshness.why != FreshnessSource::negative_ttl;
}

bool is_shareable_for_followers(const http::RequestHead& request, const http::ResponseHead& response,
                                const Freshness& freshness, const CachePolicy& policy) {
  if (!freshness.fresh_on_arrival()) return false;
  const Storable storable = may_store(request, response, freshness, policy);
  return storable.store || storable.why == Reason::too_large;
}

bool is_cacheable_method(http::Method method) {
  return method == http::Method::get || method == http::Method::head;
}

bool invalidates(const http::RequestHead& request, int response_status) {
  return !http::is_safe(request.method) && response_status >= 200 && response_status < 400;
}

Judgement judge(const ObjectHead& object, const http::RequestHead& request, const CachePolicy& policy,
                core::WallTime now) {
  Judgement judgement = judge_by_age(object, now);
  if (!is_cacheable_method(request.method)) {
    judgement.reuse = Reuse::never;
    judgement.why = Reason::method_not_cacheable;
  } else if (policy.honour_request_directives && !object.always_validate) {
    apply_request_directives(judgement, request, object.never_stale);
  }
  return judgement;
}

bool only_if_cached(const http::RequestHead& request) {
  return request.fields.contains(HeaderId::cache_control) && http::parse_cache_control(request.fields).only_if_cached;
}

bool is_server_error(int status) {
  return status == 500 || status == 502 || status == 503 || status == 504;
}

bool may_serve_stale(const ObjectHead& object, const CachePolicy& policy, Failure failure, core::WallTime now) {
  if (object.always_validate) return false;
  const seconds stale_for = current_age(object, now) - object.lifetime;
  if (stale_for < seconds(0)) return true;  // fresh: only its validation was asked for
  if (object.never_stale) return false;
  const seconds on_error = std::max(object.stale_if_error, policy.stale_if_error_default);
  const seconds window = failure == Failure::no_answer ? std::max(on_error, policy.max_stale) : on_error;
  return stale_for < window;
}

}  // namespace skerry::edge
