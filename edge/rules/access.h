// Who may ask at all, by address. Made with the configuration, immutable then; any thread.
#pragma once

#include <vector>

#include "core/net/ip_network_map.h"

namespace skerry::edge {

struct AccessConfig {
  std::vector<core::IpNetwork> allow, deny;
};

// The longest network that holds the address counts; one that is in both lists is denied. Addresses in none are let in
// unless there is an `allow` list.
class AccessList {
 public:
  AccessList() = default;
  explicit AccessList(const AccessConfig&);
  bool empty() const { return networks_.empty(); }
  bool permits(const core::IpAddress& client) const;

 private:
  core::IpNetworkMap networks_;  // 1: allowed
  bool others_ = true;
};

}  // namespace skerry::edge
