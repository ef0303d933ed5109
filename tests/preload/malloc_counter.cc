// Counts the memory allocations of a whole process, from outside: preloaded (LD_PRELOAD) into the program under test.
//
// malloc, calloc, realloc, aligned_alloc, posix_memalign and memalign of every thread add one to a counter in a file
// that the test maps too ($MALLOC_COUNTER_FILE, 8 bytes). The real functions are the next ones in line (jemalloc,
// then libc). operator new and delete are here as well, on top of malloc and free: jemalloc's own ones would pass us
// by.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

std::atomic<std::uint64_t> before_mapping{0};
std::atomic<std::uint64_t>* counter = &before_mapping;

__attribute__((constructor)) void map_counter() {
  const char* path = getenv("MALLOC_COUNTER_FILE");
  if (path == nullptr) return;
  const int file = open(path, O_RDWR | O_CLOEXEC);
  void* memory = mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  if (memory != MAP_FAILED) counter = static_cast<std::atomic<std::uint64_t>*>(memory);
}

void count() {
  counter->fetch_add(1, std::memory_order_relaxed);
}

// dlsym allocates (calloc) before the real functions are known: that memory comes from here and is never freed.
alignas(16) char early[65536];
std::size_t early_used = 0;

void* from_early(std::size_t size) {
  const std::size_t start = (early_used + 15) / 16 * 16;
  if (start + size > sizeof early) abort();
  early_used = start + size;
  return early + start;
}

bool is_early(const void* memory) {
  return memory >= early && memory < early + sizeof early;
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

bool looking_up = false;  // only while the first allocation of the process runs, which is single threaded

using Malloc = void* (*)(std::size_t);
using Calloc = void* (*)(std::size_t, std::size_t);
using Realloc = void* (*)(void*, std::size_t);
using Free = void (*)(void*);
using Aligned = void* (*)(std::size_t, std::size_t);
using PosixMemalign = int (*)(void**, std::size_t, std::size_t);

struct Real {
  Malloc malloc = nullptr;
  Calloc calloc = nullptr;
  Realloc realloc = nullptr;
  Free free = nullptr;
  Aligned aligned_alloc = nullptr;
  Aligned memalign = nullptr;
  PosixMemalign posix_memalign = nullptr;
};
Real real_functions;

// Null while the functions are being looked up.
Real* real() {
  if (real_functions.posix_memalign != nullptr) return &real_functions;
  if (looking_up) return nullptr;
  looking_up = true;
  real_functions.malloc = next<Malloc>("malloc");
  real_functions.calloc = next<Calloc>("calloc");
  real_functions.realloc = next<Realloc>("realloc");
  real_functions.free = next<Free>("free");
  real_functions.aligned_alloc = next<Aligned>("aligned_alloc");
  real_functions.memalign = next<Aligned>("memalign");
  real_functions.posix_memalign = next<PosixMemalign>("posix_memalign");
  looking_up = false;
  return &real_functions;
}

}  // namespace

extern "C" {

void* malloc(std::size_t size) {
  count();
  Real* functions = real();
  return functions == nullptr ? from_early(size) : functions->malloc(size);
}

void* calloc(std::size_t number, std::size_t size) {
  count();
  Real* functions = real();
  return functions == nullptr ? from_early(number * size) : functions->calloc(number, size);
}

void* realloc(void* memory, std::size_t size) {
  count();
  Real* functions = real();
  if (functions == nullptr || is_early(memory)) {
    void* moved = functions == nullptr ? from_early(size) : functions->malloc(size);
    const std::size_t available = static_cast<std::size_t>(early + sizeof early - static_cast<char*>(memory));
    if (memory != nullptr) memcpy(moved, memory, size < available ? size : available);
    return moved;
  }
  return functions->realloc(memory, size);
}

void free(void* memory) {
  if (memory == nullptr || is_early(memory)) return;
  real()->free(memory);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count();
  return real()->aligned_alloc(alignment, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  count();
  return real()->memalign(alignment, size);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  count();
  return real()->posix_memalign(result, alignment, size);
}
}

namespace {

void* or_throw(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* aligned(std::size_t size, std::align_val_t alignment) {
  return aligned_alloc(static_cast<std::size_t>(alignment), size);
}

}  // namespace

void* operator new(std::size_t size) {
  return or_throw(malloc(size));
}
void* operator new[](std::size_t size) {
  return or_throw(malloc(size));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return malloc(size);
}
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept {
  return malloc(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return or_throw(aligned(size, alignment));
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return or_throw(aligned(size, alignment));
}
void* operator new(std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return aligned(size, alignment);
}
void* operator new[](std::size_t size, std::align_val_t alignment, const std::nothrow_t&) noexcept {
  return aligned(size, alignment);
}
void operator delete(void* memory) noexcept {
  free(memory);
}
void operator delete[](void* memory) noexcept {
  free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  free(memory);
}
void operator delete(void* memory, const std::nothrow_t&) noexcept {
  free(memory);
}
void operator delete[](void* memory, const std::nothrow_t&) noexcept {
  free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  free(memory);
}
