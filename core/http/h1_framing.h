// Where a message's body ends and whether its connection lives on (RFC 9112 6 and 9), decided from its head alone.
//
// Strict on purpose: a head that two parsers could frame differently is refused, which is what stops request smuggling.
#pragma once

#include <cstdint>
#include <optional>

#include "core/http/h1_parser.h"
#include "core/http/head.h"

namespace skerry::http {

struct Framing {
  BodyLength length;  // unknown for a response: until close, unless chunked
  bool chunked = false;
  bool keep_alive = false;        // by version and Connection
  bool expects_continue = false;  // requests
};

// Nothing: all is well.
std::optional<Refusal> request_framing(const RequestHead&, Framing&);
// `to_head`: the response answers a HEAD.
std::optional<Refusal> response_framing(const ResponseHead&, bool to_head, Framing&);
// A response of this status has no body, whatever its fields say (RFC 9112 6.3).
bool has_no_body(int status);

}  // namespace skerry::http
