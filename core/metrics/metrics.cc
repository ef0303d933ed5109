#include "core/metrics/metrics.h"

#include <algorithm>
#include <optional>

#include "core/check.h"
#include "core/metrics/exposition.h"

namespace skerry::metrics {
namespace {

// 512 series of one shard side by side: 4 KiB that one worker writes.
constexpr std::size_t slab_series = 512;
constexpr std::size_t cache_line = 64;

bool is_name(std::string_view name) {
  const bool starts_well = !name.empty() && !(name[0] >= '0' && name[0] <= '9');
  return starts_well && name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

}  // namespace

struct Registry::Series {
  Labels labels;
  std::unique_ptr<Counter> counter;
  std::unique_ptr<Gauge> gauge;
  std::unique_ptr<Histogram> histogram;
  double units = 1;  // of a histogram, in one base unit
  std::function<double()> read;
};

struct Registry::Family {
  std::string name, help;
  Kind kind;
  std::vector<std::unique_ptr<Series>> series;
};

struct Registry::Slab {
  explicit Slab(std::size_t shards) : slots(shards * slab_series + cache_line / sizeof(std::uint64_t)) {}

  // Slots may not straddle what another shard writes: the first one used lies on a cache line.
  std::atomic<std::uint64_t>* begin() {
    void* first = slots.data();
    std::size_t room = slots.size() * sizeof(slots[0]);
    return static_cast<std::atomic<std::uint64_t>*>(std::align(cache_line, sizeof(slots[0]), first, room));
  }

  std::vector<std::atomic<std::uint64_t>> slots;
  std::size_t used = 0;
};

std::uint64_t Slots::sum() const {
  std::uint64_t total = 0;
  for (int i = 0; i <= workers; ++i)
    total += first[static_cast<std::size_t>(i) * stride].load(std::memory_order_relaxed);
  return total;
}

void Histogram::observe(int worker, std::uint64_t value) {
  // Bounds are few: walking them beats a binary search.
  std::size_t bucket = 0;
  while (bucket < bounds_.size() && value > bounds_[bucket]) ++bucket;
  slots_[bucket].of(worker).fetch_add(1, std::memory_order_relaxed);
  slots_.back().of(worker).fetch_add(value, std::memory_order_relaxed);
}

Registry::Registry(int workers) : workers_(workers) {
  CHECK(workers >= 0);
}

Registry::~Registry() = default;

Slots Registry::new_slots() {
  const auto shards = static_cast<std::size_t>(workers_) + 1;
  if (slabs_.empty() || slabs_.back()->used == slab_series) slabs_.push_back(std::make_unique<Slab>(shards));
  Slab& slab = *slabs_.back();
  return {slab.begin() + slab.used++, slab_series, workers_};
}

Registry::Series& Registry::series(std::string_view name, std::string_view help, Kind kind, Labels labels) {
  CHECK(is_name(name));
  for (const auto& label : labels) CHECK(is_name(label.first) && label.first != "le");
  const auto at = std::lower_bound(families_.begin(), families_.end(), name,
                                   [](const auto& family, std::string_view given) { return family->name < given; });
  if (at == families_.end() || (*at)->name != name) {
    auto family = std::make_unique<Family>();
    family->name = name;
    family->help = help;
    family->kind = kind;
    family->series.push_back(std::make_unique<Series>());
    family->series.back()->labels = std::move(labels);
    return *(*families_.insert(at, std::move(family)))->series.back();
  }
  Family& family = **at;
  CHECK(family.kind == kind);
  for (const auto& known : family.series) {
    if (known->labels == labels) return *known;
  }
  family.series.push_back(std::make_unique<Series>());
  family.series.back()->labels = std::move(labels);
  return *family.series.back();
}

Counter& Registry::counter(std::string_view name, std::string_view help, Labels labels) {
  CHECK(name.ends_with("_total"));
  const core::MutexLock lock(mutex_);
  Series& found = series(name, help, Kind::counter, std::move(labels));
  if (!found.counter) found.counter = std::make_unique<Counter>(new_slots());
  return *found.counter;
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, Labels labels) {
  const core::MutexLock lock(mutex_);
  Series& found = series(name, help, Kind::gauge, std::move(labels));
  if (!found.gauge) found.gauge = std::make_unique<Gauge>(new_slots());
  return *found.gauge;
}

Histogram& Registry::histogram(std::string_view name, std::string_view help, std::vector<std::uint64_t> bounds,
                               Labels labels, double units) {
  CHECK(!bounds.empty() && bounds.size() <= Histogram::most_bounds && std::is_sorted(bounds.begin(), bounds.end()));
  const core::MutexLock lock(mutex_);
  Series& found = series(name, help, Kind::histogram, std::move(labels));
  if (found.histogram) return *found.histogram;
  std::vector<Slots> slots;
  for (std::size_t i = 0; i < bounds.size() + 2; ++i) slots.push_back(new_slots());
  found.units = units;
  found.histogram = std::make_unique<Histogram>(std::move(bounds), std::move(slots));
  return *found.histogram;
}

Histogram& Registry::duration_histogram(std::string_view name, std::string_view help,
                                        std::span<const core::Duration> bounds, Labels labels) {
  CHECK(name.ends_with("_seconds"));
  std::vector<std::uint64_t> nanoseconds;
  for (const core::Duration bound : bounds) nanoseconds.push_back(static_cast<std::uint64_t>(bound.count()));
  return histogram(name, help, std::move(nanoseconds), std::move(labels), 1e9);
}

Histogram& Registry::size_histogram(std::string_view name, std::string_view help, std::span<const std::uint64_t> bounds,
                                    Labels labels) {
  CHECK(name.ends_with("_bytes"));
  return histogram(name, help, {bounds.begin(), bounds.end()}, std::move(labels), 1);
}

void Registry::counter_from(std::string_view name, std::string_view help, Labels labels, std::function<double()> read) {
  CHECK(name.ends_with("_total"));
  const core::MutexLock lock(mutex_);
  series(name, help, Kind::counter, std::move(labels)).read = std::move(read);
}

void Registry::gauge_from(std::string_view name, std::string_view help, Labels labels, std::function<double()> read) {
  const core::MutexLock lock(mutex_);
  series(name, help, Kind::gauge, std::move(labels)).read = std::move(read);
}

std::string Registry::text() const {
  constexpr std::string_view kinds[] = {"counter", "gauge", "histogram"};
  const core::MutexLock lock(mutex_);
  Exposition out;
  for (const auto& family : families_) {
    out.family(family->name, family->help, kinds[static_cast<std::size_t>(family->kind)]);
    for (const auto& one : family->series) {
      if (one->read) out.sample(family->name, one->labels, one->read());
      if (one->counter) out.sample(family->name, one->labels, one->counter->value());
      if (one->gauge) out.sample(family->name, one->labels, one->gauge->value());
      if (one->histogram) out.histogram(family->name, one->labels, *one->histogram, one->units);
    }
  }
  return out.take();
}

}  // namespace skerry::metrics
