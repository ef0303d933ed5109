#include "routing/config.h"

#include "core/config/output.h"

namespace skerry::routing {
namespace {

using config::Applies;
using std::chrono::seconds;

const config::Table<log::LogOptions>& log_table() {
  static const config::Table<log::LogOptions> table =
      config::Table<log::LogOptions>("")
          .choice("log_level", &log::LogOptions::level,
                  {{"debug", log::Level::debug},
                   {"info", log::Level::info},
                   {"warn", log::Level::warn},
                   {"error", log::Level::error}},
                  {.doc = "The least that is written to standard error."})
          .choice("log_format", &log::LogOptions::format, {{"text", log::Format::text}, {"json", log::Format::json}},
                  {.doc = "One line an event, for people or for machines."});
  return table;
}

const config::Table<RouterSection>& section_table() {
  static const config::Table<RouterSection> table =
      config::Table<RouterSection>("The DNS server.")
          .key("listen", &RouterSection::listen,
               {.doc = "Addresses that answer DNS, each over UDP and TCP.", .min = 1, .max = 64})
          .key("admin_listen", &RouterSection::admin_listen,
               {.doc =
                    "Address of `/healthz`, `/readyz`, `/metrics`, `/config`, `/explain`. It has no login: keep it on "
                    "loopback or behind a firewall."})
          .key("workers", &RouterSection::workers,
               {.doc = "UDP threads for each address.", .min = 0, .max = 256, .shown_default = "one a processor"})
          .key("udp_size", &RouterSection::udp_size,
               {.doc = "Longest answer over UDP; what is longer goes over TCP. 1232 never needs fragments.",
                .min = 512,
                .max = 4096,
                .unit = config::Unit::bytes,
                .applies = Applies::live})
          .key("edges_per_answer", &RouterSection::edges_per_answer,
               {.doc = "How many healthy edges of the nearest PoP an answer holds.",
                .min = 1,
                .max = AnswerTable::most_addresses,
                .applies = Applies::live})
          .key("nsid", &RouterSection::nsid,
               {.doc = "Name of this server for those who ask (NSID, RFC 5001). Empty: not told.",
                .max = 128,
                .applies = Applies::live})
          .key(
              "net_map", &RouterSection::net_map,
              {.doc = "File that says which clients belong where (see conf/netmap.example).", .applies = Applies::live})
          .key("clients", &RouterSection::clients,
               {.doc = "The same in place: prefix = \"pop,pop\" or \"latitude longitude\".", .applies = Applies::live})
          .key("tcp_connections", &RouterSection::tcp_connections,
               {.doc = "DNS connections per address; one more closes the one that has been silent longest.",
                .min = 1,
                .max = 100'000})
          .key("tcp_idle_timeout", &RouterSection::tcp_idle_timeout,
               {.doc = "A DNS connection without a whole query for so long is closed.",
                .min = seconds(1),
                .max = seconds(3600)})
          .key("drain_time", &RouterSection::drain_time,
               {.doc = "How long to go on answering after SIGTERM, while `/readyz` says no.", .max = seconds(3600)})
          .include(&RouterSection::log, log_table());
  return table;
}

const config::Table<ProbeSection>& probe_table() {
  static const config::Table<ProbeSection> table =
      config::Table<ProbeSection>("How edges are found to be healthy.")
          .choice(
              "kind", &ProbeSection::kind,
              {{"http", ProbeKind::http}, {"tcp", ProbeKind::tcp}, {"none", ProbeKind::none}},
              {.doc = "An HTTP request that must be answered with 2xx, a TCP connect, or nothing: all edges are up.",
               .applies = Applies::live})
          .key("path", &ProbeSection::path,
               {.doc = "What is asked for over HTTP.", .min = 1, .max = 1024, .applies = Applies::live})
          .key("host", &ProbeSection::host,
               {.doc = "Host field of the request.",
                .max = 255,
                .applies = Applies::live,
                .shown_default = "the edge's address"})
          .key("interval", &ProbeSection::interval,
               {.doc = "Mean time between two probes of an edge.",
                .min = std::chrono::milliseconds(100),
                .max = seconds(3600),
                .applies = Applies::live})
          .key("timeout", &ProbeSection::timeout,
               {.doc = "A probe that takes longer has failed. At most three quarters of the interval.",
                .min = std::chrono::milliseconds(10),
                .max = seconds(60),
                .applies = Applies::live})
          .key("up", &ProbeSection::up,
               {.doc = "Successes in a row that bring an edge back.", .min = 1, .max = 100, .applies = Applies::live})
          .key("down", &ProbeSection::down,
               {.doc = "Failures in a row that take an edge out.", .min = 1, .max = 100, .applies = Applies::live});
  return table;
}

const config::Table<EdgeSection>& edge_table() {
  static const config::Table<EdgeSection> table =
      config::Table<EdgeSection>("An edge of the PoP.")
          .key("name", &EdgeSection::name,
               {.doc = "Unique among all edges; clients are spread by it.",
                .min = 1,
                .max = 255,
                .applies = Applies::live,
                .required = true})
          .key("addresses", &EdgeSection::addresses,
               {.doc = "What clients are told: IPv4 and IPv6. The first one is probed.",
                .min = 1,
                .max = AnswerTable::most_addresses,
                .applies = Applies::live,
                .required = true})
          .key("port", &EdgeSection::port,
               {.doc = "The client port that is probed.", .min = 1, .applies = Applies::live})
          .key("weight", &EdgeSection::weight,
               {.doc = "Share of the PoP's clients relative to its other edges; 0 gives it none.",
                .min = 0.0,
                .max = 65536.0,
                .applies = Applies::live})
          .key("drain", &EdgeSection::drain, {.doc = "Send no more clients there.", .applies = Applies::live});
  return table;
}

const config::Table<PopSection>& pop_table() {
  static const config::Table<PopSection> table =
      config::Table<PopSection>("A point of presence.")
          .key("name", &PopSection::name,
               {.doc = "As the net map names it.", .min = 1, .max = 63, .applies = Applies::live, .required = true})
          .key("latitude", &PopSection::latitude,
               {.doc = "Degrees, north positive.", .min = -90.0, .max = 90.0, .applies = Applies::live})
          .key("longitude", &PopSection::longitude,
               {.doc = "Degrees, east positive.", .min = -180.0, .max = 180.0, .applies = Applies::live})
          .key("bias", &PopSection::bias,
               {.doc = "Kilometres added to every distance: positive sends clients elsewhere.",
                .min = -20000.0,
                .max = 20000.0,
                .applies = Applies::live})
          .array("edge", &PopSection::edges, edge_table(), {.doc = "", .applies = Applies::live});
  return table;
}

}  // namespace

const config::Table<RouterConfig>& router_table() {
  static const config::Table<DnsSections> dns = config::Table<DnsSections>("")
                                                    .table("cookies", &DnsSections::cookies, cookie_table())
                                                    .table("rate_limit", &DnsSections::rate_limit, rate_limit_table())
                                                    .table("chaos", &DnsSections::chaos, chaos_table())
                                                    .table("tls", &DnsSections::tls, tls_table());
  static const config::Table<RouterConfig> table =
      config::Table<RouterConfig>("skerry-router")
          .table("router", &RouterConfig::router, section_table())
          .table("probe", &RouterConfig::probe, probe_table())
          .include(&RouterConfig::dns, dns)
          .array("zone", &RouterConfig::zones, zone_table(), {.doc = "", .applies = Applies::live, .required = true})
          .array("pop", &RouterConfig::pops, pop_table(), {.doc = "", .applies = Applies::live, .required = true});
  return table;
}

std::string router_reference() {
  return config::reference_markdown(router_table().schema(), "skerry-router",
                                    "Authoritative DNS that sends every client to the nearest healthy edge.");
}

}  // namespace skerry::routing
