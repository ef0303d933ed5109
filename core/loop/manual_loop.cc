#include "core/loop/manual_loop.h"

#include <algorithm>

namespace skerry::core {

ManualLoop::~ManualLoop() {
  let_go_of_all();
  while (!deferred_.empty()) std::vector<Task>(std::move(deferred_)).clear();
}

void ManualLoop::post(Task task) {
  const MutexLock lock(mutex_);
  posted_.push_back(std::move(task));
}

void ManualLoop::run() {
  while (!stop_.load(std::memory_order_relaxed) && run_ready()) continue;
  stop_.store(false, std::memory_order_relaxed);
}

bool ManualLoop::run_ready() {
  const auto deadline = timers_.next_deadline();
  const bool timers_due = deadline && *deadline <= now();
  if (timers_due) timers_.advance(now());
  const bool posted = run_posted();
  const bool deferred = run_deferred();
  return timers_due || posted || deferred;
}

void ManualLoop::advance(Duration by) {
  const TimePoint end = now() + by;
  run();
  for (auto next = next_deadline(); next && *next <= end; next = next_deadline()) {
    clock_.advance(std::max(*next - now(), Duration::zero()));
    run();
  }
  clock_.advance(end - now());
  run();
}

bool ManualLoop::run_posted() {
  std::vector<Task> tasks;
  {
    const MutexLock lock(mutex_);
    tasks.swap(posted_);
  }
  for (Task& task : tasks) Task(std::move(task))();
  return !tasks.empty();
}

bool ManualLoop::run_deferred() {
  std::vector<Task> tasks;
  tasks.swap(deferred_);
  for (Task& task : tasks) Task(std::move(task))();
  return !tasks.empty();
}

}  // namespace skerry::core
