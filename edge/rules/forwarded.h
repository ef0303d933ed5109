// Forwarded (RFC 7239) and X-Forwarded-*: what an edge believes of them, and what it tells origins.
//
// A client's own are never passed on: what an origin gets is made here. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/http/head.h"
#include "core/net/address.h"
#include "core/net/ip_network_map.h"
#include "core/result.h"

namespace skerry::edge {

// Which field the proxies in front of the edge write. The other one may be the client's own, so one alone counts.
enum class ForwardedField : std::uint8_t { x_forwarded_for, forwarded };

struct BelievedClient {
  core::IpAddress address;
  std::optional<http::Scheme> scheme;  // what the client used, if a trusted proxy tells
  // A trusted proxy sent a Forwarded that breaks RFC 7239 4 somewhere. What a client put before its proxy's word may
  // hide or forge that word, so nothing of the field counts: `address` is the proxy's, and the request is refused.
  bool malformed = false;
};

// Of every request of a proxy's: allocates nothing.
// The right-most hop that is no trusted proxy, beginning with the connection itself. A hop whose address can't be read
// ends the search: the one that told of it is the last we know.
BelievedClient client_behind(const core::IpAddress& connection, const http::HeaderMap& fields, ForwardedField field,
                             const core::IpNetworkMap& trusted);

// Which of the fields origins are sent.
struct ForwardedFields {
  bool x_forwarded_for = true;
  bool x_forwarded_proto = true;
  bool x_forwarded_host = false;
  bool forwarded = false;
};
core::Result<ForwardedFields> parse_forwarded_fields(std::string_view list);
std::string to_string(const ForwardedFields&);

// Sets them; `client` is an address as text.
void add_forwarded(http::HeaderMap& fields, const ForwardedFields&, std::string_view client, http::Scheme scheme,
                   std::string_view authority);

}  // namespace skerry::edge
