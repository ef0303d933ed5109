// Bytes that are read once from a socket or disk and then only referenced: bodies are never copied on their way.
//
// A Block is a reference-counted buffer; a Chunk is an immutable slice of one. Several Chunks share a Block. The reader
// that fills a Block may append behind the slices it has given out, since those never change. Chunks pass between
// threads freely (the count is atomic); a Block's unused tail belongs to the one reader that fills it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace skerry::core {

class Block {
 public:
  // Data follows the header in one allocation. The count starts at one.
  static Block* allocate(std::size_t capacity);
  // Wraps memory owned by something else (a pinned RocksDB value, a constant); `release(owner)` runs with the last
  // reference.
  static Block* wrap(std::span<const std::byte> data, void* owner, void (*release)(void* owner));

  std::byte* data() { return data_; }
  std::size_t capacity() const { return capacity_; }
  void retain() { references_.fetch_add(1, std::memory_order_relaxed); }
  void release();
  // True when the caller holds the only reference, so the whole buffer may be written again.
  bool unique() const { return references_.load(std::memory_order_acquire) == 1; }

 private:
  Block() = default;

  std::atomic<std::uint32_t> references_{1};
  std::byte* data_ = nullptr;
  std::size_t capacity_ = 0;
  void* owner_ = nullptr;
  void (*release_)(void*) = nullptr;
};

// Owns one reference to a Block.
class BlockRef {
 public:
  BlockRef() = default;
  // Takes over the caller's reference.
  explicit BlockRef(Block* block) : block_(block) {}
  BlockRef(const BlockRef& other) : block_(other.block_) {
    if (block_) block_->retain();
  }
  BlockRef(BlockRef&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  BlockRef& operator=(BlockRef other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~BlockRef() {
    if (block_) block_->release();
  }
  Block* get() const { return block_; }
  Block* operator->() const { return block_; }
  explicit operator bool() const { return block_ != nullptr; }

 private:
  Block* block_ = nullptr;
};

class Chunk {
 public:
  Chunk() = default;
  // A slice of `block`; takes part in its ownership.
  Chunk(BlockRef block, const std::byte* data, std::size_t size) : block_(std::move(block)), data_(data), size_(size) {}
  Chunk(const Chunk&) = default;
  // What was moved from is empty.
  Chunk(Chunk&& other) noexcept
      : block_(std::move(other.block_)),
        data_(std::exchange(other.data_, nullptr)),
        size_(std::exchange(other.size_, 0)) {}
  Chunk& operator=(Chunk other) noexcept {
    block_ = std::move(other.block_);
    data_ = other.data_;
    size_ = other.size_;
    return *this;
  }
  static Chunk copy_of(std::span<const std::byte>);
  static Chunk copy_of(std::string_view);

  const std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<const std::byte> bytes() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  // The part [offset, offset + length) of this chunk, clipped to it.
  Chunk slice(std::size_t offset, std::size_t length) const;
  void remove_prefix(std::size_t n) {
    data_ += n;
    size_ -= n;
  }
  // What this chunk keeps from being freed: the whole Block. For memory accounting.
  std::size_t pinned() const { return block_ ? block_->capacity() : 0; }

 private:
  BlockRef block_;
  const std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace skerry::core
