// What an edge counts: the names, and where each request adds to them. The series live in the program's
// metrics::Registry.
#pragma once

#include <vector>

#include "core/metrics/metrics.h"
#include "edge/reason.h"
#include "edge/store/object_store.h"

namespace skerry::edge {

// member, metric name, help
// clang-format off
#define SKERRY_EDGE_COUNTERS(X) \
  X(started, "skerry_fills_total", "Fills begun: misses and validations that asked an upstream.") \
  X(stored, "skerry_fills_stored_total", "Fills whose response the store kept.") \
  X(not_stored, "skerry_fills_not_stored_total", "Cacheable responses that the store did not take.") \
  X(validated, "skerry_validations_total", "Stale objects that a 304 made fresh.") \
  X(abandoned, "skerry_fills_abandoned_total", "Fills given up because nobody followed any more.") \
  X(variants_displaced, "skerry_variants_displaced_total", "Variants let go because their URL had as many as its site allows.") \
  X(resumed, "skerry_fills_resumed_total", "Broken transfers that were continued from another source.") \
  X(origin_requests, "skerry_origin_requests_total", "Requests sent to origins.") \
  X(peer_requests, "skerry_peer_requests_total", "Requests sent to other edges of the PoP.") \
  X(peer_failures, "skerry_peer_failures_total", "Requests to other edges that got no answer.") \
  X(peers_skipped, "skerry_peers_skipped_total", "Times an edge known to be down was not asked.") \
  X(peer_served, "skerry_peer_requests_served_total", "Requests answered for other edges of the PoP.") \
  X(local_errors, "skerry_local_errors_total", "Error responses this edge made itself.") \
  X(aborted_responses, "skerry_aborted_responses_total", "Responses cut off because their body could not be completed.") \
  X(refused, "skerry_refused_requests_total", "Requests that were malformed, too large or too slow.") \
  X(proxies_refused, "skerry_proxy_connections_refused_total", "Connections closed because their PROXY protocol header was malformed or late, or no proxy was to be expected from there.") \
  X(purge_gaps, "skerry_purge_gaps_total", "Gaps in a member's purges, after which everything was validated.") \
  X(invalidations_dropped, "skerry_invalidations_dropped_total", "Invalidations by clients' unsafe requests that no member was told of: too many waited.") \
  X(rates_displaced, "skerry_rate_limit_displaced_total", "Clients whose rate was forgotten for others': [edge].rate_table is small.") \
  X(bytes_sent, "skerry_sent_bytes_total", "Bytes sent to clients and peers, heads included.")
// clang-format on

struct Counters {
  explicit Counters(metrics::Registry& registry);

#define X(id, name, help) metrics::Counter& id;
  SKERRY_EDGE_COUNTERS(X)
#undef X
  // skerry_requests_total by what the cache did and who asked, skerry_request_reasons_total by why; indexed by the
  // enumerators.
  std::vector<metrics::Counter*> client_outcomes, peer_outcomes, reasons;
  metrics::Histogram& duration;
};

// Numbers that the store keeps, read at each scrape. The store outlives the registry's last scrape.
void register_store_metrics(metrics::Registry& registry, ObjectStore& store);

}  // namespace skerry::edge
