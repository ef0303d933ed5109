// Probes every edge on its client port and says when one comes or goes.
//
// What is probed is what serves: an HTTP request for the readiness path, or a TCP connect. Probes of different edges
// are spread over the interval by chance. Belongs to one worker (the main loop).
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

enum class ProbeKind : std::uint8_t { http, tcp, none };

struct ProbeSettings {
  ProbeKind kind = ProbeKind::http;
  std::string path = "/.well-known/skerry/ready";
  std::string host;  // Host field; empty: the edge's address
  core::Duration interval = std::chrono::seconds(2);
  core::Duration timeout = std::chrono::seconds(1);
  HealthThresholds thresholds;
};

struct ProbeTarget {
  std::string edge;  // for logs
  PopIndex pop;
  std::size_t index;  // in the PoP
  core::Address address;
};

class Prober {
 public:
  using Changed = core::UniqueFunction<void(const ProbeTarget&, const EdgeHealth&)>;
  // `changed` runs on the worker, after the state is in place; not from inside this constructor.
  Prober(const core::Worker&, ProbeSettings, std::vector<ProbeTarget>, Changed changed);
  ~Prober();

  // Edges that both watch, by name and address, go on from what `earlier` found.
  void carry_over(const Prober& earlier);
  // Fills `states` where edges are down; other entries stay as they are.
  void apply_to(EdgeStates& states) const;
  const EdgeHealth* health(PopIndex, std::size_t index) const;  // null: not probed
  // Every edge has been probed at least once.
  bool settled() const;
  std::uint64_t probes() const { return probes_; }
  std::uint64_t failures() const { return failures_; }

 private:
  class Probe;

  core::Worker worker_;
  const ProbeSettings settings_;
  Changed changed_;
  std::uint64_t probes_ = 0;
  std::uint64_t failures_ = 0;
  std::vector<std::unique_ptr<Probe>> edges_;
};

}  // namespace skerry::routing
