// The edge program put together: workers, store, listeners, and what changes while it runs (reload, drain).
//
// Owned by main(), on the control loop: the main thread's own event loop, which carries signals, the admin listener and
// the purge relay, so that none of them ever delays a client. It reaches the workers only by posting to them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/dns/resolver.h"
#include "core/loop/libevent_loop.h"
#include "core/loop/worker_threads.h"
#include "core/net/socket_network.h"
#include "core/result.h"
#include "edge/admin/admin.h"
#include "edge/edge_worker.h"
#include "edge/peer/purge_relay.h"
#include "edge/snapshot.h"

namespace skerry::edge {

class Edge {
 public:
  // Reads the configuration anew; its error says what is wrong with it.
  using Reload = core::UniqueFunction<core::Result<EdgeConfig>()>;

  // Opens the store and the listeners. Errors are start-up errors: one line, exit 1.
  static core::Result<std::unique_ptr<Edge>> create(EdgeConfig config, core::LibeventLoop& control, std::uint64_t seed,
                                                    Reload reread);
  ~Edge();

  void start();
  // "client 127.0.0.1:8080", one for each listener.
  const std::vector<std::string>& listening() const { return listening_; }
  // Sites and members of the new configuration take effect for requests that begin afterwards; the keys whose change
  // needs a restart are the answer. A bad configuration changes nothing.
  core::Result<std::vector<std::string>> reload();  // and logs it
  // Readiness turns off; clients are taken for `drain_delay` more; connections finish (or are cut at the deadline), the
  // store is sealed; then `done` runs on the control loop.
  void drain(core::Task done);
  // Takes no more clients from now on. False: that is so already.
  bool end_drain_delay();

 private:
  struct PerWorker;
  Edge(core::LibeventLoop& control, std::uint64_t seed, int workers);
  core::Result<void> open(EdgeConfig config);
  core::Result<void> open_control();
  core::Result<void> open_listeners();
  core::Result<void> listen_on(PerWorker& part);
  core::Result<void> add_server(PerWorker& part, std::string_view kind, core::Address address,
                                std::shared_ptr<const core::TlsContext> tls);
  void hand_out_snapshot();
  core::Result<std::vector<std::string>> take_over();
  void stop_listening();
  void worker_drained();
  void cut_connections();

  core::LibeventLoop& control_loop_;
  core::SocketNetwork control_network_;
  core::Random control_random_;
  core::Worker control_;
  const std::uint64_t seed_;
  const int worker_count_;
  Reload reread_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::shared_ptr<const core::TlsContext> tls_;
  std::unique_ptr<ObjectStore> store_;
  std::unique_ptr<Coder> coder_;
  FillTable fills_;
  PurgePositions positions_;
  metrics::Registry registry_;
  std::unique_ptr<Counters> counters_;
  std::unique_ptr<log::AccessLog> access_log_;
  std::unique_ptr<Shared> shared_;
  std::unique_ptr<core::WorkerThreads> threads_;
  std::vector<std::unique_ptr<PerWorker>> workers_;
  std::unique_ptr<dns::Resolver> control_resolver_;
  std::unique_ptr<PurgeRelay> relay_;
  std::unique_ptr<Admin> admin_;
  std::vector<std::string> listening_;
  int draining_ = 0;
  core::Task drained_;
  core::Timer drain_delay_;
  core::Timer drain_deadline_;
};

}  // namespace skerry::edge
