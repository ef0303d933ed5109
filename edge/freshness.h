// How long a stored response may be reused without asking the origin, and how old it is (RFC 9111 4.2).
//
// Pure: everything comes in as arguments, the clock included, so each rule is one row in a table test. Any thread.
#pragma once

#include <chrono>
#include <string_view>

#include "core/clock.h"
#include "core/http/cache_control.h"
#include "core/http/head.h"
#include "edge/object.h"
#include "edge/policy.h"

namespace skerry::edge {

// Which field or rule set the lifetime.
#define SKERRY_FRESHNESS_SOURCES(X)         \
  X(none, "none")                           \
  X(site, "site")                           \
  X(cdn_cache_control, "cdn-cache-control") \
  X(surrogate_control, "surrogate-control") \
  X(s_maxage, "s-maxage")                   \
  X(max_age, "max-age")                     \
  X(expires, "expires")                     \
  X(negative_ttl, "negative-ttl")           \
  X(heuristic, "heuristic")
enum class FreshnessSource : std::uint8_t {
#define X(id, text) id,
  SKERRY_FRESHNESS_SOURCES(X)
#undef X
};
std::string_view name(FreshnessSource);

// Seconds are never negative; a lifetime of zero means "stale at once". `why` is for `skerry explain`.
struct Freshness {
  std::chrono::seconds lifetime{0};
  std::chrono::seconds initial_age{0};  // corrected_initial_age (4.2.3)
  std::chrono::seconds stale_while_revalidate{0};
  std::chrono::seconds stale_if_error{0};
  bool always_validate = false;  // no-cache
  bool never_stale = false;      // must-revalidate, proxy-revalidate, s-maxage
  FreshnessSource why = FreshnessSource::none;

  // The origin or the site named a lifetime, even if it is zero.
  bool is_explicit() const { return why != FreshnessSource::none && why != FreshnessSource::heuristic; }
  bool fresh_on_arrival() const { return !always_validate && lifetime > initial_age; }
};

// What we call ourselves in Surrogate-Capability, and what a directive of Surrogate-Control may be aimed at.
inline constexpr std::string_view surrogate_device = "skerry";

// The directives that rule a response: CDN-Cache-Control if it is valid and not empty, else Surrogate-Control, else
// Cache-Control. The first two replace Cache-Control and Expires whole (RFC 9213 2.1).
struct EffectiveControl {
  http::CacheControl control;
  http::HeaderId field = http::HeaderId::cache_control;
};
EffectiveControl effective_control(const http::HeaderMap& response_fields);

// `requested`: when the request was sent; `received`: when the head arrived.
Freshness freshness_of(const http::ResponseHead&, const CachePolicy&, core::WallTime requested,
                       core::WallTime received);

// current_age (4.2.3): what the Age field says. Never negative, whatever the clock does.
std::chrono::seconds current_age(const ObjectHead&, core::WallTime now);

// Statuses that may be reused with a heuristic lifetime (RFC 9110 15.1, without 206).
bool is_heuristically_cacheable(int status);

}  // namespace skerry::edge
