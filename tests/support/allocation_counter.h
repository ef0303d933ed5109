// Counts what a test program takes from the heap: it replaces the global operator new and delete. Included by one .cc
// file of a program.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

namespace skerry::testing {

struct Allocations {
  std::size_t count = 0;
  std::size_t bytes = 0;
};

// By any thread, since the program began.
inline std::atomic<std::size_t> allocation_count = 0, allocated_bytes = 0;

inline Allocations allocations() {
  return {allocation_count, allocated_bytes};
}

inline void* counted_allocation(std::size_t size) noexcept {
  allocation_count.fetch_add(1, std::memory_order_relaxed);
  allocated_bytes.fetch_add(size, std::memory_order_relaxed);
  return std::malloc(size);
}

}  // namespace skerry::testing

// Not inlined: g++ takes the halves of an inlined pair for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* memory = skerry::testing::counted_allocation(size)) return memory;
  throw std::bad_alloc();
}
// std::stable_sort asks this one.
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return skerry::testing::counted_allocation(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
