// The router's configuration: the sections of router.toml as structs, with a table of keys beside each.
//
// Reading fills RouterConfig; plan_of() turns it into what the router runs on, and reports what only shows when
// everything is put together (names, references, the net map). Start-up and reload, main thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/config/load.h"
#include "core/log/options.h"
#include "routing/dns_config.h"
#include "routing/http_config.h"
#include "routing/pop_config.h"
#include "routing/zone.h"
#include "routing/zone_config.h"

namespace skerry::routing {

struct RouterSection {
  std::vector<core::Address> listen = {{core::IpAddress(), 5353}};
  core::Address admin_listen{core::IpAddress::v4({127, 0, 0, 1}), 9190};
  int workers = 0;  // UDP threads per address; 0: one a processor
  std::uint16_t udp_size = 1232;
  std::size_t edges_per_answer = 3;
  std::string nsid;
  std::string admin_token;
  std::string net_map;                         // a file
  std::string mmdb;                            // a MaxMind DB file
  std::map<std::string, std::string> clients;  // the same in the configuration itself
  std::size_t tcp_connections = 1000;
  core::Duration tcp_idle_timeout = std::chrono::seconds(10);
  core::Duration drain_time = std::chrono::seconds(0);
  log::LogOptions log;
};

struct RouterConfig {
  RouterSection router;
  ProbeSection probe;
  DnsSections dns;
  PolicySection policy;
  HttpSection http;
  std::vector<ZoneSection> zones;
  std::vector<PopSection> pops;
};

const config::Table<RouterConfig>& router_table();

// All keys as Markdown.
std::string router_reference();
// The file and the environment over it; problems of the whole (plan_of) are among those reported.
config::Loaded<RouterConfig> load_router_config(const std::optional<std::string>& file, const config::Environment&);

// What the configuration means, checked as a whole.
struct RouterPlan {
  std::shared_ptr<const Zones> zones;
  std::vector<Pop> pops;
  GeoMap map;
  std::string mmdb;  // the file that the map was made from, too
  std::vector<ProbeTarget> probes;
  std::shared_ptr<const core::TlsContext> probe_tls;
};
// Reads the net map's file. With problems in `report` the plan is not complete.
RouterPlan plan_of(const RouterConfig&, config::Report& report);

}  // namespace skerry::routing
