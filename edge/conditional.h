// Conditional requests (RFC 9110 13, RFC 9111 4.3): the client's against a stored response, and ours to the origin.
//
// Pure functions; any thread.
#pragma once

#include "core/http/head.h"
#include "edge/object.h"

namespace skerry::edge {

enum class ClientCondition : std::uint8_t { none, not_modified };
// If-None-Match (weak comparison) outranks If-Modified-Since. If-Match and If-Unmodified-Since are the origin's to
// judge (RFC 9111 4.3.2). Only GET and HEAD on a stored 2xx.
ClientCondition evaluate(const http::RequestHead&, const ObjectHead&);

// Does the request carry conditions that only the origin may judge (RFC 9111 4.3.2)?
bool has_origin_conditions(const http::RequestHead&);

// The conditional fields of a request, Range and If-Range apart.
void remove_conditions(http::RequestHead&);
// Replaces the request's conditions by If-None-Match and If-Modified-Since from the stored validators. False: it has
// none, the request is unconditional.
bool add_validators(http::RequestHead&, const ObjectHead&);
bool has_validator(const http::HeaderMap& response_fields);

// May Range be obeyed? True without If-Range. Strong comparison only (RFC 9110 13.1.5).
bool if_range_holds(const http::RequestHead&, const ObjectHead&);

// What a 304 made from a stored response carries (RFC 9110 15.4.5). Age is the caller's.
http::HeaderMap not_modified_fields(const ObjectHead&);

}  // namespace skerry::edge
