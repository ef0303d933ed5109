#include "edge/rules/cors.h"

#include <algorithm>
#include <array>

#include "core/http/list.h"
#include "core/http/url.h"

namespace skerry::edge {
namespace {

core::Error wrong(std::string what) {
  return {core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false, std::move(what)};
}

constexpr std::array<std::string_view, 6> cors_fields = {
    "Access-Control-Allow-Origin",  "Access-Control-Allow-Credentials", "Access-Control-Expose-Headers",
    "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",     "Access-Control-Max-Age"};

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text.append(text.empty() ? "" : ", ").append(name);
  return text;
}

bool has(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

// "https://*.example.com" stands for any name below example.com, with the same scheme and port.
bool matches(std::string_view pattern, std::string_view origin) {
  const std::size_t star = pattern.find("://*.");
  if (star == std::string_view::npos) return pattern == origin;
  const std::string_view scheme = pattern.substr(0, star + 3), rest = pattern.substr(star + 4);
  if (origin.size() <= scheme.size() + rest.size() || !origin.starts_with(scheme) || !origin.ends_with(rest))
    return false;
  const std::string_view labels = origin.substr(scheme.size(), origin.size() - scheme.size() - rest.size());
  return labels.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string_view::npos;
}

void add_vary(http::HeaderMap& fields) {
  bool there = false;
  http::for_each_element(fields, http::HeaderId::vary, [&](std::string_view element) {
    there = there || element == "*" || http::equals_ignoring_case(element, "Origin");
    return !there;
  });
  if (!there) fields.add(http::HeaderId::vary, "Origin");
}

}  // namespace

core::Result<std::string> parse_cors_origin(std::string_view text) {
  if (text == "*") return std::string(text);
  std::string plain(text);
  const std::size_t star = plain.find("://*.");
  if (star != std::string::npos) plain.erase(star + 3, 2);
  const auto url = http::Url::parse(plain);
  // The one spelling that browsers send (RFC 6454 6.1): lower case, no default port, no path.
  if (!url.ok() || std::string(http::name(url->scheme)) + "://" + url->authority() != plain)
    return wrong("must be \"*\", an origin such as \"https://app.example.com\", or \"https://*.example.com\"");
  return std::string(text);
}

core::Result<std::string> parse_cors_name(std::string_view text, bool star) {
  if (!http::is_token(text) || (text == "*" && !star)) return wrong("not a name: " + std::string(text));
  return std::string(text);
}

std::string cors_problem(const CorsConfig& config) {
  if (!config.credentials) return {};
  if (has(config.origins, "*")) return "name the origins: \"*\" and cors_credentials exclude each other";
  if (has(config.headers, "*") || has(config.exposed, "*"))
    return "name the headers: \"*\" and cors_credentials exclude each other";
  return {};
}

Cors::Cors(const CorsConfig& config)
    : config_(config),
      any_(has(config.origins, "*")),
      methods_(joined(config.methods)),
      headers_(joined(config.headers)),
      exposed_(joined(config.exposed)),
      max_age_(config.max_age ? std::to_string(config.max_age->count()) : "") {}

bool Cors::allows(std::string_view origin) const {
  if (any_) return true;
  return std::any_of(config_.origins.begin(), config_.origins.end(),
                     [&](const std::string& pattern) { return matches(pattern, origin); });
}

bool Cors::is_preflight(const http::RequestHead& request) {
  return request.method == http::Method::options && request.fields.contains(http::HeaderId::origin) &&
         request.fields.find("Access-Control-Request-Method").has_value();
}

void Cors::apply(std::string_view origin, bool preflight, http::HeaderMap& response) const {
  for (const std::string_view name : cors_fields) response.remove(name);
  if (any_) {
    response.add(cors_fields[0], "*");
  } else {
    add_vary(response);
    if (origin.empty() || !allows(origin)) return;
    response.add(cors_fields[0], origin);
  }
  if (config_.credentials) response.add(cors_fields[1], "true");
  if (!preflight) {
    if (!exposed_.empty()) response.add(cors_fields[2], exposed_);
    return;
  }
  response.add(cors_fields[3], methods_);
  if (!headers_.empty()) response.add(cors_fields[4], headers_);
  if (!max_age_.empty()) response.add(cors_fields[5], max_age_);
}

}  // namespace skerry::edge
