// A ring of variable-sized records between one writing and one reading thread, without locks.
//
// Records are contiguous and 8-byte aligned. Sizes are positions modulo the capacity; positions only grow. The producer
// may call reserve(), commit() and used(); the consumer front() and pop().
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace skerry::log {

// Padded on purpose: producer and consumer write to cache lines of their own.
class RecordRing {  // NOLINT(clang-analyzer-optin.performance.Padding)
 public:
  // `capacity`: a power of two, at least 4 KiB.
  explicit RecordRing(std::size_t capacity);

  // Room for a record of `size` bytes; null: full. Nothing is visible before commit(size).
  std::byte* reserve(std::size_t size);
  void commit(std::size_t size);
  // Bytes in the ring, for the producer. Never too little; looks at the consumer's cache line only when the ring seems
  // more than half full, so that a consumer that keeps up is seen to do so.
  std::size_t used() {
    const std::uint64_t head = head_.load(std::memory_order_relaxed);
    if (head - tail_seen_ > capacity_ / 2) tail_seen_ = tail_.load(std::memory_order_acquire);
    return head - tail_seen_;
  }
  std::size_t capacity() const { return capacity_; }

  // The oldest record; empty: none. It stays valid until pop().
  std::span<const std::byte> front();
  void pop();
  // Where the producer is: what was committed before lies before it.
  std::uint64_t head() const { return head_.load(std::memory_order_acquire); }
  std::uint64_t tail() const { return tail_.load(std::memory_order_relaxed); }

 private:
  // Before each record; `size` without the frame. A filler takes what is left at the end of the ring.
  struct Frame {
    std::uint32_t size;
    std::uint32_t filler;
  };
  static std::size_t framed(std::size_t size) { return sizeof(Frame) + (size + 7) / 8 * 8; }
  Frame& frame_at(std::uint64_t position) const;
  bool fits(std::size_t needed);

  const std::size_t capacity_;
  const std::unique_ptr<std::byte[]> bytes_;

  // The producer's cache line.
  alignas(64) std::atomic<std::uint64_t> head_{0};
  std::uint64_t tail_seen_ = 0;  // tail_ as last read: most records need not touch the consumer's line
  std::uint64_t reserved_ = 0;   // where the record being written begins
  // The consumer's.
  alignas(64) std::atomic<std::uint64_t> tail_{0};
};

}  // namespace skerry::log
