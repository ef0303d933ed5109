#include "core/log/record_ring.h"

#include <new>

#include "core/check.h"

namespace skerry::log {

RecordRing::RecordRing(std::size_t capacity) : capacity_(capacity), bytes_(new std::byte[capacity]) {
  CHECK(capacity >= 4096 && (capacity & (capacity - 1)) == 0);
}

RecordRing::Frame& RecordRing::frame_at(std::uint64_t position) const {
  return *reinterpret_cast<Frame*>(bytes_.get() + (position & (capacity_ - 1)));
}

bool RecordRing::fits(std::size_t needed) {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  if (head + needed - tail_seen_ <= capacity_) return true;
  tail_seen_ = tail_.load(std::memory_order_acquire);
  return head + needed - tail_seen_ <= capacity_;
}

std::byte* RecordRing::reserve(std::size_t size) {
  const std::uint64_t head = head_.load(std::memory_order_relaxed);
  const std::size_t to_end = capacity_ - (head & (capacity_ - 1));
  const std::size_t needed = framed(size);
  // A record that would wrap begins at the front again, behind a filler.
  const std::size_t filler = needed > to_end ? to_end : 0;
  if (needed > capacity_ / 2 || !fits(filler + needed)) return nullptr;
  if (filler > 0) ::new (&frame_at(head)) Frame{static_cast<std::uint32_t>(filler - sizeof(Frame)), 1};
  reserved_ = head + filler;
  return reinterpret_cast<std::byte*>(&frame_at(reserved_)) + sizeof(Frame);
}

void RecordRing::commit(std::size_t size) {
  ::new (&frame_at(reserved_)) Frame{static_cast<std::uint32_t>(size), 0};
  head_.store(reserved_ + framed(size), std::memory_order_release);
}

std::span<const std::byte> RecordRing::front() {
  const std::uint64_t head = head_.load(std::memory_order_acquire);
  std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  if (tail == head) return {};
  if (frame_at(tail).filler) {
    tail += framed(frame_at(tail).size);
    tail_.store(tail, std::memory_order_release);
  }
  const Frame& frame = frame_at(tail);
  return {reinterpret_cast<const std::byte*>(&frame) + sizeof(Frame), frame.size};
}

void RecordRing::pop() {
  const std::uint64_t tail = tail_.load(std::memory_order_relaxed);
  tail_.store(tail + framed(frame_at(tail).size), std::memory_order_release);
}

}  // namespace skerry::log
