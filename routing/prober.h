// Probes every edge on its client port and says when one comes or goes.
//
// What is probed is what serves: an HTTP(S) request for the readiness path, or a TCP connect. Probes of different edges
// are spread over the interval by chance. The readiness answer carries the edge's load. Belongs to one worker (the main
// loop).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/http/client.h"
#include "core/loop/worker.h"
#include "routing/edge_health.h"
#include "routing/pop_selector.h"

namespace skerry::routing {

enum class ProbeKind : std::uint8_t { http, https, tcp, none };

struct ProbeSettings {
  ProbeKind kind = ProbeKind::http;
  std::string path = "/.well-known/skerry/ready";
  std::string host;  // Host field and, for https, the certificate's name; empty: the edge's address
  core::Duration interval = std::chrono::seconds(2);
  core::Duration timeout = std::chrono::seconds(1);
  HealthThresholds thresholds;
  std::shared_ptr<const core::TlsContext> tls;  // for https
};

struct ProbeTarget {
  std::string edge;  // for logs
  PopIndex pop;
  std::size_t index;  // in the PoP
  core::Address address;
};

// doubt: the first result against an edge's state, or the last: its state has not changed, but may soon, or not. The
// first results of all are doubts that end together, when every edge has one.
enum class ProbeNews : std::uint8_t { changed, doubt };

class Prober {
 public:
  using Listener = core::UniqueFunction<void(const ProbeTarget&, const EdgeHealth&, ProbeNews)>;
  // `listener` runs on the worker, after the state is in place; not from inside this constructor.
  Prober(const core::Worker&, ProbeSettings, std::vector<ProbeTarget>, Listener listener);
  ~Prober();

  // Edges that both watch, by name and address, go on from what `earlier` found.
  void carry_over(const Prober& earlier);
  // Fills `states` where edges are down; other entries stay as they are.
  void apply_to(EdgeStates& states) const;
  const EdgeHealth* health(PopIndex, std::size_t index) const;  // null: not probed
  // What the edge's last probe told; nothing if it failed or told none.
  std::optional<EdgeLoad> load(PopIndex, std::size_t index) const;
  // Time until the edge's state may change; nothing if its probes agree with it. Before the first one: an interval.
  std::optional<core::Duration> time_to_change(PopIndex, std::size_t index) const;
  // Every edge has been probed at least once.
  bool settled() const { return unsettled_ == 0; }
  std::uint64_t probes() const { return probes_; }
  std::uint64_t failures() const { return failures_; }
  // Load reports that could not be true.
  std::uint64_t bad_reports() const { return bad_reports_; }

 private:
  class Probe;
  const Probe* find(PopIndex, std::size_t index) const;

  core::Worker worker_;
  const ProbeSettings settings_;
  Listener listener_;
  std::uint64_t probes_ = 0;
  std::uint64_t failures_ = 0;
  std::uint64_t bad_reports_ = 0;
  std::size_t unsettled_ = 0;
  std::vector<std::unique_ptr<Probe>> edges_;
  std::vector<std::vector<Probe*>> by_pop_;
};

}  // namespace skerry::routing
