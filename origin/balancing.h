// Which upstream gets a request: passive health as a state machine of atomics, and the choice between those that may be
// asked.
//
// Shared by all workers; every method takes the time as an argument and none waits, so each rule is a table test.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "core/clock.h"
#include "core/random.h"

namespace skerry::origin {

// What Health::admit() answered; given back with the outcome. A probe that was abandoned but goes on waiting is a
// `late_probe`: an answer to it still counts, its failure does not.
enum class Permit : std::uint8_t { refused, normal, probe, late_probe };

// Healthy → (n consecutive failures) → ejected → (back-off over, one request holds the probe slot) → healthy again, or
// ejected for twice as long. Judged by connects and response heads; what a body does later is no verdict.
class Health {
 public:
  struct Options {
    int failures_to_eject = 1;
    core::Duration eject_for{0};
    core::Duration eject_at_most{0};
  };

  explicit Health(const Options& options) : options_(options) {}

  // Takes the probe slot if that is what it answers. Every permit but `refused` is owed exactly one of the next three.
  Permit admit(core::TimePoint now);
  bool succeeded(Permit);                    // true: this readmitted it
  bool failed(Permit, core::TimePoint now);  // true: this ejected it, having been healthy
  void abandoned(Permit);                    // cancelled before anything was learnt

  // admit() would not refuse now.
  bool available(core::TimePoint now) const;
  bool ejected() const { return ejected_until_.load(std::memory_order_relaxed) != healthy; }
  // Of the ejection under way: how long nobody is let through.
  core::Duration back_off() const { return core::Duration(back_off_.load(std::memory_order_relaxed)); }
  // Ejections so far, failed probes included.
  std::uint64_t ejections() const { return total_ejections_.load(std::memory_order_relaxed); }

 private:
  static constexpr core::Duration::rep healthy = INT64_MIN;

  void eject(core::TimePoint now);

  const Options options_;
  std::atomic<int> failures_{0};
  std::atomic<int> ejections_{0};  // since the last success: the back-off's exponent
  std::atomic<core::Duration::rep> ejected_until_{healthy};
  std::atomic<core::Duration::rep> back_off_{0};
  std::atomic<std::uint64_t> total_ejections_{0};
  std::atomic<bool> probing_{false};
};

// Upstreams of a group as bits, so that a fetch notes which it has tried without allocating.
using UpstreamSet = std::uint64_t;
constexpr std::size_t upstreams_at_most = 64;

// Two different members of `candidates`, uniformly; twice the same if there is only one. Not empty.
std::array<std::size_t, 2> draw_two(UpstreamSet candidates, core::Random&);

// The less loaded of two random choices (Mitzenmacher 2001): almost as even as looking at all, and workers that see the
// same loads do not all run to the same upstream.
template <class InFlight>
std::size_t less_loaded_of_two(UpstreamSet candidates, core::Random& random, InFlight in_flight) {
  const auto [first, second] = draw_two(candidates, random);
  return in_flight(second) < in_flight(first) ? second : first;
}

}  // namespace skerry::origin
