// A call to the end of this loop iteration that dies with its owner: for objects that may be destroyed before it runs.
//
// Owned by the object it calls, on the loop's thread. schedule() is idempotent until the call runs; after the first one
// it allocates nothing.
#pragma once

#include <memory>
#include <utility>

#include "core/loop/event_loop.h"

namespace skerry::core {

class DeferredCall {
 public:
  DeferredCall(EventLoop& loop, Task call) : loop_(loop), call_(std::move(call)) {}
  ~DeferredCall() {
    if (link_) link_->owner = nullptr;
  }
  DeferredCall(const DeferredCall&) = delete;
  DeferredCall& operator=(const DeferredCall&) = delete;

  void schedule() {
    scheduled_ = true;
    if (!link_) link_ = std::make_shared<Link>(Link{this, false});
    if (std::exchange(link_->queued, true)) return;
    loop_.defer([link = link_] {
      link->queued = false;
      if (link->owner) link->owner->run();
    });
  }
  void cancel() { scheduled_ = false; }
  bool scheduled() const { return scheduled_; }

 private:
  struct Link {
    DeferredCall* owner;
    bool queued;  // the loop holds a task for it
  };
  void run() {
    if (std::exchange(scheduled_, false)) call_();
  }

  EventLoop& loop_;
  Task call_;
  std::shared_ptr<Link> link_;
  bool scheduled_ = false;
};

}  // namespace skerry::core
