#include "routing/policy.h"

#include <boost/test/unit_test.hpp>
#include <deque>

#include "core/random.h"
#include "routing/load_report.h"

namespace {

using namespace skerry::routing;

Pop pop_of(std::vector<double> weights, Capacity capacity) {
  Pop pop{"lon", {}, 0};
  int i = 0;
  for (const double weight : weights) pop.edges.push_back({"lon-" + std::to_string(++i), {}, weight});
  pop.capacity = capacity;
  return pop;
}

EdgeLoad in_flight(double requests) {
  EdgeLoad load;
  load.in_flight = requests;
  return load;
}

constexpr auto up = Availability::up, failing = Availability::failing, draining = Availability::draining,
               down = Availability::down;

}  // namespace

BOOST_AUTO_TEST_SUITE(policy)

BOOST_AUTO_TEST_CASE(an_operators_word_counts_before_probes_and_an_edges_own_before_its_pops) {
  const struct {
    Forced pop, edge;
    bool healthy;
    Availability expected;
  } rows[] = {
      {Forced::automatic, Forced::automatic, true, up},
      {Forced::automatic, Forced::automatic, false, failing},
      {Forced::automatic, Forced::up, false, up},
      {Forced::automatic, Forced::down, true, down},
      {Forced::automatic, Forced::drain, true, draining},
      {Forced::drain, Forced::automatic, true, draining},
      {Forced::drain, Forced::up, false, up},
      {Forced::automatic, Forced::drain, false, down},
      {Forced::drain, Forced::automatic, false, down},
      {Forced::down, Forced::automatic, true, down},
      {Forced::down, Forced::drain, true, draining},
      {Forced::up, Forced::automatic, false, up},
      {Forced::up, Forced::down, true, down},
  };
  for (const auto& row : rows) BOOST_TEST((availability(row.pop, row.edge, row.healthy) == row.expected));
}

BOOST_AUTO_TEST_CASE(utilisation_is_of_the_edges_that_are_up_by_weight) {
  const Capacity capacity{100, 0, 0};
  const struct {
    const char* what;
    std::vector<double> weights;
    std::vector<Availability> states;
    std::vector<std::optional<EdgeLoad>> loads;
    std::optional<double> expected;
  } rows[] = {
      {"half full", {1, 1}, {up, up}, {in_flight(25), in_flight(25)}, 0.5},
      {"one edge has it all", {1, 1}, {up, up}, {in_flight(50), in_flight(0)}, 0.5},
      {"by weight", {3, 1}, {up, up}, {in_flight(75), in_flight(25)}, 1.0},
      {"half of the edges gone", {1, 1}, {up, failing}, {in_flight(50), in_flight(0)}, 1.0},
      {"what drains does not count", {1, 1}, {up, draining}, {in_flight(25), in_flight(50)}, 0.5},
      {"one does not tell", {1, 1}, {up, up}, {in_flight(25), std::nullopt}, 0.5},
      {"nobody tells", {1, 1}, {up, up}, {std::nullopt, std::nullopt}, std::nullopt},
      {"nobody is up", {1}, {down}, {in_flight(1)}, std::nullopt},
      {"a liar counts for its share", {1, 9}, {up, up}, {in_flight(1e8), in_flight(45)}, 0.55},
      {"two lightly used and a liar", {1, 1, 2}, {up, up, up}, {in_flight(5), in_flight(5), in_flight(1e8)}, 0.6},
      {"a liar among the busy: twice the median", {1, 1}, {up, up}, {in_flight(1e8), in_flight(40)}, 1.2},
      {"the median is by weight",
       {1, 1, 6, 2},
       {up, up, up, up},
       {in_flight(0), in_flight(0), in_flight(48), in_flight(1e8)},
       0.8 * 0.6 + 1.6 * 0.2},
      {"alone it is believed twice its share", {1}, {up}, {in_flight(1e8)}, 2.0},
      {"all are too full", {1, 1}, {up, up}, {in_flight(1e8), in_flight(1e8)}, 2.0},
      {"no edge has weight", {0, 0}, {up, up}, {in_flight(1), in_flight(1)}, std::nullopt},
  };
  for (const auto& row : rows) {
    const auto full = utilisation(pop_of(row.weights, capacity), row.states, row.loads);
    BOOST_TEST(full.has_value() == row.expected.has_value(), row.what);
    if (full && row.expected) BOOST_TEST(std::abs(*full - *row.expected) < 1e-9, row.what << ": " << *full);
  }
}

