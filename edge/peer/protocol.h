// What edges of one PoP say to each other besides HTTP: two header fields, understood on the peer listener alone.
//
// Skerry-Peer (request): who asks, for which client, under which membership and purge positions, signed with the PoP's
// secret (HMAC-SHA256 over the request's method, scheme, authority, target and the field itself). Skerry-Answer
// (response): that a member answered, and what its cache did. Both are removed from everything that comes from or goes
// to anywhere else. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/http/head.h"
#include "core/http/server.h"
#include "core/result.h"

namespace skerry::edge {

// Signed requests are good for this long either way: members' clocks may differ by less.
constexpr std::chrono::minutes peer_clock_tolerance{5};

// What members may send, from what clients may: a client's whole head and our field with it, or a purge of any key that
// can be made of such a head, percent-encoded. A member that refused a purge for its length would have missed it.
http::ServerLimits peer_limits(const http::ServerLimits& of_clients);

struct PeerRequest {
  std::string member;  // the asking edge's name
  std::string client;  // the client's address, for logs and Forwarded fields
  http::Scheme scheme = http::Scheme::http;
  std::uint64_t membership = 0;  // Ring::version of the asker
  std::string positions;         // PurgePositions::to_string
};

// Adds the signed Skerry-Peer field to a request that is complete otherwise.
void sign_peer_request(http::RequestHead&, const PeerRequest&, std::string_view secret, core::WallTime now);
// Checks and removes it; sets the request's scheme. Errors: bad_peer_credentials (missing, malformed, wrong, too old).
core::Result<PeerRequest> accept_peer_request(http::RequestHead&, std::string_view secret, core::WallTime now);

struct PeerAnswer {
  bool hit = false;      // some edge of the PoP had it
  bool refused = false;  // ask somebody else: overloaded, draining
  bool failed = false;   // the answer is an error of the member's own
};
void add_peer_answer(http::ResponseHead&, const PeerAnswer&);
bool is_peer_answer(const http::ResponseHead&);
// Reads and removes the field.
PeerAnswer take_peer_answer(http::ResponseHead&);

// Removes both fields: on requests from clients, on responses to them, and towards origins.
void remove_peer_fields(http::HeaderMap&);

}  // namespace skerry::edge
