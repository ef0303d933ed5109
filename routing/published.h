// A value that is made anew and swapped whole: one thread publishes, others read the newest without waiting.
//
// A Reader belongs to one thread and keeps the value it read last alive; looking for a newer one is one relaxed load.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "core/mutex.h"

namespace skerry::routing {

template <class T>
class Published {
 public:
  explicit Published(std::shared_ptr<const T> first) : value_(std::move(first)) {}

  void publish(std::shared_ptr<const T> value) {
    core::MutexLock lock(mutex_);
    value_ = std::move(value);
    version_.fetch_add(1, std::memory_order_release);
  }
  std::shared_ptr<const T> current() const {
    core::MutexLock lock(mutex_);
    return value_;
  }

  class Reader {
   public:
    explicit Reader(const Published& source) : source_(source) {}
    // Valid until the next call.
    const T& get() {
      const std::uint64_t version = source_.version_.load(std::memory_order_acquire);
      if (!held_ || version != version_) {
        held_ = source_.current();
        version_ = version;
      }
      return *held_;
    }

   private:
    const Published& source_;
    std::shared_ptr<const T> held_;
    std::uint64_t version_ = 0;
  };

 private:
  mutable core::Mutex mutex_;
  std::shared_ptr<const T> value_ GUARDED_BY(mutex_);
  std::atomic<std::uint64_t> version_{1};
};

}  // namespace skerry::routing
