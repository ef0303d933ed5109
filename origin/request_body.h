// A request body on its way from its sender to a connection: what came before there was one, and what was sent already
// as long as it is little enough to be sent again.
//
// Owned by a fetch. Chunks are references; nothing is copied.
#pragma once

#include <deque>
#include <optional>

#include "core/chunk.h"
#include "core/http/head.h"

namespace skerry::origin {

class RequestBody {
 public:
  // More than this of a body once sent is not kept, so its request can't be sent again.
  static constexpr std::size_t replay_at_most = 64 * 1024;

  explicit RequestBody(http::BodyLength length) : announced_(length.kind != http::BodyLength::Kind::none) {}

  bool announced() const { return announced_; }
  void add(core::Chunk chunk) {
    unsent_ += chunk.size();
    chunks_.push_back(std::move(chunk));
  }
  void finish(const http::HeaderMap* trailers) {
    finished_ = true;
    if (trailers) trailers_ = *trailers;
  }
  // Everything is here: nothing more will be added.
  bool finished() const { return finished_ || !announced_; }
  const http::HeaderMap* trailers() const { return trailers_ ? &*trailers_ : nullptr; }

  // The next part to send; empty optional: nothing left for the moment.
  std::optional<core::Chunk> take();
  std::size_t unsent() const { return unsent_; }
  std::uint64_t sent() const { return sent_; }

  bool replayable() const { return replayable_; }
  // Starts again from the first byte. Only while replayable.
  void rewind();

 private:
  const bool announced_;
  bool finished_ = false;
  bool replayable_ = true;
  std::deque<core::Chunk> chunks_;
  std::size_t next_ = 0;  // chunks_[0 … next_) were sent and are kept for a replay
  std::size_t unsent_ = 0;
  std::uint64_t sent_ = 0;
  std::optional<http::HeaderMap> trailers_;
};

}  // namespace skerry::origin
