// Debian's unbound as the resolver between clients and routers: it caches by client subnet (RFC 7871).
#pragma once

#include <string>
#include <vector>

#include "tests/support/process.h"

namespace skerry::testing {

struct UnboundOptions {
  std::string listen;                // "127.0.0.1@5300"
  std::string zone;                  // the one that is asked for
  std::vector<std::string> servers;  // its name servers, in the same form
  std::string tells_clients_to;      // the network of those whom it tells of its clients' subnets
};

// The text of its configuration. The subnets that clients send themselves are passed on to everybody.
std::string unbound_config(const UnboundOptions&);
// Runs in the foreground, and says "start of service" when it is there.
std::vector<std::string> unbound_command(const std::string& config_file);

}  // namespace skerry::testing
