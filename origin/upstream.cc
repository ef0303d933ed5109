#include "origin/upstream.h"

#include <algorithm>
#include <charconv>

#include "origin/group.h"

namespace skerry::origin {

namespace {

core::Error bad_url(std::string_view url, std::string_view why) {
  return {core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false,
          "upstream \"" + std::string(url) + "\": " + std::string(why)};
}

core::Error bad_value(std::string_view what) {
  return {core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false, "upstream: " + std::string(what)};
}

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

// A literal address, or a name that could be in DNS (RFC 1123 2.1, and the underscore that people use).
bool set_host(UpstreamUrl& url, std::string_view text, bool bracketed) {
  for (const char c : text) url.host.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
  if (const auto address = core::IpAddress::parse(url.host)) {
    url.address = *address;
    return bracketed == (url.address->family() == core::AddressFamily::ipv6);
  }
  return !bracketed && !url.host.empty() && url.host.size() <= 253 && url.host.front() != '.' &&
         std::all_of(url.host.begin(), url.host.end(), is_host_character);
}

bool set_port(UpstreamUrl& url, std::string_view text) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), url.port);
  return error == std::errc() && end == text.data() + text.size() && url.port != 0;
}

std::optional<std::string_view> limits_problem(const UpstreamConfig& config) {
  constexpr core::Duration zero{0};
  if (config.urls.empty()) return "no URL";
  if (config.urls.size() > upstreams_at_most) return "more than 64 URLs in one group";
  if (config.connections == 0) return "connections must be at least 1";
  if (config.attempts < 1) return "attempts must be at least 1";
  if (config.failures_to_eject < 1) return "failures_to_eject must be at least 1";
  const auto durations = {config.connect_timeout, config.first_byte_timeout, config.idle_timeout,
                          config.keep_alive,      config.queue_timeout,      config.tunnel_idle_timeout,
                          config.eject_for,       config.eject_at_most};
  if (std::any_of(durations.begin(), durations.end(), [&](auto d) { return d <= zero; })) {
    return "every time-out must be longer than zero";
  }
  return std::nullopt;
}

core::Result<std::shared_ptr<const core::TlsContext>> tls_context(const UpstreamConfig& config) {
  core::TlsContext::ClientOptions options;
  options.ca_file = config.ca_file;
  options.verify = config.verify;
  return core::TlsContext::client(options);
}

}  // namespace

void LateTargets::add(std::uint64_t target) {
  for (auto& place : targets_) {
    std::uint64_t free = 0;
    if (place.compare_exchange_strong(free, target, std::memory_order_relaxed)) return;
  }
  targets_.front().store(target, std::memory_order_relaxed);
}

void LateTargets::remove(std::uint64_t target) {
  for (auto& place : targets_) {
    std::uint64_t held = target;
    if (place.compare_exchange_strong(held, 0, std::memory_order_relaxed)) return;
  }
}

bool LateTargets::has(std::uint64_t target) const {
  return std::any_of(targets_.begin(), targets_.end(),
                     [target](const auto& place) { return place.load(std::memory_order_relaxed) == target; });
}

core::Result<UpstreamUrl> parse_upstream_url(std::string_view text) {
  UpstreamUrl url;
  std::string_view rest = text;
  if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else if (rest.starts_with("https://")) {
    url.scheme = http::Scheme::https;
    rest.remove_prefix(8);
  } else {
    return bad_url(text, "must begin with http:// or https://");
  }
  const std::uint16_t default_port = url.port = url.scheme == http::Scheme::https ? 443 : 80;
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find_first_of("/?#@") != rest.npos) return bad_url(text, "only scheme, host and port are allowed");

  const bool bracketed = rest.starts_with('[');
  const std::size_t host_end = bracketed ? rest.find(']') : rest.find(':');
  if (bracketed && host_end == rest.npos) return bad_url(text, "'[' without ']'");
  if (!set_host(url, rest.substr(bracketed ? 1 : 0, host_end - (bracketed ? 1 : 0)), bracketed)) {
    return bad_url(text, "not a host name or address");
  }
  rest = host_end == rest.npos ? "" : rest.substr(host_end + (bracketed ? 1 : 0));
  if (!rest.empty() && (rest.front() != ':' || !set_port(url, rest.substr(1)))) return bad_url(text, "not a port");

  url.authority = bracketed ? "[" + url.host + "]" : url.host;
  if (url.port != default_port) url.authority += ":" + std::to_string(url.port);
  url.text = std::string(name(url.scheme)) + "://" + url.authority;
  return url;
}

core::Result<std::shared_ptr<UpstreamGroup>> UpstreamGroup::create(const UpstreamConfig& config, int workers) {
  CHECK(workers > 0);
  if (const auto problem = limits_problem(config)) return bad_value(*problem);
  std::vector<std::unique_ptr<Upstream>> upstreams;
  std::shared_ptr<const core::TlsContext> tls;
  const Health::Options health{config.failures_to_eject, config.eject_for, config.eject_at_most};
  for (const std::string& text : config.urls) {
    auto url = parse_upstream_url(text);
    if (!url) return url.error();
    const bool secure = url->scheme == http::Scheme::https;
    if (secure && !tls) {
      auto context = tls_context(config);
      if (!context) return context.error();
      tls = *context;
    }
    upstreams.push_back(
        std::make_unique<Upstream>(std::move(*url), secure ? tls : nullptr, health, static_cast<std::size_t>(workers)));
  }
  return std::shared_ptr<UpstreamGroup>(Group::create(config, std::move(upstreams), workers));
}

}  // namespace skerry::origin
