#include "core/loop/simulation.h"

#include <algorithm>

#include "core/check.h"

namespace skerry::core {
namespace {

// More rounds at one instant mean that something answers itself for ever.
constexpr int rounds_an_instant = 1'000'000;

// FNV-1a: a host's random numbers follow from its name, so that another host changes nothing for it.
std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace

Simulation::Simulation(std::uint64_t seed, WallTime start) : seed_(seed), clock_(start), wire_(clock_, seed) {}

Simulation::~Simulation() = default;

SimulatedHost& Simulation::add_host(std::string name, const IpAddress& ip, int workers) {
  const auto lives = std::count_if(hosts_.begin(), hosts_.end(), [&](const auto& host) {
    CHECK(!host->alive() || host->ip() != ip);
    return host->name() == name;
  });
  Random seeds(seed_ ^ hash_of(name) ^ static_cast<std::uint64_t>(lives));
  hosts_.emplace_back(new SimulatedHost(std::move(name), wire_.add_host(ip)));
  SimulatedHost& host = *hosts_.back();
  for (int index = 0; index < workers; ++index) {
    host.parts_.emplace_back(clock_, wire_, host.host_, seeds.next(), index);
  }
  return host;
}

void Simulation::run_until_idle() {
  CHECK(!running_);
  running_ = true;
  int rounds = 0;
  while (run_once()) CHECK(++rounds < rounds_an_instant);
  running_ = false;
}

bool Simulation::run_once() {
  bool any = wire_.run_due();
  // By index: a callback may add a host.
  for (std::size_t i = 0; i < hosts_.size(); ++i) {
    SimulatedHost& host = *hosts_[i];
    for (std::size_t part = 0; part < host.parts_.size() && host.alive(); ++part) {
      if (host.parts_[part].loop.run_ready()) any = true;
      kill_condemned();
    }
  }
  return any;
}

void Simulation::run_for(Duration span) {
  (void)run_until([] { return false; }, span);
}

bool Simulation::run_until(const std::function<bool()>& done, Duration at_most) {
  const TimePoint end = clock_.now() + at_most;
  run_until_idle();
  while (!done()) {
    const auto next = next_event();
    if (!next || *next > end) {
      clock_.advance(end - clock_.now());
      run_until_idle();
      return done();
    }
    clock_.advance(std::max(*next - clock_.now(), Duration::zero()));
    run_until_idle();
  }
  return true;
}

std::optional<TimePoint> Simulation::next_event() const {
  auto next = wire_.next_delivery();
  for (const auto& host : hosts_) {
    if (!host->alive()) continue;
    for (const auto& part : host->parts_) {
      const auto deadline = part.loop.next_deadline();
      if (deadline && (!next || *deadline < *next)) next = deadline;
    }
  }
  return next;
}

void Simulation::kill(SimulatedHost& host) {
  condemned_.push_back(&host);
  if (!running_) kill_condemned();
}

void Simulation::kill_condemned() {
  for (SimulatedHost* host : std::exchange(condemned_, {})) {
    if (host->alive()) wire_.kill(host->host_);
  }
}

void Simulation::set_link(const SimulatedHost& a, const SimulatedHost& b, const LinkOptions& options) {
  wire_.set_link(a.ip(), b.ip(), options);
}

}  // namespace skerry::core
