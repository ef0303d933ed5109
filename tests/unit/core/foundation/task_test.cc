#include "core/task.h"

#include <array>
#include <boost/test/unit_test.hpp>

using namespace skerry::core;

namespace {

// Counts its lives; `Size` decides whether a task can hold it in place.
template <std::size_t Size>
struct Tracked {
  explicit Tracked(int& count) : alive(&count) { ++*alive; }
  Tracked(Tracked&& other) noexcept : alive(other.alive) { ++*alive; }
  ~Tracked() { --*alive; }
  int operator()(int x) { return x + 1; }
  int* alive;
  std::array<char, Size> filler{};
};

template <std::size_t Size>
void check_lives() {
  int alive = 0;
  {
    UniqueFunction<int(int)> first(Tracked<Size>{alive});
    BOOST_TEST(alive == 1);
    UniqueFunction<int(int)> second(std::move(first));
    BOOST_TEST(alive == 1);
    BOOST_TEST(!first);
    BOOST_TEST(second(41) == 42);
    first = std::move(second);
    BOOST_TEST(first(1) == 2);
    first = nullptr;
    BOOST_TEST(alive == 0);
    first = Tracked<Size>{alive};
    BOOST_TEST(alive == 1);
  }
  BOOST_TEST(alive == 0);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(task)

BOOST_AUTO_TEST_CASE(captures_are_destroyed_exactly_once_in_place_and_on_the_heap) {
  check_lives<8>();
  check_lives<200>();
}

BOOST_AUTO_TEST_CASE(move_only_captures_and_arguments_pass_through) {
  auto owned = std::make_unique<int>(5);
  UniqueFunction<std::unique_ptr<int>(std::unique_ptr<int>)> swap =
      [held = std::move(owned)](std::unique_ptr<int> given) mutable {
        std::swap(held, given);
        return given;
      };
  BOOST_TEST(*swap(std::make_unique<int>(6)) == 5);
  BOOST_TEST(*swap(nullptr) == 6);
}

BOOST_AUTO_TEST_CASE(reference_arguments_are_not_copied) {
  UniqueFunction<void(int&)> add = [](int& x) { ++x; };
  int value = 1;
  add(value);
  BOOST_TEST(value == 2);
}

BOOST_AUTO_TEST_CASE(an_empty_task_says_so) {
  Task empty, also_empty = nullptr, full = [] {};
  BOOST_TEST(!empty);
  BOOST_TEST(!also_empty);
  BOOST_TEST(static_cast<bool>(full));
}

BOOST_AUTO_TEST_SUITE_END()
