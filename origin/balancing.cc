#include "origin/balancing.h"

#include <algorithm>

#include "core/check.h"

namespace skerry::origin {

Permit Health::admit(core::TimePoint now) {
  const auto until = ejected_until_.load(std::memory_order_acquire);
  if (until == healthy) return Permit::normal;
  if (now.time_since_epoch().count() < until) return Permit::refused;
  if (probing_.exchange(true, std::memory_order_acq_rel)) return Permit::refused;
  if (ejected_until_.load(std::memory_order_acquire) == until) return Permit::probe;
  // Another probe ended between the two looks: what it learnt counts.
  probing_.store(false, std::memory_order_release);
  return ejected() ? Permit::refused : Permit::normal;
}

bool Health::available(core::TimePoint now) const {
  const auto until = ejected_until_.load(std::memory_order_acquire);
  if (until == healthy) return true;
  return now.time_since_epoch().count() >= until && !probing_.load(std::memory_order_acquire);
}

bool Health::succeeded(Permit permit) {
  if (permit == Permit::refused) return false;
  // A request that began before the ejection says nothing about now: only the probe readmits.
  if (permit == Permit::normal && ejected()) return false;
  failures_.store(0, std::memory_order_relaxed);
  const bool readmitted = permit != Permit::normal && ejected();
  if (readmitted) {
    ejections_.store(0, std::memory_order_relaxed);
    ejected_until_.store(healthy, std::memory_order_release);
  }
  if (permit == Permit::probe) probing_.store(false, std::memory_order_release);
  return readmitted;
}

bool Health::failed(Permit permit, core::TimePoint now) {
  if (permit == Permit::refused || permit == Permit::late_probe) return false;
  if (permit == Permit::probe) {
    const bool still_ejected = ejected();
    if (still_ejected) eject(now);
    probing_.store(false, std::memory_order_release);
    if (still_ejected) return false;
    // A late probe readmitted it meanwhile: this failure counts like any other.
  }
  if (ejected()) return false;
  if (failures_.fetch_add(1, std::memory_order_relaxed) + 1 < options_.failures_to_eject) return false;
  eject(now);
  return true;
}

void Health::abandoned(Permit permit) {
  if (permit == Permit::probe) probing_.store(false, std::memory_order_release);
}

void Health::eject(core::TimePoint now) {
  constexpr int doublings_at_most = 30;  // eject_at_most is reached long before
  const int before = std::min(ejections_.fetch_add(1, std::memory_order_relaxed), doublings_at_most);
  core::Duration back_off = options_.eject_for;
  for (int i = 0; i < before && back_off < options_.eject_at_most; ++i) back_off *= 2;
  back_off = std::min(back_off, options_.eject_at_most);
  failures_.store(0, std::memory_order_relaxed);
  back_off_.store(back_off.count(), std::memory_order_relaxed);
  total_ejections_.fetch_add(1, std::memory_order_relaxed);
  ejected_until_.store((now + back_off).time_since_epoch().count(), std::memory_order_release);
}

namespace {

std::size_t nth_member(UpstreamSet set, std::uint64_t n) {
  for (; n > 0; --n) set &= set - 1;
  return static_cast<std::size_t>(std::countr_zero(set));
}

}  // namespace

std::array<std::size_t, 2> draw_two(UpstreamSet candidates, core::Random& random) {
  CHECK(candidates != 0);
  const auto count = static_cast<std::uint64_t>(std::popcount(candidates));
  if (count == 1) return {nth_member(candidates, 0), nth_member(candidates, 0)};
  const std::uint64_t first = random.below(count);
  std::uint64_t second = random.below(count - 1);
  if (second >= first) ++second;
  return {nth_member(candidates, first), nth_member(candidates, second)};
}

}  // namespace skerry::origin
