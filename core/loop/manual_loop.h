// An event loop that runs when it is told to, on a clock that stands still in between: for simulations and unit tests.
//
// run_ready() is one iteration: timers that are due, posted tasks, deferred tasks. Network events come as deferred
// tasks. One thread drives it; post() alone may come from others.
#pragma once

#include <atomic>
#include <vector>

#include "core/loop/event_loop.h"
#include "core/mutex.h"

namespace skerry::core {

class ManualLoop final : public EventLoop {
 public:
  // The clock outlives the loop; several loops may share it.
  explicit ManualLoop(ManualClock& clock) : clock_(clock), timers_(clock.now()) {}
  ~ManualLoop() override;

  ManualClock& clock() override { return clock_; }
  TimePoint now() const override { return clock_.now(); }
  WallTime wall() const override { return clock_.wall(); }
  void post(Task task) override;
  void defer(Task task) override { deferred_.push_back(std::move(task)); }
  TimerWheel& timers() override { return timers_; }
  // Runs iterations until nothing is left to do at this instant, or stop().
  void run() override;
  void stop() override { stop_.store(true, std::memory_order_relaxed); }
  bool in_loop_thread() const override { return true; }

  // Returns whether there was anything to do.
  bool run_ready();
  // When run_ready() has something to do next; nothing waits: nullopt.
  std::optional<TimePoint> next_deadline() const { return timers_.next_deadline(); }
  // Moves the clock from one deadline to the next, running what is due, until `by` has passed. For a loop alone on its
  // clock; several are moved by a Simulation.
  void advance(Duration by);

 private:
  bool run_posted();
  bool run_deferred();

  ManualClock& clock_;
  TimerWheel timers_;
  std::vector<Task> deferred_;
  Mutex mutex_;
  std::vector<Task> posted_ GUARDED_BY(mutex_);
  std::atomic<bool> stop_{false};
};

}  // namespace skerry::core
