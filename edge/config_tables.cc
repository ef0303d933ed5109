// Every key of skerry-edge's configuration as data: name, member, bounds, and the sentence the reference prints. Those
// of sites and routes stand in config_site_tables.cc.
#include "edge/config.h"

namespace skerry::edge {
namespace {

using config::Applies;
using config::Table;
using config::Unit;
using namespace std::chrono_literals;
using core::operator""_MiB;

constexpr core::Duration shortest_timeout = 1ms;
constexpr core::Duration longest_timeout = 1h;

const Table<log::LogOptions>& log_table() {
  static const Table<log::LogOptions> table =
      Table<log::LogOptions>("")
          .choice("log_level", &log::LogOptions::level,
                  {{"debug", log::Level::debug},
                   {"info", log::Level::info},
                   {"warn", log::Level::warn},
                   {"error", log::Level::error}},
                  {.doc = "What is worth a line on standard error."})
          .choice("log_format", &log::LogOptions::format, {{"text", log::Format::text}, {"json", log::Format::json}},
                  {.doc = "How those lines look."});
  return table;
}

const Table<log::AccessLogOptions>& access_log_table() {
  static const Table<log::AccessLogOptions> table =
      Table<log::AccessLogOptions>("")
          .key("access_log", &log::AccessLogOptions::path,
               {.doc = "Where one line a request goes: a file, `-` for standard output, `off`. SIGHUP opens the file "
                       "anew, for rotation.",
                .min = 1,
                .path = true})
          .choice("access_log_format", &log::AccessLogOptions::format,
                  {{"json", log::AccessFormat::json}, {"combined", log::AccessFormat::combined}},
                  {.doc = "JSON, or the combined format of Apache and nginx with cache outcome and reason behind it."})
          .key("access_log_buffer", &log::AccessLogOptions::buffer,
               {.doc = "What waits for the log's writer, per worker. Lines beyond are dropped and counted.",
                .min = 64 * 1024,
                .max = 1 << 30,
                .unit = Unit::bytes});
  return table;
}

const Table<EdgeConfig>& node_table() {
  static const Table<EdgeConfig> table = [] {
    Table<EdgeConfig> edge("This process: its listeners, threads and logs.");
    edge.key("name", &EdgeConfig::name,
             {.doc = "Who this edge is, in `Cache-Status`, `Via` and among the members of its PoP.",
              .max = 63,
              .shown_default = "the host's name"})
        .key("listen", &EdgeConfig::listen,
             {.doc = "Addresses for clients, plain HTTP. `listen` or `tls_listen` is required.", .max = 64})
        .key("tls_listen", &EdgeConfig::tls_listen,
             {.doc = "Addresses for clients, HTTPS. Needs a `[[certificate]]`.", .max = 64})
        .key("workers", &EdgeConfig::workers,
             {.doc = "Threads that serve clients. 0: one a core.", .min = 0, .max = 1024})
        .key("admin_listen", &EdgeConfig::admin_listen,
             {.doc = "Address for operators: metrics, health, purging.", .shown_default = "\"127.0.0.1:9180\""})
        .secret("admin_token", &EdgeConfig::admin_token,
                {.doc = "What a purge must carry as `Authorization: Bearer …`. Without one, purging is refused."})
        .key("cluster_id", &EdgeConfig::cluster_id,
             {.doc = "Name of the whole CDN in `CDN-Loop` (RFC 8586): the same on every edge of all PoPs.",
              .min = 1,
              .max = 63})
        .key("drain_delay", &EdgeConfig::drain_delay,
             {.doc =
                  "After SIGTERM: how long clients are still taken while readiness says `draining`. As long as routers "
                  "and balancers need to send nobody here any more: their probes, and the time to live of answers.",
              .min = 0s,
              .max = longest_timeout,
              .applies = Applies::live})
        .key("drain_timeout", &EdgeConfig::drain_timeout,
             {.doc = "After SIGTERM and `drain_delay`: how long connections may take to finish.",
              .min = 0s,
              .max = longest_timeout,
              .applies = Applies::live})
        .key("ready_allow", &EdgeConfig::ready_allow,
             {.doc = "Who may ask `/.well-known/skerry/ready` on the client listeners: the routers' networks.",
              .applies = Applies::live,
              .shown_default = "[\"127.0.0.0/8\", \"::1/128\"]"})
        .key("trusted_proxies", &EdgeConfig::trusted_proxies,
             {.doc = "Networks of the proxies in front of this edge: whom they name as their client counts for access, "
                     "rate limits and logs, and so does its scheme.",
              .applies = Applies::live})
        .choice("forwarded_field", &EdgeConfig::forwarded_field,
                {{"x-forwarded-for", ForwardedField::x_forwarded_for}, {"forwarded", ForwardedField::forwarded}},
                {.doc = "Where they do so; the other field is not believed. The right-most address that is no trusted "
                        "proxy's counts. A `Forwarded` that breaks RFC 7239 anywhere is answered 400.",
                 .applies = Applies::live})
        .key("rate_table", &EdgeConfig::rate_table,
             {.doc = "Clients whose rate is known at once, 16 bytes each, about; beyond, the ones nearest to a full "
                     "bucket are forgotten, and counted.",
              .min = 2048,
              .max = 100'000'000})
        .include(&EdgeConfig::logging, log_table())
        .include(&EdgeConfig::access_log, access_log_table());
    return edge;
  }();
  return table;
}

const Table<http::ServerLimits>& limits_table() {
  using Limits = http::ServerLimits;
  static const Table<Limits> table =
      Table<Limits>("What one client may use. Each limit has an answer and a counter.")
          .key("head_size", &Limits::head_size,
               {.doc = "Request line and header fields together; 431 beyond.",
                .min = 1024,
                .max = 1 << 20,
                .unit = Unit::bytes})
          .key("target_size", &Limits::target_size,
               {.doc = "The URL in a request; 414 beyond.", .min = 256, .max = 1 << 20, .unit = Unit::bytes})
          .key("header_fields", &Limits::header_fields,
               {.doc = "Header fields of a request; 431 beyond.", .min = 8, .max = 10'000})
          .key("requests_per_connection", &Limits::requests_per_connection,
               {.doc = "Then the connection is closed.", .min = 1})
          .key("connections", &Limits::connections,
               {.doc = "Open at once, per worker and listener; beyond, accepting pauses.", .min = 1, .max = 10'000'000})
          .key("header_timeout", &Limits::header_timeout,
               {.doc = "First byte of a request's head to its end; 408 beyond.",
                .min = shortest_timeout,
                .max = longest_timeout})
          .key("keep_alive_timeout", &Limits::keep_alive_timeout,
               {.doc = "An idle connection is closed after.", .min = shortest_timeout, .max = 24h})
          .key("body_timeout", &Limits::body_timeout,
               {.doc = "Between two reads of a request's body; 408 beyond.",
                .min = shortest_timeout,
                .max = longest_timeout})
          .key(
              "tunnel_timeout", &Limits::tunnel_timeout,
              {.doc = "After an upgrade (WebSocket): a client that is silent and takes nothing for so long is cut off; "
                      "see `tunnel_timeout` of the site, too.",
               .min = shortest_timeout,
               .max = 24h})
          .key("write_timeout", &Limits::write_timeout,
               {.doc = "A client that takes nothing for so long is cut off.",
                .min = shortest_timeout,
                .max = longest_timeout})
          .key("response_buffer", &Limits::response_buffer,
               {.doc = "Response bytes that wait for a slow client.",
                .min = 16 * 1024,
                .max = 1 << 30,
                .unit = Unit::bytes})
          .key("request_window", &Limits::request_window,
               {.doc = "Request body bytes that wait for a slow origin.",
                .min = 16 * 1024,
                .max = 1 << 30,
                .unit = Unit::bytes});
  return table;
}

const Table<MemoryConfig>& memory_table() {
  static const Table<MemoryConfig> table = Table<MemoryConfig>("The memory tier and everything around it.")
                                               .key("size", &MemoryConfig::size,
                                                    {.doc = "What the process may use in all: objects in memory, the "
                                                            "index of the store, buffers.",
                                                     .min = 64_MiB});
  return table;
}

const Table<StoreConfig>& store_table() {
  static const Table<StoreConfig> table =
      Table<StoreConfig>("The disk tier. Without one, objects are kept in memory alone.")
          .key("path", &StoreConfig::path,
               {.doc = "Its directory; created if missing.", .min = 1, .required = true, .path = true})
          .key("size", &StoreConfig::size, {.doc = "Of the whole directory, never exceeded.", .min = 256_MiB})
          .key("io_threads", &StoreConfig::io_threads, {.doc = "Threads that read and write.", .min = 1, .max = 256})
          .key("io_queue", &StoreConfig::io_queue,
               {.doc = "Reads that wait; beyond, a request is a miss.", .min = 16, .max = 1'000'000})
          .key("io_deadline", &StoreConfig::io_deadline,
               {.doc = "A read that takes longer is a miss.", .min = shortest_timeout, .max = longest_timeout});
  return table;
}

const Table<core::TlsCertificate>& certificate_table() {
  static const Table<core::TlsCertificate> table =
      Table<core::TlsCertificate>("A certificate for `tls_listen`, chosen by SNI; the first answers unknown names.")
          .key("cert", &core::TlsCertificate::certificate_file,
               {.doc = "PEM file: the certificate, then its chain.", .min = 1, .required = true, .path = true})
          .key("key", &core::TlsCertificate::key_file,
               {.doc = "PEM file: its key.", .min = 1, .required = true, .path = true});
  return table;
}

const Table<ProxyListener>& proxy_table() {
  static const Table<ProxyListener> table =
      Table<ProxyListener>(
          "A client listener behind a load balancer that speaks the PROXY protocol, version 1 or 2: every connection "
          "must begin with its header, before TLS. The client's address in it counts for logs, rules and "
          "X-Forwarded-For.")
          .key("listen", &ProxyListener::listen,
               {.doc = "Which one: an address of `[edge].listen` or `[edge].tls_listen`.", .required = true})
          .key("from", &ProxyListener::from,
               {.doc = "The balancers' networks. Who connects from elsewhere is closed at once.",
                .min = 1,
                .max = 1000,
                .required = true});
  return table;
}

const Table<MemberConfig>& member_table() {
  static const Table<MemberConfig> table =
      Table<MemberConfig>("An edge of the PoP, this one among them: the same list on every edge.")
          .key("name", &MemberConfig::name,
               {.doc = "Its `[edge].name`.", .min = 1, .max = 63, .applies = Applies::live, .required = true})
          .key("peer", &MemberConfig::peer,
               {.doc = "`host:port` of its `peer_listen`, as the other edges reach it.",
                .min = 1,
                .max = 300,
                .applies = Applies::live,
                .required = true})
          .key("weight", &MemberConfig::weight,
               {.doc = "Its share of the content relative to the others'. 0: owns nothing.",
                .min = 0.0,
                .max = 65536.0,
                .applies = Applies::live});
  return table;
}

const Table<PopConfig>& pop_table() {
  static const Table<PopConfig> table =
      Table<PopConfig>("Several edges that share one PoP's content: each URL belongs to one of them.")
          .key("name", &PopConfig::name, {.doc = "Which PoP this edge belongs to.", .min = 1, .max = 63})
          .key("peer_listen", &PopConfig::peer_listen,
               {.doc = "Address for the other edges. Needs a secret; keep it off the public network."})
          .secret("secret", &PopConfig::secret,
                  {.doc = "What the edges of the PoP know each other by: at least 16 characters, the same on all."})
          .array("member", &PopConfig::members, member_table(), {.applies = Applies::live});
  return table;
}

}  // namespace

const Table<EdgeConfig>& edge_table() {
  static const Table<EdgeConfig> table =
      Table<EdgeConfig>("")
          .section("edge", node_table())
          .table("limits", &EdgeConfig::limits, limits_table())
          .table("memory", &EdgeConfig::memory, memory_table())
          .array("store", &EdgeConfig::stores, store_table(), {})
          .array("certificate", &EdgeConfig::certificates, certificate_table(), {})
          .array("proxy_protocol", &EdgeConfig::proxy_listeners, proxy_table(), {})
          .array("site", &EdgeConfig::sites, site_table(), {.applies = Applies::live, .required = true})
          .table("pop", &EdgeConfig::pop, pop_table());
  return table;
}

}  // namespace skerry::edge
