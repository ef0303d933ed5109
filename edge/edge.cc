#include "edge/edge.h"

#include <set>
#include <thread>

#include "core/config/output.h"
#include "core/dns/resolver.h"
#include "core/log/log.h"
#include "core/mutex.h"
#include "edge/peer/protocol.h"

namespace skerry::edge {

// What one worker holds: its share of the edge, its resolver and its listeners.
struct Edge::PerWorker {
  PerWorker(core::Worker& worker, Shared& shared, std::shared_ptr<const Snapshot> snapshot)
      : edge(worker, shared, std::move(snapshot)), resolver(dns::Resolver::create(worker, {})) {
    origin::set_resolver(worker, resolver.get());
  }
  ~PerWorker() { origin::set_resolver(edge.worker(), nullptr); }

  EdgeWorker edge;
  std::unique_ptr<dns::Resolver> resolver;
  std::vector<std::unique_ptr<http::Server>> servers;
  std::size_t draining = 0;
};

namespace {

int worker_count(const EdgeConfig& config) {
  return config.workers > 0 ? config.workers : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

std::size_t ejected_origins(const Snapshot& snapshot) {
  std::set<const origin::UpstreamGroup*> groups;  // sites and routes may share one
  for (const auto& site : snapshot.sites()) groups.insert(site->origin.get());
  std::size_t ejected = 0;
  for (const origin::UpstreamGroup* group : groups) {
    for (const origin::UpstreamStatus& status : group->status()) ejected += status.ejected ? 1 : 0;
  }
  return ejected;
}

// Port sharing would let a second edge start beside this one and take half of what comes.
core::Result<void> check_is_free(const core::Address& address) {
  return address.port == 0 ? core::Result<void>() : core::check_port_is_free(address);
}

}  // namespace

Edge::Edge(core::LibeventLoop& control, std::uint64_t seed, int workers)
    : control_loop_(control),
      control_network_(control),
      control_random_(seed),
      control_{control, control_network_, control_random_, workers},
      seed_(seed),
      worker_count_(workers),
      registry_(workers + 1),
      drain_delay_(control, [this] { stop_listening(); }),
      drain_deadline_(control, [this] { cut_connections(); }) {}

// Workers first, then what they use.
Edge::~Edge() {
  admin_.reset();
  relay_.reset();
  if (threads_) threads_->stop_and_join();
  workers_.clear();
  origin::set_resolver(control_, nullptr);
  // Upstream groups hold connections on the workers' loops, which must still be there.
  snapshot_.reset();
  coder_.reset();
  store_.reset();
}

core::Result<std::unique_ptr<Edge>> Edge::create(EdgeConfig config, core::LibeventLoop& control, std::uint64_t seed,
                                                 Reload reread) {
  std::unique_ptr<Edge> edge(new Edge(control, seed, worker_count(config)));
  edge->reread_ = std::move(reread);
  auto opened = edge->open(std::move(config));
  if (!opened.ok()) return opened.error();
  return edge;
}

core::Result<void> Edge::open(EdgeConfig config) {
  auto snapshot = Snapshot::build(std::move(config), worker_count_ + 1, nullptr);
  if (!snapshot.ok()) return snapshot.error();
  snapshot_ = std::move(snapshot).value();
  const EdgeConfig& settings = snapshot_->config();
  auto store = ObjectStore::open(settings.memory, settings.stores.empty() ? StoreConfig{} : settings.stores.front(),
                                 core::system_clock(), worker_count_ + 1);
  if (!store.ok()) return store.error();
  store_ = std::move(store).value();
  coder_ = std::make_unique<Coder>(*store_, core::system_clock(), 1);
  counters_ = std::make_unique<Counters>(registry_);
  register_store_metrics(registry_, *store_);
  registry_.gauge_from("skerry_origins_ejected", "Origins that are skipped because they failed, of all sites.", {},
                       [this] { return static_cast<double>(ejected_origins(*snapshot_)); });
  if (settings.access_log.path != "off") {
    auto log = log::AccessLog::open(settings.access_log, worker_count_ + 1);
    if (!log.ok()) return log.error();
    access_log_ = std::move(log).value();
    registry_.counter_from("skerry_access_log_dropped_total", "Access log lines dropped because the log was behind.",
                           {}, [this] { return static_cast<double>(access_log_->dropped()); });
  }
  shared_ = std::make_unique<Shared>(*store_, fills_, positions_, *counters_, access_log_.get());
  shared_->coder = coder_.get();
  shared_->rates = std::make_unique<RateTable>(settings.rate_table);
  auto threads = core::WorkerThreads::create(worker_count_, seed_);
  if (!threads.ok()) return threads.error();
  threads_ = std::move(threads).value();
  return open_control();
}

// The purge relay and the admin listener live on the control loop.
core::Result<void> Edge::open_control() {
  control_resolver_ = dns::Resolver::create(control_, {});
  origin::set_resolver(control_, control_resolver_.get());
  relay_ = std::make_unique<PurgeRelay>(control_, *store_, positions_, *counters_, [this] { return snapshot_; });
  shared_->invalidate = [this](Purge purge, core::UniqueFunction<void(Epoch)> done) {
    control_loop_.post([this, purge = std::move(purge), done = std::move(done)]() mutable {
      relay_->invalidate(std::move(purge), std::move(done));
    });
  };
  if (auto listening = open_listeners(); !listening.ok()) return listening;
  const EdgeConfig& settings = snapshot_->config();
  if (settings.admin_listen) {
    if (auto free = check_is_free(*settings.admin_listen); !free.ok()) return free;
    auto admin = Admin::listen(
        {control_, *shared_, *relay_, registry_, [this] { return snapshot_; }, [this] { return reload(); }},
        *settings.admin_listen);
    if (!admin.ok()) return admin.error();
    admin_ = std::move(admin).value();
    listening_.push_back("admin " + admin_->local_address().to_string());
  }
  return {};
}

core::Result<void> Edge::open_listeners() {
  const EdgeConfig& settings = snapshot_->config();
  if (!settings.tls_listen.empty()) {
    auto tls = core::TlsContext::server({settings.certificates, {"http/1.1"}, {}});
    if (!tls.ok()) return tls.error();
    tls_ = std::move(tls).value();
  }
  for (int i = 0; i < threads_->size(); ++i) {
    workers_.push_back(std::make_unique<PerWorker>((*threads_)[i], *shared_, snapshot_));
    auto listening = listen_on(*workers_.back());
    if (!listening.ok()) return listening;
  }
  return {};
}

core::Result<void> Edge::listen_on(PerWorker& part) {
  const EdgeConfig& settings = snapshot_->config();
  core::Result<void> added;
  for (const core::Address& address : settings.listen) {
    if (added.ok()) added = add_server(part, "client", address, nullptr);
  }
  for (const core::Address& address : settings.tls_listen) {
    if (added.ok()) added = add_server(part, "tls", address, tls_);
  }
  if (added.ok() && settings.pop.peer_listen) added = add_server(part, "peer", *settings.pop.peer_listen, nullptr);
  return added;
}

core::Result<void> Edge::add_server(PerWorker& part, std::string_view kind, core::Address address,
                                    std::shared_ptr<const core::TlsContext> tls) {
  const bool first_worker = &part == workers_.front().get();
  const auto* proxies = kind == "peer" ? nullptr : snapshot_->config().proxies_of(address);
  if (first_worker) {
    if (auto free = check_is_free(address); !free.ok()) return free;
  }
  // Port 0: the first worker gets a free one, the others share it.
  if (address.port == 0 && !first_worker) address = workers_.front()->servers[part.servers.size()]->local_address();
  const http::ServerLimits& of_clients = snapshot_->config().limits;
  const http::ServerLimits limits = kind == "peer" ? peer_limits(of_clients) : of_clients;
  http::RequestService& service = kind == "peer" ? part.edge.peer_service() : part.edge.client_service();
  auto server = http::Server::listen(part.edge.worker(), address, limits, std::move(tls), service);
  if (!server.ok()) return server.error();
  if (first_worker) listening_.push_back(std::string(kind) + " " + (*server)->local_address().to_string());
  if (proxies) (*server)->expect_proxies(*proxies);
  part.servers.push_back(std::move(server).value());
  return {};
}

void Edge::start() {
  threads_->start();
  shared_->ready = true;
}

core::Result<std::vector<std::string>> Edge::reload() {
  auto outcome = take_over();
  log::reload(outcome);
  return outcome;
}

core::Result<std::vector<std::string>> Edge::take_over() {
  auto config = reread_();
  if (!config.ok()) return config.error();
  auto snapshot = Snapshot::build(std::move(config).value(), worker_count_ + 1, snapshot_.get());
  if (!snapshot.ok()) return snapshot.error();
  std::vector<std::string> restart =
      config::changes_needing_restart(edge_table(), snapshot_->config(), (*snapshot)->config());
  snapshot_ = std::move(snapshot).value();
  hand_out_snapshot();
  if (access_log_) access_log_->reopen();
  return restart;
}

// Returns when every worker has the new configuration, so that "reloaded" is true for the next request. The control
// loop may wait for the workers, never they for it; a worker that is busy for a second gets it a little later.
void Edge::hand_out_snapshot() {
  struct Handed {
    core::Mutex mutex;
    core::Condition all;
    std::size_t missing GUARDED_BY(mutex) = 0;
  };
  const auto handed = std::make_shared<Handed>();
  core::MutexLock lock(handed->mutex);
  handed->missing = workers_.size();
  for (auto& part : workers_) {
    part->edge.worker().loop.post([&edge = part->edge, snapshot = snapshot_, handed] {
      edge.set_snapshot(snapshot);
      core::MutexLock inner(handed->mutex);
      --handed->missing;
      handed->all.notify_one();
    });
  }
  const core::TimePoint deadline = core::system_clock().now() + std::chrono::seconds(1);
  while (handed->missing > 0 && core::system_clock().now() < deadline) {
    handed->all.wait_for(handed->mutex, std::chrono::milliseconds(100));
  }
}

void Edge::drain(core::Task done) {
  if (shared_->draining.exchange(true)) return;
  drained_ = std::move(done);
  const core::Duration delay = snapshot_->config().drain_delay;
  if (delay > core::Duration::zero()) return drain_delay_.arm(delay);
  stop_listening();
}

bool Edge::end_drain_delay() {
  if (!drain_delay_.armed()) return false;
  drain_delay_.cancel();
  stop_listening();
  return true;
}

void Edge::stop_listening() {
  draining_ = static_cast<int>(workers_.size());
  drain_deadline_.arm(snapshot_->config().drain_timeout);
  for (auto& part : workers_) {
    part->edge.worker().loop.post([this, &part = *part] {
      part.draining = part.servers.size();
      for (auto& server : part.servers) {
        server->drain([this, &part] {
          if (--part.draining == 0) control_loop_.post([this] { worker_drained(); });
        });
      }
    });
  }
}

void Edge::cut_connections() {
  for (auto& part : workers_) {
    part->edge.worker().loop.post([&part = *part] {
      for (auto& server : part.servers) server->close_all();
    });
  }
}

void Edge::worker_drained() {
  if (--draining_ > 0) return;
  drain_deadline_.cancel();
  store_->seal([this] { control_loop_.post([this] { std::exchange(drained_, core::Task())(); }); });
}

}  // namespace skerry::edge
