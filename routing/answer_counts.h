// What one thread has answered, counted for metrics: written by that thread alone, read by any.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "routing/answer.h"

namespace skerry::routing {

struct AnswerTotals {
  std::array<std::uint64_t, outcomes> by_outcome{};
  std::uint64_t truncated = 0;
  std::uint64_t with_subnet = 0;
  std::uint64_t with_cookie = 0;

  std::uint64_t queries() const {
    std::uint64_t sum = 0;
    for (auto count : by_outcome) sum += count;
    return sum;
  }
};

class alignas(64) AnswerCounts {
 public:
  void count(const Answered& answered) {
    increment(by_outcome_[static_cast<std::size_t>(answered.outcome)]);
    if (answered.truncated) increment(truncated_);
    if (answered.with_subnet) increment(with_subnet_);
    if (answered.with_cookie) increment(with_cookie_);
  }
  void add_to(AnswerTotals& totals) const {
    for (std::size_t i = 0; i < outcomes; ++i) {
      totals.by_outcome[i] += by_outcome_[i].load(std::memory_order_relaxed);
    }
    totals.truncated += truncated_.load(std::memory_order_relaxed);
    totals.with_subnet += with_subnet_.load(std::memory_order_relaxed);
    totals.with_cookie += with_cookie_.load(std::memory_order_relaxed);
  }

 private:
  // One writer: no locked instruction is needed.
  static void increment(std::atomic<std::uint64_t>& counter) {
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, outcomes> by_outcome_{};
  std::atomic<std::uint64_t> truncated_{0};
  std::atomic<std::uint64_t> with_subnet_{0};
  std::atomic<std::uint64_t> with_cookie_{0};
};

}  // namespace skerry::routing
