// Which content coding a client is given (RFC 9110 8.4, 12.5.3), and how a stored response is named and described when
// its body is coded by this edge.
//
// The coded copy of a response is an object of its own, under the response's key with coding and validator: it is
// found, evicted and purged like any other, and never decides about freshness. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/http/head.h"
#include "edge/object.h"
#include "edge/policy.h"

namespace skerry::edge {

// Larger bodies leave as they came.
constexpr std::uint64_t largest_coded = 8 << 20;

// The token of Content-Encoding.
std::string_view name(Coding);
std::optional<Coding> coding_named(std::string_view token);

// Do answers with this response's body differ by Accept-Encoding? A complete 200 of a type that the site codes, as the
// origin made it or in gzip, without no-transform (RFC 9110 7.7).
bool is_codable(const http::HeaderMap& fields, int status, const CodingPolicy&);
// The coding to put the body into; identity: to undo the origin's gzip. Nothing: it goes out as it is.
std::optional<Coding> wanted_coding(const http::RequestHead&, const ObjectHead&, const CodingPolicy&);

// The best of `offered` for this Accept-Encoding; nothing: none is accepted, or identity is liked better.
std::optional<Coding> preferred_coding(const http::HeaderMap& request_fields, const std::vector<Coding>& offered);
// A client that says nothing of codings is taken to know none: what RFC 9110 12.5.3 allows surprises people with curl.
bool accepts(const http::HeaderMap& request_fields, Coding);

// Appends the coded copy's key.
void append_coded_key(std::string& out, const ObjectHead& source, Coding);
std::string coded_key(const ObjectHead& source, Coding);
// The head of the coded copy: its validator is weak, its digests are gone. body_size is the caller's to set.
ObjectHead coded_head(const ObjectHead& source, Coding);
// The ETag of a coded copy: the same, weak (RFC 9110 8.8.1).
std::string weak_etag(std::string_view etag);
// Adds Accept-Encoding to Vary, unless it is there.
void add_vary_by_coding(http::HeaderMap& fields, const http::HeaderMap& stored);

}  // namespace skerry::edge
