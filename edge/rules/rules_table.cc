// The keys of a site's rules as data: name, member, bounds, and the sentence the reference prints.
#include "edge/rules/site_rules.h"

namespace skerry::edge {
namespace {

using config::Applies;
using config::Table;

constexpr std::size_t most_edits = 100;

const Table<HeaderEditsConfig>& request_edits_table() {
  static const Table<HeaderEditsConfig> table =
      Table<HeaderEditsConfig>("")
          .key("request_header_set", &HeaderEditsConfig::set,
               {.doc = "Fields that origins get in place of the client's: `[\"X-Api-Key: ${API_KEY}\"]`.",
                .max = most_edits,
                .applies = Applies::live})
          .key("request_header_add", &HeaderEditsConfig::add,
               {.doc = "Fields that they get besides.", .max = most_edits, .applies = Applies::live})
          .key("request_header_remove", &HeaderEditsConfig::remove,
               {.doc = "Names of fields that don't reach them. What remains decides nothing here: the cache key and "
                       "`Vary` see the request as the client sent it.",
                .max = most_edits,
                .applies = Applies::live});
  return table;
}

const Table<HeaderEditsConfig>& response_edits_table() {
  static const Table<HeaderEditsConfig> table =
      Table<HeaderEditsConfig>("")
          .key("response_header_set", &HeaderEditsConfig::set,
               {.doc = "Fields that clients get in place of the origin's and the edge's: "
                       "`[\"Strict-Transport-Security: max-age=63072000\"]`. Storing is decided before.",
                .max = most_edits,
                .applies = Applies::live})
          .key("response_header_add", &HeaderEditsConfig::add,
               {.doc = "Fields that they get besides.", .max = most_edits, .applies = Applies::live})
          .key("response_header_remove", &HeaderEditsConfig::remove,
               {.doc = "Names of fields that they don't get: `[\"Server\", \"X-Powered-By\"]`.",
                .max = most_edits,
                .applies = Applies::live});
  return table;
}

const Table<RedirectsConfig>& redirects_table() {
  static const Table<RedirectsConfig> table =
      Table<RedirectsConfig>("")
          .choice(
              "https_redirect", &RedirectsConfig::https,
              {{"off", 0}, {"301", 301}, {"302", 302}, {"307", 307}, {"308", 308}},
              {.doc = "Sends plain requests to the same URL under https, with this status.", .applies = Applies::live})
          .key("https_port", &RedirectsConfig::https_port,
               {.doc = "The port that they are sent to.", .min = 1, .max = 65535, .applies = Applies::live})
          .key(
              "redirects", &RedirectsConfig::paths,
              {.doc = "`\"/from /to [status]\"`: path to path or URL, 301 unless said otherwise. `/from/* /to/*` keeps "
                      "what the star stands for; the query goes along. The exact path counts, then the longest.",
               .max = 10'000,
               .applies = Applies::live});
  return table;
}

const Table<AccessConfig>& access_table() {
  static const Table<AccessConfig> table =
      Table<AccessConfig>("")
          .key("allow", &AccessConfig::allow,
               {.doc = "Networks whose clients are served; all others get 403. The longest network of both lists that "
                       "holds the client counts.",
                .applies = Applies::live})
          .key("deny", &AccessConfig::deny, {.doc = "Networks whose clients get 403.", .applies = Applies::live});
  return table;
}

bool read_rate(RateLimitConfig& config, const std::string& text, std::string& problem) {
  const auto rate = parse_rate(text);
  if (!rate.ok()) problem = rate.error().detail;
  if (rate.ok()) config.rate = *rate;
  return rate.ok();
}

const Table<RateLimitConfig>& rate_limit_table() {
  static const Table<RateLimitConfig> table =
      Table<RateLimitConfig>("")
          .text("rate_limit", "rate", read_rate, [](const RateLimitConfig& config) { return to_string(config.rate); },
                {.doc = "What one client address may ask for, such as `100/s`, `30/m` or `500/h`; 429 beyond. IPv6 "
                        "addresses count by their first 64 bits. Per edge.",
                 .applies = Applies::live})
          .key("rate_burst", &RateLimitConfig::burst,
               {.doc = "Requests that may come at once; 0: what the rate gives in a second.",
                .min = 0,
                .max = 1'000'000,
                .applies = Applies::live});
  return table;
}

const Table<SignedUrlsConfig>& signed_urls_table() {
  static const Table<SignedUrlsConfig> table =
      Table<SignedUrlsConfig>("")
          .key("signed_urls", &SignedUrlsConfig::required,
               {.doc =
                    "Serve only URLs with a good signature (`skerry sign`); 403 otherwise. The signature is no part of "
                    "the cache key and does not reach the origin.",
                .applies = Applies::live})
          .secret("signing_keys", &SignedUrlsConfig::keys,
                  {.doc = "`id=secret`, several apart by blanks or commas: any of them is good, so that keys can be "
                          "changed one after the other. A secret has at least 16 characters.",
                   .applies = Applies::live});
  return table;
}

const Table<CorsConfig>& cors_table() {
  static const Table<CorsConfig> table =
      Table<CorsConfig>("")
          .key("cors_origins", &CorsConfig::origins,
               {.doc = "Pages whose scripts may read this site: `https://app.example.com`, `https://*.example.com`, or "
                       "`*`. The edge then answers preflights, and what the origin says about it is replaced.",
                .max = 1000,
                .applies = Applies::live})
          .key("cors_methods", &CorsConfig::methods,
               {.doc = "Methods that they may use.", .min = 1, .max = 32, .applies = Applies::live})
          .key("cors_headers", &CorsConfig::headers,
               {.doc = "Request fields that they may set; `*`: any but Authorization.",
                .max = 100,
                .applies = Applies::live})
          .key("cors_expose_headers", &CorsConfig::exposed,
               {.doc = "Response fields that they may read besides the harmless ones; `*`: all.",
                .max = 100,
                .applies = Applies::live})
          .key("cors_max_age", &CorsConfig::max_age,
               {.doc = "How long browsers may remember a preflight's answer.",
                .min = std::chrono::seconds(0),
                .max = std::chrono::hours(24),
                .applies = Applies::live,
                .shown_default = "the browser's"})
          .key("cors_credentials", &CorsConfig::credentials,
               {.doc = "They may send cookies. Not beside a `*`.", .applies = Applies::live});
  return table;
}

const Table<ErrorPagesConfig>& error_pages_table() {
  static const Table<ErrorPagesConfig> table =
      Table<ErrorPagesConfig>("")
          .key("error_pages", &ErrorPagesConfig::files,
               {.doc =
                    "Status, or `4xx` or `5xx`, → file that is sent as the body of the edge's own errors, for "
                    "instance `{ 404 = \"/etc/skerry/404.html\", 5xx = \"/etc/skerry/5xx.html\" }`. Read at start and "
                    "reload, at most 1MiB.",
                .max = 200,
                .applies = Applies::live,
                .path = true})
          .key("error_pages_for_origin", &ErrorPagesConfig::for_origin,
               {.doc = "They also stand for an origin's own 5xx, for GET and HEAD.", .applies = Applies::live});
  return table;
}

bool read_forwarded(RulesConfig& config, const std::string& text, std::string& problem) {
  const auto fields = parse_forwarded_fields(text);
  if (!fields.ok()) problem = fields.error().detail;
  if (fields.ok()) config.forwarded = *fields;
  return fields.ok();
}

}  // namespace

const Table<RulesConfig>& rules_table() {
  static const Table<RulesConfig> table =
      Table<RulesConfig>("")
          .include(&RulesConfig::access, access_table())
          .include(&RulesConfig::rate_limit, rate_limit_table())
          .include(&RulesConfig::redirects, redirects_table())
          .include(&RulesConfig::signed_urls, signed_urls_table())
          .include(&RulesConfig::cors, cors_table())
          .include(&RulesConfig::request_headers, request_edits_table())
          .include(&RulesConfig::response_headers, response_edits_table())
          .include(&RulesConfig::error_pages, error_pages_table())
          .text("forwarded", "off, or a list of fields", read_forwarded,
                [](const RulesConfig& config) { return to_string(config.forwarded); },
                {.doc = "What origins are told of the client: x-forwarded-for, x-forwarded-proto, x-forwarded-host, "
                        "forwarded (RFC 7239). Clients' own are never passed on.",
                 .applies = Applies::live});
  return table;
}

}  // namespace skerry::edge
