// What operators ask to be purged, and what they are told of it.
//
// Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "edge/peer/purge_relay.h"
#include "edge/snapshot.h"

namespace skerry::edge {

constexpr std::size_t most_purged_urls = 1000;

struct PurgeRequest {
  std::vector<std::string> urls;  // 1 to most_purged_urls, whatever they are
  bool soft = false;
};
// {"url": "...", "soft": true}, or {"urls": ["...", "..."]}. Error: invalid_argument.
core::Result<PurgeRequest> parse_purge_request(std::string_view body);

// The purges of the URLs' keys; of one without a scheme ("//host/path") under http and https. All of them or an error:
// invalid_argument (no URL), misdirected (no site serves it).
core::Result<std::vector<Purge>> purges_of(const PurgeRequest& request, const Snapshot& snapshot);

std::string outcome_json(const PurgeOutcome& outcome);
// Of several purges of one request: who applied all of them, and who could not be reached for some.
void add_outcome(std::optional<PurgeOutcome>& all, PurgeOutcome one);

}  // namespace skerry::edge
