// From a response on the wire to the head we keep (RFC 9111 3.1), and what a 304 makes of it (3.2, 4.3.4).
//
// Pure functions; any thread.
#pragma once

#include "core/clock.h"
#include "core/http/head.h"
#include "edge/freshness.h"
#include "edge/object.h"
#include "edge/policy.h"

namespace skerry::edge {

// When a response was asked for and came, and the purge epoch at which its fetch started.
struct ResponseTimes {
  core::WallTime requested;
  core::WallTime received;
  Epoch epoch = 0;
};

// Without hop-by-hop fields, framing, Age, and the fields named in no-cache="…" and private="…"; with a Date if there
// was none (RFC 9110 6.6.1). The caller fills body_size; name_object() the keys, host and path.
ObjectHead make_object_head(const http::RequestHead&, http::ResponseHead&&, const Freshness&, const ResponseTimes&);

// Gives the object its keys; false: this request's variant can't be told (its selecting fields are too long).
bool name_object(ObjectHead&, const http::RequestHead&, std::string_view primary_key);

// The fields that no-cache="…" and private="…" name: they go to the one client whose request brought them, and are not
// kept (RFC 9111 5.2.2.4, 5.2.2.7).
http::HeaderMap fields_for_one(const http::HeaderMap& response_fields);

// Every field of the 304 replaces the stored ones of its name, but Content-Length, Content-Range, framing and
// hop-by-hop fields. Freshness is that of the result. Keys, Vary list and body_size stay.
ObjectHead updated_by_304(const ObjectHead& old, const http::ResponseHead& not_modified, const CachePolicy&,
                          const ResponseTimes&);

// Is this stored response the one the 304 speaks of (4.3.4)? A 304 without any validator answers the validators we
// sent, which were this one's. One that varies on other fields than the stored response did is about a representation
// that those fields selected: the stored one may be anybody's.
bool selects(const ObjectHead&, const http::ResponseHead& not_modified);

}  // namespace skerry::edge
