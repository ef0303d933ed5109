// The one thread that writes to a store: a queue bounded in bytes in front of the segment log.
//
// put_* from any worker, never blocking. Over its bound the queue is congested and fills wait; over twice that it
// refuses. After a failed write the store is read-only: the oldest twentieth is dropped and writing tried again every
// second. Without a thread (a simulation) everything happens inside the calls.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <vector>

#include "core/loop/event_loop.h"
#include "core/mutex.h"
#include "edge/store/segment_log.h"

namespace skerry::edge {

// Someone who waits for the queue to drain. Belongs to its worker: only `loop` runs the task, and only while it lives.
struct DrainWaiter {
  core::EventLoop& loop;
  core::Task on_drained;
  // Both are read and written on its loop alone.
  bool alive = true;        // until the ObjectWriter goes
  bool registered = false;  // on_drained will run

  void drained() {
    registered = false;
    if (alive) on_drained();
  }
};

class DiskWriter {
 public:
  DiskWriter(SegmentLog&, SegmentStorage&, core::Clock&, std::size_t most_bytes, bool threaded);
  // Writes what is queued, seals, and waits until that is on disk.
  ~DiskWriter();

  // False: refused (read-only, or hopelessly behind).
  bool put_object(const KeyHash&, const KeyHash& primary, ObjectPtr, std::shared_ptr<LargeBody> body);
  bool put_chunk(std::shared_ptr<LargeBody>, std::shared_ptr<const Piece>);
  void seal(core::Task done);

  bool congested() const { return queued_bytes_.load(std::memory_order_relaxed) > most_bytes_; }
  void when_drained(const std::shared_ptr<DrainWaiter>&);
  bool read_only() const { return read_only_.load(std::memory_order_relaxed); }
  std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  struct Work {
    KeyHash hash, primary;
    ObjectPtr object;                 // a record or a head
    std::shared_ptr<LargeBody> body;  // with a piece: a chunk of it
    std::shared_ptr<const Piece> piece;
    std::uint32_t chunk = 0;
    core::Task seal_done;
    std::size_t bytes = 0;
  };
  bool submit(Work);
  void run();
  void perform(Work&);
  core::Result<void> write(Work&);
  void finish_seal(core::Task done);
  void drained();
  void look_after();  // what time brings: a flush that ended, a disk that may be writable again, an idle seal
  void try_to_recover();

  SegmentLog& log_;
  SegmentStorage& storage_;
  core::Clock& clock_;
  const std::size_t most_bytes_;
  const bool threaded_;

  core::Mutex mutex_;
  core::Condition wake_;
  std::deque<Work> queue_ GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<DrainWaiter>> waiters_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::atomic<std::size_t> queued_bytes_{0};
  std::atomic<bool> read_only_{false};
  std::atomic<std::uint64_t> refused_{0};
  core::TimePoint last_write_{}, next_attempt_{};  // writer thread
  std::thread thread_;
};

}  // namespace skerry::edge
