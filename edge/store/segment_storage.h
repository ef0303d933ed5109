// The store's I/O, small enough that a simulation can stand in for it: records appended to segments, whole segments
// dropped from the old end, and a few settings that are durable when put_settings() returns.
//
// Implementations: RocksStorage (the disk) and MemoryStorage (tests, simulation). write(), flush and drop belong to one
// writer thread; get() and the settings to any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/chunk.h"
#include "core/clock.h"
#include "core/result.h"

namespace skerry::edge {

// Big-endian on disk, so that records lie in the order they were written.
struct RecordKey {
  std::uint64_t segment = 0;
  std::uint32_t sequence = 0;
  std::uint32_t part = 0;  // a body chunk's number, or one of the below
  friend auto operator<=>(const RecordKey&, const RecordKey&) = default;
};
constexpr std::uint32_t whole_object = 0;  // head and body in one record
constexpr std::uint32_t head_part = 0xfffffffe;
constexpr std::uint32_t contents_part = 0xffffffff;
constexpr std::uint32_t contents_sequence = 0xffffffff;  // the table of contents is a segment's last record

struct StorageUsage {
  std::uint64_t used = 0;  // bytes the whole directory takes
  std::uint64_t free = 0;  // bytes the file system has left
};

struct StorageCounters {
  std::uint64_t files_at_level0 = 0, bytes_compacted = 0, deletes = 0, background_errors = 0;
};

class SegmentStorage {
 public:
  struct Record {
    RecordKey key;
    std::vector<std::string_view> parts;  // gathered into one value
  };
  using Setting = std::pair<std::string, std::optional<std::string>>;  // nullopt: forget it

  virtual ~SegmentStorage() = default;
  virtual core::Result<void> write(std::span<const Record>) = 0;
  // not_found, corrupt or io_error; never wrong bytes.
  virtual core::Result<core::Chunk> get(const RecordKey&) = 0;
  // Everything written so far becomes one sealed file. Only one flush at a time.
  virtual core::Result<void> begin_flush() = 0;
  // Waits until that file is in its final place; false: not yet, or failed for now.
  virtual bool wait_flushed(core::Duration longest) = 0;
  // Drops all segments up to and including this one.
  virtual core::Result<void> drop_through(std::uint64_t segment) = 0;
  virtual core::Result<std::vector<std::uint64_t>> segments() = 0;  // ascending
  virtual StorageUsage usage() const = 0;
  // Tries to leave the state after a background error (a full disk).
  virtual core::Result<void> resume() = 0;
  virtual core::Result<void> put_settings(std::span<const Setting>) = 0;
  virtual core::Result<std::vector<std::pair<std::string, std::string>>> settings(std::string_view prefix) = 0;
  virtual StorageCounters counters() const = 0;
};

}  // namespace skerry::edge
