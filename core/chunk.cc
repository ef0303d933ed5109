#include "core/chunk.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "core/check.h"

namespace skerry::core {

Block* Block::allocate(std::size_t capacity) {
  static_assert(sizeof(Block) % alignof(std::max_align_t) == 0 || alignof(Block) <= alignof(std::max_align_t));
  void* memory = std::malloc(sizeof(Block) + capacity);
  CHECK(memory != nullptr);
  auto* block = ::new (memory) Block;
  block->data_ = static_cast<std::byte*>(memory) + sizeof(Block);
  block->capacity_ = capacity;
  return block;
}

Block* Block::wrap(std::span<const std::byte> data, void* owner, void (*release)(void*)) {
  Block* block = allocate(0);
  // Only slices are handed out, and Chunk gives read access alone.
  block->data_ = const_cast<std::byte*>(data.data());
  block->capacity_ = data.size();
  block->owner_ = owner;
  block->release_ = release;
  return block;
}

void Block::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (release_) release_(owner_);
  this->~Block();
  std::free(this);
}

Chunk Chunk::copy_of(std::span<const std::byte> bytes) {
  BlockRef block(Block::allocate(bytes.size()));
  if (!bytes.empty()) std::memcpy(block->data(), bytes.data(), bytes.size());
  const std::byte* data = block->data();
  return Chunk(std::move(block), data, bytes.size());
}

Chunk Chunk::copy_of(std::string_view text) {
  return copy_of(std::as_bytes(std::span(text.data(), text.size())));
}

Chunk Chunk::slice(std::size_t offset, std::size_t length) const {
  offset = std::min(offset, size_);
  return Chunk(block_, data_ + offset, std::min(length, size_ - offset));
}

}  // namespace skerry::core
