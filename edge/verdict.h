// What an edge decided about one request, and the words it uses to say so: Cache-Status (RFC 9211), X-Cache,
// Proxy-Status (RFC 9209), access log and metrics all come from this one value. Plain data; any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "core/result.h"
#include "edge/reason.h"

namespace skerry::edge {

struct Verdict {
  Outcome outcome = Outcome::uri_miss;
  Reason reason = Reason::none;
  int forward_status = 0;  // the upstream's status; 0: not asked, or no answer
  bool stored = false;
  bool collapsed = false;
  bool peer_hit = false;  // another edge of the PoP had it
  std::chrono::seconds ttl{0};
};

// What is counted and logged: what this edge's own cache did, or that another edge of the PoP had it.
Outcome told_outcome(const Verdict&);

// Appends this edge's member: "lon-1; hit; ttl=59" or "lon-1; fwd=uri-miss; fwd-status=200; stored".
void append_cache_status(std::string& out, std::string_view edge_name, const Verdict&);
// HIT, MISS, STALE, REVALIDATED or BYPASS; HIT if any edge of the PoP hit.
std::string_view x_cache(const Verdict&);

// The status of the answer we make when no upstream gave one.
int status_of(const core::Error&);
// Its reason: whether somebody was asked in vain, or is known to be down.
Reason reason_of(const core::Error&);
// The type of the error (RFC 9209 2.3): who is to blame decides where one code may come from both sides.
std::string_view proxy_error_type(const core::Error&);
// Proxy-Status member: "lon-1; error=connection_refused; details=…".
std::string proxy_status(std::string_view edge_name, const core::Error&);

// A name as structured fields want it: a token if it is one, else a quoted string (RFC 8941 3.3.3).
void append_item(std::string& out, std::string_view name);

}  // namespace skerry::edge
