// A stored response: immutable once complete, shared by every worker that serves it.
//
// The head is always in memory; the body is either in memory too, or on disk and read chunk by chunk. Only relaxed
// atomics change after construction (frequency, checked epoch).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/chunk.h"
#include "core/clock.h"
#include "core/http/head.h"
#include "core/http/server.h"
#include "edge/reason.h"

namespace skerry::edge {

// XXH3-128 of the full cache key under the store's secret seed.
struct KeyHash {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend auto operator<=>(const KeyHash&, const KeyHash&) = default;
};

// A local counter raised by every applied purge (store/README.md). Objects carry the one at which their fetch
// started.
using Epoch = std::uint64_t;

// Everything about a stored response but its body bytes. Times are wall-clock, seconds where HTTP has seconds.
struct ObjectHead;

// The fields as clients get them: without those that are consumed at the edge (Surrogate-Control) or replaced by it
// (X-Cache), and of a 206 without its range. Peers get these, too, beside what was consumed.
std::shared_ptr<const http::RenderedFields> rendered_for_clients(const ObjectHead&);

struct ObjectHead {
  std::string key;          // full cache key, variant part included: verified against the hash on every load
  std::string primary_key;  // without the variant part
  std::string host, path;   // for purges by host and prefix
  int status = 200;
  http::HeaderMap fields;               // as stored (RFC 9111 3.1): no hop-by-hop fields, no framing
  std::string vary;                     // normalised list of request field names that select this variant; empty: none
  core::WallTime requested;             // when the request that got it was sent
  core::WallTime received;              // when its head arrived
  std::chrono::seconds initial_age{0};  // corrected_initial_age (RFC 9111 4.2.3)
  std::chrono::seconds lifetime{0};     // freshness lifetime, from `received` minus initial_age
  std::chrono::seconds stale_while_revalidate{0};
  std::chrono::seconds stale_if_error{0};
  bool always_validate = false;  // no-cache
  bool never_stale = false;      // must-revalidate, proxy-revalidate, s-maxage
  std::uint64_t body_size = 0;
  Epoch epoch = 0;  // purge epoch when the fetch started
};

// Where a body on disk lies. Interpreted by the disk tier alone.
struct DiskLocation {
  std::uint32_t store = 0;
  std::uint64_t segment = 0;
  std::uint32_t sequence = 0;
  bool single_record = false;  // head and body in one record
  std::uint64_t body = 0;      // names the chunks of a large body wherever they lie; 0: none
};

constexpr std::size_t disk_chunk_size = 256 * 1024;

class Object {
 public:
  // A body in memory. The chunks' sizes sum up to head.body_size. `location`: where its copy on disk lies, if it has
  // one.
  Object(ObjectHead head, std::vector<core::Chunk> body, DiskLocation location = {});
  // A body on disk.
  Object(ObjectHead head, DiskLocation location);

  const ObjectHead& head() const { return head_; }
  // For sending: the stored fields rendered once.
  const std::shared_ptr<const http::RenderedFields>& rendered() const { return rendered_; }
  bool in_memory() const { return !on_disk_; }
  const std::vector<core::Chunk>& body() const { return body_; }
  const DiskLocation& location() const { return location_; }
  // What it costs in memory: structures, head, rendered fields, pinned body blocks.
  std::size_t memory_size() const { return memory_size_; }

  std::atomic<std::uint8_t>& frequency() const { return frequency_; }
  std::atomic<Epoch>& checked_epoch() const { return checked_epoch_; }

 private:
  ObjectHead head_;
  std::shared_ptr<const http::RenderedFields> rendered_;
  std::vector<core::Chunk> body_;
  DiskLocation location_;
  bool on_disk_ = false;
  std::size_t memory_size_ = 0;
  mutable std::atomic<std::uint8_t> frequency_{0};
  mutable std::atomic<Epoch> checked_epoch_{0};
};

using ObjectPtr = std::shared_ptr<const Object>;

}  // namespace skerry::edge
