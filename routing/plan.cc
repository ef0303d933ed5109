// From the configuration's sections to PoPs and the compiled map, with every mistake reported at its place.
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "core/config/value.h"
#include "core/http/url.h"
#include "routing/config.h"
#include "routing/zone_plan.h"

namespace skerry::routing {
namespace {

std::string path(const char* section, std::size_t index) {
  return std::string(section) + "." + std::to_string(index);
}

std::vector<core::IpAddress> plan_addresses(const EdgeSection& edge, const std::string& at, config::Report& report) {
  std::vector<core::IpAddress> addresses;
  for (const std::string& text : edge.addresses) {
    const auto ip = core::IpAddress::parse(text);
    if (ip.ok()) addresses.push_back(ip.value());
    if (!ip.ok()) report.fail(at + ".addresses", "\"" + text + "\" is not an IP address");
  }
  return addresses;
}

// Scheme and authority of where redirects to the edge lead.
std::string plan_url(const EdgeSection& edge, const std::vector<core::IpAddress>& addresses, const std::string& at,
                     config::Report& report) {
  http::Url url;
  if (edge.url.empty()) {
    if (addresses.empty()) return {};
    url = {http::Scheme::http, addresses.front().to_string(), edge.port, "/"};
  } else {
    const auto given = http::Url::parse(edge.url);
    if (!given.ok() || given->path != "/")
      report.fail(at + ".url", "must be http://name[:port] or https://name[:port]");
    if (!given.ok()) return {};
    url = *given;
  }
  return std::string(http::name(url.scheme)) + "://" + url.authority();
}

bool is_pop_name(const std::string& name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (name.empty() || !letter(name[0])) return false;
  for (char c : name) {
    if (!letter(c) && !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.') return false;
  }
  return name != "default";
}

Pop plan_pop(const PopSection& section) {
  Pop pop{section.name, {section.latitude, section.longitude}, section.bias};
  pop.reach = section.reach;
  pop.forced = section.drain ? Forced::drain : section.state;
  pop.capacity = {static_cast<double>(section.max_in_flight), static_cast<double>(section.max_bandwidth.count),
                  section.max_cpu};
  return pop;
}

void plan_pops(const RouterConfig& config, config::Report& report, RouterPlan& plan) {
  std::set<std::string> pop_names, edge_names;
  for (std::size_t i = 0; i < config.pops.size(); ++i) {
    const PopSection& section = config.pops[i];
    const std::string at = path("pop", i);
    if (!is_pop_name(section.name)) {
      report.fail(at + ".name", "must be a letter, then letters, digits, '-', '_', '.', and not \"default\"");
    }
    if (!pop_names.insert(section.name).second) report.fail(at + ".name", "two PoPs have this name");
    Pop pop = plan_pop(section);
    for (std::size_t j = 0; j < section.edges.size(); ++j) {
      const EdgeSection& edge = section.edges[j];
      const std::string edge_at = at + "." + path("edge", j);
      if (!edge_names.insert(edge.name).second) report.fail(edge_at + ".name", "two edges have this name");
      const auto addresses = plan_addresses(edge, edge_at, report);
      if (!addresses.empty()) {
        plan.probes.push_back({edge.name, static_cast<PopIndex>(i), j, {addresses.front(), edge.port}});
      }
      pop.edges.push_back({edge.name, addresses, edge.weight, edge.drain ? Forced::drain : edge.state,
                           plan_url(edge, addresses, edge_at, report)});
    }
    plan.pops.push_back(std::move(pop));
  }
}

// A step whose effect is not seen before the next one is taken too often: the spill would swing.
void check_spill_interval(const RouterConfig& config, config::Report& report) {
  const auto limited = [](const PopSection& pop) {
    return pop.max_in_flight > 0 || pop.max_bandwidth.count > 0 || pop.max_cpu > 0;
  };
  if (std::none_of(config.pops.begin(), config.pops.end(), limited)) return;
  const std::chrono::seconds longest = longest_dynamic_ttl(config.zones);
  if (config.policy.spill_interval >= longest) return;
  report.fail("policy.spill_interval", "must not be shorter than the longest ttl of a dynamic name, which is " +
                                           std::to_string(longest.count()) +
                                           " s: the effect of one step would not be seen before the next");
}

void plan_policy(const RouterConfig& config, config::Report& report, RouterPlan& plan) {
  if (config.probe.timeout > config.probe.interval * 3 / 4) {
    report.fail("probe.timeout", "must be at most three quarters of the interval");
  }
  if (config.policy.spill.stop >= config.policy.spill.start) {
    report.fail("policy.spill_stop", "must be less than spill_start");
  }
  check_spill_interval(config, report);
  if (config.probe.kind != ProbeKind::https) return;
  auto tls = core::TlsContext::client({.ca_file = config.probe.ca_file, .verify = config.probe.verify});
  if (!tls.ok()) return report.fail("probe.ca_file", tls.error().detail);
  plan.probe_tls = std::move(tls).value();
}

bool read_net_map_file(const std::string& file, std::string& text) {
  std::ifstream in(file, std::ios::binary);
  text.assign(std::istreambuf_iterator<char>(in), {});
  return !in.bad() && in.is_open();
}

NetMap plan_net_map(const RouterConfig& config, const std::vector<Pop>& pops, config::Report& report) {
  NetMap map;
  std::vector<NetMapProblem> problems;
  const std::string& file = config.router.net_map;
  std::string text;
  if (!file.empty() && !read_net_map_file(file, text)) {
    report.fail("router.net_map", "\"" + file + "\" can't be read");
  } else if (!file.empty()) {
    map = parse_net_map(text, pops, problems);
  }
  for (const NetMapProblem& problem : problems) {
    // Not by fail(), which keeps one problem a key.
    std::string where = file + ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column) + ": ";
    report.add({{}, config::subject_of("router.net_map"), where + problem.message, {}});
  }
  for (const auto& [prefix, where] : config.router.clients) {
    problems.clear();
    std::string line = prefix;
    line.append(" ").append(where);
    NetMap one = parse_net_map(line, pops, problems);
    for (const NetMapProblem& problem : problems) report.fail("router.clients", problem.message);
    // What stands in the configuration itself counts more than the file.
    for (NetMapEntry& entry : one.entries) {
      std::erase_if(map.entries, [&](const NetMapEntry& other) { return other.prefix == entry.prefix; });
      entry.line = 0;
      map.entries.push_back(std::move(entry));
    }
    if (!one.default_pops.empty()) map.default_pops = one.default_pops;
  }
  return map;
}

LocatedNetworks plan_mmdb(const RouterConfig& config, config::Report& report) {
  if (config.router.mmdb.empty()) return {};
  auto networks = read_mmdb(config.router.mmdb);
  if (networks.ok()) return std::move(networks).value();
  report.fail("router.mmdb", networks.error().detail);
  return {};
}

void check_certificate(const std::string& at, const core::TlsCertificate& files, config::Report& report) {
  if (files.certificate_file.empty() || files.key_file.empty()) return;
  const auto opened = core::TlsContext::server({{files}, {"http/1.1"}, {}});
  if (!opened.ok()) report.fail(at, opened.error().detail);
}

// Without making it: a check leaves nothing behind.
void check_query_log(const std::string& path, config::Report& report) {
  namespace fs = std::filesystem;
  if (path == "off" || path == "-") return;
  std::error_code ignored;
  const fs::path file(path), folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const bool exists = fs::exists(file, ignored);
  if (exists && (fs::is_directory(file, ignored) || ::access(file.c_str(), W_OK) != 0)) {
    report.fail("query_log.path", "\"" + path + "\" can't be written to");
  }
  if (!exists && (!fs::is_directory(folder, ignored) || ::access(folder.c_str(), W_OK | X_OK) != 0)) {
    report.fail("query_log.path", "no file can be made in \"" + folder.string() + "\"");
  }
}

// Start must not fail on files of a configuration that was accepted.
void check_opened_files(const RouterConfig& config, config::Report& report) {
  const TlsSection& tls = config.dns.tls;
  if (!tls.dot_listen.empty() || !tls.doh_listen.empty()) {
    check_certificate("tls.certificate", {tls.certificate, tls.key}, report);
  }
  const HttpSection& http = config.http;
  if (!http.tls_listen.empty()) check_certificate("http.certificate", {http.certificate, http.key}, report);
  check_query_log(config.dns.query_log.path, report);
}

}  // namespace

config::Loaded<RouterConfig> load_router_config(const std::optional<std::string>& file,
                                                const config::Environment& environment) {
  auto loaded = config::load(router_table(), file, environment);
  plan_of(loaded.config, loaded.report);
  return loaded;
}

RouterPlan plan_of(const RouterConfig& config, config::Report& report) {
  RouterPlan plan;
  plan.zones = plan_zones(config.zones, config.dns.dnssec, report);
  check_dns_sections(config.dns, report);
  plan_pops(config, report, plan);
  plan_policy(config, report, plan);
  check_http_section(config.http, report);
  check_opened_files(config, report);
  NetMap map = plan_net_map(config, plan.pops, report);
  const LocatedNetworks located = plan_mmdb(config, report);
  plan.mmdb = config.router.mmdb;
  if (report.ok()) plan.map = GeoMap::compile(std::move(map), plan.pops, located);
  return plan;
}

}  // namespace skerry::routing
