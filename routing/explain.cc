#include "routing/explain.h"

#include <algorithm>

#include "core/config/toml.h"
#include "routing/client_subnet.h"

namespace skerry::routing {
namespace {

using config::Value;

Value number(std::size_t value) {
  return Value::of(static_cast<std::int64_t>(value));
}

// Where the list came from, in words.
std::string source_of(const NetMapEntry* entry, bool special, bool located, GeoMap::ListId list) {
  if (special) return "a private or special block: the resolver's own address decides";
  if (entry && entry->line > 0) return "net map, line " + std::to_string(entry->line);
  if (entry) return "[router.clients] in the configuration";
  if (located) return "the MaxMind DB file";
  if (list == GeoMap::default_list) return "no data: the default list";
  return "no data: the list of the lower neighbour";
}

std::string_view word(Forced forced) {
  switch (forced) {
    case Forced::automatic: return "auto";
    case Forced::up: return "up";
    case Forced::down: return "down";
    case Forced::drain: return "drain";
  }
  return "unknown";
}

void add_load(Value& edge, const std::optional<EdgeLoad>& load) {
  if (!load) return;
  if (load->in_flight) edge.add("in_flight", Value::of(*load->in_flight));
  if (load->bytes_per_second) edge.add("bytes_per_second", Value::of(*load->bytes_per_second));
  if (load->cpu) edge.add("cpu", Value::of(*load->cpu));
}

Value edge_state(PopIndex index, std::size_t i, const PolicyView& in) {
  const Edge& configured = in.plan.pops[index].edges[i];
  const EdgeHealth* health = in.prober.health(index, i);
  Value edge;
  edge.add("name", Value::of(configured.name));
  edge.add("weight", Value::of(configured.weight));
  edge.add("state", Value::of(name(in.state[index].edges[i])));
  const Forced said = in.standing.edge_override(configured.name);
  if (said != Forced::automatic) edge.add("said_by_admin", Value::of(word(said)));
  if (health && !health->known()) edge.add("note", Value::of("not probed yet"));
  if (health && !health->up()) edge.add("failure", Value::of(health->last_failure()));
  if (health && health->flaps() > 1) edge.add("flaps", Value::of(std::int64_t{health->flaps()}));
  if (const auto since = in.standing.draining_since(configured.name)) {
    const auto left = in.longest_ttl - std::chrono::floor<std::chrono::seconds>(in.now - *since);
    edge.add("clients_gone_in_seconds", Value::of(std::max<std::int64_t>(0, left.count())));
  }
  add_load(edge, in.prober.load(index, i));
  return edge;
}

// What there is to say of a PoP without a client.
void add_pop(Value& pop, PopIndex index, const PolicyView& in) {
  const Pop& configured = in.plan.pops[index];
  pop.add("pop", Value::of(configured.name));
  const Forced said = in.standing.pop_override(configured.name);
  if (said != Forced::automatic) pop.add("said_by_admin", Value::of(word(said)));
  pop.add("healthy_edges", number(in.table.healthy_edges(index)));
  if (const auto full = in.standing.utilisation_of(configured.name)) pop.add("utilisation", Value::of(*full));
  pop.add("spill", Value::of(static_cast<double>(in.state[index].spill) / whole_spill));
}

void add_edges(Value& pop, PopIndex index, const PolicyView& in) {
  Value edges = Value::list();
  for (std::size_t i = 0; i < in.plan.pops[index].edges.size(); ++i) edges.items.push_back(edge_state(index, i, in));
  pop.add("edges", std::move(edges));
}

Value list_of(const GeoMap& map, GeoMap::ListId id, const std::optional<Coordinates>& at, const PolicyView& in) {
  Value list = Value::list();
  for (PopIndex index : map.list(id)) {
    Value pop;
    add_pop(pop, index, in);
    if (at) {
      pop.add("distance_km", Value::of(distance_km(*at, in.plan.pops[index].at)));
      pop.add("bias_km", Value::of(in.plan.pops[index].bias));
    }
    add_edges(pop, index, in);
    list.items.push_back(std::move(pop));
  }
  return list;
}

dns::SubnetOption option_of(const core::IpNetwork& subnet) {
  dns::SubnetOption option;
  option.family = subnet.ip.family() == core::AddressFamily::ipv4 ? 1 : 2;
  option.source = static_cast<std::uint8_t>(subnet.prefix);
  const std::string_view octets = subnet.ip.octets();
  std::copy(octets.begin(), octets.end(), option.address.begin());
  return option;
}

// RFC 7871: what the resolver sent, whose address decides, and for whom it may keep the answer.
void add_subnet(Value& result, const core::IpNetwork& subnet, const Client& decided, const AnswerTable& table) {
  result.add("ecs", Value::of(subnet.to_string()));
  std::string_view decides = "the client subnet";
  if (subnet.prefix == 0) {
    decides = "the resolver's address: the subnet has no bits";
  } else if (table.locate(subnet.ip).special) {
    decides = "the resolver's address: the subnet is in a private or special block";
  }
  result.add("ecs_decides", Value::of(decides));
  result.add("ecs_scope", number(static_cast<std::size_t>(decided.scope)));
  const std::string kept = first_address(subnet.ip, decided.scope).to_string() + "/" + std::to_string(decided.scope);
  result.add("ecs_kept_for", Value::of(kept));
}

Value addresses_of(const AnswerTable::Choice& choice) {
  Value addresses = Value::list();
  for (std::size_t i = 0; i < choice.count; ++i) addresses.items.push_back(Value::of(choice.addresses[i].to_string()));
  return addresses;
}

// The chain from the address that decides to the edges.
void add_decision(Value& result, const Client& decided, const PolicyView& in) {
  const core::IpAddress& client = decided.ip;
  const AnswerTable::Place& place = decided.place;
  const GeoMap& map = in.plan.map;
  const NetMapEntry* entry = map.entry_of(client);
  const GeoMap::ListId id = map.list_of(client);
  if (entry) result.add("prefix", Value::of(entry->prefix.to_string()));
  std::optional<Coordinates> at;
  if (entry && entry->pops.empty()) at = entry->at;
  if (!entry && !place.special && !in.plan.mmdb.empty()) at = find_in_mmdb(in.plan.mmdb, client);
  result.add("source", Value::of(source_of(entry, place.special, at.has_value(), id)));
  if (at) {
    result.add("latitude", Value::of(at->latitude));
    result.add("longitude", Value::of(at->longitude));
  }
  result.add("list", list_of(map, id, at, in));
  result.add("all_down", Value::of(in.table.all_down()));
  result.add("choice", Value::of(in.plan.pops[place.pop].name));
  const std::vector<PopIndex>& list = map.list(id);
  if (std::find(list.begin(), list.end(), place.pop) == list.end()) result.add("beyond_list", Value::of(true));
  if (place.spilled) result.add("spilled", Value::of(true));
  if (const std::uint32_t limit = in.table.ttl_limit(place.pop); limit != 0xffffffff) {
    result.add("ttl_limit", number(limit));
  }
  result.add("a", addresses_of(in.table.choose(place, client, core::AddressFamily::ipv4)));
  result.add("aaaa", addresses_of(in.table.choose(place, client, core::AddressFamily::ipv6)));
  result.add("scope", number(static_cast<std::size_t>(place.block)));
  const std::string block = first_address(client, place.block).to_string() + "/" + std::to_string(place.block);
  result.add("block", Value::of(block));
}

}  // namespace

std::string explain(const core::IpAddress& asker, const std::optional<core::IpNetwork>& subnet, const PolicyView& in) {
  Value result;
  result.add("ip", Value::of(asker.to_string()));
  if (in.table.empty()) {
    result.add("error", Value::of("no PoP is configured"));
    return config::to_json(result);
  }
  const auto option = subnet ? std::optional(option_of(*subnet)) : std::nullopt;
  const Client decided = locate_client(in.table, option, asker);
  if (subnet) add_subnet(result, *subnet, decided, in.table);
  add_decision(result, decided, in);
  return config::to_json(result);
}

std::string state_report(const PolicyView& in) {
  Value pops = Value::list();
  for (std::size_t i = 0; i < in.plan.pops.size(); ++i) {
    Value pop;
    add_pop(pop, static_cast<PopIndex>(i), in);
    add_edges(pop, static_cast<PopIndex>(i), in);
    pops.items.push_back(std::move(pop));
  }
  Value result;
  result.add("answers_hold", Value::of(in.table.empty() ? "nothing" : name(in.table.used())));
  result.add("pops", std::move(pops));
  return config::to_json(result);
}

}  // namespace skerry::routing
