// The two clocks everything reads time from, behind an interface so that tests and the simulator can drive them.
//
// `now()` is monotonic and only for waits and durations; `wall()` is the date, only for HTTP, DNS and logs. Nothing
// else in the tree may ask the system for time (a test looks for it). Thread-safe.
#pragma once

#include <chrono>

namespace skerry::core {

using Duration = std::chrono::nanoseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual WallTime wall() const = 0;
};

// The machine's clocks.
Clock& system_clock();

// Stands still until it is told to move. Both clocks move together. Not thread-safe: one simulation thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallTime start) : start_(start) {}
  TimePoint now() const override { return TimePoint(elapsed_); }
  WallTime wall() const override { return start_ + elapsed_; }
  void advance(Duration by) { elapsed_ += by; }

 private:
  WallTime start_;
  Duration elapsed_{0};
};

}  // namespace skerry::core
