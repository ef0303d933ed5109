// What a site (or a route of it) says about requests and answers besides caching: one type a feature, put together.
//
// SiteRules are made from RulesConfig when the configuration is loaded, immutable then; any thread. A site without any
// has none at all, so that it costs the request path one comparison with null.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/load.h"
#include "core/http/signed_url.h"
#include "edge/reason.h"
#include "edge/rules/access.h"
#include "edge/rules/cors.h"
#include "edge/rules/error_pages.h"
#include "edge/rules/forwarded.h"
#include "edge/rules/header_edits.h"
#include "edge/rules/rate_limit.h"
#include "edge/rules/redirects.h"

namespace skerry::edge {

struct SignedUrlsConfig {
  bool required = false;
  std::string keys;  // http::parse_signing_keys
};

// As the configuration has it.
struct RulesConfig {
  AccessConfig access;
  RateLimitConfig rate_limit;
  RedirectsConfig redirects;
  CorsConfig cors;
  SignedUrlsConfig signed_urls;
  HeaderEditsConfig request_headers, response_headers;
  ForwardedFields forwarded;
  ErrorPagesConfig error_pages;
};

struct SiteRules {
  // In the order in which a request meets them.
  AccessList access;
  RateLimit rate_limit;
  std::uint64_t limited = 0;  // whose requests the limit counts: a site's, with its routes that take over the limit
  Redirects redirects;
  Cors cors;
  std::vector<http::SigningKey> signing_keys;  // empty: no signature is asked for
  HeaderEdits request_headers;                 // on what the origin is asked
  ForwardedFields forwarded;                   // the same
  HeaderEdits response_headers;                // on what the client gets
  ErrorPages error_pages;

  bool edits_responses() const { return !response_headers.empty() || !cors.empty(); }
  // Null: there are no rules. `limited`: the name of the site or route whose rate limit it is. `files`: of all rules
  // that are made together.
  static core::Result<std::shared_ptr<const SiteRules>> make(const RulesConfig&, const std::string& limited,
                                                             ErrorPageFiles& files);
};

// What is wrong with a signature that is not good: in one word, and in a sentence for people.
Reason signature_reason(http::Signature);
std::string_view signature_problem(http::Signature);

const config::Table<RulesConfig>& rules_table();
// What single keys can't know, at `path` ("site.0", "site.0.route.1"). Of a route only what it says itself: the rest
// was reported at its site.
void check_rules(const RulesConfig&, const std::string& path, bool is_route, config::Report&);

}  // namespace skerry::edge
