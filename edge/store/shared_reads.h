// Reads of the same chunk at the same time are one: many readers of a large object are seldom far apart, and the busier
// the disk is, the longer each read waits and the more of them share it. They share its bytes, too.
//
// Any thread. The lock covers a look-up.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "core/chunk.h"
#include "core/loop/worker.h"
#include "core/mutex.h"
#include "core/result.h"

namespace skerry::edge {

// A chunk of a body on disk, by the body's name and the chunk's number.
struct ChunkName {
  std::uint64_t body = 0;
  std::uint32_t chunk = 0;
  bool operator==(const ChunkName&) const = default;
};

class SharedReads {
 public:
  using Outcome = core::Result<core::Chunk>;
  using Done = core::UniqueFunction<void(Outcome)>;

  // `done` will run on the loop once the chunk is read. True: nobody reads it yet, so the caller has to, and finishes.
  bool join(const ChunkName&, core::EventLoop&, Done done);
  // Tells all who have joined; who comes now begins a new read.
  void finish(const ChunkName&, const Outcome&);

 private:
  struct Reader {
    core::EventLoop* loop;
    Done done;
  };
  struct HashOfName {
    std::size_t operator()(const ChunkName& name) const { return (name.body ^ name.chunk) * 0x9e3779b97f4a7c15; }
  };

  core::Mutex mutex_;
  std::unordered_map<ChunkName, std::vector<Reader>, HashOfName> under_way_ GUARDED_BY(mutex_);
};

}  // namespace skerry::edge
