#include "core/loop/timer_wheel.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <memory>
#include <vector>

#include "core/random.h"

using namespace skerry::core;
using namespace std::chrono_literals;

namespace {

const TimePoint start{1'234'567'890ns};

// The slow and obvious way to keep timers: an ordered map from (tick, order of arming) to timer.
class ModelTimers {
 public:
  void arm(int timer, TimePoint deadline) {
    cancel(timer);
    const auto since = std::max<Duration>(deadline - start, 0ns);
    auto tick = std::chrono::ceil<std::chrono::milliseconds>(since).count();
    if (tick <= horizon_) tick = -1;  // overdue: before all others
    const Key key{tick, next_order_++};
    keys_[timer] = key;
    order_[key] = timer;
  }
  void cancel(int timer) {
    const auto found = keys_.find(timer);
    if (found == keys_.end()) return;
    order_.erase(found->second);
    keys_.erase(found);
  }
  std::vector<int> advance(TimePoint now) {
    horizon_ = std::max<long>(horizon_, (now - start) / 1ms);
    std::vector<int> fired;
    while (!order_.empty() && order_.begin()->first.first <= horizon_) {
      fired.push_back(order_.begin()->second);
      cancel(fired.back());
    }
    return fired;
  }
  std::optional<TimePoint> earliest() const {
    if (order_.empty()) return std::nullopt;
    return start + std::max<long>(order_.begin()->first.first, horizon_) * 1ms;
  }

 private:
  using Key = std::pair<long, long>;
  std::map<int, Key> keys_;
  std::map<Key, int> order_;
  long next_order_ = 0;
  long horizon_ = 0;
};

// Distances from a tick to years, so that every level and the list beyond them take part.
Duration random_distance(Random& random) {
  const int bits = static_cast<int>(random.below(56));
  return Duration(static_cast<std::int64_t>(random.below((std::uint64_t{1} << bits) + 1)));
}

struct Recorder {
  TimerWheel wheel{start};
  std::vector<int> fired;
  std::vector<std::unique_ptr<TimerWheel::Node>> nodes;

  explicit Recorder(int count) {
    for (int i = 0; i < count; ++i) {
      nodes.push_back(std::make_unique<TimerWheel::Node>([this, i] { fired.push_back(i); }));
    }
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(timer_wheel)

BOOST_AUTO_TEST_CASE(random_operations_agree_with_an_ordered_map) {
  constexpr int timers = 64;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    Random random(seed);
    Recorder real(timers);
    ModelTimers model;
    TimePoint now = start;
    for (int step = 0; step < 2000; ++step) {
      const int timer = static_cast<int>(random.below(timers));
      auto& node = *real.nodes[static_cast<std::size_t>(timer)];
      const auto action = random.below(10);
      if (action < 6) {
        const TimePoint deadline = now + random_distance(random) - (action == 0 ? 5ms : 0ms);
        real.wheel.arm(node, deadline);
        model.arm(timer, deadline);
      } else if (action < 7) {
        real.wheel.cancel(node);
        model.cancel(timer);
      } else {
        now += random_distance(random) / (action == 9 ? 1 : 1000);
        real.fired.clear();
        real.wheel.advance(now);
        BOOST_REQUIRE(real.fired == model.advance(now));
      }
      const auto next = real.wheel.next_deadline();
      const auto earliest = model.earliest();
      BOOST_REQUIRE(next.has_value() == earliest.has_value());
      if (next) BOOST_REQUIRE(*next <= *earliest);
    }
  }
}

BOOST_AUTO_TEST_CASE(following_next_deadline_fires_each_timer_at_its_tick_in_few_steps) {
  Random random(7);
  for (int round = 0; round < 300; ++round) {
    Recorder real(1);
    const TimePoint armed_at = start + random_distance(random);
    real.wheel.advance(armed_at);
    const TimePoint deadline = armed_at + random_distance(random);
    real.wheel.arm(*real.nodes[0], deadline);
    TimePoint now = armed_at;
    int steps = 0;
    while (real.fired.empty()) {
      BOOST_REQUIRE(++steps < 40);
      now = std::max(now, real.wheel.next_deadline().value());
      real.wheel.advance(now);
    }
    BOOST_CHECK(now >= deadline);
    BOOST_CHECK(now < std::max(deadline, armed_at) + 1ms);
    BOOST_CHECK(!real.wheel.next_deadline());
  }
}

BOOST_AUTO_TEST_CASE(timer_never_fires_early_not_even_by_a_nanosecond) {
  Recorder real(1);
  real.wheel.arm(*real.nodes[0], start + 10ms + 1ns);
  real.wheel.advance(start + 10ms + 1ns);
  BOOST_TEST(real.fired.empty());
  real.wheel.advance(start + 11ms);
  BOOST_TEST(real.fired.size() == 1u);
}

BOOST_AUTO_TEST_CASE(timer_armed_for_the_past_from_a_callback_runs_in_the_next_call) {
  TimerWheel wheel(start);
  int runs = 0;
  TimerWheel::Node* self = nullptr;
  TimerWheel::Node node([&] {
    if (++runs < 3) wheel.arm(*self, start + 1ms);
  });
  self = &node;
  wheel.arm(node, start + 5ms);
  wheel.advance(start + 10ms);
  BOOST_TEST(runs == 1);
  BOOST_CHECK(wheel.next_deadline().value() <= start + 10ms);
  wheel.advance(start + 10ms);
  BOOST_TEST(runs == 2);
  wheel.advance(start + 10ms);
  BOOST_TEST(runs == 3);
  BOOST_CHECK(!wheel.next_deadline());
}

BOOST_AUTO_TEST_CASE(callback_may_destroy_a_timer_due_at_the_same_tick_and_itself) {
  TimerWheel wheel(start);
  std::vector<int> order;
  std::unique_ptr<TimerWheel::Node> second;
  auto first = std::make_unique<TimerWheel::Node>([&] {
    order.push_back(1);
    second.reset();
  });
  second = std::make_unique<TimerWheel::Node>([&] { order.push_back(2); });
  std::unique_ptr<TimerWheel::Node> third;
  third = std::make_unique<TimerWheel::Node>([&] {
    order.push_back(3);
    third.reset();
  });
  for (auto* node : {first.get(), second.get(), third.get()}) wheel.arm(*node, start + 3ms);
  wheel.advance(start + 3ms);
  BOOST_CHECK((order == std::vector<int>{1, 3}));
  BOOST_CHECK(third == nullptr);
}

BOOST_AUTO_TEST_CASE(destroying_the_wheel_cancels_what_is_armed) {
  auto wheel = std::make_unique<TimerWheel>(start);
  TimerWheel::Node near([] {}), far([] {});
  wheel->arm(near, start + 3ms);
  wheel->arm(far, start + std::chrono::hours(24 * 365));
  BOOST_TEST(far.armed());
  wheel.reset();
  BOOST_TEST(!near.armed());
  BOOST_TEST(!far.armed());
}

BOOST_AUTO_TEST_SUITE_END()
