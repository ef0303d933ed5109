// The two big questions: may this response be stored (RFC 9111 3), and may this stored response answer this request
// (RFC 9111 4, RFC 5861)?
//
// Pure functions whose results carry a reason. Any thread.
#pragma once

#include <chrono>

#include "core/clock.h"
#include "core/http/head.h"
#include "edge/freshness.h"
#include "edge/object.h"
#include "edge/policy.h"
#include "edge/reason.h"

namespace skerry::edge {

struct Storable {
  bool store = false;
  Reason why = Reason::none;  // Reason::stored if it may be
};
// `freshness` is freshness_of() the same response. Responses that could never be reused, not even after a validation
// or an origin's failure, are not stored, either (no_lifetime).
Storable may_store(const http::RequestHead&, const http::ResponseHead&, const Freshness&, const CachePolicy&);

// May the fields of a 304, laid over those stored (RFC 9111 3.2), be kept for others? Reason::none, or what forbids it.
Reason refused_update(const http::RequestHead&, const http::ResponseHead& updated, const CachePolicy&);

// May this answer, which may be stored, take the place of an earlier one? A server's error only if the origin itself
// says how long it is good: what a site's negative_ttl says is good enough where nothing better is kept.
bool may_replace(int status, const Freshness&);

// May others who wait for the same key be given this answer while it arrives? Only what is reusable without validation;
// an object too large to store still is.
bool is_shareable_for_followers(const http::RequestHead&, const http::ResponseHead&, const Freshness&,
                                const CachePolicy&);

// May this method be answered from the cache? GET and HEAD.
bool is_cacheable_method(http::Method);
// A stored or shared copy is found by methods that change nothing (RFC 9111 4.4): 2xx and 3xx to any other invalidate.
bool invalidates(const http::RequestHead&, int response_status);

enum class Reuse : std::uint8_t {
  fresh,                   // serve it
  stale_while_revalidate,  // serve it, refresh in the background
  validate,                // ask the origin first
  never,                   // it can't answer this request, validated or not
};
struct Judgement {
  Reuse reuse = Reuse::never;
  Reason why = Reason::none;
  std::chrono::seconds age{0};
  std::chrono::seconds ttl{0};  // lifetime minus age; negative: stale for so long (RFC 9211 2.4)
};
// The caller has matched key and Vary already, and tests only-if-cached.
Judgement judge(const ObjectHead&, const http::RequestHead&, const CachePolicy&, core::WallTime now);

// Cache-Control: only-if-cached in a request: 504 instead of a fetch (RFC 9111 5.2.1.7).
bool only_if_cached(const http::RequestHead&);

enum class Failure : std::uint8_t {
  no_answer,     // no complete response: connect, close, time-out
  server_error,  // 500, 502, 503, 504
};
bool is_server_error(int status);
// The stored response instead of a failed fetch (RFC 9111 4.2.4, RFC 5861 4).
bool may_serve_stale(const ObjectHead&, const CachePolicy&, Failure, core::WallTime now);

}  // namespace skerry::edge
