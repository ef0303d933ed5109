// SegmentStorage on RocksDB: column family `body` without a log for records, `default` with a synced one for settings.
//
// The only file that includes RocksDB. write(), flush and drop belong to the writer thread, get() and settings to any.
#pragma once

#include <memory>
#include <string>

#include "edge/store/segment_storage.h"

namespace skerry::edge {

// The settings of README.md, "Why it is so". An error says why the directory can't be used: address_in_use (another
// process has it), permission_denied, disk_full, corrupt (repair may help) or io_error.
core::Result<std::unique_ptr<SegmentStorage>> open_rocks_storage(const std::string& path, std::uint64_t segment_size);

// Rebuilds what can be rebuilt from the files that are left.
core::Result<void> repair_rocks_storage(const std::string& path);

}  // namespace skerry::edge
