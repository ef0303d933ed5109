// Threads that read from the disk, so that no event loop ever waits for one. A bounded queue with a deadline: what
// would come too late is refused instead, and the request goes to the origin.
//
// submit() from any thread. With no threads (a simulation) tasks run inside submit().
#pragma once

#include <deque>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/mutex.h"
#include "core/result.h"
#include "core/task.h"

namespace skerry::edge {

class IoPool {
 public:
  // `refused` is null if the work may be done, else why not: overloaded, read_timeout or cancelled.
  using Work = core::UniqueFunction<void(const core::Error* refused)>;

  IoPool(core::Clock&, int threads, std::size_t most_waiting, core::Duration deadline);
  // Refuses what waits, and returns once no task runs.
  ~IoPool();
  void submit(Work);

 private:
  struct Waiting {
    core::TimePoint deadline;
    Work work;
  };
  void run();

  core::Clock& clock_;
  const std::size_t most_waiting_;
  const core::Duration deadline_;
  core::Mutex mutex_;
  core::Condition wake_;
  std::deque<Waiting> waiting_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace skerry::edge
