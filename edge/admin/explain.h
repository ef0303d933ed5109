// Why a URL is or isn't served from here: the same decisions as the request path, without a request. For the admin
// listener.
#pragma once

#include <memory>
#include <string>

#include "core/http/url.h"
#include "edge/edge_worker.h"
#include "edge/snapshot.h"

namespace skerry::edge {

// The URL as a client's GET would name it.
http::RequestHead request_for(const http::Url& url);

// What is to be explained. `fields`: the request's, as far as they select or decide.
struct ExplainedRequest {
  http::Url url;
  http::HeaderMap fields;
};
// JSON: site, key, owner list, what the cache holds and where (verdict, reason, age, lifetime, times), variants that
// other requests select, and what became of earlier copies. What lies on disk alone is read from there, and stays there
// alone. `done` runs on `worker`: at once, if nothing has to be read.
void explain(ExplainedRequest asked, std::shared_ptr<const Snapshot> snapshot, Shared& shared,
             const core::Worker& worker, core::UniqueFunction<void(std::string)> done);
// JSON: members in the order in which they own the URL, with their state.
std::string ring_json(const http::Url& url, const Snapshot& snapshot, core::TimePoint now);
// JSON: counters, store, upstreams.
std::string stat_json(const Snapshot& snapshot, Shared& shared);

}  // namespace skerry::edge
