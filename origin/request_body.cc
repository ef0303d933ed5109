#include "origin/request_body.h"

#include "core/check.h"

namespace skerry::origin {

std::optional<core::Chunk> RequestBody::take() {
  if (next_ == chunks_.size()) return std::nullopt;
  core::Chunk chunk = chunks_[next_++];
  unsent_ -= chunk.size();
  sent_ += chunk.size();
  if (sent_ > replay_at_most) replayable_ = false;
  if (!replayable_) {
    chunks_.erase(chunks_.begin(), chunks_.begin() + static_cast<std::ptrdiff_t>(next_));
    next_ = 0;
  }
  return chunk;
}

void RequestBody::rewind() {
  CHECK(replayable_);
  unsent_ += static_cast<std::size_t>(sent_);
  sent_ = 0;
  next_ = 0;
}

}  // namespace skerry::origin
