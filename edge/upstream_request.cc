#include "edge/upstream_request.h"

#include <algorithm>

#include "core/http/list.h"
#include "edge/freshness.h"
#include "edge/peer/protocol.h"

namespace skerry::edge {
namespace {

// RFC 8586 asks for a limit of one's own; more than four entries of our cluster is no sensible path through tiers.
constexpr int most_cluster_entries = 4;

// Edge Architecture Specification 2.2: <device>="<capabilities>".
const std::string surrogate_capability = std::string(surrogate_device) + "=\"Surrogate/1.0\"";

// Among the parameters of an entry (";node=lon-1; a=b"), which others may have spaced anew.
bool names_node(std::string_view parameters, std::string_view name) {
  constexpr std::string_view node = "node=";
  while (!parameters.empty()) {
    parameters.remove_prefix(1);
    const std::size_t end = std::min(parameters.find(';'), parameters.size());
    const std::string_view parameter = http::trim_blanks(parameters.substr(0, end));
    if (parameter.starts_with(node) && parameter.substr(node.size()) == name) return true;
    parameters.remove_prefix(end);
  }
  return false;
}

std::string loop_entry(const EdgeConfig& node) {
  return node.cluster_id + ";node=" + node.name;
}

}  // namespace

void sanitise_client_request(http::RequestHead& head) {
  http::remove_hop_by_hop(head.fields);
  remove_peer_fields(head.fields);
  for (const http::HeaderId id :
       {http::HeaderId::forwarded, http::HeaderId::x_forwarded_for, http::HeaderId::x_forwarded_host,
        http::HeaderId::x_forwarded_proto, http::HeaderId::proxy_connection, http::HeaderId::surrogate_capability,
        http::HeaderId::expect})
    head.fields.remove(id);
}

http::RequestHead upstream_request(const http::RequestHead& request, const Snapshot& snapshot, const Site& site,
                                   const Source& source, const OnBehalfOf& behalf, core::WallTime now) {
  const EdgeConfig& config = snapshot.config();
  http::RequestHead head = request;
  head.fields.add(http::HeaderId::via, "1.1 " + config.name);
  head.fields.add(http::HeaderId::cdn_loop, loop_entry(config));
  if (source.is_peer()) {
    PeerRequest peer;
    peer.member = config.name;
    peer.client = behalf.client;
    peer.scheme = request.scheme;
    peer.membership = snapshot.ring().version();
    peer.positions = behalf.positions;
    sign_peer_request(head, peer, config.pop.secret, now);
    return head;
  }
  head.fields.add(http::HeaderId::surrogate_capability, surrogate_capability);
  add_forwarded(head.fields, site.rules ? site.rules->forwarded : ForwardedFields(), behalf.client, request.scheme,
                request.authority);
  if (!site.host_header.empty()) head.authority = site.host_header;
  if (site.rules) site.rules->request_headers.apply(head.fields);
  return head;
}

std::optional<std::uint64_t> max_forwards(const http::HeaderMap& fields) {
  constexpr std::uint64_t largest = std::uint64_t{1} << 32;
  const std::string value = fields.joined("Max-Forwards");
  if (value.empty()) return std::nullopt;
  std::uint64_t forwards = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return std::nullopt;
    forwards = std::min(largest, forwards * 10 + static_cast<std::uint64_t>(c - '0'));
  }
  return forwards;
}

bool is_loop(const http::RequestHead& head, const Snapshot& snapshot) {
  if (!head.fields.contains(http::HeaderId::cdn_loop)) return false;
  const EdgeConfig& config = snapshot.config();
  int of_cluster = 0;
  bool listed = false;
  http::for_each_element(head.fields, http::HeaderId::cdn_loop, [&](std::string_view entry) {
    const std::size_t end = std::min(entry.find(';'), entry.size());
    if (http::trim_blanks(entry.substr(0, end)) != config.cluster_id) return true;
    ++of_cluster;
    listed = names_node(entry.substr(end), config.name);
    return !listed;
  });
  return listed || of_cluster > most_cluster_entries;
}

}  // namespace skerry::edge
