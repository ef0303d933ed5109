#include "edge/store/io_pool.h"

#include <utility>

namespace skerry::edge {
namespace {

core::Error refusal(core::ErrorCode code, std::string detail) {
  return {code, core::ErrorSource::internal, true, std::move(detail)};
}

}  // namespace

IoPool::IoPool(core::Clock& clock, int threads, std::size_t most_waiting, core::Duration deadline)
    : clock_(clock), most_waiting_(most_waiting), deadline_(deadline) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

IoPool::~IoPool() {
  std::deque<Waiting> left;
  {
    core::MutexLock lock(mutex_);
    stopping_ = true;
    left.swap(waiting_);
    wake_.notify_all();
  }
  const core::Error cancelled = refusal(core::ErrorCode::cancelled, "the store is closing");
  for (auto& item : left) item.work(&cancelled);
  for (auto& thread : threads_) thread.join();
}

void IoPool::submit(Work work) {
  if (threads_.empty()) return work(nullptr);
  {
    core::MutexLock lock(mutex_);
    if (!stopping_ && waiting_.size() < most_waiting_) {
      waiting_.push_back({clock_.now() + deadline_, std::move(work)});
      wake_.notify_one();
      return;
    }
  }
  const core::Error overloaded = refusal(core::ErrorCode::overloaded, "too many reads wait for the disk");
  work(&overloaded);
}

void IoPool::run() {
  for (;;) {
    Waiting item;
    {
      core::MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) wake_.wait(mutex_);
      if (stopping_) return;
      item = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (clock_.now() > item.deadline) {
      const core::Error late = refusal(core::ErrorCode::read_timeout, "the disk is too slow");
      item.work(&late);
    } else {
      item.work(nullptr);
    }
  }
}

}  // namespace skerry::edge
