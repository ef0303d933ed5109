// Signals as callbacks of one event loop, and what every program sets up for itself at start.
//
// One SignalWatch a process, owned by main, on its loop's thread.
#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include "core/loop/libevent_loop.h"

namespace skerry::core {

class SignalWatch {
 public:
  // `on_signal(number)` runs on the loop, some time after the signal; several of one kind may come as one.
  SignalWatch(LibeventLoop& loop, std::initializer_list<int> signals, UniqueFunction<void(int)> on_signal);
  // The signals have their default effect again.
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  static void callback(int signal, short what, void* self);

  LibeventLoop& loop_;
  UniqueFunction<void(int)> on_signal_;
  std::vector<event*> events_;
};

// A write to a closed connection or pipe is an error to handle, not the end of the process.
void ignore_sigpipe();
// Raises the limit of open descriptors as far as it may be raised, and returns it.
std::uint64_t raise_descriptor_limit();

}  // namespace skerry::core
