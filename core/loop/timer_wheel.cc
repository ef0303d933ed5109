#include "core/loop/timer_wheel.h"

#include <algorithm>
#include <bit>

namespace skerry::core {
namespace {

constexpr Duration tick_length = std::chrono::milliseconds(1);

// Rounded up: a timer must not fire early.
std::uint64_t tick_at_or_after(Duration since_start) {
  if (since_start <= Duration::zero()) return 0;
  const Duration whole = since_start / tick_length * tick_length;
  return static_cast<std::uint64_t>(since_start / tick_length) + (whole < since_start ? 1 : 0);
}

}  // namespace

void TimerWheel::Link::unlink() {
  previous->next = next;
  next->previous = previous;
  previous = next = this;
}

void TimerWheel::Link::insert_before(Link& other) {
  previous = other.previous;
  next = &other;
  other.previous->next = this;
  other.previous = this;
}

TimerWheel::TimerWheel(TimePoint start) : start_(start) {}

TimerWheel::~TimerWheel() {
  const auto release = [](Link& list) {
    while (list.linked()) list.next->unlink();
  };
  for (Level& level : wheel_) std::for_each(level.slot.begin(), level.slot.end(), release);
  release(overdue_);
  release(far_);
}

void TimerWheel::arm(Node& node, TimePoint deadline) {
  node.unlink();
  node.tick_ = tick_at_or_after(deadline - start_);
  if (node.tick_ <= horizon_) {
    node.insert_before(overdue_);
  } else {
    place(node);
  }
}

// The highest base-256 digit in which the tick differs from the current one names the level.
void TimerWheel::place(Node& node) {
  const std::uint64_t difference = node.tick_ ^ current_;
  const int level = difference == 0 ? 0 : (std::bit_width(difference) - 1) / slot_bits;
  if (level >= levels) {
    node.insert_before(far_);
    return;
  }
  const auto slot = static_cast<std::size_t>((node.tick_ >> (level * slot_bits)) % slots);
  node.insert_before(wheel_[level].slot[slot]);
  wheel_[level].occupied[slot / 64] |= std::uint64_t{1} << (slot % 64);
}

std::optional<int> TimerWheel::Level::first_occupied() const {
  for (std::size_t word = 0; word < occupied.size(); ++word) {
    while (occupied[word] != 0) {
      const int bit = std::countr_zero(occupied[word]);
      const int index = static_cast<int>(word) * 64 + bit;
      if (slot[static_cast<std::size_t>(index)].linked()) return index;
      occupied[word] &= occupied[word] - 1;
    }
  }
  return std::nullopt;
}

std::optional<std::uint64_t> TimerWheel::next_tick() const {
  for (int level = 0; level < levels; ++level) {
    const auto slot = wheel_[level].first_occupied();
    if (!slot) continue;
    const int below = level * slot_bits;
    const std::uint64_t prefix = current_ >> (below + slot_bits) << slot_bits;
    return (prefix | static_cast<std::uint64_t>(*slot)) << below;
  }
  if (!far_.linked()) return std::nullopt;
  return ((current_ >> (levels * slot_bits)) + 1) << (levels * slot_bits);
}

std::optional<TimePoint> TimerWheel::next_deadline() const {
  if (overdue_.linked()) return start_ + current_ * tick_length;
  const auto tick = next_tick();
  if (!tick) return std::nullopt;
  return start_ + *tick * tick_length;
}

void TimerWheel::advance(TimePoint now) {
  const Duration since_start = std::max(now - start_, Duration::zero());
  horizon_ = std::max(horizon_, static_cast<std::uint64_t>(since_start / tick_length));
  run_all(overdue_);
  for (auto tick = next_tick(); tick && *tick <= horizon_; tick = next_tick()) enter_tick(*tick);
  current_ = horizon_;
}

// Slots in between are empty, so the wheel jumps: a long sleep costs no more than a short one.
void TimerWheel::enter_tick(std::uint64_t tick) {
  current_ = tick;
  if ((tick & 0xffffffff) == 0) scatter(far_);
  for (int level = levels - 1; level > 0; --level) {
    const int below = level * slot_bits;
    if ((tick & ((std::uint64_t{1} << below) - 1)) != 0) continue;
    scatter(wheel_[level].slot[(tick >> below) % slots]);
  }
  run_all(wheel_[0].slot[tick % slots]);
}

// Places the timers of a slot whose time has come nearer on lower levels, in the order in which they were armed.
void TimerWheel::scatter(Link& slot) {
  Link moved;
  moved.insert_before(slot);
  slot.unlink();
  while (moved.linked()) {
    Node& node = static_cast<Node&>(*moved.next);
    node.unlink();
    place(node);
  }
}

void TimerWheel::run_all(Link& slot) {
  // What callbacks arm must not run now: take the list first.
  Link running;
  running.insert_before(slot);
  slot.unlink();
  while (running.linked()) {
    Node& node = static_cast<Node&>(*running.next);
    node.unlink();
    node.on_expire_();
  }
}

}  // namespace skerry::core
