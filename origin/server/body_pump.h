// Sends a response body piece by piece, as fast as the client takes it or as slow as a fault asks: at most one read
// and one response buffer in memory, whatever the size.
//
// Owned by a handler; one worker. May finish or abort the response, which may destroy the handler and this.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "core/http/server.h"
#include "core/loop/event_loop.h"
#include "origin/server/byte_ranges.h"
#include "origin/server/document_root.h"
#include "origin/server/file_threads.h"

namespace skerry::origin {

// Literal text (multipart framing, small bodies), or a range of the source if `text` is empty.
struct BodyPiece {
  std::string text;
  ByteRange range;
};

struct BodySource {
  std::shared_ptr<const OpenFile> file;  // null: generated
  std::uint64_t seed = 0;
};

struct BodyFaults {
  std::uint64_t slow = 0;              // bytes a second
  std::optional<std::uint64_t> close;  // abort after so many bytes
  bool abort_at_end = false;           // more was announced
};

class BodyPump {
 public:
  BodyPump(http::ResponseSink&, FileThreads&, std::size_t response_buffer);
  ~BodyPump();
  BodyPump(const BodyPump&) = delete;
  BodyPump& operator=(const BodyPump&) = delete;

  void start(BodySource, std::deque<BodyPiece>, const BodyFaults&);
  // The sink has room again.
  void resume();

 private:
  // The way back for a read that may end after this was destroyed. Its pointer is the worker's alone.
  struct Link {
    BodyPump* pump;
  };

  bool has_room() const;
  std::size_t next_size() const;
  void send(core::Chunk);
  void send_next();
  void read_next(std::size_t size);
  void on_read(core::Result<core::Chunk>);
  void end();
  void refill_allowance();

  http::ResponseSink& sink_;
  FileThreads& files_;
  const std::size_t response_buffer_;
  BodySource source_;
  std::deque<BodyPiece> pieces_;
  BodyFaults faults_;
  std::uint64_t left_ = UINT64_MAX;       // bytes until the abort that was asked for
  std::uint64_t allowance_ = UINT64_MAX;  // bytes that may go now, if slow
  core::TimePoint refilled_;
  bool reading_ = false;
  bool ending_ = false;
  std::shared_ptr<Link> link_;
  core::Timer timer_;
};

}  // namespace skerry::origin
