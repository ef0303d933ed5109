// What an edge asks for: a client's request turned into one to an origin or to a peer edge. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/clock.h"
#include "core/http/head.h"
#include "edge/snapshot.h"

namespace skerry::edge {

// Who a request is made for.
struct OnBehalfOf {
  std::string client;     // address
  std::string positions;  // purge positions, for peers
};

// Removes what belongs to the client's connection and what clients may not set (peer fields, Forwarded and
// X-Forwarded-*: no unkeyed input reaches an origin). Once per request, on arrival.
void sanitise_client_request(http::RequestHead&);

// The request for `source`: Via, CDN-Loop (RFC 8586), X-Forwarded-For and -Proto; the site's Host; signed for a peer.
http::RequestHead upstream_request(const http::RequestHead& request, const Snapshot&, const Site&, const Source& source,
                                   const OnBehalfOf&, core::WallTime now);

// How often an OPTIONS request may still be forwarded (RFC 9110 7.6.2), one more than 32 bits hold at most; nothing:
// the field is malformed or repeated. It is there.
std::optional<std::uint64_t> max_forwards(const http::HeaderMap&);

// RFC 8586: true if this very edge is listed, or more than four of its cluster.
bool is_loop(const http::RequestHead&, const Snapshot&);

}  // namespace skerry::edge
