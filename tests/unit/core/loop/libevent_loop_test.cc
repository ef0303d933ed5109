#include "core/loop/libevent_loop.h"

#include <signal.h>

#include <boost/test/unit_test.hpp>
#include <thread>

#include "core/loop/deferred_call.h"
#include "core/loop/signals.h"
#include "core/loop/worker_threads.h"

using namespace skerry::core;
using namespace std::chrono_literals;

namespace {

std::unique_ptr<LibeventLoop> make_loop() {
  auto loop = LibeventLoop::create();
  BOOST_REQUIRE(loop.ok());
  return std::move(*loop);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(libevent_loop)

BOOST_AUTO_TEST_CASE(tasks_posted_from_many_threads_each_run_once_in_their_threads_order) {
  auto loop = make_loop();
  constexpr int threads = 4, each = 5000;
  std::vector<std::vector<int>> seen(threads);
  int left = threads * each;
  std::vector<std::thread> posters;
  for (int t = 0; t < threads; ++t) {
    posters.emplace_back([&, t] {
      for (int i = 0; i < each; ++i) {
        loop->post([&, t, i] {
          seen[static_cast<std::size_t>(t)].push_back(i);
          if (--left == 0) loop->stop();
        });
      }
    });
  }
  loop->run();
  for (auto& poster : posters) poster.join();
  for (const auto& list : seen) {
    BOOST_REQUIRE(list.size() == each);
    BOOST_CHECK(std::is_sorted(list.begin(), list.end()));
  }
  // Posts to a loop that is awake or woken already cost no system call.
  BOOST_TEST(loop->wake_ups() < static_cast<std::uint64_t>(threads * each) / 2);
}

BOOST_AUTO_TEST_CASE(posts_from_the_loops_own_thread_need_no_wake_up) {
  auto loop = make_loop();
  int runs = 0;
  UniqueFunction<void()> again = [&] {
    if (++runs == 1000) return loop->stop();
    loop->post([&] { again(); });
  };
  loop->post([&] { again(); });
  loop->run();
  BOOST_TEST(runs == 1000);
  BOOST_TEST(loop->wake_ups() == 0u);
}

BOOST_AUTO_TEST_CASE(deferred_tasks_run_after_the_posted_ones_in_order) {
  auto loop = make_loop();
  std::vector<int> order;
  loop->post([&] {
    loop->defer([&] { order.push_back(3); });
    loop->defer([&] {
      order.push_back(4);
      loop->defer([&] {
        order.push_back(5);
        loop->stop();
      });
    });
    order.push_back(1);
  });
  loop->post([&] { order.push_back(2); });
  loop->run();
  BOOST_CHECK((order == std::vector<int>{1, 2, 3, 4, 5}));
}

BOOST_AUTO_TEST_CASE(deferred_call_runs_once_for_many_schedules_and_dies_with_its_owner) {
  auto loop = make_loop();
  int runs = 0, forbidden = 0;
  DeferredCall call(*loop, [&] { ++runs; });
  auto gone = std::make_unique<DeferredCall>(*loop, [&] { ++forbidden; });
  DeferredCall cancelled(*loop, [&] { ++forbidden; });
  loop->post([&] {
    call.schedule();
    call.schedule();
    gone->schedule();
    gone.reset();
    cancelled.schedule();
    cancelled.cancel();
    loop->defer([&] { loop->stop(); });
  });
  loop->run();
  BOOST_TEST(runs == 1);
  BOOST_TEST(forbidden == 0);
}

BOOST_AUTO_TEST_CASE(timers_fire_in_order_and_not_before_their_time) {
  auto loop = make_loop();
  std::vector<int> order;
  const TimePoint begin = system_clock().now();
  TimePoint end;
  Timer late(*loop, [&] {
    order.push_back(2);
    end = system_clock().now();
    loop->stop();
  });
  Timer early(*loop, [&] { order.push_back(1); });
  Timer cancelled(*loop, [&] { order.push_back(0); });
  late.arm(30ms);
  early.arm(10ms);
  cancelled.arm(20ms);
  cancelled.cancel();
  loop->run();
  BOOST_CHECK((order == std::vector<int>{1, 2}));
  BOOST_CHECK(end - begin >= 30ms);
}

BOOST_AUTO_TEST_CASE(time_stands_still_within_an_iteration) {
  auto loop = make_loop();
  TimePoint first, later;
  WallTime first_wall, later_wall;
  loop->post([&] {
    first = loop->now();
    first_wall = loop->wall();
    const TimePoint until = system_clock().now() + 2ms;
    while (system_clock().now() < until) continue;
    loop->defer([&] {
      later = loop->now();
      later_wall = loop->wall();
      loop->stop();
    });
  });
  loop->run();
  BOOST_CHECK(first == later);
  BOOST_CHECK(first_wall == later_wall);
}

BOOST_AUTO_TEST_CASE(a_callback_over_five_milliseconds_is_counted) {
  auto loop = make_loop();
  loop->post([] {});
  loop->post([&] {
    const TimePoint until = system_clock().now() + 6ms;
    while (system_clock().now() < until) continue;
    loop->stop();
  });
  loop->run();
  BOOST_TEST(loop->slow_callbacks() >= 1u);
}

BOOST_AUTO_TEST_CASE(signals_arrive_as_callbacks) {
  auto loop = make_loop();
  std::vector<int> seen;
  SignalWatch watch(*loop, {SIGUSR2, SIGHUP}, [&](int signal) {
    seen.push_back(signal);
    if (signal == SIGHUP) return loop->stop();
    raise(SIGHUP);
  });
  loop->post([] { raise(SIGUSR2); });
  loop->run();
  BOOST_CHECK((seen == std::vector<int>{SIGUSR2, SIGHUP}));
}

BOOST_AUTO_TEST_CASE(workers_have_threads_and_random_numbers_of_their_own_from_one_seed) {
  const auto first_numbers = [](std::uint64_t seed) {
    auto workers = WorkerThreads::create(3, seed);
    BOOST_REQUIRE(workers.ok());
    BOOST_REQUIRE((*workers)->size() == 3);
    std::vector<std::uint64_t> numbers(3);
    std::atomic<int> on_own_thread{0};
    (*workers)->start();
    (*workers)->post_all([&](Worker& worker) {
      numbers[static_cast<std::size_t>(worker.index)] = worker.random.next();
      if (worker.loop.in_loop_thread()) ++on_own_thread;
    });
    (*workers)->stop_and_join();
    BOOST_TEST(on_own_thread == 3);
    return numbers;
  };
  const auto numbers = first_numbers(42);
  BOOST_CHECK(numbers == first_numbers(42));
  BOOST_CHECK(numbers != first_numbers(43));
  BOOST_CHECK(numbers[0] != numbers[1] && numbers[1] != numbers[2]);
}

BOOST_AUTO_TEST_SUITE_END()
