// Why an edge did what it did with a request: one word, the same in Cache-Status, X-Cache, access log, metric and
// `skerry explain`.
//
// Plain values; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace skerry::edge {

// What the cache did (RFC 9211 2.1, 2.2 where it has a word).
// clang-format off
#define SKERRY_OUTCOMES(X) \
  X(hit, "hit") \
  X(stale, "stale") \
  X(revalidated, "revalidated") \
  X(peer_hit, "peer-hit") \
  X(uri_miss, "uri-miss") \
  X(vary_miss, "vary-miss") \
  X(expired, "stale-fetch") \
  X(request, "request") \
  X(method, "method") \
  X(bypass, "bypass") \
  X(partial, "partial") \
  X(error, "error") \
  X(local, "local")
// clang-format on
enum class Outcome : std::uint8_t {
#define X(id, text) id,
  SKERRY_OUTCOMES(X)
#undef X
};
std::string_view name(Outcome);
#define X(id, text) +1
constexpr std::size_t outcome_count = SKERRY_OUTCOMES(X);
#undef X

// The detail: why a response was not stored, not reused, or how it was obtained.
// clang-format off
#define SKERRY_REASONS(X) \
  X(none, "none") \
  X(stored, "stored") \
  X(fresh, "fresh") \
  X(collapsed, "collapsed") \
  X(from_peer, "from-peer") \
  X(not_found, "not-found") \
  X(expired, "expired") \
  X(purged, "purged") \
  X(evicted, "evicted") \
  X(vary_mismatch, "vary-mismatch") \
  X(no_store, "no-store") \
  X(private_, "private") \
  X(no_cache, "no-cache") \
  X(vary_any, "vary-any") \
  X(authorization, "authorization") \
  X(no_lifetime, "no-lifetime") \
  X(status_not_cacheable, "status-not-cacheable") \
  X(partial_content, "partial-content") \
  X(set_cookie, "set-cookie") \
  X(must_understand, "must-understand") \
  X(incomplete, "incomplete") \
  X(too_large, "too-large") \
  X(method_not_cacheable, "method-not-cacheable") \
  X(request_no_store, "request-no-store") \
  X(request_no_cache, "request-no-cache") \
  X(only_if_cached, "only-if-cached") \
  X(hit_for_miss, "hit-for-miss") \
  X(follower_timeout, "follower-timeout") \
  X(store_full, "store-full") \
  X(store_unavailable, "store-unavailable") \
  X(memory_full, "memory-full") \
  X(corrupt, "corrupt") \
  X(stale_if_error, "stale-if-error") \
  X(stale_while_revalidate, "stale-while-revalidate") \
  X(validated, "validated") \
  X(changed, "changed") \
  X(upstream_failed, "upstream-failed") \
  X(origin_down, "origin-down") \
  X(peer_failed, "peer-failed") \
  X(misdirected, "misdirected") \
  X(loop, "loop") \
  X(denied, "denied") \
  X(bad_request, "bad-request") \
  X(range, "range") \
  X(upgrade, "upgrade") \
  X(request_body, "request-body") \
  X(precondition, "precondition") \
  X(stale_on_failure, "stale-on-failure") \
  X(client_gone, "client-gone") \
  X(range_not_stored, "range-not-stored") \
  X(invalidated, "invalidated") \
  X(displaced, "displaced") \
  X(displaced_by_variant, "displaced-by-variant") \
  X(head_only, "head-only") \
  X(max_forwards, "max-forwards") \
  X(request_max_age, "request-max-age") \
  X(request_min_fresh, "request-min-fresh") \
  X(request_max_stale, "request-max-stale") \
  X(must_revalidate, "must-revalidate") \
  X(redirect, "redirect") \
  X(address_denied, "address-denied") \
  X(rate_limited, "rate-limited") \
  X(preflight, "preflight") \
  X(origin_not_allowed, "origin-not-allowed") \
  X(signature_missing, "signature-missing") \
  X(signature_unknown_key, "signature-unknown-key") \
  X(signature_wrong, "signature-wrong") \
  X(signature_expired, "signature-expired")
// clang-format on
enum class Reason : std::uint8_t {
#define X(id, text) id,
  SKERRY_REASONS(X)
#undef X
};
std::string_view name(Reason);
#define X(id, text) +1
constexpr std::size_t reason_count = SKERRY_REASONS(X);
#undef X

}  // namespace skerry::edge
