#include "edge/store/shared_reads.h"

#include <utility>

namespace skerry::edge {

bool SharedReads::join(const ChunkName& name, core::EventLoop& loop, Done done) {
  core::MutexLock lock(mutex_);
  std::vector<Reader>& readers = under_way_[name];
  readers.push_back({&loop, std::move(done)});
  return readers.size() == 1;
}

void SharedReads::finish(const ChunkName& name, const Outcome& outcome) {
  std::vector<Reader> readers;
  {
    core::MutexLock lock(mutex_);
    const auto found = under_way_.find(name);
    if (found == under_way_.end()) return;
    readers = std::move(found->second);
    under_way_.erase(found);
  }
  for (Reader& reader : readers) {
    reader.loop->post([done = std::move(reader.done), outcome = outcome]() mutable { done(std::move(outcome)); });
  }
}

}  // namespace skerry::edge
