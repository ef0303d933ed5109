// Which requests mean the same object: the primary cache key (RFC 9111 2), a URL with what the site's rules add.
//
// Pure functions; any thread. "https://example.com/a?b=1" and, per selected header and cookie, a line after it: line
// feeds can't occur in either.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/http/head.h"
#include "edge/policy.h"
#include "edge/site_index.h"

namespace skerry::edge {

// Replaces `out`; with default rules nothing is allocated once it has the capacity. GET and HEAD share a key: the
// method is no part of it.
void make_primary_key(const http::RequestHead&, const KeyRules&, std::string& out);

// Appends a path or query with the equivalences of RFC 3986 6.2.2.1 and 6.2.2.2: hexadecimal digits in upper case, and
// unreserved characters never percent-encoded.
void append_normalised(std::string& out, std::string_view path_or_query);

// The path of a target as routes and redirects see it, without its query: normalised as in a key, and besides with
// repeated slashes merged and dot segments removed, for an origin may take all of these for one path. A path that needs
// no change is returned as it is; otherwise `room` holds the result. An encoded slash or "?" stays encoded: data.
std::string_view path_to_match(std::string_view target, std::string& room);

// Longer ones name nothing.
constexpr std::size_t longest_reference = 16 * 1024;

// The path and query that a Location or Content-Location names, if it is on the request's own origin (RFC 9111 4.4);
// relative references are resolved (RFC 3986 5.2). Nothing otherwise, and for what is no URI reference. The request's
// authority is as SiteIndex::unify leaves it; with `hosts` the reference's is spelled in the same way first.
std::optional<std::string> same_origin_path(const http::RequestHead&, std::string_view reference,
                                            const SiteIndex* hosts = nullptr);

}  // namespace skerry::edge
