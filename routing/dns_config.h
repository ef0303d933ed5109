// The sections of router.toml that are about DNS itself, with a table of keys beside each: see config.h.
#pragma once

#include <string>
#include <vector>

#include "core/config/load.h"
#include "routing/cookies.h"
#include "routing/query_log.h"
#include "routing/rate_limiter.h"
#include "routing/signer.h"

namespace skerry::routing {

struct CookieSection {
  bool on = true;
  std::string secret, previous;  // 32 hexadecimal digits each; no secret: one of this process's own
};

struct ChaosSection {
  std::string version, id;
};

struct TlsSection {
  std::vector<core::Address> dot_listen, doh_listen;
  std::string certificate, key;  // PEM files
  std::string doh_path = "/dns-query";
};

struct DnsSections {
  CookieSection cookies;
  RateLimits rate_limit;
  ChaosSection chaos;
  TlsSection tls;
  QueryLogOptions query_log;
  SigningOptions dnssec;
};

const config::Table<CookieSection>& cookie_table();
const config::Table<RateLimits>& rate_limit_table();
const config::Table<ChaosSection>& chaos_table();
const config::Table<TlsSection>& tls_table();
const config::Table<QueryLogOptions>& query_log_table();
const config::Table<SigningOptions>& dnssec_table();

// What only shows when a section is seen as a whole.
void check_dns_sections(const DnsSections&, config::Report&);
// The configured secrets; nothing without one. The section has been checked.
std::optional<CookieSecrets> configured_secrets(const CookieSection&);

}  // namespace skerry::routing
