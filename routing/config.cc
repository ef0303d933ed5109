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
          .key(
              "admin_listen", &RouterSection::admin_listen,
              {.doc = "Address of `/healthz`, `/readyz`, `/metrics`, `/config`, `/state`, `/explain`. Reading needs no "
                      "login: keep it on loopback or behind a firewall."})
          .secret("admin_token", &RouterSection::admin_token,
                  {.doc = "What changes something (`POST /state/…`, `/reload`) must carry as `Authorization: Bearer "
                          "…`; empty: no "
                          "changes.",
                   .applies = Applies::live})
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
          .key("net_map", &RouterSection::net_map,
               {.doc = "File that says which clients belong where (see conf/netmap.example).",
                .applies = Applies::live,
                .path = true})
          .key("mmdb", &RouterSection::mmdb,
               {.doc =
                    "MaxMind DB file with coordinates or countries, for clients that the net map says nothing of. Read "
                    "at start and reload; replace it by renaming.",
                .applies = Applies::live,
                .path = true})
          .key("clients", &RouterSection::clients,
               {.doc = "What net_map holds, in place: prefix = \"pop,pop\" or \"latitude longitude\" or \"country\".",
                .applies = Applies::live})
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

}  // namespace

const config::Table<RouterConfig>& router_table() {
  static const config::Table<DnsSections> dns = config::Table<DnsSections>("")
                                                    .table("cookies", &DnsSections::cookies, cookie_table())
                                                    .table("rate_limit", &DnsSections::rate_limit, rate_limit_table())
                                                    .table("chaos", &DnsSections::chaos, chaos_table())
                                                    .table("tls", &DnsSections::tls, tls_table())
                                                    .table("query_log", &DnsSections::query_log, query_log_table())
                                                    .table("dnssec", &DnsSections::dnssec, dnssec_table());
  static const config::Table<RouterConfig> table =
      config::Table<RouterConfig>("skerry-router")
          .table("router", &RouterConfig::router, section_table())
          .table("probe", &RouterConfig::probe, probe_table())
          .include(&RouterConfig::dns, dns)
          .table("policy", &RouterConfig::policy, policy_table())
          .table("http", &RouterConfig::http, http_table())
          .array("zone", &RouterConfig::zones, zone_table(), {.doc = "", .applies = Applies::live, .required = true})
          .array("pop", &RouterConfig::pops, pop_table(), {.doc = "", .applies = Applies::live, .required = true});
  return table;
}

std::string router_reference() {
  return config::reference_markdown(router_table().schema(), "skerry-router",
                                    "Authoritative DNS that sends every client to the nearest healthy edge.");
}

}  // namespace skerry::routing
