#include "core/loop/signals.h"

#include <event2/event.h>
#include <sys/resource.h>

#include <csignal>

namespace skerry::core {

SignalWatch::SignalWatch(LibeventLoop& loop, std::initializer_list<int> signals, UniqueFunction<void(int)> on_signal)
    : loop_(loop), on_signal_(std::move(on_signal)) {
  for (const int signal : signals) {
    event* watched = evsignal_new(loop.base(), signal, callback, this);
    CHECK(watched != nullptr && event_add(watched, nullptr) == 0);
    events_.push_back(watched);
  }
}

SignalWatch::~SignalWatch() {
  for (event* watched : events_) event_free(watched);
}

void SignalWatch::callback(int signal, short, void* self) {
  auto& watch = *static_cast<SignalWatch*>(self);
  const LibeventLoop::CallbackScope scope(watch.loop_);
  watch.on_signal_(signal);
}

void ignore_sigpipe() {
  CHECK(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : before;
}

}  // namespace skerry::core
