// The sections of router.toml about PoPs, their edges, probes and policy as structs, with a table of keys beside each:
// see config.h.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "core/config/schema.h"
#include "routing/prober.h"

namespace skerry::routing {

struct ProbeSection {
  ProbeKind kind = ProbeKind::http;
  std::string path = "/.well-known/skerry/ready";
  std::string host;
  std::string ca_file;
  bool verify = true;
  core::Duration interval = std::chrono::seconds(2);
  core::Duration timeout = std::chrono::seconds(1);
  int up = 2;
  int down = 3;
  int flap_doublings = 4;
};

struct PolicySection {
  std::chrono::seconds ttl_floor{5};
  core::Duration spill_interval = std::chrono::seconds(30);
  SpillSettings spill;
};

struct EdgeSection {
  std::string name;
  std::vector<std::string> addresses;
  std::uint16_t port = 8080;
  std::string url;
  double weight = 1;
  Forced state = Forced::automatic;
  bool drain = false;
};

struct PopSection {
  std::string name;
  double latitude = 0, longitude = 0, bias = 0, reach = 0;
  Forced state = Forced::automatic;
  bool drain = false;
  std::uint64_t max_in_flight = 0;
  core::Bytes max_bandwidth{0};  // a second
  double max_cpu = 0;
  std::vector<EdgeSection> edges;
};

const config::Table<ProbeSection>& probe_table();
const config::Table<PolicySection>& policy_table();
const config::Table<PopSection>& pop_table();

}  // namespace skerry::routing
