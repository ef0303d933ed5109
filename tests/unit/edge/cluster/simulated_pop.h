// A PoP in one process: an origin, edges and clients on simulated hosts, under a manual clock. For unit tests.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/http/client.h"
#include "core/loop/simulation.h"
#include "edge/edge_worker.h"
#include "edge/peer/purge_relay.h"

namespace skerry::edge::test {

// What an edge's access log would say, in the order in which it happened.
class LogLines final : public log::AccessSink {
 public:
  LogLines(std::string edge, std::string& out) : edge_(std::move(edge)), out_(out) {}
  void record(int worker, const log::AccessRecord& record) override;

 private:
  const std::string edge_;
  std::string& out_;
};

// Answers every path with a body made from it, a strong ETag and what `fields` say; counts requests.
class SimulatedOrigin final : public http::RequestService {
 public:
  SimulatedOrigin(core::SimulatedHost& host);
  ~SimulatedOrigin() override;
  http::RequestHandler& acquire(http::ResponseSink& sink) override;
  void release(http::RequestHandler& handler) override;

  static std::string body_of(const std::string& path, std::size_t size);

  // What a GET of the path gives now; of its own when `body` is set.
  const std::string& content(const std::string& path);

  std::size_t body_size = 2000;
  std::string version;  // another one: other bytes under another ETag
  bool ranges = true;   // answers them
  bool etags = true;
  bool lengths = true;  // announces them
  std::optional<std::string> body;
  std::uint64_t range_bytes = 0;  // sent in 206 answers
  int status = 200;
  bool silent = false;                     // takes requests and never answers
  bool hints = false;                      // sends 103 before each answer
  std::optional<std::size_t> close_after;  // bytes of body, then the connection is reset
  std::vector<std::pair<std::string, std::string>> fields = {{"Cache-Control", "max-age=60"}};
  // Fields of a 304, where they are not the same.
  std::optional<std::vector<std::pair<std::string, std::string>>> fields_of_304;
  bool validates = true;                 // answers If-None-Match by 304
  std::map<std::string, int> requests;   // by path
  std::vector<http::RequestHead> heads;  // as they arrived
  int total() const;

 private:
  class Handler;
  const core::Worker& worker_;
  std::map<std::string, std::string> bodies_;
  std::set<std::shared_ptr<Handler>> handlers_;
  std::unique_ptr<http::Server> server_;
};

class SimulatedEdge {
 public:
  SimulatedEdge(core::SimulatedHost& host, EdgeConfig config, std::string& log);
  ~SimulatedEdge();

  const std::string name;
  core::SimulatedHost& host;
  std::unique_ptr<ObjectStore> store;
  Coder coder;
  FillTable fills;
  PurgePositions positions;
  metrics::Registry registry;
  Counters counters;
  LogLines log;
  Shared shared;
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<std::unique_ptr<EdgeWorker>> workers;
  std::vector<std::unique_ptr<http::Server>> servers;
  std::unique_ptr<PurgeRelay> relay;
};

struct Answer {
  bool ok = false;  // a complete response came
  int status = 0;
  std::string body;
  http::HeaderMap fields;
  core::Error error;
};

using EdgeChange = void (*)(EdgeConfig&);

class SimulatedPop {
 public:
  // `change` is applied to every edge's configuration.
  SimulatedPop(std::uint64_t seed, int edges, int workers_per_edge = 1, EdgeChange change = nullptr);
  ~SimulatedPop();

  // Asks edge `index` and lets the world run until the answer is there (60 s of simulated time at most).
  Answer get(int index, const std::string& path, const std::vector<std::pair<std::string, std::string>>& fields = {},
             const std::string& method = "GET");
  // Asks without waiting; `answers` gets it.
  void ask(int index, const std::string& path, std::vector<Answer>& answers, std::size_t slot,
           const std::vector<std::pair<std::string, std::string>>& fields = {}, const std::string& method = "GET");
  void kill(int index);

  std::string authority = "www.example.com";  // of all requests
  std::string log;
  core::Simulation simulation;
  core::SimulatedHost& client;
  SimulatedOrigin origin;
  std::vector<std::unique_ptr<SimulatedEdge>> edges;

 private:
  std::vector<std::unique_ptr<http::SimpleCall>> calls_;
};

}  // namespace skerry::edge::test
