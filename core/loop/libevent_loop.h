// The machine's event loop, over libevent's raw events: one thread waits here for sockets, timers and posted tasks.
//
// An iteration: wait, callbacks of ready descriptors, timers, posted tasks, deferred tasks. The clock is read once
// after the wait, and once more after each callback for the watchdog (both without a system call). libevent keeps its
// own time in kernel ticks, so a timer may be up to 4 ms late here.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "core/loop/event_loop.h"
#include "core/loop/fd_watch.h"
#include "core/mutex.h"
#include "core/result.h"

struct event;
struct event_base;

namespace skerry::core {

class LibeventLoop final : public EventLoop {
 public:
  // Errors: limit_exceeded (no descriptors left).
  static Result<std::unique_ptr<LibeventLoop>> create();
  ~LibeventLoop() override;

  Clock& clock() override { return system_clock(); }
  TimePoint now() const override;
  WallTime wall() const override;
  void post(Task task) override;
  void defer(Task task) override { deferred_.push_back(std::move(task)); }
  TimerWheel& timers() override { return timers_; }
  void run() override;
  void stop() override;
  // True as well while nobody runs the loop: whoever sets it up or takes it down may use it.
  bool in_loop_thread() const override;

  // Callbacks that took longer than 5 ms. Any thread.
  std::uint64_t slow_callbacks() const { return slow_callbacks_.load(std::memory_order_relaxed); }
  // How often another thread had to wake this loop by a system call. Any thread.
  std::uint64_t wake_ups() const { return wake_ups_.load(std::memory_order_relaxed); }
  event_base* base() { return base_.get(); }

  // Stands around every callback: notes that the wait is over, and how long the callback took.
  class CallbackScope {
   public:
    explicit CallbackScope(LibeventLoop& loop) : loop_(loop) {
      if (loop.waiting_) loop.end_wait();
    }
    ~CallbackScope() { loop_.end_callback(); }
    CallbackScope(const CallbackScope&) = delete;
    CallbackScope& operator=(const CallbackScope&) = delete;

   private:
    LibeventLoop& loop_;
  };

 private:
  struct FreeBase {
    void operator()(event_base*) const;
  };
  struct FreeEvent {
    void operator()(event*) const;
  };

  LibeventLoop(event_base* base, int wake_fd);
  void wait();
  void arm_wake_timer();
  void end_wait();
  void end_callback();
  void run_timers();
  void run_posted();
  void run_deferred();

  std::unique_ptr<event_base, FreeBase> base_;
  const int wake_fd_;
  std::unique_ptr<FdWatch> wake_watch_;
  std::unique_ptr<event, FreeEvent> wake_timer_;

  // Times of the running iteration.
  TimePoint now_;
  TimePoint last_mark_;  // when the previous callback ended
  mutable WallTime wall_;
  mutable bool wall_known_ = false;
  bool running_ = false;
  bool waiting_ = false;

  TimerWheel timers_;
  TimePoint wake_timer_at_;  // TimePoint::max(): not armed
  std::vector<Task> deferred_, running_deferred_, running_posted_;

  Mutex mutex_;
  std::vector<Task> posted_ GUARDED_BY(mutex_);
  std::atomic<bool> has_posted_{false};
  // The loop is about to wait or waits, and nobody has woken it yet. Set before has_posted_ is looked at, and looked at
  // after has_posted_ is set: one of the two sides always sees the other.
  std::atomic<bool> asleep_{false};
  std::atomic<bool> stop_{false};
  std::atomic<std::thread::id> thread_{};
  std::atomic<std::uint64_t> slow_callbacks_{0};
  std::atomic<std::uint64_t> wake_ups_{0};
};

}  // namespace skerry::core
