// What a path stands for, and the response head that describes it. Pure; any thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "core/http/head.h"
#include "origin/server/body_pump.h"
#include "origin/server/byte_ranges.h"

namespace skerry::origin {

struct Representation {
  BodySource source;
  std::uint64_t size = 0;
  std::string etag;
  core::WallTime modified;
  std::string_view content_type;
};

Representation generated_representation(std::string_view path, std::uint64_t size);
Representation file_representation(std::shared_ptr<const OpenFile>, std::string_view name);
// By the name's extension; application/octet-stream for others.
std::string_view content_type_of(std::string_view name);

// Content-Type, ETag, Last-Modified, Accept-Ranges, and Cache-Control unless it is empty.
http::HeaderMap describe(const Representation&, std::string_view cache_control);

// The pieces of a body and its length: the whole, one range, or multipart/byteranges (RFC 9110 14.6), for which
// Content-Type is changed; Content-Range is set for one range.
struct BodyPlan {
  std::deque<BodyPiece> pieces;
  std::uint64_t size = 0;
};
BodyPlan plan_body(const Representation&, const RangeAnswer&, http::HeaderMap& fields);

}  // namespace skerry::origin
