// Ranges of objects that are not stored whole (RFC 9111 3.3 and 3.4): what a 206 tells, and how a large object is cut
// into aligned parts that are fetched, stored and shared one by one.
//
// An *outline* is the head of a 206 under a key of its own: status 206, Content-Range and validator. Of a small object
// it carries the bytes that came; of a large one with a strong validator it is bare, and the bytes are *parts*: objects
// under the URL's key with validator and number, so that parts of two versions can never be combined. Pure functions,
// and PartKeeper, which belongs to one worker.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/chunk.h"
#include "core/http/head.h"
#include "core/loop/worker.h"
#include "edge/object.h"
#include "edge/pass.h"
#include "edge/range.h"
#include "edge/store/object_store.h"

namespace skerry::edge {

constexpr std::uint64_t part_size = 4 << 20;
// Ranges of objects up to this size are asked for as clients ask for them.
constexpr std::uint64_t largest_unparted = 8 << 20;

// The ETag if it is a strong one.
std::optional<std::string_view> strong_etag(const http::HeaderMap&);

// What the head of a 206 of one range tells. Nothing without a valid Content-Range that names the whole size.
struct Outline {
  ByteRange range;  // that came
  std::uint64_t size = 0;
  std::string etag;  // strong; empty: none

  bool in_parts() const { return !etag.empty() && size > largest_unparted; }
};
std::optional<Outline> outline_of(const http::HeaderMap& fields);

std::string outline_key(std::string_view variant_key);
std::string part_key(std::string_view variant_key, std::string_view etag, std::uint64_t number);
// The bytes of part `number`; the last one is shorter.
ByteRange part_range(std::uint64_t number, std::uint64_t size);

// One part, as a fill fetches it.
struct PartRequest {
  ByteRange range;
  std::uint64_t size = 0;  // of the whole
  std::string etag;
  std::string key;
};
// Is this response that very part of that very version?
bool answers(const PartRequest&, const http::ResponseHead&);

// Keeps all of a body that passes by.
class ObjectKeeper final : public BodyKeeper {
 public:
  // `kept` runs when all of it is stored.
  explicit ObjectKeeper(std::unique_ptr<ObjectWriter> writer, core::Task kept = {})
      : writer_(std::move(writer)), kept_(std::move(kept)) {}
  void take(const core::Chunk&) override;
  void complete() override;

 private:
  std::unique_ptr<ObjectWriter> writer_;
  core::Task kept_;
};

// Keeps those parts that lie wholly inside a passing range of a large object.
class PartKeeper final : public BodyKeeper {
 public:
  // `head`: of the outline; its key is the variant's.
  PartKeeper(const core::Worker& worker, ObjectStore& store, ObjectHead head, Outline outline);
  void take(const core::Chunk&) override;
  void complete() override {}

 private:
  void begin_part(std::uint64_t number);

  const core::Worker& worker_;
  ObjectStore& store_;
  const ObjectHead head_;
  const Outline outline_;
  std::uint64_t offset_;  // of the next byte in the whole
  std::uint64_t part_end_ = 0;
  std::unique_ptr<ObjectWriter> writer_;  // of the part that `offset_` lies in, if it is kept
};

}  // namespace skerry::edge
