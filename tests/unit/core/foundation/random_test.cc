#include "core/random.h"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "core/clock.h"

using namespace skerry::core;
using namespace std::chrono_literals;

namespace {

// SplitMix64 and xoshiro256** written out once more, from the authors' reference code.
struct Reference {
  std::uint64_t s[4];
  explicit Reference(std::uint64_t seed) {
    for (auto& word : s) {
      std::uint64_t z = (seed += 0x9e3779b97f4a7c15);
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      word = z ^ (z >> 31);
    }
  }
  static std::uint64_t rotl(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  std::uint64_t next() {
    const std::uint64_t result = rotl(s[1] * 5, 7) * 9, t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(random_numbers)

BOOST_AUTO_TEST_CASE(numbers_are_those_of_the_reference_generator) {
  // SplitMix64's first output for seed 0 is published; it is the first word of our state.
  BOOST_TEST(Reference(0).s[0] == 0xe220a8397b1dcdafu);
  for (const std::uint64_t seed : {0ull, 1ull, 0xffffffffffffffffull}) {
    Random random(seed);
    Reference reference(seed);
    for (int i = 0; i < 1000; ++i) BOOST_REQUIRE(random.next() == reference.next());
  }
}

BOOST_AUTO_TEST_CASE(below_stays_below_and_reaches_every_value_evenly) {
  Random random(9);
  std::vector<int> counts(7);
  for (int i = 0; i < 70'000; ++i) ++counts.at(random.below(7));
  for (const int count : counts) {
    BOOST_TEST(count > 9'500);
    BOOST_TEST(count < 10'500);
  }
  for (int i = 0; i < 100; ++i) BOOST_REQUIRE(random.below(1) == 0);
}

BOOST_AUTO_TEST_CASE(unit_lies_in_zero_to_one) {
  Random random(10);
  double sum = 0;
  for (int i = 0; i < 10'000; ++i) {
    const double x = random.unit();
    BOOST_REQUIRE(x >= 0);
    BOOST_REQUIRE(x < 1);
    sum += x;
  }
  BOOST_TEST(sum > 4'800);
  BOOST_TEST(sum < 5'200);
}

BOOST_AUTO_TEST_CASE(seeds_from_the_system_differ) {
  BOOST_TEST(seed_from_system() != seed_from_system());
}

BOOST_AUTO_TEST_CASE(manual_clock_moves_both_times_together_and_only_when_told) {
  const WallTime start{std::chrono::seconds(1'700'000'000)};
  ManualClock clock(start);
  const TimePoint before = clock.now();
  BOOST_CHECK(clock.wall() == start);
  clock.advance(1500ms);
  BOOST_CHECK(clock.now() - before == 1500ms);
  BOOST_CHECK(clock.wall() - start == 1500ms);
  const TimePoint earlier = system_clock().now();
  BOOST_CHECK(earlier <= system_clock().now());
}

BOOST_AUTO_TEST_SUITE_END()
