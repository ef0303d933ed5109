// The threads that block on files so that event loops never do.
//
// Owned by main; submit() from any thread. Results go back by EventLoop::post from inside a task.
#pragma once

#include <deque>
#include <thread>
#include <vector>

#include "core/mutex.h"
#include "core/task.h"

namespace skerry::origin {

class FileThreads {
 public:
  FileThreads(int threads, std::size_t queue);
  // Tasks not yet begun are dropped.
  ~FileThreads();
  FileThreads(const FileThreads&) = delete;
  FileThreads& operator=(const FileThreads&) = delete;

  // False: too many wait already.
  bool submit(core::Task task);

 private:
  void run();

  const std::size_t queue_;
  core::Mutex mutex_;
  core::Condition wake_;
  std::deque<core::Task> tasks_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace skerry::origin
