#include "edge/rules/site_rules.h"

#include <algorithm>

namespace skerry::edge {
namespace {

// Moves what was made to its place; false: `problem` says why it could not be.
template <class T>
bool take(core::Result<T> made, T& to, core::Error& problem) {
  if (!made.ok()) {
    problem = made.error();
    return false;
  }
  to = std::move(made).value();
  return true;
}

// FNV-1a: the same for one name at every reload.
std::uint64_t number_of(std::string_view name) {
  std::uint64_t number = 0xcbf29ce484222325;
  for (const unsigned char byte : name) number = (number ^ byte) * 0x100000001b3;
  return number;
}

bool is_default(const ForwardedFields& fields) {
  return to_string(fields) == to_string(ForwardedFields());
}

bool empty(const SiteRules& rules) {
  return rules.access.empty() && rules.rate_limit.interval == core::Duration(0) && rules.redirects.empty() &&
         rules.cors.empty() && rules.signing_keys.empty() && rules.request_headers.empty() &&
         is_default(rules.forwarded) && rules.response_headers.empty() && rules.error_pages.empty();
}

// Reports what is wrong with the rules of one site or route.
class RuleChecks {
 public:
  RuleChecks(const std::string& path, bool is_route, config::Report& report)
      : path_(path), is_route_(is_route), report_(report) {}

  // Is the key this section's own to answer for?
  bool own(std::string_view key) const { return !is_route_ || report_.given(at(key)); }
  void fail(std::string_view key, std::string message) { report_.fail(at(key), std::move(message)); }

  // Every item of a list that `parse` refuses.
  template <class Parse>
  void each(std::string_view key, const std::vector<std::string>& texts, Parse parse) {
    for (std::size_t i = 0; own(key) && i < texts.size(); ++i) {
      const auto parsed = parse(texts[i]);
      if (!parsed.ok()) fail(std::string(key) + "." + std::to_string(i), parsed.error().detail);
    }
  }

  void edits(const std::string& prefix, const HeaderEditsConfig& edits, EditedHead head) {
    const auto line = [&](const std::string& text) { return parse_field_line(text, head); };
    each(prefix + "_set", edits.set, line);
    each(prefix + "_add", edits.add, line);
    each(prefix + "_remove", edits.remove, [&](const std::string& text) { return parse_field_name(text, head); });
  }

  void signed_urls(const SignedUrlsConfig& config) {
    const std::string_view key = report_.given(at("signing_keys_file")) ? "signing_keys_file" : "signing_keys";
    const auto keys = http::parse_signing_keys(config.keys);
    if (!keys.ok() && own(key)) fail(key, keys.error().detail);
    const bool asked_here = own("signed_urls") || own(key);
    const bool none = keys.ok() && keys->empty() && !report_.failed(at(key));
    if (config.required && none && asked_here) fail("signed_urls", "needs signing_keys or signing_keys_file");
  }

  void cors(const CorsConfig& config) {
    each("cors_origins", config.origins, parse_cors_origin);
    each("cors_methods", config.methods, [](const std::string& name) { return parse_cors_name(name, false); });
    each("cors_headers", config.headers, [](const std::string& name) { return parse_cors_name(name, true); });
    each("cors_expose_headers", config.exposed, [](const std::string& name) { return parse_cors_name(name, true); });
    const bool own_here = own("cors_origins") || own("cors_credentials") || own("cors_headers");
    const std::string problem = cors_problem(config);
    if (!problem.empty() && own_here) fail("cors_credentials", problem);
  }

  void error_pages(const ErrorPagesConfig& config) {
    for (const auto& [status, path] : config.files) {
      if (!own("error_pages")) return;
      const auto page = read_error_page(status, path);
      if (!page.ok()) fail("error_pages." + status, page.error().detail);
    }
  }

 private:
  std::string at(std::string_view key) const { return path_ + "." + std::string(key); }

  const std::string& path_;
  const bool is_route_;
  config::Report& report_;
};

}  // namespace

core::Result<std::shared_ptr<const SiteRules>> SiteRules::make(const RulesConfig& config, const std::string& limited,
                                                               ErrorPageFiles& files) {
  auto rules = std::make_shared<SiteRules>();
  core::Error problem;
  const bool made =
      take(HeaderEdits::make(config.request_headers, EditedHead::request), rules->request_headers, problem) &&
      take(HeaderEdits::make(config.response_headers, EditedHead::response), rules->response_headers, problem) &&
      take(Redirects::make(config.redirects), rules->redirects, problem) &&
      take(ErrorPages::make(config.error_pages, files), rules->error_pages, problem) &&
      (!config.signed_urls.required ||
       take(http::parse_signing_keys(config.signed_urls.keys), rules->signing_keys, problem));
  if (!made) return problem;
  rules->access = AccessList(config.access);
  rules->cors = Cors(config.cors);
  rules->forwarded = config.forwarded;
  rules->rate_limit = RateLimit::of(config.rate_limit);
  rules->limited = number_of(limited);
  return empty(*rules) ? nullptr : std::shared_ptr<const SiteRules>(std::move(rules));
}

Reason signature_reason(http::Signature signature) {
  switch (signature) {
    case http::Signature::good: return Reason::none;
    case http::Signature::missing: return Reason::signature_missing;
    case http::Signature::unknown_key: return Reason::signature_unknown_key;
    case http::Signature::wrong: return Reason::signature_wrong;
    case http::Signature::expired: return Reason::signature_expired;
  }
  return Reason::none;
}

std::string_view signature_problem(http::Signature signature) {
  switch (signature) {
    case http::Signature::good: return "";
    case http::Signature::missing: return "this URL needs a signature";
    case http::Signature::unknown_key: return "signed with a key that is not known";
    case http::Signature::wrong: return "the signature does not fit the URL";
    case http::Signature::expired: return "the signature has expired";
  }
  return "";
}

void check_rules(const RulesConfig& rules, const std::string& path, bool is_route, config::Report& report) {
  RuleChecks checks(path, is_route, report);
  checks.edits("request_header", rules.request_headers, EditedHead::request);
  checks.edits("response_header", rules.response_headers, EditedHead::response);
  checks.each("redirects", rules.redirects.paths, parse_path_redirect);
  checks.cors(rules.cors);
  checks.signed_urls(rules.signed_urls);
  checks.error_pages(rules.error_pages);
}

}  // namespace skerry::edge
