#include "routing/router.h"

#include <algorithm>
#include <thread>

#include "core/config/output.h"
#include "core/log/log.h"
#include "core/net/tls.h"
#include "routing/zone_plan.h"

namespace skerry::routing {
namespace {

ProbeSettings probe_settings(const ProbeSection& probe, std::shared_ptr<const core::TlsContext> tls) {
  HealthThresholds thresholds;
  thresholds.up = probe.up;
  thresholds.down = probe.down;
  thresholds.most_doublings = probe.flap_doublings;
  return {probe.kind, probe.path, probe.host, probe.interval, probe.timeout, thresholds, std::move(tls)};
}

std::optional<Forced> forced_of(std::string_view word) {
  if (word == "up") return Forced::up;
  if (word == "down") return Forced::down;
  if (word == "drain") return Forced::drain;
  if (word == "auto") return Forced::automatic;
  return std::nullopt;
}

// How long a secret of our own makes cookies; it is accepted as long again.
constexpr core::Duration secret_life = std::chrono::hours(24);

core::SipKey random_key() {
  const std::string bytes = core::secure_random_bytes(sizeof(core::SipKey));
  core::SipKey key;
  std::copy(bytes.begin(), bytes.end(), key.begin());
  return key;
}

}  // namespace

Router::Router(const core::Worker& worker, PlannedConfig planned, Reread reread)
    : worker_(worker),
      reread_(std::move(reread)),
      config_(std::move(planned.config)),
      plan_(std::move(planned.plan)),
      tcp_idle_timeout_(config_.router.tcp_idle_timeout),
      own_secrets_{random_key(), std::nullopt},
      secret_age_(worker.loop, [this] { change_own_secret(); }),
      routes_(std::make_shared<const Routes>()),
      admin_service_(*this),
      http_router_(*this),
      publishing_(worker.loop, [this] { publish(Map::same); }),
      spilling_(worker.loop, [this] { step_spill(); }) {
  secret_age_.arm(secret_life);
}

// Threads and connections first, for what they use goes after them.
Router::~Router() {
  http_servers_.clear();
  admin_.reset();
  server_.reset();
}

core::Result<std::unique_ptr<Router>> Router::start(const core::Worker& worker, PlannedConfig planned, Reread reread) {
  std::unique_ptr<Router> router(new Router(worker, std::move(planned), std::move(reread)));
  router->watch_edges();
  router->publish(Map::replaced);
  router->spilling_.arm(router->config_.policy.spill_interval);
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
  options.tcp.idle_timeout = tcp_idle_timeout_;
  options.dot_listen = config_.dns.tls.dot_listen;
  options.doh_listen = config_.dns.tls.doh_listen;
  options.certificate = {config_.dns.tls.certificate, config_.dns.tls.key};
  options.doh_path = config_.dns.tls.doh_path;
  options.signature_cache = config_.dns.dnssec.cache;
  if (config_.dns.query_log.path != "off") {
    auto log = QueryLog::open(config_.dns.query_log, options.log_lanes());
    if (!log.ok()) return log.error();
    query_log_ = std::move(log).value();
    options.query_log = query_log_.get();
  }
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
  return listen_http();
}

core::Result<void> Router::open_http(const core::Address& address, const http::ServerLimits& limits,
                                     std::shared_ptr<const core::TlsContext> tls) {
  auto server = http::Server::listen(worker_, address, limits, std::move(tls), http_router_);
  if (!server.ok()) {
    core::Error error = server.error();
    error.detail = "http " + address.to_string() + (error.detail.empty() ? "" : ": " + error.detail);
    return error;
  }
  http_servers_.push_back(std::move(server).value());
  return {};
}

core::Result<void> Router::listen_http() {
  const HttpSection& section = config_.http;
  const http::ServerLimits limits;
  for (const core::Address& address : section.listen) {
    if (auto opened = open_http(address, limits, nullptr); !opened.ok()) return opened;
  }
  if (section.tls_listen.empty()) return {};
  auto tls = core::TlsContext::server({{{section.certificate, section.key}}, {"http/1.1"}, {}});
  if (!tls.ok()) return tls.error();
  for (const core::Address& address : section.tls_listen) {
    if (auto opened = open_http(address, limits, *tls); !opened.ok()) return opened;
  }
  return {};
}

std::vector<core::Address> Router::http_addresses() const {
  std::vector<core::Address> addresses;
  for (const auto& server : http_servers_) addresses.push_back(server->local_address());
  return addresses;
}

void Router::watch_edges() {
  auto prober = std::make_unique<Prober>(worker_, probe_settings(config_.probe, plan_.probe_tls), plan_.probes,
                                         [this](const ProbeTarget& target, const EdgeHealth& health, ProbeNews news) {
                                           on_probe_news(target, health, news);
                                         });
  if (prober_) prober->carry_over(*prober_);
  prober_ = std::move(prober);
}

void Router::on_probe_news(const ProbeTarget& target, const EdgeHealth& health, ProbeNews news) {
  publish_soon();
  if (news == ProbeNews::doubt) return;  // only times to live change
  ++edge_changes_;
  const std::string& pop = plan_.pops[target.pop].name;
  if (health.up()) log::info("edge_up", {{"pop", pop}, {"edge", target.edge}});
  if (!health.up()) log::warn("edge_down", {{"pop", pop}, {"edge", target.edge}, {"reason", health.last_failure()}});
}

void Router::step_spill() {
  spilling_.arm(config_.policy.spill_interval);
  if (!policy_.move_spill(plan_, *prober_, config_.policy)) return;
  ++spill_moves_;
  publish_soon();
}

void Router::change_own_secret() {
  own_secrets_ = {random_key(), own_secrets_.current};
  secret_age_.arm(secret_life);
  publish(Map::same);
}

std::optional<CookieSecrets> Router::cookie_secrets() const {
  if (!config_.dns.cookies.on) return std::nullopt;
  const auto configured = configured_secrets(config_.dns.cookies);
  return configured ? configured : own_secrets_;
}

void Router::publish(Map map) {
  const core::TimePoint begun = worker_.loop.clock().now();
  const auto earlier = routes_.current();
  auto routes = std::make_shared<Routes>();
  state_ = policy_.state(plan_, *prober_, config_.policy);
  policy_.note_drains(plan_, state_, begun);
  routes->zones = plan_.zones;
  routes->table = AnswerTable::select(plan_.map, plan_.pops, state_, config_.router.edges_per_answer,
                                      map == Map::same ? &earlier->table : nullptr);
  routes->nsid = config_.router.nsid;
  routes->udp_size = config_.router.udp_size;
  routes->tcp_keepalive = static_cast<std::uint16_t>(
      std::min<core::Duration::rep>(tcp_idle_timeout_ / std::chrono::milliseconds(100), 0xffff));
  routes->cookies = cookie_secrets();
  routes->chaos_version = config_.dns.chaos.version;
  routes->chaos_id = config_.dns.chaos.id;
  routes->signing = config_.dns.dnssec;
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
    log::error("all_edges_down", {{"answers_hold", std::string(name(routes->table.used()))}});
  }
  all_down_ = all_down;
  current_ = routes;
  routes_.publish(std::move(routes));
  last_publish_ = worker_.loop.clock().now() - begun;
}

