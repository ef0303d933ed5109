// What a skerry-edge is told: its configuration file and environment as plain structs, with the defaults in them.
//
// The tables beside them (config.cc) give every key its name, bounds and documentation; conf/reference.md is made from
// those. Plain values: made at start-up and reload, immutable then, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/load.h"
#include "core/config/schema.h"
#include "core/http/server.h"
#include "core/log/options.h"
#include "core/net/address.h"
#include "core/net/ip_network.h"
#include "core/net/tls.h"
#include "edge/policy.h"
#include "edge/rules/site_rules.h"
#include "edge/site_index.h"
#include "edge/store/object_store.h"
#include "origin/upstream.h"

namespace skerry::edge {

// What applies to a request once its site, and perhaps a route of it, is known.
struct Handling {
  origin::UpstreamConfig origin;
  std::string host_header;  // sent to the origin instead of the client's; empty: the client's
  CachePolicy policy;
  KeyRules key;
  CodingPolicy coding;
  RulesConfig rules;
};

// [[site.route]]: starts as a copy of what the site says.
struct RouteConfig {
  std::string path;  // "/exact" or "/prefix/*"
  Handling handling;

  bool matches(std::string_view request_path) const;
};

// [[site]]
struct SiteConfig {
  std::vector<std::string> hosts;  // lower case; "www.example.com", "*.example.net", "*"
  Handling handling;
  std::vector<RouteConfig> routes;  // in the order of the file: the first that matches counts

  // The route's handling, or the site's own. `path` as path_to_match() gives it.
  const Handling& handling_of(std::string_view path) const;
};

// [[proxy_protocol]]: a client listener that only proxies connect to.
struct ProxyListener {
  core::Address listen;
  std::vector<core::IpNetwork> from;
};

// [[pop.member]]
struct MemberConfig {
  std::string name;
  std::string peer;  // "host:port": its peer_listen as the others reach it; a name is resolved at run time
  double weight = 1.0;
};

// [pop]
struct PopConfig {
  std::string name = "default";
  std::optional<core::Address> peer_listen;
  std::string secret;
  std::vector<MemberConfig> members;  // empty: this edge is alone
};

struct EdgeConfig {
  // [edge]
  std::string name;  // never empty once loaded: default is the host's name
  std::vector<core::Address> listen;
  std::vector<core::Address> tls_listen;
  int workers = 0;                            // 0: one a core
  std::optional<core::Address> admin_listen;  // 127.0.0.1:9180 once loaded
  std::string admin_token;                    // empty: purging is refused
  std::string cluster_id = "skerry";          // in CDN-Loop (RFC 8586): the same on every edge of all PoPs
  log::AccessLogOptions access_log;
  log::LogOptions logging;
  core::Duration drain_delay{0};  // unready, but still taking clients
  core::Duration drain_timeout = std::chrono::seconds(30);
  std::vector<core::IpNetwork> trusted_proxies;                      // believed about who their clients are
  ForwardedField forwarded_field = ForwardedField::x_forwarded_for;  // where they say so
  std::size_t rate_table = 65536;                                    // clients whose rate is known at once
  std::vector<core::IpNetwork> ready_allow;  // who may ask /.well-known/skerry/ready; loopback once loaded

  http::ServerLimits limits;
  MemoryConfig memory;
  std::vector<StoreConfig> stores;  // empty: memory only; this version: at most one
  std::vector<core::TlsCertificate> certificates;
  std::vector<ProxyListener> proxy_listeners;
  std::vector<SiteConfig> sites;
  PopConfig pop;
  SiteIndex index;

  // Who may hand connections on to this client listener; null: clients connect themselves.
  const std::vector<core::IpNetwork>* proxies_of(const core::Address& listener) const;
  // The site that serves a Host or :authority (any case, a port is ignored): exact name, then the longest wildcard,
  // then "*". Null: not ours. Allocates nothing. Needs index_sites() once after `sites` was changed (loading does it).
  const SiteConfig* find_site(std::string_view authority) const;
  void index_sites();
};

const config::Table<EdgeConfig>& edge_table();
const config::Table<SiteConfig>& site_table();

// `file` empty: everything comes from the environment. All problems at once; also those that span several keys.
config::Loaded<EdgeConfig> load_edge_config(const std::optional<std::string>& file, const config::Environment&);
config::Loaded<EdgeConfig> load_edge_config_text(std::string_view text, std::string_view file_name,
                                                 const config::Environment&);

// The edge's part of conf/reference.md.
std::string edge_reference();

}  // namespace skerry::edge
