// Timers by the ten thousand: a hierarchical timing wheel (Varghese and Lauck, 1987), O(1) to arm, re-arm and cancel.
//
// Four levels of 256 slots at 1 ms reach 49 days; later deadlines wait in the last level and are placed again. A timer
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

  void arm(Node&, TimePoint deadline);
  void cancel(Node& node) { node.unlink(); }
  // Calls every timer whose deadline is at or before `now`, in order of deadline (ties: order of arming). Timers armed
  // from a callback for a time already past run in the next call.
  void advance(TimePoint now);
  // A time at or before which advance() must be called again; nothing armed: nullopt.
  std::optional<TimePoint> next_deadline() const;

 private:
  static constexpr int levels = 4;
  static constexpr int slot_bits = 8;
  static constexpr int slots = 1 << slot_bits;
  using Level = std::array<Link, slots>;

  std::uint64_t tick_of(TimePoint) const;
  void place(Node&);
  void cascade(int level);
  void run_slot(Link& slot);

  TimePoint start_;
  std::uint64_t current_ = 0;  // every tick up to and including this one has been run
  std::array<Level, levels> wheel_;
};

}  // namespace skerry::core
