// The keys of sites and their routes: where content comes from, how it is kept, keyed and coded.
#include "core/http/list.h"
#include "edge/coding/content_coding.h"
#include "edge/config.h"

namespace skerry::edge {
namespace {

using config::Applies;
using config::Table;
using namespace std::chrono_literals;
using core::operator""_KiB;
using core::operator""_MiB;

constexpr core::Duration shortest_timeout = 1ms;
constexpr core::Duration longest_timeout = 1h;
constexpr std::chrono::seconds ten_years = 24h * 3650;

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
                .shown_default = "the system's",
                .path = true})
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
                       "are, one request at a time asks whether one is back, the others get stale copies or 504.",
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
  static const Table<Handling> table =
      Table<Handling>("")
          .include(&Handling::origin, upstream_table())
          .key("host_header", &Handling::host_header,
               {.doc = "Host the origin is asked for. The client's is sent without its port, unless the site is `*`.",
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
                       "decoded, repeated slashes merged and dot segments removed.",
                .min = 1,
                .max = 4096,
                .applies = Applies::live,
                .required = true})
          .include(&RouteConfig::handling, handling_table());
  return table;
}

}  // namespace

const config::Table<SiteConfig>& site_table() {
  static const Table<SiteConfig> table =
      Table<SiteConfig>("A site this edge serves.")
          .key("hosts", &SiteConfig::hosts,
               {.doc = "Its names: `www.example.com`, `*.example.net` (any subdomain), `*` (any host at all). A port "
                       "and a final "
                       "dot in what clients send make no difference; under `*` ports other than 80 and 443 do.",
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

}  // namespace skerry::edge
