#include "routing/dns_config.h"

#include "core/dns/name.h"

namespace skerry::routing {
namespace {

using config::Applies;

std::optional<core::SipKey> parse_secret(const std::string& text) {
  core::SipKey key{};
  if (text.size() != 2 * key.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = dns::lower(text[i]);
    const bool digit = c >= '0' && c <= '9';
    if (!digit && !(c >= 'a' && c <= 'f')) return std::nullopt;
    const int value = digit ? c - '0' : c - 'a' + 10;
    key[i / 2] = static_cast<std::uint8_t>(key[i / 2] << 4 | value);
  }
  return key;
}

}  // namespace

const config::Table<CookieSection>& cookie_table() {
  static const config::Table<CookieSection> table =
      config::Table<CookieSection>(
          "DNS cookies (RFC 7873, RFC 9018): an asker proves that it gets mail at its address. To change a shared "
          "secret, "
          "put the new one beside the old one as `previous` on all routers, then exchange them, then drop the old one.")
          .key("on", &CookieSection::on, {.doc = "Answer those who send a cookie with one.", .applies = Applies::live})
          .secret("secret", &CookieSection::secret,
                  {.doc = "32 hexadecimal digits, the same on all routers of a name server address. Without one each "
                          "router makes its own and changes it every day.",
                   .applies = Applies::live})
          .secret("previous", &CookieSection::previous,
                  {.doc = "Another secret whose cookies are accepted, too.", .applies = Applies::live});
  return table;
}

const config::Table<RateLimits>& rate_limit_table() {
  static const config::Table<RateLimits> table =
      config::Table<RateLimits>(
          "Response rate limiting over UDP: beyond it a network is told to ask over TCP. Askers with a good cookie are "
          "never limited.")
          .key(
              "per_second", &RateLimits::per_second,
              {.doc = "Answers a second to one network of clients; 0: no limit. Large resolvers ask thousands of times "
                      "a second.",
               .min = 0,
               .max = 100'000,
               .applies = Applies::live})
          .key("v4_prefix", &RateLimits::v4_prefix,
               {.doc = "Bits of an IPv4 address that make a network.", .min = 8, .max = 32, .applies = Applies::live})
          .key("v6_prefix", &RateLimits::v6_prefix,
               {.doc = "Bits of an IPv6 address that make a network.", .min = 16, .max = 128, .applies = Applies::live})
          .key("slip", &RateLimits::slip,
               {.doc = "Of the answers over the limit every so many-th goes out, cut (TC); 1: all of them; 0: none.",
                .max = 100,
                .applies = Applies::live})
          .key("networks", &RateLimits::slots,
               {.doc = "How many networks are remembered; the longest silent one makes room.",
                .min = 64,
                .max = 16'777'216,
                .applies = Applies::live});
  return table;
}

const config::Table<ChaosSection>& chaos_table() {
  static const config::Table<ChaosSection> table =
      config::Table<ChaosSection>("What the server tells of itself in class CHAOS. Empty: REFUSED.")
          .key("version", &ChaosSection::version,
               {.doc = "Answer to version.bind and version.server.", .max = 255, .applies = Applies::live})
          .key("id", &ChaosSection::id,
               {.doc = "Answer to id.server and hostname.bind (RFC 4892).", .max = 255, .applies = Applies::live});
  return table;
}

const config::Table<TlsSection>& tls_table() {
  static const config::Table<TlsSection> table =
      config::Table<TlsSection>("DNS over TLS (RFC 7858) and over HTTPS (RFC 8484).")
          .key("dot_listen", &TlsSection::dot_listen,
               {.doc = "Addresses for DNS over TLS; 853 is its port.", .max = 64, .shown_default = "none"})
          .key("doh_listen", &TlsSection::doh_listen,
               {.doc = "Addresses for DNS over HTTPS.", .max = 64, .shown_default = "none"})
          .key("certificate", &TlsSection::certificate,
               {.doc = "PEM file: the certificate, then those above it.", .path = true})
          .key("key", &TlsSection::key, {.doc = "PEM file: its key.", .path = true})
          .key("doh_path", &TlsSection::doh_path,
               {.doc = "Where DNS is asked over HTTPS.", .min = 1, .max = 255, .applies = Applies::restart});
  return table;
}

const config::Table<QueryLogOptions>& query_log_table() {
  static const config::Table<QueryLogOptions> table =
      config::Table<QueryLogOptions>("A sample of the queries, one JSON line each.")
          .key("path", &QueryLogOptions::path,
               {.doc = "A file, `-` for standard output, or `off`. A reload opens the file anew.",
                .min = 1,
                .path = true})
          .key("sample", &QueryLogOptions::sample,
               {.doc = "Every so many-th query of a thread is logged.", .min = 1, .max = 1'000'000'000})
          .key("buffer", &QueryLogOptions::buffer,
               {.doc = "Per thread; when it is full, lines are dropped and counted.",
                .min = 64 * 1024,
                .max = 64 * 1024 * 1024,
                .unit = config::Unit::bytes});
  return table;
}

const config::Table<SigningOptions>& dnssec_table() {
  using std::chrono::seconds;
  static const config::Table<SigningOptions> table =
      config::Table<SigningOptions>(
          "How zones with a `dnssec_key` are signed: while they are asked, what was signed is kept.")
          .key("validity", &SigningOptions::validity,
               {.doc = "How long a signature is good. It is renewed after a quarter of that.",
                .min = seconds(86400),
                .max = seconds(30 * 86400),
                .applies = Applies::live})
          .key("signatures_per_second", &SigningOptions::per_second,
               {.doc = "The most new signatures that a UDP thread makes; beyond it, askers are told to use TCP.",
                .min = 1,
                .max = 1'000'000,
                .applies = Applies::live})
          .key("tcp_signatures_per_second", &SigningOptions::tcp_per_second,
               {.doc = "The most new signatures for askers over TCP, TLS and HTTPS; beyond it, SERVFAIL.",
                .min = 1,
                .max = 1'000'000,
                .applies = Applies::live})
          .key("cache", &SigningOptions::cache,
               {.doc = "Signatures that each thread keeps, about 110 bytes each.", .min = 64, .max = 16'777'216});
  return table;
}

void check_dns_sections(const DnsSections& dns, config::Report& report) {
  for (const auto& [key, text] :
       {std::pair("cookies.secret", dns.cookies.secret), {"cookies.previous", dns.cookies.previous}}) {
    if (!text.empty() && !parse_secret(text)) report.fail(key, "must be 32 hexadecimal digits");
  }
  if (!dns.cookies.previous.empty() && dns.cookies.secret.empty()) {
    report.fail("cookies.previous", "needs a secret beside it");
  }
  const bool tls = !dns.tls.dot_listen.empty() || !dns.tls.doh_listen.empty();
  if (tls && (dns.tls.certificate.empty() || dns.tls.key.empty())) {
    report.fail("tls.certificate", "dot_listen and doh_listen need certificate and key");
  }
  if (dns.tls.doh_path.empty() || dns.tls.doh_path.front() != '/') report.fail("tls.doh_path", "must begin with /");
}

std::optional<CookieSecrets> configured_secrets(const CookieSection& section) {
  const auto current = parse_secret(section.secret);
  if (!current) return std::nullopt;
  return CookieSecrets{*current, parse_secret(section.previous)};
}

}  // namespace skerry::routing
