// Any text where a site's rules read what clients and proxies send: targets with signatures, paths that are redirected,
// lists of hops, origins of pages. What comes out keeps its promises whatever came in.
#include <cstdint>
#include <string>

#include "core/check.h"
#include "core/http/h1_syntax.h"
#include "core/http/signed_url.h"
#include "edge/rules/cors.h"
#include "edge/rules/forwarded.h"
#include "edge/rules/redirects.h"

using namespace skerry;

namespace {

void check_signature(std::string_view text) {
  const http::SigningKey key{"k", "0123456789abcdef"};
  const std::string url = http::signed_target(text, key, 2000);
  const http::SignedTarget good = http::check_signed_target(url, {key}, 2000);
  CHECK(good.signature == http::Signature::good && good.target.size() <= text.size());
  CHECK(http::check_signed_target(url, {key}, 2001).signature == http::Signature::expired);
  CHECK(http::check_signed_target(text, {key}, 1'000'000'000'000).signature != http::Signature::good);
}

// Of a target that the HTTP parser lets through: a Location on this host, or below the URL that the operator wrote.
void check_redirects(std::string_view text) {
  if (!http::is_target_text(text)) return;
  static const auto redirects = edge::Redirects::make({308, 443, {"/a* /*", "/b/* https://other.example/c*"}});
  http::RequestHead request;
  request.authority = "www.example.com";
  request.path = text;
  for (const http::Scheme scheme : {http::Scheme::http, http::Scheme::https}) {
    request.scheme = scheme;
    const auto found = redirects->of(request);
    if (!found) continue;
    const std::string& location = found->location;
    CHECK(http::is_target_text(location) && location.find('\\') == std::string::npos);
    const bool here = location.starts_with('/') && !location.starts_with("//");
    CHECK(here || location.starts_with("https://www.example.com/") || location.starts_with("https://other.example/c"));
  }
}

void check_hops(std::string_view text) {
  static const core::IpNetworkMap trusted({{*core::IpNetwork::parse("10.0.0.0/8"), 1}});
  http::HeaderMap fields;
  for (const http::HeaderId id :
       {http::HeaderId::forwarded, http::HeaderId::x_forwarded_for, http::HeaderId::x_forwarded_proto})
    fields.add(id, text);
  const auto proxy = core::IpAddress::v4({10, 0, 0, 1}), client = core::IpAddress::v4({192, 0, 2, 1});
  for (const auto field : {edge::ForwardedField::forwarded, edge::ForwardedField::x_forwarded_for}) {
    edge::client_behind(proxy, fields, field, trusted);
    const edge::BelievedClient itself = edge::client_behind(client, fields, field, trusted);
    CHECK(itself.address == client && !itself.scheme);
  }
}

void check_origin(std::string_view text) {
  static const edge::Cors cors([] {
    edge::CorsConfig config;
    config.origins = {"https://a.example", "https://*.b.example"};
    return config;
  }());
  if (!cors.allows(text)) return;
  CHECK(text == "https://a.example" || (text.starts_with("https://") && text.ends_with(".b.example")));
  CHECK(text.find('/', 8) == std::string_view::npos && text.find('@') == std::string_view::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  check_signature(text);
  check_redirects(text);
  check_hops(text);
  check_origin(text);
  static_cast<void>(http::parse_signing_keys(text).ok());
  static_cast<void>(edge::parse_path_redirect(text).ok());
  static_cast<void>(edge::parse_forwarded_fields(text).ok());
  static_cast<void>(edge::parse_cors_origin(text).ok());
  return 0;
}
