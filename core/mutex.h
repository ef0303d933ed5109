// A mutex that clang's thread-safety analysis understands: the lock a field needs stands on the field (GUARDED_BY).
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define SKERRY_THREAD(x) __attribute__((x))
#else
#define SKERRY_THREAD(x)
#endif
#define GUARDED_BY(m) SKERRY_THREAD(guarded_by(m))
#define REQUIRES(m) SKERRY_THREAD(requires_capability(m))
#define EXCLUDES(m) SKERRY_THREAD(locks_excluded(m))

namespace skerry::core {

class SKERRY_THREAD(capability("mutex")) Mutex {
 public:
  void lock() SKERRY_THREAD(acquire_capability()) { mutex_.lock(); }
  void unlock() SKERRY_THREAD(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class SKERRY_THREAD(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) SKERRY_THREAD(acquire_capability(mutex)) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() SKERRY_THREAD(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits on a Mutex that the caller holds. Only I/O and log threads wait; an event loop never does.
class Condition {
 public:
  void wait(Mutex& mutex) REQUIRES(mutex) { condition_.wait(mutex); }
  template <class Rep, class Period>
  void wait_for(Mutex& mutex, std::chrono::duration<Rep, Period> longest) REQUIRES(mutex) {
    condition_.wait_for(mutex, longest);
  }
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }

 private:
  std::condition_variable_any condition_;
};

}  // namespace skerry::core
