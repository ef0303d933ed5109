// Makes coded copies of stored bodies, on threads of its own, and gives them to the store: once a body and coding,
// however many ask meanwhile.
//
// make() on any worker. What waits is bounded in number and bytes: beyond, clients get the body as it is.
#pragma once

#include <memory>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "core/loop/worker.h"
#include "core/mutex.h"
#include "edge/coding/content_coding.h"
#include "edge/coding/transcode.h"
#include "edge/store/io_pool.h"
#include "edge/store/object_store.h"

namespace skerry::edge {

class Coder {
 public:
  using Done = core::UniqueFunction<void(core::Result<ObjectPtr>)>;

  // `threads` 0 (a simulation): the work is done inside make().
  Coder(ObjectStore& store, core::Clock& clock, int threads);
  ~Coder();

  // `source`'s body in `coding`; identity: without its gzip. `done` may be empty; it runs on `worker`, later or at
  // once. Errors: overloaded; corrupt and limit_exceeded as of the codings; unsupported: it would not be smaller.
  void make(const core::Worker& worker, const ObjectPtr& source, Coding coding, Done done);

 private:
  struct Waiter {
    const core::Worker* worker;
    Done done;
  };
  struct Job;
  struct Hasher {
    std::size_t operator()(const KeyHash& hash) const { return hash.low; }
  };
  using Jobs = std::unordered_map<KeyHash, std::vector<Waiter>, Hasher>;

  bool admit(const KeyHash&, std::uint64_t bytes, Waiter waiter);
  void gather(const std::shared_ptr<Job>& job);
  void submit(const std::shared_ptr<Job>& job);
  void finish(const std::shared_ptr<Job>& job, core::Result<Body> result);
  core::Result<ObjectPtr> keep(const Job& job, Body body);

  ObjectStore& store_;
  core::Mutex mutex_;
  Jobs jobs_ GUARDED_BY(mutex_);
  std::uint64_t bytes_ GUARDED_BY(mutex_) = 0;                      // of the sources of all jobs
  std::unordered_set<KeyHash, Hasher> useless_ GUARDED_BY(mutex_);  // bodies that a coding does not make smaller
  IoPool threads_;                                                  // last: its work uses the rest
};

}  // namespace skerry::edge
