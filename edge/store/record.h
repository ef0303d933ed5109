// Records as bytes: the head of a stored response (with its body behind it when both are small) and a segment's table
// of contents. README.md has the layout.
//
// Pure; any thread. What is decoded comes from a disk and is hostile: every length is checked, and anything odd is
// `corrupt`. RocksDB's checksums cover bodies; heads and tables carry an XXH3 of their own, which also covers the way
// through memory.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "edge/object.h"

namespace skerry::edge {

struct StoredHead {
  ObjectHead head;
  std::uint64_t body = 0;      // names the large body it belongs to; 0: the body follows in the same record
  std::size_t head_bytes = 0;  // where that body begins
};

// The body's bytes, if any, are appended by whoever writes the record.
std::string encode_head(const ObjectHead&, std::uint64_t body);
core::Result<StoredHead> decode_head(std::string_view record);

enum class EntryKind : std::uint8_t { object = 1, large_head = 2, body_run = 3 };

// What a segment holds, in 48 bytes on disk.
struct ContentsEntry {
  KeyHash hash;
  std::uint32_t sequence = 0;
  EntryKind kind = EntryKind::object;
  std::uint32_t size = 0;         // bytes of the record; saturates
  std::uint32_t expiry = 0;       // seconds since 1970 at which it becomes stale; saturates
  std::uint32_t epoch = 0;        // purge epoch at fetch start; saturates
  std::uint32_t first_chunk = 0;  // of a run; of a large head: how many chunks its body has
  std::uint16_t chunks = 0;       // in this run
  std::uint64_t body = 0;
};

struct ContentsVary {
  KeyHash primary;
  std::string list;
};

struct Contents {
  std::uint64_t segment = 0;
  std::uint64_t seed = 0;  // of the hashes below: they mean nothing without it, and settings can be lost
  std::vector<ContentsEntry> entries;
  std::vector<ContentsVary> varies;
};

std::string encode_contents(const Contents&);
core::Result<Contents> decode_contents(std::string_view record);

}  // namespace skerry::edge
