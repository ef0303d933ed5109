// A body being collected, cut into pieces of disk_chunk_size: what is written to disk and kept in memory are the same
// references.
//
// Owned by one ObjectWriter on its worker; finished pieces are immutable and go to any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "core/chunk.h"
#include "edge/object.h"

namespace skerry::edge {

struct Piece {
  std::vector<core::Chunk> chunks;
  std::size_t size = 0;

  // One chunk with all of it: the only one, or a copy.
  core::Chunk joined() const;
  // The bytes from `offset` on that lie together.
  core::Chunk from(std::size_t offset) const;
  // Small slices of large read buffers would keep those alive for as long as the object lives: copies them into one
  // buffer if that frees a fifth or more.
  void compact();
};

}  // namespace skerry::edge
