// Whole bodies into a content coding and out of gzip: zlib (RFC 1952), brotli (RFC 7932), zstd (RFC 8878).
//
// Pure functions that take as long as the body is large: never on an event loop.
#pragma once

#include <cstdint>
#include <vector>

#include "core/chunk.h"
#include "core/result.h"
#include "edge/policy.h"

namespace skerry::edge {

using Body = std::vector<core::Chunk>;

// Identity gives the body back. Error: limit_exceeded, when a library gets no memory.
core::Result<Body> encoded(const Body&, Coding coding);
// One or more gzip members. Errors: corrupt (not gzip, cut short, wrong checksum), limit_exceeded (over `limit` bytes).
core::Result<Body> ungzipped(const Body&, std::uint64_t limit);

}  // namespace skerry::edge
