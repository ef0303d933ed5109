#include "core/metrics/metrics.h"

#include <boost/test/unit_test.hpp>
#include <cstdio>
#include <thread>

using namespace skerry;
using namespace std::chrono_literals;

namespace {

constexpr std::array<core::Duration, 3> bounds = {1ms, 10ms, 1s};

void fill(metrics::Registry& registry) {
  registry.counter("skerry_requests_total", "Requests by what the cache did.", {{"outcome", "hit"}}).add(0, 3);
  registry.counter("skerry_requests_total", "Requests by what the cache did.", {{"outcome", "uri-miss"}}).add(1);
  registry.gauge("skerry_connections", "Open client connections.").add(0, 2);
  auto& duration = registry.duration_histogram("skerry_request_duration_seconds", "First byte to last.", bounds);
  duration.observe(0, core::Duration(1ms));
  duration.observe(1, core::Duration(5ms));
  duration.observe(metrics::other_thread, core::Duration(2s));
  registry.gauge_from("skerry_memory_bytes", "Used.", {}, [] { return 1.5; });
  registry.counter_from("skerry_evictions_total", "Objects displaced.", {{"tier", "memory"}}, [] { return 7.0; });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics_registry)

BOOST_AUTO_TEST_CASE(the_text_is_prometheus_format_sorted_by_name) {
  metrics::Registry registry(2);
  fill(registry);
  BOOST_TEST(registry.text() ==
             "# HELP skerry_connections Open client connections.\n"
             "# TYPE skerry_connections gauge\n"
             "skerry_connections 2\n"
             "# HELP skerry_evictions_total Objects displaced.\n"
             "# TYPE skerry_evictions_total counter\n"
             "skerry_evictions_total{tier=\"memory\"} 7\n"
             "# HELP skerry_memory_bytes Used.\n"
             "# TYPE skerry_memory_bytes gauge\n"
             "skerry_memory_bytes 1.5\n"
             "# HELP skerry_request_duration_seconds First byte to last.\n"
             "# TYPE skerry_request_duration_seconds histogram\n"
             "skerry_request_duration_seconds_bucket{le=\"0.001\"} 1\n"
             "skerry_request_duration_seconds_bucket{le=\"0.01\"} 2\n"
             "skerry_request_duration_seconds_bucket{le=\"1\"} 2\n"
             "skerry_request_duration_seconds_bucket{le=\"+Inf\"} 3\n"
             "skerry_request_duration_seconds_sum 2.006\n"
             "skerry_request_duration_seconds_count 3\n"
             "# HELP skerry_requests_total Requests by what the cache did.\n"
             "# TYPE skerry_requests_total counter\n"
             "skerry_requests_total{outcome=\"hit\"} 3\n"
             "skerry_requests_total{outcome=\"uri-miss\"} 1\n");
}

BOOST_AUTO_TEST_CASE(promtool_finds_nothing_to_complain_of) {
  metrics::Registry registry(2);
  fill(registry);
  std::FILE* const promtool = ::popen("promtool check metrics", "w");
  BOOST_TEST_REQUIRE(promtool != nullptr);
  std::fputs(registry.text().c_str(), promtool);
  BOOST_TEST(::pclose(promtool) == 0);
}

BOOST_AUTO_TEST_CASE(label_values_and_help_are_escaped) {
  metrics::Registry registry(1);
  registry.counter("x_total", "a\\b\nc \"d\"", {{"host", "a\"b\\c\nd"}}).add(0);
  BOOST_TEST(registry.text() ==
             "# HELP x_total a\\\\b\\nc \"d\"\n# TYPE x_total counter\nx_total{host=\"a\\\"b\\\\c\\nd\"} 1\n");
}

BOOST_AUTO_TEST_CASE(the_same_name_and_labels_are_the_same_series) {
  metrics::Registry registry(1);
  auto& first = registry.counter("a_total", "A.", {{"k", "v"}});
  auto& second = registry.counter("a_total", "A.", {{"k", "v"}});
  BOOST_TEST(&first == &second);
  BOOST_TEST(&first != &registry.counter("a_total", "A.", {{"k", "w"}}));
}

BOOST_AUTO_TEST_CASE(a_gauge_raised_on_one_worker_and_lowered_on_another_is_their_sum) {
  metrics::Registry registry(2);
  auto& gauge = registry.gauge("g", "G.");
  gauge.add(0, 5);
  gauge.add(1, -7);
  BOOST_TEST(gauge.value() == -2);
  BOOST_TEST(registry.text().ends_with("g -2\n"));
}

BOOST_AUTO_TEST_CASE(nothing_is_lost_when_all_workers_count_at_once_and_somebody_scrapes) {
  constexpr int workers = 4;
  constexpr std::uint64_t each = 100'000;
  metrics::Registry registry(workers);
  std::vector<metrics::Counter*> counters;
  // More series than one slab holds.
  for (int i = 0; i < 600; ++i) counters.push_back(&registry.counter("c_total", "C.", {{"n", std::to_string(i)}}));
  std::vector<std::thread> threads;
  for (int worker = 0; worker < workers; ++worker) {
    threads.emplace_back([&, worker] {
      for (std::uint64_t i = 0; i < each; ++i) counters[i % counters.size()]->add(worker);
    });
  }
  BOOST_TEST(registry.text().find("c_total{n=\"599\"}") != std::string::npos);
  for (std::thread& thread : threads) thread.join();
  std::uint64_t total = 0;
  for (const metrics::Counter* counter : counters) total += counter->value();
  BOOST_TEST(total == workers * each);
}

BOOST_AUTO_TEST_CASE(a_thread_that_is_no_worker_counts_too) {
  metrics::Registry registry(3);
  auto& counter = registry.counter("a_total", "A.");
  for (const int worker : {0, 1, 2, 99, metrics::other_thread}) counter.add(worker);
  BOOST_TEST(counter.value() == 5u);
}

BOOST_AUTO_TEST_SUITE_END()
