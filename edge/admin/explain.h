// Why a URL is or isn't served from here: the same decisions as the request path, without a request. For the admin
// listener.
#pragma once

#include <string>

#include "core/http/url.h"
#include "edge/edge_worker.h"
#include "edge/peer/purge_relay.h"
#include "edge/snapshot.h"

namespace skerry::edge {

// The URL as a client's GET would name it.
http::RequestHead request_for(const http::Url& url);

// JSON: site, key, owner list, what the cache holds (state, reason, age, lifetime, times), variants that other requests
// select, and what became of earlier copies. `fields`: the request's, as far as they select or decide.
std::string explain_json(const http::Url& url, const http::HeaderMap& fields, const Snapshot& snapshot, Shared& shared,
                         core::WallTime now);
// JSON: members in the order in which they own the URL, with their state.
std::string ring_json(const http::Url& url, const Snapshot& snapshot, core::TimePoint now);
// JSON: counters, store, upstreams.
std::string stat_json(const Snapshot& snapshot, Shared& shared);

// {"url": "...", "soft": true} → purges of its key under http and https if no scheme is given. Errors:
// invalid_argument.
core::Result<std::vector<Purge>> purges_of_json(std::string_view body, const Snapshot& snapshot);
core::Result<std::vector<Purge>> purges_of_url(std::string_view url, bool soft, const Snapshot& snapshot);
std::string outcome_json(const PurgeOutcome& outcome);

}  // namespace skerry::edge
