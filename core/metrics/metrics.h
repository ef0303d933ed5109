// Counters, gauges and histograms, and their Prometheus text.
//
// A Registry belongs to a program. Series are made at start-up (a lock, any thread) and live as long as it does; adding
// to one is a single relaxed add to a cache line that only the caller's worker writes. Scraping sums up, from any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"

namespace skerry::metrics {

// Threads that are no workers share one shard.
constexpr int other_thread = -1;

using Labels = std::vector<std::pair<std::string, std::string>>;

// Where a series' numbers lie: one slot a shard, `stride` slots apart, so that shards share no cache line.
struct Slots {
  std::atomic<std::uint64_t>* first = nullptr;
  std::size_t stride = 0;
  int workers = 0;

  std::atomic<std::uint64_t>& of(int worker) const {
    return first[static_cast<std::size_t>(worker >= 0 && worker < workers ? worker : workers) * stride];
  }
  std::uint64_t sum() const;
};

// Only rises. Its name ends in _total.
class Counter {
 public:
  explicit Counter(Slots slots) : slots_(slots) {}
  void add(int worker, std::uint64_t n = 1) { slots_.of(worker).fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return slots_.sum(); }

 private:
  Slots slots_;
};

// Goes up and down. add() is per worker (what one adds, another may take away); set() is for a value that one place
// knows.
class Gauge {
 public:
  explicit Gauge(Slots slots) : slots_(slots) {}
  void add(int worker, std::int64_t n) {
    slots_.of(worker).fetch_add(static_cast<std::uint64_t>(n), std::memory_order_relaxed);
  }
  void set(std::int64_t value) {
    slots_.of(other_thread).store(static_cast<std::uint64_t>(value), std::memory_order_relaxed);
  }
  std::int64_t value() const { return static_cast<std::int64_t>(slots_.sum()); }

 private:
  Slots slots_;
};

// How often a value fell below each bound. Values are integers of a fine unit (nanoseconds, bytes).
class Histogram {
 public:
  static constexpr std::size_t most_bounds = 32;

  Histogram(std::vector<std::uint64_t> bounds, std::vector<Slots> slots)
      : bounds_(std::move(bounds)), slots_(std::move(slots)) {}
  void observe(int worker, std::uint64_t value);
  void observe(int worker, core::Duration value) {
    observe(worker, static_cast<std::uint64_t>(value.count() > 0 ? value.count() : 0));
  }

  const std::vector<std::uint64_t>& bounds() const { return bounds_; }
  std::uint64_t count_in(std::size_t bucket) const { return slots_[bucket].sum(); }  // bounds().size(): above all
  std::uint64_t sum() const { return slots_.back().sum(); }

 private:
  std::vector<std::uint64_t> bounds_;  // rising, inclusive
  std::vector<Slots> slots_;           // one a bucket, one for values above, one for their sum
};

class Registry {
 public:
  // `workers`: indices 0 … workers - 1 have shards of their own.
  explicit Registry(int workers);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // The same name with other labels is another series of one family; the same labels again give the same series.
  // Names and label names follow Prometheus' rules and a name keeps its kind: anything else is a CHECK.
  Counter& counter(std::string_view name, std::string_view help, Labels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, Labels labels = {});
  // A duration in seconds; the bounds rise. Its name ends in _seconds.
  Histogram& duration_histogram(std::string_view name, std::string_view help, std::span<const core::Duration> bounds,
                                Labels labels = {});
  // A size in bytes. Its name ends in _bytes.
  Histogram& size_histogram(std::string_view name, std::string_view help, std::span<const std::uint64_t> bounds,
                            Labels labels = {});
  // A number that something else keeps, asked for at each scrape, on the scraping thread; `read` must outlive that.
  void counter_from(std::string_view name, std::string_view help, Labels labels, std::function<double()> read);
  void gauge_from(std::string_view name, std::string_view help, Labels labels, std::function<double()> read);

  // Prometheus' text format 0.0.4, families by name.
  std::string text() const EXCLUDES(mutex_);

 private:
  enum class Kind : std::uint8_t { counter, gauge, histogram };
  struct Series;
  struct Family;
  struct Slab;

  Series& series(std::string_view name, std::string_view help, Kind kind, Labels labels) REQUIRES(mutex_);
  Slots new_slots() REQUIRES(mutex_);
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<std::uint64_t> bounds, Labels labels,
                       double units) EXCLUDES(mutex_);

  const int workers_;
  mutable core::Mutex mutex_;
  std::vector<std::unique_ptr<Family>> families_ GUARDED_BY(mutex_);  // by name
  std::vector<std::unique_ptr<Slab>> slabs_ GUARDED_BY(mutex_);
};

// What a response to a scrape is labelled as.
constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace skerry::metrics