core::Result<std::vector<std::string>> Router::reload() {
  auto planned = reread_();
  if (!planned.ok()) ++reloads_refused_;
  const auto outcome =
      planned.ok() ? core::Result<std::vector<std::string>>(take_over(std::move(planned).value())) : planned.error();
  log::reload(outcome);
  return outcome;
}

std::vector<std::string> Router::take_over(PlannedConfig planned) {
  auto restart = config::changes_needing_restart(router_table().schema(), &config_, &planned.config);
  // Reloads that come often must not keep a step from ever being taken.
  const bool new_pace = planned.config.policy.spill_interval != config_.policy.spill_interval;
  config_ = std::move(planned.config);
  plan_ = std::move(planned.plan);
  probed_ = probed();
  if (new_pace) spilling_.arm(config_.policy.spill_interval);
  ++reloads_;
  if (query_log_) query_log_->reopen();
  watch_edges();
  publish(Map::replaced);
  return restart;
}

std::string Router::readiness() const {
  config::Value value;
  value.add("ready", config::Value::of(ready()));
  value.add("draining", config::Value::of(draining_));
  value.add("probed", config::Value::of(probed()));
  value.add("all_edges_down", config::Value::of(all_down_));
  std::uint64_t queries = 0;
  for (std::size_t i = 0; i < transports; ++i) queries += server_->totals(static_cast<Transport>(i)).queries();
  value.add("queries", config::Value::of(static_cast<std::int64_t>(queries)));
  return config::to_json(value);
}

std::string Router::configuration() const {
  return config::to_json(config::effective(router_table(), config_));
}

PolicyView Router::view(const Routes& routes) const {
  return {plan_, routes.table, *prober_, state_, policy_, worker_.loop.now(), longest_dynamic_ttl(config_.zones)};
}

std::string Router::explanation(const core::IpAddress& asker, const std::optional<core::IpNetwork>& subnet) const {
  const auto routes = routes_.current();
  return explain(asker, subnet, view(*routes));
}

std::string Router::state() const {
  const auto routes = routes_.current();
  return state_report(view(*routes));
}

bool Router::may_change(std::string_view authorization) const {
  const std::string& token = config_.router.admin_token;
  return !token.empty() && core::equal_in_constant_time(authorization, "Bearer " + token);
}

AdminContent::Change Router::change_state(std::string_view kind, const std::string& name, std::string_view state) {
  const auto forced = forced_of(state);
  if (!forced) return Change::no_such_state;
  const auto named = [&](const auto& thing) { return thing.name == name; };
  const bool is_pop = kind == "pop" && std::any_of(plan_.pops.begin(), plan_.pops.end(), named);
  const bool is_edge = kind == "edge" && std::any_of(plan_.pops.begin(), plan_.pops.end(), [&](const Pop& pop) {
                         return std::any_of(pop.edges.begin(), pop.edges.end(), named);
                       });
  if (!is_pop && !is_edge) return Change::no_such_name;
  if (is_pop) policy_.force_pop(name, *forced);
  if (is_edge) policy_.force_edge(name, *forced);
  log::info("state_changed", {{std::string(kind), name}, {"state", std::string(state)}});
  publish(Map::same);
  return Change::done;
}

}  // namespace skerry::routing
