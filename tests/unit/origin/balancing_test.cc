#include "origin/balancing.h"

#include <boost/test/unit_test.hpp>
#include <map>

namespace {

using namespace skerry;
using namespace std::chrono_literals;
using origin::Health;
using origin::Permit;

constexpr core::TimePoint start{};

BOOST_AUTO_TEST_SUITE(balancing)

BOOST_AUTO_TEST_CASE(upstream_is_ejected_after_so_many_consecutive_failures) {
  Health health({3, 1s, 30s});
  health.failed(health.admit(start), start);
  health.failed(health.admit(start), start);
  health.succeeded(health.admit(start));
  health.failed(health.admit(start), start);
  health.failed(health.admit(start), start);
  BOOST_TEST(health.available(start));
  health.failed(health.admit(start), start);
  BOOST_TEST(health.ejected());
  BOOST_TEST(!health.available(start));
  BOOST_TEST((health.admit(start + 999ms) == Permit::refused));
}

BOOST_AUTO_TEST_CASE(one_probe_at_a_time_is_let_through_after_the_back_off) {
  Health health({1, 1s, 30s});
  health.failed(health.admit(start), start);
  BOOST_TEST(health.available(start + 1s));
  const Permit probe = health.admit(start + 1s);
  BOOST_TEST((probe == Permit::probe));
  BOOST_TEST(!health.available(start + 1s));
  BOOST_TEST((health.admit(start + 1s) == Permit::refused));
  health.succeeded(probe);
  BOOST_TEST((health.admit(start + 1s) == Permit::normal));
}

BOOST_AUTO_TEST_CASE(back_off_doubles_up_to_its_bound_and_starts_over_after_a_success) {
  Health health({1, 1s, 5s});
  core::TimePoint now = start;
  health.failed(health.admit(now), now);
  for (const core::Duration back_off : {1s, 2s, 4s, 5s, 5s}) {
    BOOST_TEST(!health.available(now + back_off - 1ns));
    now += back_off;
    const Permit probe = health.admit(now);
    BOOST_TEST((probe == Permit::probe));
    health.failed(probe, now);
  }
  health.succeeded(health.admit(now + 5s));
  health.failed(health.admit(now + 5s), now + 5s);
  BOOST_TEST(health.available(now + 6s));
}

BOOST_AUTO_TEST_CASE(ejection_and_readmission_are_told_once_to_whoever_caused_them) {
  Health health({2, 1s, 30s});
  BOOST_TEST(!health.failed(health.admit(start), start));
  const Permit beside = health.admit(start);
  BOOST_TEST(health.failed(health.admit(start), start));
  BOOST_TEST(!health.failed(beside, start));
  BOOST_TEST(!health.failed(health.admit(start + 1s), start + 1s));
  BOOST_TEST(health.ejections() == 2u);
  BOOST_TEST((health.back_off() == 2s));
  BOOST_TEST(health.succeeded(health.admit(start + 3s)));
  BOOST_TEST(!health.succeeded(health.admit(start + 3s)));
}

BOOST_AUTO_TEST_CASE(cancelled_probe_gives_the_slot_back_without_a_verdict) {
  Health health({1, 1s, 30s});
  health.failed(health.admit(start), start);
  health.abandoned(health.admit(start + 1s));
  BOOST_TEST(health.ejected());
  BOOST_TEST((health.admit(start + 1s) == Permit::probe));
}

BOOST_AUTO_TEST_CASE(late_probe_readmits_by_its_answer_and_does_nothing_by_its_failure) {
  Health health({1, 1s, 30s});
  health.failed(health.admit(start), start);
  health.abandoned(health.admit(start + 1s));
  BOOST_TEST((health.admit(start + 1s) == Permit::probe));  // another one's
  BOOST_TEST(!health.failed(Permit::late_probe, start + 2s));
  health.abandoned(Permit::late_probe);
  BOOST_TEST((health.admit(start + 2s) == Permit::refused));
  BOOST_TEST(health.ejections() == 1u);
  BOOST_TEST(health.succeeded(Permit::late_probe));
  BOOST_TEST((health.admit(start + 2s) == Permit::normal));
  BOOST_TEST(!health.succeeded(Permit::probe));  // it was readmitted already
  BOOST_TEST(!health.ejected());
}

BOOST_AUTO_TEST_CASE(probe_that_fails_after_a_late_one_succeeded_is_one_failure_like_any_other) {
  Health health({3, 1s, 30s});
  for (int i = 0; i < 3; ++i) health.failed(health.admit(start), start);
  health.abandoned(health.admit(start + 1s));  // the late one's
  const Permit probe = health.admit(start + 1s);
  BOOST_TEST((probe == Permit::probe));
  BOOST_TEST(health.succeeded(Permit::late_probe));
  BOOST_TEST(!health.failed(probe, start + 2s));
  BOOST_TEST(!health.ejected());
  BOOST_TEST(!health.failed(health.admit(start + 2s), start + 2s));
  BOOST_TEST(health.failed(health.admit(start + 2s), start + 2s));
  BOOST_TEST((health.admit(start + 2500ms) == Permit::refused));
  BOOST_TEST((health.admit(start + 3s) == Permit::probe));  // and the slot was let go
}

BOOST_AUTO_TEST_CASE(requests_begun_before_the_ejection_change_nothing) {
  Health health({1, 1s, 30s});
  const Permit early = health.admit(start), earlier = health.admit(start), first = health.admit(start);
  health.failed(first, start);
  health.succeeded(early);
  health.failed(earlier, start + 900ms);
  BOOST_TEST(health.ejected());
  BOOST_TEST(health.available(start + 1s));
}

BOOST_AUTO_TEST_CASE(two_draws_are_different_members_and_reach_all_of_them) {
  core::Random random(7);
  std::map<std::size_t, int> drawn;
  const origin::UpstreamSet set = 1u << 2 | 1u << 5 | std::uint64_t{1} << 63;
  for (int i = 0; i < 3000; ++i) {
    const auto [a, b] = origin::draw_two(set, random);
    BOOST_REQUIRE(a != b);
    ++drawn[a];
  }
  BOOST_TEST(drawn.size() == 3u);
  for (const auto& [member, times] : drawn) BOOST_TEST(times > 800);
  const auto [a, b] = origin::draw_two(1u << 4, random);
  BOOST_TEST(a == 4u);
  BOOST_TEST(b == 4u);
}

BOOST_AUTO_TEST_CASE(less_loaded_of_the_two_is_chosen) {
  core::Random random(7);
  const auto load = [](std::size_t i) { return i == 3 ? 0 : 5; };
  for (int i = 0; i < 20; ++i) BOOST_TEST(origin::less_loaded_of_two(1u << 3 | 1u << 9, random, load) == 3u);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
