// Tells when a descriptor can be read or written, through one LibeventLoop. Level-triggered; costs a system call only
// when what is watched changes.
//
// Owned by whoever owns the descriptor, on the loop's thread; destroy it before the descriptor is closed. It may be
// destroyed from inside its own callbacks. Internal to core/loop and the socket network.
#pragma once

#include <cstddef>

namespace skerry::core {

class LibeventLoop;

class FdEvents {
 public:
  virtual void on_fd_readable() = 0;
  virtual void on_fd_writable() = 0;

 protected:
  ~FdEvents() = default;
};

class FdWatch {
 public:
  FdWatch(LibeventLoop& loop, int fd, FdEvents& events, bool edge_triggered = false);
  ~FdWatch();
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;

  void set(bool readable, bool writable);
  bool readable() const { return readable_; }
  bool writable() const { return writable_; }

 private:
  struct Events;

  static void readable_callback(int fd, short what, void* self);
  static void writable_callback(int fd, short what, void* self);
  Events& storage();

  LibeventLoop& loop_;
  FdEvents& events_;
  bool readable_ = false;
  bool writable_ = false;
  // Two libevent events in place, so that a connection is one allocation and libevent stays out of this header.
  alignas(std::max_align_t) std::byte storage_[256];
};

}  // namespace skerry::core
