#include "edge/freshness.h"

#include <algorithm>
#include <array>

#include "core/http/date.h"
#include "core/http/list.h"

namespace skerry::edge {
namespace {

using http::HeaderId;
using std::chrono::seconds;

// Between two dates in whole seconds; dates may lie centuries apart, where nanoseconds would overflow.
seconds between(core::WallTime from, core::WallTime to) {
  return std::chrono::floor<seconds>(to) - std::chrono::floor<seconds>(from);
}

// The origin's clock; a missing or invalid Date is the time of receipt (RFC 9110 6.6.1).
core::WallTime date_of(const http::HeaderMap& fields, core::WallTime received) {
  const auto text = fields.find(HeaderId::date);
  if (!text) return received;
  return http::parse_http_date(*text, received).value_or(received);
}

// The first member of the first line; what is no number is ignored.
seconds age_value(const http::HeaderMap& fields) {
  const auto text = fields.find(HeaderId::age);
  if (!text) return seconds(0);
  const auto first = http::ListReader(*text).next();
  return first ? http::parse_delta_seconds(*first).value_or(seconds(0)) : seconds(0);
}

// corrected_initial_age (RFC 9111 4.2.3).
seconds initial_age_of(const http::HeaderMap& fields, core::WallTime requested, core::WallTime received) {
  const seconds apparent_age = std::max(seconds(0), between(date_of(fields, received), received));
  const seconds response_delay = std::max(seconds(0), std::chrono::duration_cast<seconds>(received - requested));
  return std::max(apparent_age, age_value(fields) + response_delay);
}

struct Lifetime {
  seconds value{0};
  FreshnessSource why = FreshnessSource::none;
};

// Expires − Date, both from the origin. Anything but one valid date is already expired (RFC 9111 5.3).
seconds expires_lifetime(const http::HeaderMap& fields, core::WallTime received) {
  if (fields.count(HeaderId::expires) != 1) return seconds(0);
  const auto expires = http::parse_http_date(*fields.find(HeaderId::expires), received);
  if (!expires) return seconds(0);
  return std::max(seconds(0), between(date_of(fields, received), *expires));
}

// RFC 9111 4.2.2.
Lifetime heuristic_lifetime(const http::ResponseHead& response, bool is_public, const CachePolicy& policy,
                            core::WallTime received) {
  if (!is_public && !is_heuristically_cacheable(response.status)) return {};
  const auto text = response.fields.find(HeaderId::last_modified);
  const auto modified = text ? http::parse_http_date(*text, received) : std::nullopt;
  if (!modified) return {};
  const seconds unchanged_for = std::max(seconds(0), between(*modified, date_of(response.fields, received)));
  const seconds part(static_cast<std::int64_t>(static_cast<double>(unchanged_for.count()) * policy.heuristic_fraction));
  return {std::min(part, policy.heuristic_max), FreshnessSource::heuristic};
}

// Errors and redirects that are temporary keep the origin's word even if the site sets a lifetime for content.
bool takes_site_ttl(int status) {
  constexpr std::array statuses = {200, 203, 204, 300, 301, 308};
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

FreshnessSource source_of(HeaderId field, FreshnessSource directive) {
  if (field == HeaderId::cdn_cache_control) return FreshnessSource::cdn_cache_control;
  if (field == HeaderId::surrogate_control) return FreshnessSource::surrogate_control;
  return directive;
}

// RFC 9111 4.2.1, in the order of precedence.
Lifetime lifetime_of(const http::ResponseHead& response, const EffectiveControl& effective, const CachePolicy& policy,
                     core::WallTime received) {
  const http::CacheControl& control = effective.control;
  if (policy.ttl && takes_site_ttl(response.status)) return {*policy.ttl, FreshnessSource::site};
  if (control.s_maxage) return {*control.s_maxage, source_of(effective.field, FreshnessSource::s_maxage)};
  if (control.max_age) return {*control.max_age, source_of(effective.field, FreshnessSource::max_age)};
  if (effective.field == HeaderId::cache_control && response.fields.contains(HeaderId::expires)) {
    return {expires_lifetime(response.fields, received), FreshnessSource::expires};
  }
  for (const auto& [status, ttl] : policy.negative_ttl) {
    if (status == response.status) return {ttl, FreshnessSource::negative_ttl};
  }
  return heuristic_lifetime(response, control.public_, policy, received);
}

}  // namespace

std::string_view name(FreshnessSource source) {
  switch (source) {
#define X(id, text) \
  case FreshnessSource::id: return text;
    SKERRY_FRESHNESS_SOURCES(X)
#undef X
  }
  return "unknown";
}

bool is_heuristically_cacheable(int status) {
  constexpr std::array statuses = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501};
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

EffectiveControl effective_control(const http::HeaderMap& fields) {
  if (auto targeted = http::parse_cdn_cache_control(fields)) {
    return {std::move(*targeted), HeaderId::cdn_cache_control};
  }
  if (auto surrogate = http::parse_surrogate_control(fields, surrogate_device)) {
    return {std::move(*surrogate), HeaderId::surrogate_control};
  }
  return {http::parse_cache_control(fields), HeaderId::cache_control};
}

Freshness freshness_of(const http::ResponseHead& response, const CachePolicy& policy, core::WallTime requested,
                       core::WallTime received) {
  const EffectiveControl effective = effective_control(response.fields);
  const http::CacheControl& control = effective.control;
  const Lifetime lifetime = lifetime_of(response, effective, policy, received);
  Freshness freshness;
  freshness.lifetime = lifetime.value;
  freshness.why = lifetime.why;
  freshness.initial_age = initial_age_of(response.fields, requested, received);
  freshness.stale_while_revalidate = control.stale_while_revalidate.value_or(seconds(0));
  freshness.stale_if_error = control.stale_if_error.value_or(seconds(0));
  freshness.always_validate = control.no_cache;
  // s-maxage means proxy-revalidate (RFC 9111 5.2.2.10), but an origin that asks for stale-* beside it means that.
  const bool asks_for_stale = control.stale_while_revalidate || control.stale_if_error;
  freshness.never_stale = control.must_revalidate || control.proxy_revalidate || (control.s_maxage && !asks_for_stale);
  return freshness;
}

seconds current_age(const ObjectHead& object, core::WallTime now) {
  const seconds resident = std::chrono::duration_cast<seconds>(now - object.received);
  return object.initial_age + std::max(seconds(0), resident);
}

}  // namespace skerry::edge
