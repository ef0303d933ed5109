#include "edge/rules/access.h"

namespace skerry::edge {

AccessList::AccessList(const AccessConfig& config) : others_(config.allow.empty()) {
  std::vector<std::pair<core::IpNetwork, int>> networks;
  for (const core::IpNetwork& network : config.allow) networks.emplace_back(network, 1);
  for (const core::IpNetwork& network : config.deny) networks.emplace_back(network, 0);
  networks_ = core::IpNetworkMap(networks);
}

bool AccessList::permits(const core::IpAddress& client) const {
  return networks_.find(client).value_or(others_ ? 1 : 0) == 1;
}

}  // namespace skerry::edge
