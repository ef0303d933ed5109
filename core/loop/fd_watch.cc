#include "core/loop/fd_watch.h"

#include <event2/event.h>
#include <event2/event_struct.h>

#include <new>

#include "core/check.h"
#include "core/loop/libevent_loop.h"

namespace skerry::core {

// Apart, so that starting to wait for writability leaves the read side as it is: one epoll_ctl.
struct FdWatch::Events {
  event read, write;
};

FdWatch::FdWatch(LibeventLoop& loop, int fd, FdEvents& events, bool edge_triggered) : loop_(loop), events_(events) {
  static_assert(sizeof(Events) <= sizeof storage_ && alignof(Events) <= alignof(std::max_align_t));
  ::new (storage_) Events;
  const short mode = static_cast<short>(EV_PERSIST | (edge_triggered ? EV_ET : 0));
  CHECK(event_assign(&storage().read, loop.base(), fd, EV_READ | mode, readable_callback, this) == 0);
  CHECK(event_assign(&storage().write, loop.base(), fd, EV_WRITE | mode, writable_callback, this) == 0);
}

FdWatch::~FdWatch() {
  set(false, false);
}

FdWatch::Events& FdWatch::storage() {
  return *std::launder(reinterpret_cast<Events*>(storage_));
}

void FdWatch::set(bool readable, bool writable) {
  if (readable != readable_) CHECK((readable ? event_add(&storage().read, nullptr) : event_del(&storage().read)) == 0);
  readable_ = readable;
  if (writable != writable_) {
    CHECK((writable ? event_add(&storage().write, nullptr) : event_del(&storage().write)) == 0);
  }
  writable_ = writable;
}

void FdWatch::readable_callback(int, short, void* self) {
  auto& watch = *static_cast<FdWatch*>(self);
  const LibeventLoop::CallbackScope scope(watch.loop_);
  watch.events_.on_fd_readable();
}

void FdWatch::writable_callback(int, short, void* self) {
  auto& watch = *static_cast<FdWatch*>(self);
  const LibeventLoop::CallbackScope scope(watch.loop_);
  watch.events_.on_fd_writable();
}

}  // namespace skerry::core
