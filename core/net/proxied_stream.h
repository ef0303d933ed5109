// A client's connection that a proxy hands on, as a Stream around a Stream: the PROXY protocol's header is taken from
// its front, and from then on its addresses are those that the proxy told.
//
// Owned by a connection, on its worker. Reads are the transport's and cost one comparison more once the header is read.
#pragma once

#include <memory>

#include "core/net/network.h"

namespace skerry::core {

// The header is read by the first calls of read(), which answer would_block until it is complete; identified() says
// that it is. A malformed one, and an end in the middle, are the error bad_proxy_header.
std::unique_ptr<Stream> proxied(std::unique_ptr<Stream> transport);

}  // namespace skerry::core
