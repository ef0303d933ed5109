// The router's metrics page: one family after the other, from counters that others keep.
#include "routing/router.h"

namespace skerry::routing {
namespace {

void write_transport(metrics::Exposition& out, std::string_view transport, const AnswerTotals& totals) {
  for (std::size_t i = 0; i < outcomes; ++i) {
    const std::string outcome(name(static_cast<Outcome>(i)));
    out.sample("skerry_dns_queries_total", {{"transport", std::string(transport)}, {"outcome", outcome}},
               totals.by_outcome[i]);
  }
}

}  // namespace

std::string Router::metrics() const {
  metrics::Exposition out;
  write_dns_metrics(out);
  write_probe_metrics(out);
  write_policy_metrics(out);
  write_http_metrics(out);
  return out.take();
}

void Router::write_dns_metrics(metrics::Exposition& out) const {
  std::uint64_t truncated = 0, with_subnet = 0, with_cookie = 0;
  out.family("skerry_dns_queries_total", "DNS queries by what became of them.", "counter");
  for (std::size_t i = 0; i < transports; ++i) {
    const auto transport = static_cast<Transport>(i);
    const AnswerTotals totals = server_->totals(transport);
    write_transport(out, name(transport), totals);
    truncated += totals.truncated;
    with_subnet += totals.with_subnet;
    with_cookie += totals.with_cookie;
  }
  out.family("skerry_dns_truncated_total", "UDP answers that did not fit and sent the asker to TCP.", "counter");
  out.sample("skerry_dns_truncated_total", {}, truncated);
  out.family("skerry_dns_client_subnet_total", "Queries that named a client subnet.", "counter");
  out.sample("skerry_dns_client_subnet_total", {}, with_subnet);
  out.family("skerry_dns_cookies_total", "Queries with a good cookie.", "counter");
  out.sample("skerry_dns_cookies_total", {}, with_cookie);
  const SignatureTotals signatures = server_->signatures();
  out.family("skerry_dns_signatures_total", "DNSSEC signatures in answers by where they came from.", "counter");
  out.sample("skerry_dns_signatures_total", {{"result", "made"}}, signatures.made);
  out.sample("skerry_dns_signatures_total", {{"result", "cached"}}, signatures.cached);
  out.sample("skerry_dns_signatures_total", {{"result", "refused"}}, signatures.refused);
  out.sample("skerry_dns_signatures_total", {{"result", "failed"}}, signatures.failed);
  const core::DatagramLosses lost = server_->udp_losses();
  out.family("skerry_dns_udp_lost_total", "UDP packets that were not taken or not sent, by reason.", "counter");
  out.sample("skerry_dns_udp_lost_total", {{"reason", "queue_full"}}, lost.queue_full);
  out.sample("skerry_dns_udp_lost_total", {{"reason", "too_long"}}, lost.too_long);
  out.sample("skerry_dns_udp_lost_total", {{"reason", "not_sent"}}, lost.not_sent);
  if (query_log_) {
    out.family("skerry_dns_query_log_lines_total", "Queries written to the query log.", "counter");
    out.sample("skerry_dns_query_log_lines_total", {}, query_log_->written());
    out.family("skerry_dns_query_log_dropped_total", "Lines dropped because the query log was behind.", "counter");
    out.sample("skerry_dns_query_log_dropped_total", {}, query_log_->dropped());
  }
  out.family("skerry_dns_tcp_connections", "Open DNS connections.", "gauge");
  out.sample("skerry_dns_tcp_connections", {}, static_cast<std::uint64_t>(server_->tcp_connections()));
  out.family("skerry_dns_tcp_closed_total", "DNS connections that the router closed, by reason.", "counter");
  out.sample("skerry_dns_tcp_closed_total", {{"reason", "made_room"}}, server_->tcp_evicted());
  out.sample("skerry_dns_tcp_closed_total", {{"reason", "idle_timeout"}}, server_->tcp_timed_out());
}

void Router::write_probe_metrics(metrics::Exposition& out) const {
  out.family("skerry_router_probes_total", "Probes begun.", "counter");
  out.sample("skerry_router_probes_total", {}, prober_->probes());
  out.family("skerry_router_probe_failures_total", "Probes that failed.", "counter");
  out.sample("skerry_router_probe_failures_total", {}, prober_->failures());
  out.family("skerry_router_edge_up", "1 if the edge's probes say that it is up.", "gauge");
  for (const ProbeTarget& target : plan_.probes) {
    const EdgeHealth* health = prober_->health(target.pop, target.index);
    const std::uint64_t up = !health || health->up();
    out.sample("skerry_router_edge_up", {{"pop", plan_.pops[target.pop].name}, {"edge", target.edge}}, up);
  }
  out.family("skerry_router_bad_load_reports_total", "Load reports of edges that could not be true.", "counter");
  out.sample("skerry_router_bad_load_reports_total", {}, prober_->bad_reports());
}

void Router::write_policy_metrics(metrics::Exposition& out) const {
  out.family("skerry_router_edge_changes_total", "How often an edge came or went.", "counter");
  out.sample("skerry_router_edge_changes_total", {}, edge_changes_);
  out.family("skerry_router_all_down_total", "How often the last healthy edge went.", "counter");
  out.sample("skerry_router_all_down_total", {}, all_down_times_);
  out.family("skerry_router_reloads_total", "Configurations taken over while running.", "counter");
  out.sample("skerry_router_reloads_total", {}, reloads_);
  out.family("skerry_router_reloads_refused_total", "Configurations that were not, for they had mistakes.", "counter");
  out.sample("skerry_router_reloads_refused_total", {}, reloads_refused_);
  out.family("skerry_router_map_ranges", "Address ranges in the answer table.", "gauge");
  out.sample("skerry_router_map_ranges", {}, static_cast<std::uint64_t>(routes_.current()->table.ranges()));
  out.family("skerry_router_map_entries", "Prefixes of the net map.", "gauge");
  out.sample("skerry_router_map_entries", {}, static_cast<std::uint64_t>(plan_.map.entries()));
  out.family("skerry_router_map_networks", "Networks of the MaxMind DB file.", "gauge");
  out.sample("skerry_router_map_networks", {}, plan_.map.networks());
  out.family("skerry_router_map_unknown_countries", "Those among them with a country that has no coordinates here.",
             "gauge");
  out.sample("skerry_router_map_unknown_countries", {}, plan_.map.unknown_countries());
  out.family("skerry_router_map_lists", "Different ordered lists of PoPs that the map leads to.", "gauge");
  out.sample("skerry_router_map_lists", {}, static_cast<std::uint64_t>(plan_.map.lists()));
  out.family("skerry_router_pop_healthy_edges", "Edges of the PoP that are given to clients.", "gauge");
  const auto routes = routes_.current();
  for (std::size_t i = 0; i < plan_.pops.size(); ++i) {
    out.sample("skerry_router_pop_healthy_edges", {{"pop", plan_.pops[i].name}},
               static_cast<std::uint64_t>(routes->table.healthy_edges(static_cast<PopIndex>(i))));
  }
  out.family("skerry_router_pop_spill_ratio", "Share of the PoP's clients that go to their next PoP.", "gauge");
  for (std::size_t i = 0; i < plan_.pops.size(); ++i) {
    out.sample("skerry_router_pop_spill_ratio", {{"pop", plan_.pops[i].name}},
               static_cast<double>(state_[i].spill) / whole_spill);
  }
  out.family("skerry_router_pop_utilisation_ratio", "How full the PoP is; 1 is its capacity.", "gauge");
  for (const Pop& pop : plan_.pops) {
    const auto full = policy_.utilisation_of(pop.name);
    if (full) out.sample("skerry_router_pop_utilisation_ratio", {{"pop", pop.name}}, *full);
  }
  out.family("skerry_router_spill_moves_total", "Steps in which clients moved because a PoP was full or had room.",
             "counter");
  out.sample("skerry_router_spill_moves_total", {}, spill_moves_);
  out.family("skerry_router_publish_seconds", "What making the last answer table took.", "gauge");
  out.sample("skerry_router_publish_seconds", {}, std::chrono::duration<double>(last_publish_).count());
}

void Router::write_http_metrics(metrics::Exposition& out) const {
  if (http_servers_.empty()) return;
  const HttpRoutingCounts& counts = http_router_.counts();
  out.family("skerry_router_http_requests_total", "Requests to the HTTP routing by what became of them.", "counter");
  const std::pair<const char*, std::uint64_t> all[] = {
      {"redirected", counts.redirected},   {"to_owner", counts.to_owner}, {"api", counts.api},
      {"misdirected", counts.misdirected}, {"refused", counts.refused},   {"unavailable", counts.unavailable}};
  for (const auto& [outcome, count] : all) {
    out.sample("skerry_router_http_requests_total", {{"outcome", outcome}}, count);
  }
}

}  // namespace skerry::routing
