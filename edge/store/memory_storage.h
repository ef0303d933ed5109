// SegmentStorage in memory: for unit tests and simulations, with the same budget accounting and faults on demand.
//
// Thread-safe.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <string>

#include "core/mutex.h"
#include "edge/store/segment_storage.h"

namespace skerry::edge {

class MemoryStorage final : public SegmentStorage {
 public:
  // What survives a crash: sealed segments and settings. Shared between a storage and its successor after a restart.
  struct Disk {
    core::Mutex mutex;
    std::map<RecordKey, std::string> sealed GUARDED_BY(mutex);
    std::map<std::string, std::string> settings GUARDED_BY(mutex);
  };
  explicit MemoryStorage(std::shared_ptr<Disk> disk = std::make_shared<Disk>(), std::uint64_t capacity = ~0ull)
      : disk_(std::move(disk)), capacity_(capacity) {}

  core::Result<void> write(std::span<const Record>) override;
  core::Result<core::Chunk> get(const RecordKey&) override;
  core::Result<void> begin_flush() override;
  bool wait_flushed(core::Duration) override { return true; }
  core::Result<void> drop_through(std::uint64_t segment) override;
  core::Result<std::vector<std::uint64_t>> segments() override;
  StorageUsage usage() const override;
  core::Result<void> resume() override;
  core::Result<void> put_settings(std::span<const Setting>) override;
  core::Result<std::vector<std::pair<std::string, std::string>>> settings(std::string_view prefix) override;
  StorageCounters counters() const override { return {}; }

  // Fault: every write and flush fails while set.
  void fail_writes(bool fail) { failing_ = fail; }

 private:
  const std::shared_ptr<Disk> disk_;
  const std::uint64_t capacity_;
  std::atomic<bool> failing_{false};
  mutable core::Mutex mutex_;
  std::map<RecordKey, std::string> open_ GUARDED_BY(mutex_);
};

}  // namespace skerry::edge
