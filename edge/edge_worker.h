// One worker's share of an edge: its exchanges, its views onto fills, and the services its listeners call.
//
// Everything here belongs to the worker's thread; what workers share stands in `Shared` and is thread-safe by its own
// rules.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/http/server.h"
#include "core/log/access_log.h"
#include "core/loop/worker.h"
#include "edge/coding/coder.h"
#include "edge/counters.h"
#include "edge/exchange.h"
#include "edge/fill.h"
#include "edge/fill_table.h"
#include "edge/peer/positions.h"
#include "edge/snapshot.h"
#include "edge/store/object_store.h"

namespace skerry::edge {

// What probes are told. In flight: requests being answered by the whole process.
struct Readiness {
  bool ready = false;
  std::string_view why;  // when it is not
  std::uint64_t in_flight = 0;
  std::uint64_t connections = 0;
  std::string to_json() const;
};

// Shared by all workers of one edge.
struct Shared {
  Shared(ObjectStore& store, FillTable& fills, PurgePositions& positions, Counters& counters,
         log::AccessSink* access_log)
      : store(store), fills(fills), positions(positions), counters(counters), access_log(access_log) {}

  ObjectStore& store;
  FillTable& fills;
  PurgePositions& positions;
  Counters& counters;
  log::AccessSink* access_log;  // null: off
  Coder* coder = nullptr;       // null: bodies leave as they came
  std::unique_ptr<RateTable> rates = std::make_unique<RateTable>(65536);
  // Thread-safe: hands over to the purge relay. `done`, if set, runs on the relay's loop with the epoch; 0: it failed.
  core::UniqueFunction<void(Purge, core::UniqueFunction<void(Epoch)> done)> invalidate;
  std::atomic<bool> ready{false};
  std::atomic<bool> draining{false};
  std::atomic<std::uint64_t> in_flight{0};

  Readiness readiness() const;
};

// What is worth telling about a request that is over.
struct AccessFacts {
  const http::RequestHead& request;
  const http::ConnectionInfo& connection;
  const Verdict& verdict;
  int status;
  std::uint64_t bytes;
  core::Duration duration;
  std::string_view upstream;  // who was asked; empty: nobody
  std::string_view request_id;
  core::IpAddress client;        // as far as trusted proxies tell
  std::string_view peer_client;  // on the peer listener: for whom the peer asked
  std::string_view site;         // empty: none served it
};

class EdgeWorker {
 public:
  EdgeWorker(const core::Worker& worker, Shared& shared, std::shared_ptr<const Snapshot> snapshot);
  ~EdgeWorker();

  const core::Worker& worker() const { return worker_; }
  ObjectStore& store() { return shared_.store; }
  FillTable& fills() { return shared_.fills; }
  PurgePositions& positions() { return shared_.positions; }
  Counters& counters() { return shared_.counters; }
  Coder* coder() { return shared_.coder; }
  RateTable& rates() { return *shared_.rates; }

  const std::shared_ptr<const Snapshot>& snapshot() const { return snapshot_; }
  // On this worker: requests that began before keep the old one.
  void set_snapshot(std::shared_ptr<const Snapshot> snapshot) { snapshot_ = std::move(snapshot); }

  http::RequestService& client_service();
  http::RequestService& peer_service();

  std::shared_ptr<Fill> new_fill(FillRequest request);
  // This worker's view of the fill, made and subscribed if there is none.
  std::shared_ptr<FillView> view_of(const std::shared_ptr<Fill>& fill);
  // An unsafe request succeeded: what is stored of its URL is dropped (RFC 9111 4.4), here and, best effort, on all
  // members.
  // `replaced`: what the URL itself holds is left to replace().
  void invalidate(const http::RequestHead& request, const http::ResponseHead& response, const Site& site,
                  bool replaced);
  // Drops what is stored of the object's URL on all members, then keeps this in its place; unless another purge came in
  // between, which may have been about it.
  void replace(ObjectHead head, std::vector<core::Chunk> body);
  Readiness readiness() const { return shared_.readiness(); }
  // The access log's line and the counters for a request that is over.
  void record(const AccessFacts& facts);
  void record_refused(const http::ConnectionInfo& connection, int status, const core::Error& error);

 private:
  class Service;
  void forget_old_views();

  const core::Worker& worker_;
  Shared& shared_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::unique_ptr<Service> client_service_, peer_service_;
  std::vector<std::unique_ptr<Exchange>> exchanges_;  // all ever made
  std::vector<Exchange*> idle_;
  std::unordered_set<std::shared_ptr<Fill>> fills_;  // under way on this worker
  std::unordered_map<const Fill*, std::weak_ptr<FillView>> views_;
  std::size_t sweep_at_ = 64;
};

}  // namespace skerry::edge
