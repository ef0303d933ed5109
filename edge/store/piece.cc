#include "edge/store/piece.h"

#include <cstring>
#include <utility>

namespace skerry::edge {

core::Chunk Piece::joined() const {
  if (chunks.size() == 1) return chunks.front();
  core::BlockRef block(core::Block::allocate(size));
  std::byte* to = block->data();
  for (const auto& chunk : chunks) {
    if (chunk.empty()) continue;
    std::memcpy(to, chunk.data(), chunk.size());
    to += chunk.size();
  }
  const std::byte* data = block->data();
  return {std::move(block), data, size};
}

core::Chunk Piece::from(std::size_t offset) const {
  for (const auto& chunk : chunks) {
    if (offset < chunk.size()) return chunk.slice(offset, chunk.size() - offset);
    offset -= chunk.size();
  }
  return {};
}

void Piece::compact() {
  std::size_t pinned = 0;
  for (const auto& chunk : chunks) pinned += chunk.pinned() + sizeof(core::Block) + sizeof(core::Chunk);
  if (chunks.empty() || pinned <= size + size / 4 + 256) return;
  // joined() of several chunks is a copy already.
  core::Chunk one = chunks.size() == 1 ? core::Chunk::copy_of(chunks.front().bytes()) : joined();
  chunks.clear();
  chunks.push_back(std::move(one));
}

}  // namespace skerry::edge
