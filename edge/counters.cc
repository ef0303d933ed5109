#include "edge/counters.h"

#include <array>

namespace skerry::edge {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::array<core::Duration, 11> duration_bounds = {std::chrono::microseconds(250),
                                                            milliseconds(1),
                                                            milliseconds(2),
                                                            milliseconds(5),
                                                            milliseconds(10),
                                                            milliseconds(25),
                                                            milliseconds(100),
                                                            milliseconds(500),
                                                            seconds(1),
                                                            seconds(5),
                                                            seconds(30)};

}  // namespace

Counters::Counters(metrics::Registry& registry)
    :
#define X(id, name, help) id(registry.counter(name, help)),
      SKERRY_EDGE_COUNTERS(X)
#undef X
          duration(registry.duration_histogram("skerry_request_duration_seconds",
                                               "From the request's head to the end of the response.",
                                               duration_bounds)) {
  for (std::size_t i = 0; i < outcome_count; ++i) {
    const auto requests = [&](const char* from) {
      return &registry.counter("skerry_requests_total", "Requests, by what the cache did and who asked.",
                               {{"outcome", std::string(name(static_cast<Outcome>(i)))}, {"from", from}});
    };
    client_outcomes.push_back(requests("client"));
    peer_outcomes.push_back(requests("peer"));
  }
  for (std::size_t i = 0; i < reason_count; ++i) {
    reasons.push_back(&registry.counter("skerry_request_reasons_total", "Requests, by why the cache did it.",
                                        {{"reason", std::string(name(static_cast<Reason>(i)))}}));
  }
}

void register_store_metrics(metrics::Registry& registry, ObjectStore& store) {
  const auto gauge = [&](const char* name, const char* help, auto member) {
    registry.gauge_from(name, help, {}, [&store, member] { return static_cast<double>(store.stats().*member); });
  };
  const auto counter = [&](const char* name, const char* help, auto member) {
    registry.counter_from(name, help, {}, [&store, member] { return static_cast<double>(store.stats().*member); });
  };
  gauge("skerry_store_memory_objects", "Objects in the memory tier.", &StoreStats::memory_objects);
  gauge("skerry_store_memory_bytes", "Bytes that the memory tier's objects take.", &StoreStats::memory_bytes);
  counter("skerry_store_memory_evictions_total", "Objects that left the memory tier for others.",
          &StoreStats::memory_evictions);
  gauge("skerry_store_disk_objects", "Objects on disk.", &StoreStats::disk_objects);
  gauge("skerry_store_disk_bytes", "Bytes of the store's directory.", &StoreStats::disk_bytes);
  gauge("skerry_store_disk_budget_bytes", "Bytes that the store's directory may have.", &StoreStats::disk_budget);
  gauge("skerry_store_index_bytes", "Bytes of the index of what is on disk.", &StoreStats::index_bytes);
  counter("skerry_store_segments_sealed_total", "Segments that were completed.", &StoreStats::sealed);
  counter("skerry_store_segments_evicted_total", "Segments that were dropped to make room.",
          &StoreStats::segments_evicted);
  counter("skerry_store_writes_refused_total", "Objects that the store did not take.", &StoreStats::writes_refused);
  counter("skerry_store_corrupt_records_total", "Records that failed their checks.", &StoreStats::corrupt_records);
  counter("skerry_store_reads_total", "Reads from disk.", &StoreStats::reads);
  counter("skerry_store_reads_shared_total", "Of chunks that were being read for someone else already.",
          &StoreStats::reads_shared);
  counter("skerry_store_read_errors_total", "Reads from disk that failed.", &StoreStats::read_errors);
  counter("skerry_purges_total", "Purges applied.", &StoreStats::purges);
  gauge("skerry_store_read_only", "1 while the disk takes no writes.", &StoreStats::disk_read_only);
}

}  // namespace skerry::edge
