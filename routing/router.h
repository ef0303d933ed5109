// The running router: plan, probes, published routes, DNS server and admin port, and how one leads to the next.
//
// Owned by main, on the main loop's thread. Whatever changes (an edge comes or goes, a reload) ends in publish(): a new
// answer table is made and swapped in, while the UDP threads go on with the old one until their next batch.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/metrics/exposition.h"
#include "routing/admin.h"
#include "routing/config.h"
#include "routing/dns_server.h"
#include "routing/explain.h"
#include "routing/standing_policy.h"

namespace skerry::routing {

// A configuration and what it means.
struct PlannedConfig {
  RouterConfig config;
  RouterPlan plan;
};

class Router final : AdminContent, HttpRoutingSource {
 public:
  // Reads the configuration anew; its error says what is wrong with it.
  using Reread = core::UniqueFunction<core::Result<PlannedConfig>()>;

  // Answers from the moment it returns. Errors: a port in use or forbidden; the detail names it.
  static core::Result<std::unique_ptr<Router>> start(const core::Worker&, PlannedConfig, Reread);
  ~Router();

  // Takes over zones, PoPs, map and probes without missing a query; the keys whose change needs a restart are the
  // answer. A bad configuration changes nothing. Logs either.
  core::Result<std::vector<std::string>> reload() override;
  // From now on not ready; still answering.
  void begin_drain() { draining_ = true; }

  std::vector<core::Address> addresses() const { return server_->addresses(); }
  // By what is spoken there: "dot", "doh", "http".
  std::vector<std::pair<const char*, std::vector<core::Address>>> other_addresses() const {
    return {{"dot", server_->dot_addresses()}, {"doh", server_->doh_addresses()}, {"http", http_addresses()}};
  }
  const core::Address& admin_address() const { return admin_->local_address(); }

 private:
  Router(const core::Worker&, PlannedConfig, Reread);
  core::Result<void> listen();
  void watch_edges();
  enum class Map { same, replaced };
  void publish(Map);
  // Many edges that change at once cost one table.
  void publish_soon() { publishing_.arm(core::Duration(0)); }
  void on_probe_news(const ProbeTarget&, const EdgeHealth&, ProbeNews);
  void step_spill();
  std::optional<CookieSecrets> cookie_secrets() const;
  void change_own_secret();
  PolicyView view(const Routes&) const;
  void write_dns_metrics(metrics::Exposition&) const;
  void write_probe_metrics(metrics::Exposition&) const;
  void write_policy_metrics(metrics::Exposition&) const;
  void write_http_metrics(metrics::Exposition&) const;
  core::Result<void> listen_http();
  std::vector<core::Address> http_addresses() const;
  core::Result<void> open_http(const core::Address&, const http::ServerLimits&,
                               std::shared_ptr<const core::TlsContext>);

  std::vector<std::string> take_over(PlannedConfig);
  // All edges have been probed once. Those that a reload brings are no reason to lose clients: their first answers live
  // as long as it takes to probe them.
  bool probed() const { return probed_ || prober_->settled(); }
  bool ready() const override { return !draining_ && probed(); }
  std::string readiness() const override;
  std::string metrics() const override;
  std::string configuration() const override;
  std::string explanation(const core::IpAddress& asker, const std::optional<core::IpNetwork>&) const override;
  std::string state() const override;
  bool may_change(std::string_view authorization) const override;
  Change change_state(std::string_view kind, const std::string& name, std::string_view state) override;

  const AnswerTable& answer_table() const override { return current_->table; }
  const std::vector<Pop>& pops() const override { return plan_.pops; }
  const HttpRoutingSettings& http_settings() const override { return config_.http.settings; }

  core::Worker worker_;
  Reread reread_;
  RouterConfig config_;
  RouterPlan plan_;
  bool draining_ = false;
  bool probed_ = false;  // before the last reload
  bool all_down_ = false;
  std::uint64_t edge_changes_ = 0;
  std::uint64_t all_down_times_ = 0;
  std::uint64_t reloads_ = 0;
  std::uint64_t reloads_refused_ = 0;
  const core::Duration tcp_idle_timeout_;  // what the connections keep to: a new one needs a restart
  CookieSecrets own_secrets_;              // used unless the configuration has a shared secret
  core::Timer secret_age_;
  std::shared_ptr<RateLimiter> limiter_;
  std::uint64_t spill_moves_ = 0;
  core::Duration last_publish_{0};  // what making the last table took
  StandingPolicy policy_;
  PolicyState state_;
  std::unique_ptr<Prober> prober_;
  Published<Routes> routes_;
  std::shared_ptr<const Routes> current_;  // what was published last
  std::unique_ptr<QueryLog> query_log_;    // null: off
  std::unique_ptr<DnsServer> server_;
  AdminService admin_service_;
  std::unique_ptr<http::Server> admin_;
  HttpRouter http_router_;
  std::vector<std::unique_ptr<http::Server>> http_servers_;
  core::Timer publishing_;
  core::Timer spilling_;
};

}  // namespace skerry::routing
