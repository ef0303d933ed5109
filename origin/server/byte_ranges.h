// Range requests (RFC 9110 14): which parts of a representation a request asks for.
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "core/http/head.h"

namespace skerry::origin {

struct ByteRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;  // inclusive, as on the wire
  std::uint64_t size() const { return last - first + 1; }
};

struct RangeAnswer {
  enum class Kind : std::uint8_t { whole, partial, unsatisfiable } kind = Kind::whole;
  std::vector<ByteRange> ranges;  // for `partial`: one, or the parts of a multipart/byteranges
};

// `whole` for anything malformed, in another unit, of more than 16 ranges or of overlapping ones (RFC 9110 14.2: a
// server may ignore Range, and should for those).
RangeAnswer parse_byte_ranges(std::string_view value, std::uint64_t size);

// The same with If-Range (13.1.5: a strong match of the tag, or exactly the same date) against the response's own
// validators.
RangeAnswer ranges_of(const http::RequestHead&, const http::HeaderMap& response, std::uint64_t size);

}  // namespace skerry::origin
