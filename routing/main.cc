// skerry-router: authoritative DNS over the operator's PoPs. This is its table of contents; router.h puts the parts
// together.
#include <csignal>
#include <cstdio>
#include <string>

#include "core/config/program.h"
#include "core/log/log.h"
#include "core/loop/signals.h"
#include "core/net/socket_network.h"
#include "routing/router.h"

namespace {

using namespace skerry;

const config::Program program = {"skerry-router",
                                 "Authoritative DNS that sends every client to the nearest healthy edge.",
                                 "  skerry-router --config /etc/skerry/router.toml\n"
                                 "  skerry-router --config router.toml --check\n",
                                 routing::router_reference,
                                 {}};

int fail(const core::Error& error) {
  std::fprintf(stderr, "skerry-router: %s\n", error.message().c_str());
  return 1;
}

// A port shared with another process of ours would not fail to open: ask first (see check_port_is_free).
core::Result<void> check_ports(const routing::RouterConfig& config) {
  const routing::RouterSection& section = config.router;
  const routing::TlsSection& tls = config.dns.tls;
  std::vector<core::Address> addresses = section.listen;
  addresses.push_back(section.admin_listen);
  addresses.insert(addresses.end(), tls.dot_listen.begin(), tls.dot_listen.end());
  addresses.insert(addresses.end(), tls.doh_listen.begin(), tls.doh_listen.end());
  addresses.insert(addresses.end(), config.http.listen.begin(), config.http.listen.end());
  addresses.insert(addresses.end(), config.http.tls_listen.begin(), config.http.tls_listen.end());
  for (const core::Address& address : addresses) {
    if (address.port == 0) continue;
    if (auto free = core::check_port_is_free(address); !free.ok()) return free;
  }
  return {};
}

core::Result<routing::PlannedConfig> read_again(const config::Start<routing::RouterConfig>& start) {
  auto loaded = routing::load_router_config(start.file, start.environment);
  routing::RouterPlan plan;
  if (loaded.ok()) plan = routing::plan_of(loaded.config, loaded.report);
  if (!loaded.ok()) return loaded.report.error();
  return routing::PlannedConfig{std::move(loaded.config), std::move(plan)};
}

}  // namespace

int main(int argc, char** argv) {
  auto start = config::start<routing::RouterConfig>(argc, argv, program, routing::load_router_config);
  if (start.exit) return *start.exit;
  log::configure(start.config.router.log);
  core::ignore_sigpipe();
  core::raise_descriptor_limit();
  if (auto free = check_ports(start.config); !free.ok()) return fail(free.error());

  auto created = core::LibeventLoop::create();
  if (!created.ok()) return fail(created.error());
  core::LibeventLoop& loop = **created;
  core::SocketNetwork network(loop);
  core::Random random(core::seed_from_system());
  const core::Worker worker{loop, network, random, 0};

  // The plan was checked with the configuration; the net map's file may have changed in between.
  config::Report report;
  auto plan = routing::plan_of(start.config, report);
  if (!report.ok()) return config::print_problems(report), config::exit_usage;
  const core::Duration drain_time = start.config.router.drain_time;
  auto router = routing::Router::start(worker, {std::move(start.config), std::move(plan)},
                                       [&start] { return read_again(start); });
  if (!router.ok()) return fail(router.error());

  core::Timer drained(loop, [&loop] { loop.stop(); });
  core::SignalWatch signals(loop, {SIGTERM, SIGINT, SIGHUP}, [&](int signal) {
    if (signal == SIGHUP) return static_cast<void>((*router)->reload());
    if (drained.armed()) return loop.stop();  // asked twice: now
    (*router)->begin_drain();
    log::info("draining");
    drained.arm(drain_time);
  });
  for (const auto& address : (*router)->addresses()) {
    log::listening("dns", address.to_string());
  }
  for (const auto& [kind, addresses] : (*router)->other_addresses()) {
    for (const auto& address : addresses) log::listening(kind, address.to_string());
  }
  log::listening("admin", (*router)->admin_address().to_string());
  loop.run();
  router.value().reset();
  log::info("stopped");
  return 0;
}
