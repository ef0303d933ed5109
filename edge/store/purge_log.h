// Makes purges durable before they are acknowledged: one thread, group commit into the storage's settings. Without a
// storage purges live in memory, with what they purge.
//
// submit() from any worker. Beside the writer thread on purpose: a purge must not wait behind a segment's flush.
#pragma once

#include <atomic>
#include <deque>
#include <string>
#include <thread>

#include "core/loop/event_loop.h"
#include "core/mutex.h"
#include "core/result.h"
#include "edge/store/purge_table.h"
#include "edge/store/segment_storage.h"

namespace skerry::edge {

class PurgeLog {
 public:
  using Done = core::UniqueFunction<void(core::Result<Epoch>)>;

  // `storage` null: memory only. Not threaded: submit() does the work (memory only, simulations).
  PurgeLog(PurgeTable&, SegmentStorage* storage, bool threaded);
  // Finishes what was submitted.
  ~PurgeLog();

  // Reads back what is stored; the epoch continues above everything seen there and `newest_seen`.
  core::Result<void> recover(Epoch newest_seen);
  // Counts for every look-up and fetch that begins when this has returned; durable when `done` runs, on `loop`.
  void submit(core::EventLoop& loop, const Purge&, Done done);
  // The same at once, on this thread: while opening.
  core::Result<Epoch> apply_now(const Purge&);
  std::uint64_t applied() const { return applied_.load(std::memory_order_relaxed); }

 private:
  struct Waiting {
    core::EventLoop* loop = nullptr;  // outlives the store
    PurgeKey key;
    bool soft = false;
    Epoch epoch = 0;
    Done done;
  };
  Epoch enter(const PurgeKey&, bool soft) EXCLUDES(epoch_mutex_);
  void run();
  void commit(std::deque<Waiting>& batch) EXCLUDES(commit_mutex_);
  void fold_if_large(std::vector<SegmentStorage::Setting>& settings);

  PurgeTable& table_;
  SegmentStorage* const storage_;
  // Without a thread of its own, several workers commit.
  core::Mutex commit_mutex_;
  core::Mutex epoch_mutex_;  // makes one step of reading the epoch, entering a record, and raising it
  core::Mutex mutex_;
  core::Condition wake_;
  std::deque<Waiting> waiting_ GUARDED_BY(mutex_);
  bool stopping_ GUARDED_BY(mutex_) = false;
  std::atomic<std::uint64_t> applied_{0};
  std::thread thread_;
};

}  // namespace skerry::edge
