// Sends a response body to a client at the client's pace: from a stored object in memory, from disk chunk by chunk, or
// from a fill that is still arriving. It holds references only and at most two disk chunks. Owned by an Exchange, on
// its worker.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "core/chunk.h"
#include "core/http/server.h"
#include "edge/fill_view.h"
#include "edge/object.h"
#include "edge/store/object_store.h"

namespace skerry::edge {

class BodyPump {
 public:
  // Told when advance() can go on after a disk read.
  class Owner {
   public:
    virtual void on_body_ready() = 0;

   protected:
    ~Owner() = default;
  };
  enum class Progress : std::uint8_t {
    done,    // everything was handed to the sink
    wait,    // for the sink, the disk or the fill
    failed,  // the body can't be completed
  };

  BodyPump(const core::Worker& worker, ObjectStore& store, Owner& owner)
      : worker_(worker), store_(store), owner_(owner) {}

  // Bytes [first, end) of the object.
  void from_object(ObjectPtr object, std::uint64_t first, std::uint64_t end);
  // Bytes [first, end) as they arrive, at most what comes; `follower` is registered with the view.
  static constexpr std::uint64_t everything = ~std::uint64_t{0};
  void from_view(std::shared_ptr<FillView> view, Follower& follower, std::uint64_t first = 0,
                 std::uint64_t end = everything);
  Progress advance(http::ResponseSink& sink, std::size_t high_water);
  // Stops; what is still being read is dropped when it comes.
  void reset();
  std::uint64_t sent() const { return sent_; }

  void on_read_back(std::uint64_t offset, core::Chunk chunk);

 private:
  struct Slot {
    std::uint64_t number = 0;
    bool reading = false;
    bool failed = false;
    core::Chunk chunk;
  };

  core::Chunk next();
  core::Chunk next_in_memory();
  core::Chunk next_on_disk();
  core::Chunk next_arriving();
  void read_ahead(std::uint64_t number);

  const core::Worker& worker_;
  ObjectStore& store_;
  Owner& owner_;
  ObjectPtr object_;
  std::shared_ptr<FillView> view_;
  Follower* follower_ = nullptr;
  std::uint64_t offset_ = 0, end_ = 0, sent_ = 0;
  std::size_t piece_ = 0;           // in-memory: which chunk holds `offset_`
  std::uint64_t piece_offset_ = 0;  // and where that chunk begins
  std::array<Slot, 2> slots_;       // on disk: this chunk and the next
  core::Chunk read_back_;           // arriving: what the store gave back for `offset_`
  bool failed_ = false;
  std::uint64_t generation_ = 0;  // of the body; answers to earlier reads are dropped
};

}  // namespace skerry::edge
