#include "routing/explain.h"

#include "core/config/toml.h"

namespace skerry::routing {
namespace {

using config::Value;

Value number(std::size_t value) {
  return Value::of(static_cast<std::int64_t>(value));
}

// Where the list came from, in words.
std::string source_of(const NetMapEntry* entry, bool special, GeoMap::ListId list) {
  if (special) return "a private or special block: the resolver's own address decides";
  if (entry && entry->line > 0) return "net map, line " + std::to_string(entry->line);
  if (entry) return "[router.clients] in the configuration";
  if (list == GeoMap::default_list) return "no data: the default list";
  return "no data: the list of the lower neighbour";
}

Value edges_of(PopIndex index, const ExplainInputs& in) {
  Value edges = Value::list();
  const Pop& pop = in.plan.pops[index];
  for (std::size_t i = 0; i < pop.edges.size(); ++i) {
    const EdgeHealth* health = in.prober.health(index, i);
    Value edge;
    edge.add("name", Value::of(pop.edges[i].name));
    edge.add("weight", Value::of(pop.edges[i].weight));
    edge.add("up", Value::of(!health || health->up()));
    if (health && !health->known()) edge.add("note", Value::of("not probed yet"));
    if (health && !health->up()) edge.add("failure", Value::of(health->last_failure()));
    edges.items.push_back(std::move(edge));
  }
  return edges;
}

Value list_of(const GeoMap& map, GeoMap::ListId id, const NetMapEntry* entry, const ExplainInputs& in) {
  Value list = Value::list();
  for (PopIndex index : map.list(id)) {
    Value pop;
    pop.add("pop", Value::of(in.plan.pops[index].name));
    if (entry && entry->pops.empty()) {
      pop.add("distance_km", Value::of(distance_km(entry->at, in.plan.pops[index].at)));
      pop.add("bias_km", Value::of(in.plan.pops[index].bias));
    }
    pop.add("healthy_edges", number(in.table.healthy_edges(index)));
    pop.add("edges", edges_of(index, in));
    list.items.push_back(std::move(pop));
  }
  return list;
}

Value addresses_of(const AnswerTable::Choice& choice) {
  Value addresses = Value::list();
  for (std::size_t i = 0; i < choice.count; ++i) addresses.items.push_back(Value::of(choice.addresses[i].to_string()));
  return addresses;
}

}  // namespace

std::string explain(const core::IpAddress& client, const ExplainInputs& in) {
  Value result;
  result.add("ip", Value::of(client.to_string()));
  if (in.table.empty()) {
    result.add("error", Value::of("no PoP is configured"));
    return config::to_json(result);
  }
  const GeoMap& map = in.plan.map;
  const AnswerTable::Place place = in.table.locate(client);
  const NetMapEntry* entry = map.entry_of(client);
  const GeoMap::ListId id = map.list_of(client);
  if (entry) result.add("prefix", Value::of(entry->prefix.to_string()));
  result.add("source", Value::of(source_of(entry, place.special, id)));
  result.add("list", list_of(map, id, entry, in));
  result.add("all_down", Value::of(in.table.all_down()));
  result.add("choice", Value::of(in.plan.pops[place.pop].name));
  result.add("a", addresses_of(in.table.choose(place, client, core::AddressFamily::ipv4)));
  result.add("aaaa", addresses_of(in.table.choose(place, client, core::AddressFamily::ipv6)));
  result.add("scope", number(static_cast<std::size_t>(place.block)));
  const std::string block = first_address(client, place.block).to_string() + "/" + std::to_string(place.block);
  result.add("block", Value::of(block));
  return config::to_json(result);
}

}  // namespace skerry::routing
