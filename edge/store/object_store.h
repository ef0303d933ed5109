// What an edge keeps: a memory tier in front of a disk tier (or memory alone). The exchange and the fill see only this.
//
// find() answers from memory on any worker without I/O or blocking; everything that touches the disk runs on I/O
// threads and comes back through EventLoop::post of the worker that asked. See README.md here and that of edge/.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/loop/worker.h"
#include "core/result.h"
#include "core/units.h"
#include "edge/object.h"
#include "edge/reason.h"
#include "edge/vary.h"

namespace skerry::edge {

struct StoreConfig {
  std::string path;                             // empty: memory only
  core::Bytes size = core::operator""_GiB(10);  // of the whole directory
  int io_threads = 4;
  std::size_t io_queue = 4096;  // waiting reads; beyond: overloaded (a miss)
  core::Duration io_deadline = std::chrono::seconds(5);
  // The secret of a new store's key hashes (a store on disk keeps the one it was made with). Empty: asked of the
  // system. A simulation sets it.
  std::optional<std::uint64_t> hash_seed;
  // A simulation: no threads, all I/O happens inside the calls. Always so without a path.
  bool single_threaded = false;
};

struct MemoryConfig {
  core::Bytes size = core::operator""_MiB(256);  // everything the process uses
};

// What is known of a key without touching the disk.
struct FoundNothing {
  Reason why = Reason::not_found;  // not_found, purged
};
struct FoundOnDisk {
  DiskLocation location;
  std::uint32_t slot = 0;  // which index entry, for dropping it if it turns out corrupt
};
using Found = std::variant<FoundNothing, ObjectPtr, FoundOnDisk>;

enum class PurgeKind : std::uint8_t { url, host, tag, prefix, all };
std::string_view name(PurgeKind);
struct Purge {
  PurgeKind kind = PurgeKind::url;
  std::string
      target;  // url: the primary key; host: the host; prefix: host + path ending in '/'; tag: the tag; all: empty
  bool soft = false;            // soft: what matches is validated; hard: it is gone
  Reason why = Reason::purged;  // on whose behalf: purged (an operator), invalidated, displaced; told by fates()
};

// What became of a copy.
struct Tombstone {
  KeyHash key;
  KeyHash primary;      // of its URL; zero: it left the disk, where only its key was known
  core::WallTime when;  // noticed
  // evicted; expired or changed: a newer answer took its place; purged; corrupt; displaced_by_variant
  Reason fate = Reason::evicted;
  bool from_disk = false;
  Epoch purge = 0;  // which
};
struct PurgeNote {
  Epoch epoch = 0;
  PurgeKind kind = PurgeKind::url;
  bool soft = false;
  Reason why = Reason::purged;
  core::WallTime when;
};
struct Fate {
  Tombstone tombstone;
  std::optional<PurgeNote> purge;  // if it was a purge, and is still remembered
};

struct StoreStats {
  std::uint64_t memory_objects = 0, memory_bytes = 0, memory_evictions = 0;
  std::uint64_t disk_objects = 0, disk_bytes = 0, disk_budget = 0;
  std::uint64_t segments = 0, sealed = 0, segments_evicted = 0, index_bytes = 0;
  std::uint64_t writes_refused = 0, corrupt_records = 0, reads = 0, reads_shared = 0, read_errors = 0;
  std::uint64_t purges = 0, objects_lost = 0, reinserted = 0;
  std::uint64_t files_at_level0 = 0, bytes_compacted = 0, deletes = 0;  // of RocksDB's `body`; all stay 0
  Epoch epoch = 0;
  bool disk_read_only = false;
};

// An object being written. One worker; destroying it without commit() aborts. For bodies that stay small nothing
// reaches the disk before commit.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;
  // False: the store takes no more (full, failing, too large): the writer is dead, go on without it. A writer that
  // merely lags takes the chunk and is congested afterwards.
  virtual bool append(const core::Chunk&) = 0;
  // More waits for the disk than the store wants to hold: stop reading from the origin until `on_drained` has run. A
  // fill whose disk is slower than its origin is thereby held back instead of being dropped.
  virtual bool congested() = 0;
  // Runs on the writer's worker after each congested() that was true, once there is room again. Set once, before the
  // first append.
  virtual void set_on_drained(core::Task on_drained) = 0;
  // Bytes that can already be read back through the store: what a slow follower may be given from disk.
  virtual std::uint64_t readable() const = 0;
  // Reads back [offset, …) of what was appended, at most one disk chunk. `done` on the writer's worker.
  virtual void read(std::uint64_t offset, core::UniqueFunction<void(core::Result<core::Chunk>)> done) = 0;
  // The body is complete: it becomes visible to find(). Returns the object as the store keeps it (null: not kept).
  virtual ObjectPtr commit() = 0;
};