BOOST_AUTO_TEST_CASE(the_fullest_of_what_is_limited_counts) {
  EdgeLoad load;
  load.in_flight = 10;
  load.bytes_per_second = 90;
  load.cpu = 0.4;
  const std::vector<Availability> states = {up};
  const std::vector<std::optional<EdgeLoad>> loads = {load};
  BOOST_TEST(*utilisation(pop_of({1}, {100, 100, 0.8}), states, loads) == 0.9);
  BOOST_TEST(*utilisation(pop_of({1}, {100, 0, 0.8}), states, loads) == 0.5);
  BOOST_TEST(*utilisation(pop_of({1}, {100, 0, 0}), states, loads) == 0.1);
  BOOST_TEST(!utilisation(pop_of({1}, {}), states, loads).has_value(), "no limit, nothing to be full of");
}

BOOST_AUTO_TEST_CASE(spill_moves_in_bounded_steps_and_stands_still_in_between) {
  const SpillSettings settings;  // 1.0, 0.8, 0.05, 0.9
  const auto share = [](Spill spill) { return static_cast<double>(spill) / whole_spill; };
  const Spill half = whole_spill / 2;
  BOOST_TEST(next_spill(0, 0.9, settings) == 0u);
  BOOST_TEST(next_spill(half, 0.9, settings) == half, "between stop and start");
  BOOST_TEST(next_spill(half, std::nullopt, settings) == half - whole_spill / 256, "unknown: back by the least step");
  BOOST_TEST(next_spill(100, std::nullopt, settings) == 0u);
  BOOST_TEST(std::abs(share(next_spill(0, 2.0, settings)) - 0.05) < 1e-3, "far over: a whole step");
  BOOST_TEST(std::abs(share(next_spill(0, 1.02, settings)) - (1 - 1 / 1.02)) < 1e-3, "a little over: a little");
  BOOST_TEST(std::abs(share(next_spill(half, 0.1, settings)) - 0.4875) < 1e-3,
             "back at half the pace, and with half of them there");
  BOOST_TEST(next_spill(1, 0.0, settings) == 0u);
  BOOST_TEST(share(next_spill(whole_spill * 9 / 10, 2.0, settings)) <= 0.9001, "it keeps some");
}

// A PoP whose clients follow the answers only when theirs have run out: after three steps.
BOOST_AUTO_TEST_CASE(spill_settles_under_constant_load_and_goes_away_with_it) {
  const SpillSettings settings;
  for (const double offered : {1.1, 1.5, 1.9, 3.0, 6.0}) {
    std::deque<Spill> past(4, 0);
    std::vector<Spill> seen;
    const auto step = [&](double load) {
      const double here = load * (1 - static_cast<double>(past.front()) / whole_spill);
      past.push_back(next_spill(past.back(), std::min(here, 2.0), settings));
      past.pop_front();
      seen.push_back(past.back());
    };
    for (int i = 0; i < 120; ++i) step(offered);
    const auto tail = std::minmax_element(seen.end() - 20, seen.end());
    BOOST_TEST(*tail.first == *tail.second, offered << ": it swings");
    const double left = offered * (1 - static_cast<double>(seen.back()) / whole_spill);
    BOOST_TEST((left <= 1.0001 && left > 0.7), offered << ": settled at " << left);
    for (int i = 0; i < 120; ++i) step(0.3);
    BOOST_TEST(seen.back() == 0u, offered);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(load_reports)

BOOST_AUTO_TEST_CASE(what_an_edge_tells_is_taken_and_what_it_does_not_stays_unknown) {
  const auto all = parse_load_report(R"({"ready":true,"why":"","in_flight":12,"bytes_per_second":1.5e6,"cpu":0.25})");
  BOOST_REQUIRE(all.ok());
  BOOST_TEST(*all->in_flight == 12);
  BOOST_TEST(*all->bytes_per_second == 1.5e6);
  BOOST_TEST(*all->cpu == 0.25);
  const auto none = parse_load_report("{}");
  BOOST_REQUIRE(none.ok());
  BOOST_TEST(!none->in_flight);
  BOOST_TEST(!none->cpu);
}

BOOST_AUTO_TEST_CASE(what_can_not_be_true_is_refused) {
  const char* table[] = {"",
                         "12",
                         "[]",
                         "{",
                         R"({"in_flight":-1})",
                         R"({"in_flight":"12"})",
                         R"({"in_flight":1e300})",
                         R"({"in_flight":null})",
                         R"({"bytes_per_second":1e14})",
                         R"({"cpu":1.5})",
                         R"({"cpu":[0.5]})"};
  for (const char* text : table) BOOST_TEST(!parse_load_report(text).ok(), text);
  BOOST_TEST(!parse_load_report(std::string(100'000, '[')).ok(), "deep and long");
  BOOST_TEST(!parse_load_report(std::string(60'000, '[')).ok(), "deep");
}

BOOST_AUTO_TEST_SUITE_END()
