// Byte ranges (RFC 9110 14): Range, Content-Range, and the framing of multipart/byteranges.
//
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/head.h"

namespace skerry::edge {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive
  std::uint64_t size() const { return last - first + 1; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

enum class RangeKind : std::uint8_t {
  none,           // no Range, or one to be ignored: the whole representation
  satisfiable,    // 206; `ranges` in the order asked for, at least one
  unsatisfiable,  // 416
};
struct RangeSet {
  RangeKind kind = RangeKind::none;
  std::vector<ByteRange> ranges;
};

constexpr std::size_t max_ranges = 16;

// `size` is that of the whole representation. Malformed, other units, more than max_ranges or overlapping: none.
RangeSet parse_range(std::string_view value, std::uint64_t size);
// The request's own Range: one line, GET only; anything else is none.
RangeSet requested_range(const http::RequestHead&, std::uint64_t size);

struct ContentRange {
  ByteRange range;
  std::optional<std::uint64_t> size;  // "*": unknown
};
// Nothing if malformed, another unit, the unsatisfied form, or last not before size.
std::optional<ContentRange> parse_content_range(std::string_view value);
// Does a 206 of one range carry as many bytes as it says?
bool fits_body(const ContentRange&, std::uint64_t body_size);
void append_content_range(std::string& out, const ByteRange&, std::uint64_t size);
// "bytes */1234", for 416.
void append_unsatisfied_range(std::string& out, std::uint64_t size);

// A multipart/byteranges body (RFC 9110 14.6): for each range part_head + the bytes, then `end`. The boundary is the
// caller's choice (random: it must not occur in the body), at most 70 characters.
struct MultipartFormat {
  std::string boundary;
  std::string content_type;  // of the whole representation; empty: unknown
  std::uint64_t size = 0;    // of the whole representation

  std::string media_type() const;  // for Content-Type
  void append_part_head(std::string& out, const ByteRange&, bool first) const;
  void append_end(std::string& out) const;
  // Bytes of the whole body.
  std::uint64_t length(std::span<const ByteRange>) const;
};

}  // namespace skerry::edge
