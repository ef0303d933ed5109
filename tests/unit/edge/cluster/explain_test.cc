// `skerry explain` over a whole edge: what it says of earlier copies and of variants that the request does not select.
#include "edge/admin/explain.h"

#include <boost/test/unit_test.hpp>

#include "simulated_pop.h"

using namespace skerry;
using namespace skerry::edge;
using namespace skerry::edge::test;
using namespace std::chrono_literals;

namespace {

struct Explained {
  SimulatedPop pop;

  explicit Explained(EdgeChange change = nullptr) : pop(41, 1, 1, change) {}
  SimulatedEdge& edge() { return *pop.edges[0]; }
  std::string explain(const std::string& path, const http::HeaderMap& fields = {}) {
    const auto url = http::Url::parse("http://www.example.com" + path);
    BOOST_REQUIRE(url.ok());
    std::string text;
    edge::explain({*url, fields}, edge().snapshot, edge().shared, edge().host.worker(),
                  [&text](std::string told) { text = std::move(told); });
    return text;
  }
  // The part of it that tells the past.
  std::string past(const std::string& path) {
    const std::string all = explain(path);
    const std::size_t start = all.find("\"past\"");
    BOOST_REQUIRE(start != std::string::npos);
    return all.substr(start);
  }
  void purge(const Purge& purge) {
    edge().store->purge(edge().host.worker(), purge, [](core::Result<Epoch>) {});
    pop.simulation.run_for(1s);
  }
  std::string key(const std::string& path) {
    const std::string all = explain(path);
    const std::size_t start = all.find("\"key\": \"") + 8;
    return all.substr(start, all.find('"', start) - start);
  }
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(explain)

BOOST_AUTO_TEST_CASE(url_that_was_never_here_has_no_past) {
  Explained world;
  BOOST_TEST(has(world.explain("/never"), "\"past\": []"), world.explain("/never"));
}

BOOST_AUTO_TEST_CASE(purged_copy_is_told_with_kind_and_time_of_the_purge) {
  for (const bool soft : {false, true}) {
    Explained world;
    world.pop.get(0, "/page");
    world.purge({PurgeKind::url, world.key("/page"), soft});
    world.pop.get(0, "/page");
    world.pop.simulation.run_for(10s);
    const std::string past = world.past("/page");
    BOOST_TEST(has(past, "\"fate\": \"purged\""), past);
    BOOST_TEST(has(past, "\"kind\": \"url\""), past);
    BOOST_TEST(has(past, soft ? "\"soft\": true" : "\"soft\": false"), past);
    BOOST_TEST(has(past, "\"seconds_ago\": 1"), past);
  }
}

BOOST_AUTO_TEST_CASE(expired_copy_that_a_newer_answer_replaced_is_told) {
  Explained world;
  world.pop.get(0, "/page");
  world.pop.simulation.run_for(120s);
  world.pop.origin.version = "-2";
  world.pop.get(0, "/page");
  const std::string past = world.past("/page");
  BOOST_TEST(has(past, "\"fate\": \"expired\""), past);
}

BOOST_AUTO_TEST_CASE(copy_that_an_answer_displaced_which_may_not_be_stored_is_told) {
  Explained world;
  world.pop.get(0, "/page");
  world.pop.simulation.run_for(120s);
  world.pop.origin.version = "-2";
  world.pop.origin.fields = {{"Cache-Control", "no-store"}};
  world.pop.get(0, "/page");
  world.pop.get(0, "/page");
  const std::string past = world.past("/page");
  BOOST_TEST(has(past, "\"fate\": \"displaced\""), past);
}

BOOST_AUTO_TEST_CASE(copy_that_an_unsafe_request_invalidated_is_told) {
  Explained world;
  world.pop.get(0, "/page");
  world.pop.get(0, "/page", {}, "POST");
  world.pop.simulation.run_for(1s);
  world.pop.get(0, "/page");
  const std::string past = world.past("/page");
  BOOST_TEST(has(past, "\"fate\": \"invalidated\""), past);
}

BOOST_AUTO_TEST_CASE(variant_that_another_one_displaced_is_told) {
  Explained world([](EdgeConfig& config) { config.sites.front().handling.policy.max_variants = 1; });
  world.pop.origin.fields = {{"Cache-Control", "max-age=60"}, {"Vary", "X-Shop"}};
  world.pop.get(0, "/page", {{"X-Shop", "7"}});
  world.pop.get(0, "/page", {{"X-Shop", "8"}});
  const std::string past = world.past("/page");
  BOOST_TEST(has(past, "\"fate\": \"displaced-by-variant\""), past);
}

BOOST_AUTO_TEST_CASE(held_variants_that_the_request_does_not_select_name_the_fields_and_not_their_values) {
  Explained world;
  world.pop.origin.fields = {{"Cache-Control", "max-age=60"}, {"Vary", "Accept-Language, X-Shop"}};
  world.pop.get(0, "/page", {{"Accept-Language", "de"}, {"X-Shop", "secret-7"}});
  http::HeaderMap other;
  other.add("Accept-Language", "de");
  other.add("X-Shop", "8");
  const std::string told = world.explain("/page", other);
  BOOST_TEST(has(told, "\"reason\": \"vary-mismatch\""), told);
  BOOST_TEST(has(told, "\"x-shop\""), told);
  BOOST_TEST(!has(told, "\"accept-language\""), told);
  BOOST_TEST(!has(told, "secret-7"), told);
  http::HeaderMap same;
  same.add("Accept-Language", "de");
  same.add("X-Shop", "secret-7");
  const std::string hit = world.explain("/page", same);
  BOOST_TEST(has(hit, "\"verdict\": \"hit\""), hit);
  BOOST_TEST(has(hit, "\"other_variants\": []"), hit);
}

BOOST_AUTO_TEST_SUITE_END()
