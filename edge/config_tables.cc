// Every key of skerry-edge's configuration as data: name, member, bounds, and the sentence the reference prints.
#include "core/http/list.h"
#include "edge/coding/content_coding.h"
#include "edge/config.h"

namespace skerry::edge {
namespace {

using config::Applies;
using config::Table;
using config::Unit;
using namespace std::chrono_literals;
using core::operator""_KiB;
using core::operator""_MiB;
using core::operator""_GiB;

constexpr core::Duration shortest_timeout = 1ms;
constexpr core::Duration longest_timeout = 1h;
constexpr std::chrono::seconds ten_years = 24h * 3650;

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
                .min = 1})
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
               {.doc = "Open at once, per worker; beyond, accepting pauses.", .min = 1, .max = 10'000'000})
          .key("pipelined", &Limits::pipelined,
               {.doc = "Requests read ahead of their answers.", .min = 1, .max = 10'000})
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
          .key("path", &StoreConfig::path, {.doc = "Its directory; created if missing.", .min = 1, .required = true})
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
               {.doc = "PEM file: the certificate, then its chain.", .min = 1, .required = true})
          .key("key", &core::TlsCertificate::key_file, {.doc = "PEM file: its key.", .min = 1, .required = true});
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

const Table<origin::UpstreamConfig>& upstream_table() {
  using Upstream = origin::UpstreamConfig;
  static const Table<Upstream> table =
      Table<Upstream>("")
          .key("origin", &Upstream::urls,
               {.doc = "Where the content comes from: `http://host[:port]` or `https://host[:port]`; several share the "
                       "load, and one that fails is skipped.",
                .max = 64,
                .applies = Applies::live})
          .key("origin_ca", &Upstream::ca_file,
               {.doc = "PEM file with the CA of an https origin.",
                .applies = Applies::live,
                .shown_default = "the system's"})
          .key("origin_verify", &Upstream::verify,
               {.doc = "Check an https origin's certificate and name.", .applies = Applies::live})
          .key("connections", &Upstream::connections,
               {.doc = "Open at once, per origin URL.", .min = 1, .max = 1'000'000, .applies = Applies::live})
          .key("idle_connections", &Upstream::idle_connections,
               {.doc = "Kept for the next request, per origin URL and worker.",
                .min = 0,
                .max = 100'000,
                .applies = Applies::live})
          .key("queue", &Upstream::queue,
               {.doc = "Requests that wait for a connection, per origin URL and worker; 503 beyond.",
                .min = 0,
                .max = 1'000'000,
                .applies = Applies::live})
          .key(
              "queue_timeout", &Upstream::queue_timeout,
              {.doc = "How long they wait.", .min = shortest_timeout, .max = longest_timeout, .applies = Applies::live})
          .key("connect_timeout", &Upstream::connect_timeout,
               {.doc = "To connect, TLS handshake included.",
                .min = shortest_timeout,
                .max = longest_timeout,
                .applies = Applies::live})
          .key("first_byte_timeout", &Upstream::first_byte_timeout,
               {.doc = "Request sent to response head; 504 beyond.",
                .min = shortest_timeout,
                .max = longest_timeout,
                .applies = Applies::live})
          .key("idle_timeout", &Upstream::idle_timeout,
               {.doc = "Between two reads of a response.",
                .min = shortest_timeout,
                .max = longest_timeout,
                .applies = Applies::live})
          .key("tunnel_timeout", &Upstream::tunnel_idle_timeout,
               {.doc = "After an upgrade (WebSocket): no byte either way.",
                .min = shortest_timeout,
                .max = 24h,
                .applies = Applies::live})
          .key("origin_keep_alive", &Upstream::keep_alive,
               {.doc = "An idle connection to an origin is closed after; less than the origin's own time.",
                .min = 0s,
                .max = longest_timeout,
                .applies = Applies::live})
          .key("attempts", &Upstream::attempts,
               {.doc = "Per request, over all its origins.", .min = 1, .max = 10, .applies = Applies::live})
          .key("failures_to_eject", &Upstream::failures_to_eject,
               {.doc = "Failures in a row until an origin is skipped; three at least if it is the only one. While all "
                       "are, one "
                       "request at a time asks whether one is back, the others get stale copies or 504.",
                .min = 1,
                .max = 1000,
                .applies = Applies::live})
          .key("eject_for", &Upstream::eject_for,
               {.doc = "For how long at first; doubles each time.",
                .min = shortest_timeout,
                .max = longest_timeout,
                .applies = Applies::live})
          .key("eject_at_most", &Upstream::eject_at_most,
               {.doc = "And at most.", .min = shortest_timeout, .max = 24h, .applies = Applies::live});
  return table;
}

const Table<CachePolicy>& policy_table() {
  static const Table<CachePolicy> table =
      Table<CachePolicy>("")
          .key("ttl", &CachePolicy::ttl,
               {.doc = "Lifetime instead of what the origin says, for 200, 203, 204, 300, 301 and 308; no-store and "
                       "private are still obeyed.",
                .min = 0s,
                .max = ten_years,
                .applies = Applies::live,
                .shown_default = "what the origin says"})
          .key("negative_ttl", &CachePolicy::negative_ttl,
               {.doc = "Status → lifetime where the origin states none, for instance `{ 404 = \"10s\" }`.",
                .max = 100,
                .applies = Applies::live})
          .key("heuristic_fraction", &CachePolicy::heuristic_fraction,
               {.doc = "Without explicit lifetime: this part of the age at Last-Modified (RFC 9111 4.2.2). 0: none.",
                .min = 0.0,
                .max = 1.0,
                .applies = Applies::live})
          .key("heuristic_max", &CachePolicy::heuristic_max,
               {.doc = "And at most.", .min = 0s, .max = ten_years, .applies = Applies::live})
          .key("max_stale", &CachePolicy::max_stale,
               {.doc = "How long past its lifetime a copy may be served when no origin answers.",
                .min = 0s,
                .max = ten_years,
                .applies = Applies::live})
          .key("stale_if_error", &CachePolicy::stale_if_error_default,
               {.doc = "The same for answers 500, 502, 503 and 504 of an origin that does not say itself (RFC 5861).",
                .min = 0s,
                .max = ten_years,
                .applies = Applies::live})
          .key("store_set_cookie", &CachePolicy::store_set_cookie,
               {.doc = "Keep responses with Set-Cookie and an explicit lifetime, as RFC 9111 says.",
                .applies = Applies::live})
          .key("honour_request_directives", &CachePolicy::honour_request_directives,
               {.doc = "Obey Cache-Control in requests; only-if-cached always is.", .applies = Applies::live})
          .key("hit_for_miss", &CachePolicy::hit_for_miss,
               {.doc = "How long an answer that can't be shared is remembered, so that requests for it don't wait for "
                       "each other.",
                .min = 0s,
                .max = 24h,
                .applies = Applies::live})
          .key("follower_timeout", &CachePolicy::follower_timeout,
               {.doc = "A request that waits longer for another one's answer asks the origin itself.",
                .min = 1ms,
                .max = 1h,
                .applies = Applies::live})
          .key("max_variants", &CachePolicy::max_variants,
               {.doc = "Copies of one URL that differ by Vary.", .min = 1, .max = 1000, .applies = Applies::live})
          .key("max_object_size", &CachePolicy::max_object_size,
               {.doc = "Larger responses pass without being kept.", .min = 1_KiB, .applies = Applies::live});
  return table;
}

bool parse_query_rule(KeyRules& rules, const std::string& text, std::string& problem) {
  rules.drop_query = text == "none";
  rules.keep_query.clear();
  if (text == "all" || text == "none") return true;
  std::string_view names(text);
  if (names.starts_with("keep:")) {
    for (names.remove_prefix(5); !names.empty();) {
      const std::string_view name = names.substr(0, names.find(','));
      names.remove_prefix(std::min(names.size(), name.size() + 1));
      if (!name.empty()) rules.keep_query.emplace_back(name);
    }
  }
  if (!rules.keep_query.empty()) return true;
  problem = "must be \"all\", \"none\" or \"keep:a,b,c*\"";
  return false;
}

std::string query_rule(const KeyRules& rules) {
  if (rules.drop_query) return "none";
  if (rules.keep_query.empty()) return "all";
  std::string text = "keep:";
  for (const std::string& name : rules.keep_query) text.append(text.back() == ':' ? "" : ",").append(name);
  return text;
}

const Table<KeyRules>& key_table() {
  static const Table<KeyRules> table =
      Table<KeyRules>("")
          .text("query", "all, none or keep:…", parse_query_rule, query_rule,
                {.doc = "Query parameters that tell objects apart: `all`, `none`, or `keep:a,b,c*`.",
                 .applies = Applies::live})
          .key("query_drop", &KeyRules::drop_query_names,
               {.doc = "Parameters that don't, for instance `[\"utm_*\", \"gclid\"]`.",
                .max = 1000,
                .applies = Applies::live})
          .key("query_sort", &KeyRules::sort_query,
               {.doc = "Parameters in another order mean the same object.", .applies = Applies::live})
          .key("key_headers", &KeyRules::headers,
               {.doc = "Request fields that tell objects apart, besides the origin's Vary.",
                .max = 32,
                .applies = Applies::live})
          .key("key_cookies", &KeyRules::cookies, {.doc = "Cookies that do.", .max = 32, .applies = Applies::live});
  return table;
}

bool parse_codings(CodingPolicy& policy, const std::string& text, std::string& problem) {
  policy.offered.clear();
  if (text == "off") return true;
  http::ListReader reader(text);
  while (const auto token = reader.next()) {
    const auto coding = coding_named(*token);
    if (!coding || *coding == Coding::identity) {
      problem = "must be \"off\" or a list of zstd, br, gzip";
      return false;
    }
    policy.offered.push_back(*coding);
  }
  return true;
}

std::string codings(const CodingPolicy& policy) {
  std::string text;
  for (const Coding coding : policy.offered) text.append(text.empty() ? "" : ", ").append(name(coding));
  return text.empty() ? "off" : text;
}

const Table<CodingPolicy>& coding_table() {
  static const Table<CodingPolicy> table =
      Table<CodingPolicy>("")
          .text("compress", "off, or a list of zstd, br, gzip", parse_codings, codings,
                {.doc = "Codings that stored bodies are given for clients who take them, best first. The first answer "
                        "leaves as it came; gzip of an origin is undone for clients who don't take it.",
                 .applies = Applies::live})
          .key("compress_types", &CodingPolicy::types,
               {.doc = "Media types that are: `type/subtype` or `type/*`.", .max = 256, .applies = Applies::live})
          .key("compress_min", &CodingPolicy::smallest,
               {.doc = "Smaller bodies are not.", .max = 8_MiB, .applies = Applies::live});
  return table;
}

const Table<Handling>& handling_table() {
  static const Table<Handling> table = Table<Handling>("")
                                           .include(&Handling::origin, upstream_table())
                                           .key("host_header", &Handling::host_header,
                                                {.doc = "Host the origin is asked for.",
                                                 .max = 253,
                                                 .applies = Applies::live,
                                                 .shown_default = "the client's"})
                                           .include(&Handling::policy, policy_table())
                                           .include(&Handling::key, key_table())
                                           .include(&Handling::coding, coding_table())
                                           .include(&Handling::rules, rules_table());
  return table;
}

const Table<RouteConfig>& route_table() {
  static const Table<RouteConfig> table =
      Table<RouteConfig>(
          "Paths of a site that are handled otherwise. Keys left out are as the site says; the first "
          "route that matches counts.")
          .key("path", &RouteConfig::path,
               {.doc = "`/exact`, or `/prefix/*` for everything that begins so. Matched with unreserved characters "
                       "decoded, "
                       "repeated slashes merged and dot segments removed.",
                .min = 1,
                .max = 4096,
                .applies = Applies::live,
                .required = true})
          .include(&RouteConfig::handling, handling_table());
  return table;
}

const Table<SiteConfig>& site_table() {
  static const Table<SiteConfig> table =
      Table<SiteConfig>("A site this edge serves.")
          .key("hosts", &SiteConfig::hosts,
               {.doc = "Its names: `www.example.com`, `*.example.net` (any subdomain), `*` (any host at all).",
                .min = 1,
                .max = 10'000,
                .applies = Applies::live,
                .required = true})
          .include(&SiteConfig::handling, handling_table())
          .array("route", &SiteConfig::routes, route_table(), {.applies = Applies::live}, [](const SiteConfig& site) {
            return RouteConfig{{}, site.handling};
          });
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
