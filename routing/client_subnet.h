// Whom an answer is for: the resolver that asks, or the client behind it that the query names (ECS, RFC 7871).
//
// The codec has checked the option's form; the rules that need the map are here. Pure.
#pragma once

#include <optional>

#include "core/dns/message.h"
#include "routing/pop_selector.h"

namespace skerry::routing {

struct Client {
  core::IpAddress ip;        // decides: the client subnet's first address, or the resolver's
  AnswerTable::Place place;  // of `ip`
  int scope = 0;             // what goes into SCOPE PREFIX-LENGTH when the query had the option
};

// `source` is where the packet came from. A client in a special block says nothing about where it is, so the resolver's
// address decides for it, and the scope is that special block. SOURCE 0 asks not to be located: scope 0.
Client locate_client(const AnswerTable&, const std::optional<dns::SubnetOption>&, const core::IpAddress& source);

// IPv4 for an IPv4-mapped IPv6 address (RFC 4291 2.5.5.2), anything else as it is.
core::IpAddress unmapped(const core::IpAddress&);

}  // namespace skerry::routing
