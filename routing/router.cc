#include "routing/router.h"

#include <algorithm>
#include <thread>

#include "core/config/output.h"
#include "core/log/log.h"
#include "core/metrics/exposition.h"
#include "core/net/tls.h"
#include "routing/explain.h"

namespace skerry::routing {
namespace {

ProbeSettings probe_settings(const ProbeSection& probe) {
  return {probe.kind, probe.path, probe.host, probe.interval, probe.timeout, {probe.up, probe.down}};
}

// How long a secret of our own makes cookies; it is accepted as long again.
constexpr core::Duration secret_life = std::chrono::hours(24);

core::SipKey random_key() {
  const std::string bytes = core::secure_random_bytes(sizeof(core::SipKey));
  core::SipKey key;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

void write_transport(metrics::Exposition& out, std::string_view transport, const AnswerTotals& totals) {
  for (std::size_t i = 0; i < outcomes; ++i) {
    const std::string outcome(name(static_cast<Outcome>(i)));
    out.sample("skerry_dns_queries_total", {{"transport", std::string(transport)}, {"outcome", outcome}},
               totals.by_outcome[i]);
  }
}

}  // namespace

Router::Router(const core::Worker& worker, RouterConfig config, RouterPlan plan)
    : worker_(worker),
      config_(std::move(config)),
      plan_(std::move(plan)),
      own_secrets_{random_key(), std::nullopt},
      secret_age_(worker.loop, [this] { change_own_secret(); }),
      routes_(std::make_shared<const Routes>()),
      admin_service_(*this) {
  secret_age_.arm(secret_life);
}

// Threads and connections first, for what they use goes after them.
Router::~Router() {
  admin_.reset();
  server_.reset();
}

core::Result<std::unique_ptr<Router>> Router::start(const core::Worker& worker, RouterConfig config, RouterPlan plan) {
  std::unique_ptr<Router> router(new Router(worker, std::move(config), std::move(plan)));
  router->watch_edges();
  router->publish();
  if (auto listening = router->listen(); !listening.ok()) return listening.error();
  return router;
}

core::Result<void> Router::listen() {
  const RouterSection& section = config_.router;
  DnsServerOptions options;
  options.listen = section.listen;
  options.udp_threads =
      section.workers > 0 ? section.workers : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  options.tcp.connections = section.tcp_connections;
  options.tcp.idle_timeout = section.tcp_idle_timeout;
  options.dot_listen = config_.dns.tls.dot_listen;
  options.doh_listen = config_.dns.tls.doh_listen;
  options.certificate = {config_.dns.tls.certificate, config_.dns.tls.key};
  options.doh_path = config_.dns.tls.doh_path;
  auto server = DnsServer::start(worker_, routes_, options);
  if (!server.ok()) return server.error();
  server_ = std::move(server).value();
  http::ServerLimits limits;
  limits.connections = 100;
  auto admin = http::Server::listen(worker_, section.admin_listen, limits, nullptr, admin_service_);
  if (!admin.ok()) {
    core::Error error = admin.error();
    error.detail = "admin " + section.admin_listen.to_string() + (error.detail.empty() ? "" : ": " + error.detail);
    return error;
  }
  admin_ = std::move(admin).value();
  return {};
}

void Router::watch_edges() {
  auto prober = std::make_unique<Prober>(
      worker_, probe_settings(config_.probe), plan_.probes,
      [this](const ProbeTarget& target, const EdgeHealth& health) { on_edge_changed(target, health); });
  if (prober_) prober->carry_over(*prober_);
  prober_ = std::move(prober);
}

void Router::on_edge_changed(const ProbeTarget& target, const EdgeHealth& health) {
  ++edge_changes_;
  const std::string& pop = plan_.pops[target.pop].name;
  if (health.up()) log::info("edge_up", {{"pop", pop}, {"edge", target.edge}});
  if (!health.up()) log::warn("edge_down", {{"pop", pop}, {"edge", target.edge}, {"reason", health.last_failure()}});
  publish();
}

EdgeStates Router::edge_states() const {
  EdgeStates states;
  for (const Pop& pop : plan_.pops) states.emplace_back(pop.edges.size(), true);
  prober_->apply_to(states);
  return states;
}

void Router::change_own_secret() {
  own_secrets_ = {random_key(), own_secrets_.current};
  secret_age_.arm(secret_life);
  publish();
}

std::optional<CookieSecrets> Router::cookie_secrets() const {
  if (!config_.dns.cookies.on) return std::nullopt;
  const auto configured = configured_secrets(config_.dns.cookies);
  return configured ? configured : own_secrets_;
}

void Router::publish() {
  auto routes = std::make_shared<Routes>();
  routes->zones = plan_.zones;
  routes->table = AnswerTable::select(plan_.map, plan_.pops, edge_states(), config_.router.edges_per_answer);
  routes->nsid = config_.router.nsid;
  routes->udp_size = config_.router.udp_size;
  routes->tcp_keepalive = static_cast<std::uint16_t>(
      std::min<core::Duration::rep>(config_.router.tcp_idle_timeout / std::chrono::milliseconds(100), 0xffff));
  routes->cookies = cookie_secrets();
  routes->chaos_version = config_.dns.chaos.version;
  routes->chaos_id = config_.dns.chaos.id;
  const RateLimits& limits = config_.dns.rate_limit;
  const bool limited = limits.per_second > 0;
  if (limited && (!limiter_ || !(limiter_->limits() == limits))) {
    limiter_ = std::make_shared<RateLimiter>(limits, random_key());
  }
  if (!limited) limiter_.reset();
  routes->limiter = limiter_;
  const bool all_down = !routes->table.empty() && routes->table.all_down();
  if (all_down && !all_down_) {
    ++all_down_times_;
    log::error("all_edges_down", {{"answer", "as if all were up"}});
  }
  all_down_ = all_down;
  routes_.publish(std::move(routes));
}

void Router::reload(RouterConfig config, RouterPlan plan) {
  for (const std::string& key : config::changes_needing_restart(router_table().schema(), &config_, &config)) {
    log::warn("needs_restart", {{"key", key}});
  }
  config_ = std::move(config);
  plan_ = std::move(plan);
  ++reloads_;
  watch_edges();
  publish();
}

std::string Router::readiness() const {
  config::Value value;
  value.add("ready", config::Value::of(ready()));
  value.add("draining", config::Value::of(draining_));
  value.add("probed", config::Value::of(prober_->settled()));
  value.add("all_edges_down", config::Value::of(all_down_));
  std::uint64_t queries = 0;
  for (std::size_t i = 0; i < transports; ++i) queries += server_->totals(static_cast<Transport>(i)).queries();
  value.add("queries", config::Value::of(static_cast<std::int64_t>(queries)));
  return config::to_json(value);
}

std::string Router::metrics() const {
  metrics::Exposition out;
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
  out.family("skerry_dns_tcp_connections", "Open DNS connections.", "gauge");
  out.sample("skerry_dns_tcp_connections", {}, static_cast<std::uint64_t>(server_->tcp_connections()));
  out.family("skerry_dns_tcp_closed_total", "DNS connections that the router closed, by reason.", "counter");
  out.sample("skerry_dns_tcp_closed_total", {{"reason", "made_room"}}, server_->tcp_evicted());
  out.sample("skerry_dns_tcp_closed_total", {{"reason", "idle_timeout"}}, server_->tcp_timed_out());
  out.family("skerry_router_probes_total", "Probes begun.", "counter");
  out.sample("skerry_router_probes_total", {}, prober_->probes());
  out.family("skerry_router_probe_failures_total", "Probes that failed.", "counter");
  out.sample("skerry_router_probe_failures_total", {}, prober_->failures());
  out.family("skerry_router_edge_up", "1 if the edge is given to clients.", "gauge");
  for (const ProbeTarget& target : plan_.probes) {
    const EdgeHealth* health = prober_->health(target.pop, target.index);
    const std::uint64_t up = !health || health->up();
    out.sample("skerry_router_edge_up", {{"pop", plan_.pops[target.pop].name}, {"edge", target.edge}}, up);
  }
  out.family("skerry_router_edge_changes_total", "How often an edge came or went.", "counter");
  out.sample("skerry_router_edge_changes_total", {}, edge_changes_);
  out.family("skerry_router_all_down_total", "How often the last healthy edge went.", "counter");
  out.sample("skerry_router_all_down_total", {}, all_down_times_);
  out.family("skerry_router_reloads_total", "Configurations taken over while running.", "counter");
  out.sample("skerry_router_reloads_total", {}, reloads_);
  out.family("skerry_router_map_ranges", "Address ranges in the answer table.", "gauge");
  out.sample("skerry_router_map_ranges", {}, static_cast<std::uint64_t>(routes_.current()->table.ranges()));
  return out.take();
}

std::string Router::configuration() const {
  return config::to_json(config::effective(router_table(), config_));
}

std::string Router::explanation(const core::IpAddress& client) const {
  const auto routes = routes_.current();
  return explain(client, {plan_, routes->table, *prober_});
}

}  // namespace skerry::routing
