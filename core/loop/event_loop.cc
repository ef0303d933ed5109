#include "core/loop/event_loop.h"

#include <algorithm>

#include "core/check.h"

namespace skerry::core {

void EventLoop::let_go(KeptByLoop& kept) {
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const auto& one) { return one.get() == &kept; });
  CHECK(found != kept_.end());
  // Out of the list first: its destructor may come back here for another.
  const std::unique_ptr<KeptByLoop> last = std::move(*found);
  kept_.erase(found);
}

void EventLoop::let_go_of_all() {
  while (!kept_.empty()) {
    const std::unique_ptr<KeptByLoop> last = std::move(kept_.back());
    kept_.pop_back();
  }
}

}  // namespace skerry::core
