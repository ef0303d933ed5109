// A whole cluster in one thread: hosts with workers on one manual clock and one simulated network, from one seed.
//
// Everything that happens is a function of the seed and of what the test does: the same calls give the same order of
// every callback. Objects that live on a host's workers must be destroyed before the simulation.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/loop/manual_loop.h"
#include "core/loop/worker.h"
#include "core/net/memory_network.h"

namespace skerry::core {

class SimulatedHost {
 public:
  const std::string& name() const { return name_; }
  const IpAddress& ip() const { return host_.ip; }
  bool alive() const { return host_.alive; }
  int workers() const { return static_cast<int>(parts_.size()); }
  Worker& worker(int index = 0) { return parts_[static_cast<std::size_t>(index)].worker; }

 private:
  friend class Simulation;
  struct Part {
    Part(ManualClock& clock, MemoryWire& wire, MemoryHost& host, std::uint64_t seed, int index)
        : loop(clock), network(wire, host, loop), random(seed), worker{loop, network, random, index} {}
    ManualLoop loop;
    MemoryNetwork network;
    Random random;
    Worker worker;
  };
  SimulatedHost(std::string name, MemoryHost& host) : name_(std::move(name)), host_(host) {}

  const std::string name_;
  MemoryHost& host_;
  std::deque<Part> parts_;
};

class Simulation {
 public:
  Simulation(std::uint64_t seed, WallTime start);
  ~Simulation();

  ManualClock& clock() { return clock_; }
  // A machine. With the address of one that was killed: the same machine, started again with nothing of its memory.
  SimulatedHost& add_host(std::string name, const IpAddress&, int workers = 1);

  // Runs everything that happens without the clock moving.
  void run_until_idle();
  // Moves the clock from one timer or delivery to the next until `span` has passed.
  void run_for(Duration span);
  // The same, ending early when `done` holds; returns whether it does.
  bool run_until(const std::function<bool()>& done, Duration at_most);

  // From now on nothing of the host runs; its connections are reset and its ports closed. Inside a callback of any
  // host: takes effect when that host's running iteration is over.
  void kill(SimulatedHost&);
  void set_link(const SimulatedHost& a, const SimulatedHost& b, const LinkOptions&);
  void partition(const SimulatedHost& a, const SimulatedHost& b) { wire_.partition(a.ip(), b.ip()); }
  void heal(const SimulatedHost& a, const SimulatedHost& b) { wire_.heal(a.ip(), b.ip()); }

 private:
  bool run_once();
  void kill_condemned();
  std::optional<TimePoint> next_event() const;

  const std::uint64_t seed_;
  ManualClock clock_;
  MemoryWire wire_;
  std::vector<std::unique_ptr<SimulatedHost>> hosts_;
  std::vector<SimulatedHost*> condemned_;
  bool running_ = false;
};

}  // namespace skerry::core
