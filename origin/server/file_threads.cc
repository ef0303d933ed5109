#include "origin/server/file_threads.h"

namespace skerry::origin {

FileThreads::FileThreads(int threads, std::size_t queue) : queue_(queue) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

FileThreads::~FileThreads() {
  {
    const core::MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool FileThreads::submit(core::Task task) {
  {
    const core::MutexLock lock(mutex_);
    if (tasks_.size() >= queue_) return false;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

void FileThreads::run() {
  while (true) {
    core::Task task;
    {
      const core::MutexLock lock(mutex_);
      while (tasks_.empty() && !stopping_) wake_.wait(mutex_);
      if (stopping_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace skerry::origin
