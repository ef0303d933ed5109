// skerry-edge: an edge cache server. This is its table of contents; edge.h puts the parts together.
#include <csignal>
#include <cstdio>

#include "core/config/program.h"
#include "core/log/log.h"
#include "core/loop/signals.h"
#include "core/random.h"
#include "edge/edge.h"

namespace {

using namespace skerry;

const config::Program program = {"skerry-edge",
                                 "An edge cache server: serves configured sites, shares a PoP's content with its "
                                 "neighbours, fetches misses from the origin.",
                                 "  skerry-edge --config /etc/skerry/edge.toml\n"
                                 "  skerry-edge --config edge.toml --check\n"
                                 "  SKERRY_EDGE_LISTEN=0.0.0.0:8080 SKERRY_SITE_0_HOSTS='*' "
                                 "SKERRY_SITE_0_ORIGIN=https://origin.example.com skerry-edge\n",
                                 edge::edge_reference,
                                 {}};

int fail(const core::Error& error) {
  std::fprintf(stderr, "skerry-edge: %s\n", error.message().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  auto start = config::start<edge::EdgeConfig>(argc, argv, program, edge::load_edge_config);
  if (start.exit) return *start.exit;
  log::configure(start.config.logging);
  core::ignore_sigpipe();
  core::raise_descriptor_limit();

  auto control = core::LibeventLoop::create();
  if (!control.ok()) return fail(control.error());
  core::LibeventLoop& loop = **control;

  auto reread = [&start]() -> core::Result<edge::EdgeConfig> {
    auto loaded = edge::load_edge_config(start.file, start.environment);
    if (loaded.ok()) return std::move(loaded.config);
    return loaded.report.error();
  };
  auto edge = edge::Edge::create(std::move(start.config), loop, core::seed_from_system(), reread);
  if (!edge.ok()) return fail(edge.error());

  int terms = 0;
  core::SignalWatch signals(loop, {SIGTERM, SIGINT, SIGHUP}, [&](int signal) {
    if (signal == SIGHUP) return static_cast<void>((*edge)->reload());
    if (++terms == 1) {
      log::info("draining");
      return (*edge)->drain([&loop] { loop.stop(); });
    }
    if (!(*edge)->end_drain_delay()) loop.stop();  // asked again: now
  });
  (*edge)->start();
  for (const std::string& listener : (*edge)->listening()) {  // "client 127.0.0.1:8080"
    const std::size_t blank = listener.find(' ');
    log::listening(listener.substr(0, blank), listener.substr(blank + 1));
  }
  loop.run();
  edge.value().reset();
  log::info("stopped");
  return 0;
}
