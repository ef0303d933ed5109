#include "routing/edge_health.h"

#include <boost/test/unit_test.hpp>

using skerry::routing::EdgeHealth;

BOOST_AUTO_TEST_SUITE(edge_health)

BOOST_AUTO_TEST_CASE(the_first_result_decides_at_once) {
  EdgeHealth up({2, 3}), down({2, 3});
  BOOST_TEST(up.up());
  BOOST_TEST(!up.known());
  BOOST_TEST(up.results_to_change() == 1);
  BOOST_TEST(!up.observe(true));
  BOOST_TEST(up.known());
  BOOST_TEST(up.results_to_change() == 0);
  BOOST_TEST(down.observe(false, "connect_refused"));
  BOOST_TEST(!down.up());
  BOOST_TEST(down.last_failure() == "connect_refused");
}

BOOST_AUTO_TEST_CASE(thresholds_count_results_in_a_row) {
  EdgeHealth health({2, 3});
  health.observe(true);
  const std::pair<bool, bool> steps[] = {{false, true},  {false, true}, {true, true},   {false, true}, {false, true},
                                         {false, false}, {true, false}, {false, false}, {true, false}, {true, true}};
  for (const auto& [result, up] : steps) {
    const bool before = health.up();
    const bool changed = health.observe(result, "x");
    BOOST_TEST(health.up() == up);
    BOOST_TEST(changed == (before != up));
  }
}

BOOST_AUTO_TEST_CASE(what_was_known_is_carried_over) {
  EdgeHealth old({1, 1}), fresh({2, 3});
  old.observe(false, "timeout");
  fresh.carry_over(old);
  BOOST_TEST(!fresh.up());
  BOOST_TEST(fresh.known());
  BOOST_TEST(!fresh.observe(true));
  BOOST_TEST(fresh.observe(true));
}

// Otherwise reloads that come often enough keep an edge from ever going or coming.
BOOST_AUTO_TEST_CASE(results_in_a_row_are_carried_over) {
  EdgeHealth health({2, 3});
  health.observe(true);
  const auto reload = [&](skerry::routing::HealthThresholds thresholds) {
    EdgeHealth fresh(thresholds);
    fresh.carry_over(health);
    health = fresh;
  };
  for (int i = 0; i < 2; ++i) {
    BOOST_TEST(!health.observe(false, "timeout"));
    reload({2, 3});
  }
  BOOST_TEST(health.results_to_change() == 1);
  BOOST_TEST(health.observe(false, "timeout"));
  health.observe(true);
  reload({2, 3});
  BOOST_TEST(health.observe(true), "back after two");
  for (int i = 0; i < 2; ++i) health.observe(false, "timeout");
  reload({2, 2});
  BOOST_TEST(health.results_to_change() == 1, "fewer are needed now");
  BOOST_TEST(health.observe(false, "timeout"));
}

// Times that an edge has left before → successes that bring it back.
BOOST_AUTO_TEST_CASE(an_edge_that_flaps_has_to_prove_itself_longer_each_time_and_is_forgiven) {
  EdgeHealth health({2, 1, 3, 10});
  health.observe(true);
  for (const int needed : {2, 4, 8, 8}) {
    BOOST_TEST(health.observe(false, "reset"));
    for (int i = 1; i < needed; ++i) {
      BOOST_TEST(!health.observe(true));
      BOOST_TEST(health.results_to_change() == needed - i);
    }
    BOOST_TEST(health.observe(true), "after " << needed);
    BOOST_TEST(health.results_to_change() == 0);
  }
  BOOST_TEST(health.flaps() == 3);
  for (int i = 0; i < 30; ++i) health.observe(true);
  BOOST_TEST(health.flaps() == 0);
  health.observe(false, "reset");
  health.observe(true);
  BOOST_TEST(health.observe(true), "as new");
}

BOOST_AUTO_TEST_SUITE_END()