// What opening found, for the start-up log.
struct OpenReport {
  bool repaired = false;              // damaged metadata was rebuilt; everything kept is validated before it is served
  std::string set_aside;              // where a store that could not be opened was moved; empty: none
  std::uint64_t objects = 0;          // found again
  std::uint64_t segments = 0;         // with a valid table of contents
  std::uint64_t broken_segments = 0;  // without; dropped
  std::vector<std::string> events;    // in words, oldest first
};

class ObjectStore {
 public:
  // Opens or creates the store. A damaged one is set aside or repaired; only a wrong configuration (no permission, in
  // use by another process) is an error: invalid_configuration, permission_denied, address_in_use. The workers' loops
  // outlive the store: destroying it answers what still waits with `cancelled`, seals, and closes.
  static core::Result<std::unique_ptr<ObjectStore>> open(const MemoryConfig&, const StoreConfig&, core::Clock&,
                                                         int workers);
  virtual ~ObjectStore() = default;

  virtual KeyHash hash(std::string_view key) const = 0;
  // Any worker. Counts as a use of the object.
  virtual Found find(const KeyHash&, std::string_view key) = 0;
  // Reads head (and a small body) of something on disk; an object that was read is admitted to the memory tier. The
  // callback runs on `worker`; `corrupt` or `io_error` mean: treat as a miss (the index entry is gone then).
  virtual void load(const core::Worker& worker, const KeyHash&, std::string key, FoundOnDisk,
                    core::UniqueFunction<void(core::Result<ObjectPtr>)> done) = 0;
  // The same for explanations: nothing is admitted to memory. `not_found`: purged, or gone meanwhile.
  virtual void look(const core::Worker& worker, const KeyHash&, std::string key, FoundOnDisk,
                    core::UniqueFunction<void(core::Result<ObjectPtr>)> done) = 0;
  // Body bytes of an on-disk object, chunk n = [n, n + 1) * disk_chunk_size.
  virtual void read_chunk(const core::Worker& worker, const ObjectPtr&, std::uint64_t chunk,
                          core::UniqueFunction<void(core::Result<core::Chunk>)> done) = 0;

  // Begins to keep a response. `expected` = its length if announced. Null with the reason if it can't be kept.
  virtual std::unique_ptr<ObjectWriter> begin(const core::Worker& worker, ObjectHead head,
                                              std::optional<std::uint64_t> expected, Reason& why_not) = 0;
  // A 304 came: the stored response with new fields and times (RFC 9111 3.2), same body. Returns the new object.
  virtual ObjectPtr update(const ObjectPtr& old, ObjectHead head) = 0;

  // Of a primary key, at most 4.
  virtual VaryLists vary_lists(const KeyHash& primary) const = 0;
  virtual void remember_vary(const KeyHash& primary, std::string_view list) = 0;
  // `variant` of the URL was stored or validated: it is the newest now. True: that made more than `most`,
  // and the oldest was let go.
  virtual bool make_room_for_variant(const KeyHash& primary, const KeyHash& variant, std::size_t most) = 0;

  // The epoch new fetches start with.
  virtual Epoch epoch() const = 0;
  // Whether a purge newer than `since` covers this URL: a fill begun before it must not serve new requests. Any worker.
  virtual bool purged_since(std::string_view primary_key, std::string_view host, std::string_view path,
                            Epoch since) const = 0;
  // Applies a purge; `done` runs on `worker` once it is durable, with the new epoch (which find() then obeys).
  virtual void purge(const core::Worker& worker, const Purge&,
                     core::UniqueFunction<void(core::Result<Epoch>)> done) = 0;

  // What became of earlier copies of a URL, newest first, as far as it is remembered; and what its variants stored last
  // have behind the primary key in theirs. For explanations: looks at all that is remembered.
  virtual std::vector<Fate> fates(const KeyHash& primary, std::span<const KeyHash> keys) const = 0;
  virtual std::vector<std::string> recent_variants(const KeyHash& primary) const = 0;

  // Seals the open segment (clean stop, tests).
  virtual void seal(core::UniqueFunction<void()> done) = 0;
  virtual StoreStats stats() const = 0;
  virtual const OpenReport& opened() const;
};

}  // namespace skerry::edge
