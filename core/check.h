// CHECK: for our own bugs only, never for input. Prints file, line and condition, then aborts.
#pragma once

namespace skerry::core {
[[noreturn]] void check_failed(const char* condition, const char* file, int line);
}

#define CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::skerry::core::check_failed(#condition, __FILE__, __LINE__))
