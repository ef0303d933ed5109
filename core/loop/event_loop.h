// One thread's event loop: timers, tasks posted from other threads, and the end-of-iteration queue.
//
// Two implementations: LibeventLoop (the machine) and ManualLoop (a simulation in one thread, core/loop/simulation.h).
// Everything here but post() and stop() belongs to the loop's own thread. No callback may block; a watchdog counts
// callbacks over 5 ms.
#pragma once

#include <memory>
#include <vector>

#include "core/clock.h"
#include "core/loop/timer_wheel.h"
#include "core/task.h"

namespace skerry::core {

// Something that finishes by itself after its owner has gone, for instance the last bytes of a closed connection.
class KeptByLoop {
 public:
  virtual ~KeptByLoop() = default;
};

class EventLoop {
 public:
  virtual ~EventLoop() = default;

  virtual Clock& clock() = 0;
  // The time at which this iteration began: one clock read serves all its callbacks.
  virtual TimePoint now() const = 0;
  // Wall-clock time of the same instant, with the same economy.
  virtual WallTime wall() const = 0;

  // Runs `task` on this loop's thread, in posting order. Any thread; wakes the loop.
  virtual void post(Task task) = 0;
  // Runs `task` after the callbacks that are ready now and before the loop waits again. Own thread only. This is how
  // responses to pipelined requests leave in one write, and how an object is destroyed from inside its own callback.
  virtual void defer(Task task) = 0;

  virtual TimerWheel& timers() = 0;

  virtual void run() = 0;
  // Makes run() return after the current iteration. Any thread.
  virtual void stop() = 0;
  virtual bool in_loop_thread() const = 0;

  // Owns `kept` until it is let go, at the latest until the loop's end. Own thread only.
  void keep(std::unique_ptr<KeptByLoop> kept) { kept_.push_back(std::move(kept)); }
  // Destroys it; allowed from inside its own callbacks, as their last act.
  void let_go(KeptByLoop& kept);

 protected:
  // For destructors of loops: while timers and descriptors still work.
  void let_go_of_all();

 private:
  std::vector<std::unique_ptr<KeptByLoop>> kept_;
};

// A deadline that calls back once. Arming, re-arming and cancelling cost O(1) and allocate nothing; destroying cancels.
// Precision is one tick of the wheel (1 ms), never early.
class Timer {
 public:
  Timer(EventLoop& loop, Task on_expire) : loop_(loop), node_(std::move(on_expire)) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void arm(Duration from_now) { loop_.timers().arm(node_, loop_.now() + from_now); }
  void arm_at(TimePoint deadline) { loop_.timers().arm(node_, deadline); }
  void cancel() { loop_.timers().cancel(node_); }
  bool armed() const { return node_.armed(); }

 private:
  EventLoop& loop_;
  TimerWheel::Node node_;
};

}  // namespace skerry::core
