#include "routing/client_subnet.h"

#include <algorithm>

namespace skerry::routing {
namespace {

core::IpAddress address_of(const dns::SubnetOption& subnet) {
  const auto& octets = subnet.address;
  return subnet.family == 1 ? core::IpAddress::v4({octets[0], octets[1], octets[2], octets[3]})
                            : core::IpAddress::v6(octets);
}

}  // namespace

core::IpAddress unmapped(const core::IpAddress& ip) {
  static constexpr std::string_view prefix("\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);
  const std::string_view octets = ip.octets();
  if (ip.family() == core::AddressFamily::ipv4 || !octets.starts_with(prefix)) return ip;
  std::array<std::uint8_t, 4> v4;
  for (std::size_t i = 0; i < v4.size(); ++i) v4[i] = static_cast<std::uint8_t>(octets[12 + i]);
  return core::IpAddress::v4(v4);
}

Client locate_client(const AnswerTable& table, const std::optional<dns::SubnetOption>& subnet,
                     const core::IpAddress& source) {
  Client client;
  if (subnet && subnet->source > 0) {
    client.ip = address_of(*subnet);
    client.place = table.locate(client.ip);
    client.scope = client.place.scope;
    if (!client.place.special) return client;
  }
  client.ip = unmapped(source);
  client.place = table.locate(client.ip);
  return client;
}

}  // namespace skerry::routing
