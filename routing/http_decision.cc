#include "routing/http_decision.h"

#include <algorithm>

#include "core/http/url.h"
#include "routing/client_subnet.h"

namespace skerry::routing {
namespace {

bool is_trusted(std::span<const core::IpNetwork> trusted, const core::IpAddress& ip) {
  return std::any_of(trusted.begin(), trusted.end(),
                     [&](const core::IpNetwork& network) { return network.contains(ip); });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// An edge knows the object by the URL that it is asked for, its own name included; so that is what is hashed.
std::uint64_t key_hash_at(const Edge& edge, std::string_view path) {
  std::string key = edge.url, normalised;
  http::normalise_path(path, normalised);
  return ring::Ring::hash_key(key.append(normalised));
}

// Which edge of the PoP everybody is sent to for a URL: among those that own it under their own name the first in the
// order of its path; it then needs no other edge. With n edges (1 - 1/n)^n of all URLs, about a third, have no such
// edge: the first in that order has to ask the owner, as for any request.
std::optional<std::size_t> owner_edge(const AnswerTable& table, PopIndex index, const Pop& pop, std::string_view path) {
  const std::vector<std::size_t> order = table.edges_for_key(index, ring::Ring::hash_key(path));
  for (const std::size_t edge : order) {
    if (table.owner_of_key(index, key_hash_at(pop.edges[edge], path)) == edge) return edge;
  }
  if (order.empty()) return std::nullopt;
  return order.front();
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view path) {
  std::size_t p = 0, t = 0, star = std::string_view::npos, retry = 0;
  while (t < path.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      retry = t;
    } else if (p < pattern.size() && pattern[p] == path[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++retry;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

core::IpAddress client_behind(const core::IpAddress& peer, std::string_view forwarded_for,
                              std::span<const core::IpNetwork> trusted) {
  core::IpAddress client = unmapped(peer);
  while (is_trusted(trusted, client) && !forwarded_for.empty()) {
    const std::size_t comma = forwarded_for.rfind(',');
    const bool last = comma == std::string_view::npos;
    const auto ip = core::IpAddress::parse(trimmed(last ? forwarded_for : forwarded_for.substr(comma + 1)));
    if (!ip.ok()) break;
    client = unmapped(*ip);
    forwarded_for = last ? std::string_view() : forwarded_for.substr(0, comma);
  }
  return client;
}

HttpDecision decide_http(const AnswerTable& table, const std::vector<Pop>& pops, const core::IpAddress& client,
                         std::string_view path, bool large) {
  HttpDecision decision;
  if (table.empty()) return decision;
  AnswerTable::Place place = table.locate(client);
  // One edge for everybody of a block: a wide one, to which DNS would give several, would fall on that one.
  const bool is_v4 = client.family() == core::AddressFamily::ipv4;
  place.block = std::max(place.block, is_v4 ? AnswerTable::capped_v4 : AnswerTable::capped_v6);
  const Pop& pop = pops[place.pop];
  std::optional<std::size_t> edge;
  if (large) edge = owner_edge(table, place.pop, pop, path);
  if (!large) {
    const auto other = is_v4 ? core::AddressFamily::ipv6 : core::AddressFamily::ipv4;
    edge = table.edge_of(place, client, client.family());
    if (!edge) edge = table.edge_of(place, client, other);
  }
  if (!edge) return decision;
  decision.pop = &pop;
  decision.edge = &pop.edges[*edge];
  decision.location = decision.edge->url;
  decision.location += path;
  decision.owner = large;
  decision.scope = place.block;
  return decision;
}

}  // namespace skerry::routing
