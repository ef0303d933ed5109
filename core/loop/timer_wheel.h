// Timers by the ten thousand: a hierarchical timing wheel (Varghese and Lauck, 1987), O(1) to arm, re-arm and cancel.
//
// Four levels of 256 slots at 1 ms reach 49 days; later deadlines wait in a list and are placed again. A timer
// never fires early and at most one tick late. Owned by one loop; not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "core/clock.h"
#include "core/task.h"

namespace skerry::core {

class TimerWheel {
 private:
  // A link in a slot's circular list; the slot's head is a link too, so unlinking needs no slot.
  struct Link {
    Link* previous = this;
    Link* next = this;
    bool linked() const { return next != this; }
    void unlink();
    void insert_before(Link& other);
  };

 public:
  class Node : private Link {
   public:
    explicit Node(Task on_expire) : on_expire_(std::move(on_expire)) {}
    ~Node() { unlink(); }
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;
    bool armed() const { return linked(); }

   private:
    friend class TimerWheel;
    std::uint64_t tick_ = 0;
    Task on_expire_;
  };

  explicit TimerWheel(TimePoint start);
  // Timers still armed are cancelled.
  ~TimerWheel();
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  void arm(Node&, TimePoint deadline);
  void cancel(Node& node) { node.unlink(); }
  // Calls every timer whose tick is at or before `now`, in order of tick (ties: order of arming). A callback may arm,
  // cancel and destroy any timer; its own only as its last act. Timers armed from a callback for a time already past
  // run in the next call, before all others.
  void advance(TimePoint now);
  // A time at or before which advance() must be called again; nothing armed: nullopt. A few instructions: safe to ask
  // before every wait.
  std::optional<TimePoint> next_deadline() const;

 private:
  static constexpr int levels = 4;
  static constexpr int slot_bits = 8;
  static constexpr int slots = 1 << slot_bits;
  // A level holds the ticks that agree with `current_` in all digits (base 256) above its own, so a slot is always
  // ahead of the current one, and a timer enters level 0 only after those that were armed earlier for the same tick.
  struct Level {
    std::array<Link, slots> slot;
    // Slots that may hold timers. A cancelled timer leaves its bit behind; the next search clears it.
    mutable std::array<std::uint64_t, slots / 64> occupied{};
    std::optional<int> first_occupied() const;
  };

  void place(Node&);
  void enter_tick(std::uint64_t tick);
  void scatter(Link& slot);
  static void run_all(Link& slot);
  // The first tick after `current_` at which a slot must be run or scattered.
  std::optional<std::uint64_t> next_tick() const;

  TimePoint start_;
  std::uint64_t current_ = 0;  // every tick up to and including this one has been run
  std::uint64_t horizon_ = 0;  // where the running (or last) advance() ends; never behind current_
  std::array<Level, levels> wheel_;
  Link overdue_;  // armed for a tick at or before the horizon
  Link far_;      // beyond the last level: placed again when that has turned once
};

}  // namespace skerry::core
