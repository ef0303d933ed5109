#include "edge/config.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/config/output.h"
#include "edge/cache_key.h"

namespace skerry::edge {
namespace {

constexpr std::size_t shortest_secret = 16;

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "edge";
  return std::string(name.data()).substr(0, 63);
}

void lower(std::string& text) {
  for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0;
}

// "host", "host:port", "[::1]:port".
bool is_authority(std::string text, bool port_required) {
  lower(text);
  if (text.find('*') != std::string::npos) return false;
  const std::string_view host = host_of(text);
  if (!is_host_pattern(host)) return false;
  if (host.starts_with('[') && !core::IpAddress::parse(host.substr(1, host.size() - 2))) return false;
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string::npos && colon >= host.size();
  if (!has_port) return !port_required && host.size() == text.size();
  return is_port(std::string_view(text).substr(colon + 1)) && colon <= host.size() + 1;
}

bool is_origin_url(std::string_view url) {
  constexpr std::array<std::string_view, 2> schemes = {"http://", "https://"};
  for (const std::string_view scheme : schemes) {
    if (!url.starts_with(scheme)) continue;
    std::string_view rest = url.substr(scheme.size());
    if (rest.ends_with('/')) rest.remove_suffix(1);
    return is_authority(std::string(rest), false);
  }
  return false;
}

// A name that goes into header fields unquoted and into the peer protocol (RFC 9110 token).
bool is_token(std::string_view name) {
  return !name.empty() && name.find_first_not_of(
                              "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                              "!#$%&'*+-.^_`|~") == std::string_view::npos;
}

std::string at(std::string_view path, std::size_t index, std::string_view key = {}) {
  std::string text = std::string(path) + "." + std::to_string(index);
  if (!key.empty()) text.append(".").append(key);
  return text;
}

// What no single key can know: rules that span several, and what values mean to each other.
class Checks {
 public:
  Checks(EdgeConfig& config, config::Report& report) : config_(config), report_(report) {}

  void run() {
    node();
    proxies();
    sites();
    pop();
    if (config_.stores.size() > 1) report_.fail("store.1", "one [[store]] at most");
    for (std::size_t i = 0; i < config_.stores.size(); ++i) {
      if (!config_.stores[i].path.starts_with('/')) report_.fail(at("store", i, "path"), "must be an absolute path");
    }
  }

 private:
  void node() {
    if (config_.listen.empty() && config_.tls_listen.empty())
      report_.fail("edge.listen", "missing: listen or tls_listen is required");
    if (!config_.tls_listen.empty() && config_.certificates.empty())
      report_.fail("edge.tls_listen", "needs a [[certificate]]");
    if (!is_token(config_.name)) report_.fail("edge.name", "may hold letters, digits and -._~ only");
    if (!is_token(config_.cluster_id)) report_.fail("edge.cluster_id", "may hold letters, digits and -._~ only");
    listeners();
  }

  void listeners() {
    std::vector<std::pair<core::Address, std::string>> all;
    const auto add = [&](const core::Address& address, const std::string& path) {
      for (const auto& [other, where] : all) {
        if (address.port != 0 && address == other)
          report_.fail(path, address.to_string() + " is taken by " + config::subject_of(where));
      }
      all.emplace_back(address, path);
    };
    for (std::size_t i = 0; i < config_.listen.size(); ++i) add(config_.listen[i], at("edge.listen", i));
    for (std::size_t i = 0; i < config_.tls_listen.size(); ++i) add(config_.tls_listen[i], at("edge.tls_listen", i));
    if (config_.admin_listen) add(*config_.admin_listen, "edge.admin_listen");
    if (config_.pop.peer_listen) add(*config_.pop.peer_listen, "pop.peer_listen");
  }

  void proxies() {
    for (std::size_t i = 0; i < config_.proxy_listeners.size(); ++i) {
      const core::Address& listener = config_.proxy_listeners[i].listen;
      const auto among = [&](const std::vector<core::Address>& all) {
        return std::find(all.begin(), all.end(), listener) != all.end();
      };
      if (report_.failed(at("proxy_protocol", i, "listen"))) continue;
      if (!among(config_.listen) && !among(config_.tls_listen))
        report_.fail(at("proxy_protocol", i, "listen"),
                     listener.to_string() + " is neither in [edge].listen nor in [edge].tls_listen");
      if (config_.proxies_of(listener) != &config_.proxy_listeners[i].from)
        report_.fail(at("proxy_protocol", i, "listen"), "two [[proxy_protocol]] for " + listener.to_string());
    }
  }

  void sites() {
    for (std::size_t i = 0; i < config_.sites.size(); ++i) {
      SiteConfig& site = config_.sites[i];
      hosts(site, i);
      handling(site.handling, at("site", i));
      check_rules(site.handling.rules, at("site", i), false, report_);
      for (std::size_t j = 0; j < site.routes.size(); ++j) {
        const std::string path = at(at("site", i, "route"), j);
        std::string& pattern = site.routes[j].path;
        if (!pattern.starts_with('/') || pattern.find('*') < pattern.size() - 1 || pattern.find('?') != pattern.npos)
          report_.fail(path + ".path", "must begin with / and may end in *, no query");
        std::string room;
        pattern = std::string(path_to_match(pattern, room));
        // What the route merely takes over from its site is reported there.
        if (report_.given(path + ".origin")) handling(site.routes[j].handling, path);
        check_rules(site.routes[j].handling.rules, path, true, report_);
      }
    }
  }

  void hosts(SiteConfig& site, std::size_t number) {
    for (std::size_t i = 0; i < site.hosts.size(); ++i) {
      std::string& host = site.hosts[i];
      const std::string path = at(at("site", number, "hosts"), i);
      lower(host);
      if (!is_host_pattern(host)) {
        report_.fail(path, "not a host name (no scheme, port or path), *.name or *: " + host);
      } else if (!config_.index.add(host, number)) {
        report_.fail(path, "the host " + host + " belongs to another [[site]] already");
      }
    }
  }

  void handling(const Handling& handling, const std::string& path) {
    const std::vector<std::string>& urls = handling.origin.urls;
    if (urls.empty()) report_.fail(path + ".origin", "missing: at least one origin URL is required");
    for (std::size_t i = 0; i < urls.size(); ++i) {
      if (!is_origin_url(urls[i]))
        report_.fail(at(path + ".origin", i), "must be http://host[:port] or https://host[:port], without a path");
    }
    if (!handling.host_header.empty() && !is_authority(handling.host_header, false))
      report_.fail(path + ".host_header", "must be a host name");
    for (const auto& [status, lifetime] : handling.policy.negative_ttl) {
      if (status < 300 || status > 599)
        report_.fail(path + ".negative_ttl." + std::to_string(status), "must be a status from 300 to 599");
    }
  }

  void pop() {
    const PopConfig& pop = config_.pop;
    if (!is_token(pop.name)) report_.fail("pop.name", "may hold letters, digits and -._~ only");
    const bool secret_failed = report_.failed("pop.secret") || report_.failed("pop.secret_file");
    if (pop.peer_listen && pop.secret.empty() && !secret_failed)
      report_.fail("pop.peer_listen", "needs [pop].secret or [pop].secret_file");
    if (!pop.secret.empty() && pop.secret.size() < shortest_secret)
      report_.fail(report_.given("pop.secret_file") ? "pop.secret_file" : "pop.secret",
                   "too short: at least 16 characters");
    if (pop.members.empty()) return;
    bool named = false;
    double weights = 0;
    for (std::size_t i = 0; i < pop.members.size(); ++i) {
      member(i);
      named = named || pop.members[i].name == config_.name;
      weights += pop.members[i].weight;
    }
    if (!named) report_.fail("pop.member", "this edge (\"" + config_.name + "\") is not among the members");
    if (weights <= 0) report_.fail("pop.member", "at least one member needs a weight above 0");
    if (pop.members.size() > 1 && !pop.peer_listen)
      report_.fail("pop.peer_listen", "missing: required when the PoP has several members");
  }

  void member(std::size_t number) {
    const MemberConfig& member = config_.pop.members[number];
    if (!is_token(member.name))
      report_.fail(at("pop.member", number, "name"), "may hold letters, digits and -._~ only");
    if (!is_authority(member.peer, true)) report_.fail(at("pop.member", number, "peer"), "must be host:port");
    for (std::size_t i = 0; i < number; ++i) {
      if (config_.pop.members[i].name == member.name)
        report_.fail(at("pop.member", number, "name"), "two members are called \"" + member.name + "\"");
    }
  }

  EdgeConfig& config_;
  config::Report& report_;
};

config::Loaded<EdgeConfig> finished(config::Loaded<EdgeConfig> loaded) {
  EdgeConfig& config = loaded.config;
  if (config.name.empty()) config.name = host_name();
  if (!config.admin_listen) config.admin_listen = core::Address{core::IpAddress::v4({127, 0, 0, 1}), 9180};
  if (config.ready_allow.empty()) {
    config.ready_allow = {{core::IpAddress::v4({127, 0, 0, 0}), 8},
                          {core::IpAddress::v6({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}), 128}};
  }
  if (loaded.report.readable()) Checks(config, loaded.report).run();
  return loaded;
}

}  // namespace

bool RouteConfig::matches(std::string_view request_path) const {
  if (!path.ends_with('*')) return request_path == path;
  return request_path.starts_with(std::string_view(path).substr(0, path.size() - 1));
}

const Handling& SiteConfig::handling_of(std::string_view path) const {
  for (const RouteConfig& route : routes) {
    if (route.matches(path)) return route.handling;
  }
  return handling;
}

const std::vector<core::IpNetwork>* EdgeConfig::proxies_of(const core::Address& listener) const {
  for (const ProxyListener& proxied : proxy_listeners) {
    if (proxied.listen == listener) return &proxied.from;
  }
  return nullptr;
}

const SiteConfig* EdgeConfig::find_site(std::string_view authority) const {
  const auto site = index.find(authority);
  return site ? &sites[*site] : nullptr;
}

void EdgeConfig::index_sites() {
  index = {};
  for (std::size_t i = 0; i < sites.size(); ++i) {
    for (const std::string& host : sites[i].hosts) index.add(host, i);
  }
}

config::Loaded<EdgeConfig> load_edge_config(const std::optional<std::string>& file,
                                            const config::Environment& environment) {
  return finished(config::load(edge_table(), file, environment));
}

config::Loaded<EdgeConfig> load_edge_config_text(std::string_view text, std::string_view file_name,
                                                 const config::Environment& environment) {
  return finished(config::load_text(edge_table(), text, file_name, environment));
}

std::string edge_reference() {
  return config::reference_markdown(edge_table().schema(), "skerry-edge",
                                    "The edge cache: `skerry-edge --config edge.toml`. Only `listen` and one site with "
                                    "its origin are required.");
}

}  // namespace skerry::edge
