// The one source of chance: seeded, so that a simulation from one seed repeats byte for byte.
//
// xoshiro256** (Blackman and Vigna, 2018): fast and good enough for load spreading, jitter and identifiers; never for
// secrets, which come from OpenSSL (core/net/tls.h). Owned by one worker; not thread-safe.
#pragma once

#include <array>
#include <cstdint>

namespace skerry::core {

class Random {
 public:
  explicit Random(std::uint64_t seed);

  std::uint64_t next();
  // Uniform in [0, bound); bound > 0. Lemire's multiply-shift: bias below 2^-64 * bound.
  std::uint64_t below(std::uint64_t bound);
  // Uniform in [0, 1).
  double unit();

 private:
  std::array<std::uint64_t, 4> state_;
};

// A seed that differs between processes (from the kernel's generator). The programs' main functions use it, nothing
// else.
std::uint64_t seed_from_system();

}  // namespace skerry::core
