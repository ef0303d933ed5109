// One worker's window onto a Fill: the head, the pieces of the body that are at hand, and how it ended.
//
// Followers (exchanges) on the same worker read from it at their own pace and are woken by events. It belongs to its
// worker; the fill reaches it by posting FillUpdates, which only carry references.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/chunk.h"
#include "core/loop/worker.h"
#include "core/result.h"
#include "edge/cacheability.h"
#include "edge/object.h"

namespace skerry::edge {

class Fill;

// What became known with the response head. Immutable, shared by all views.
struct FillHead {
  ObjectHead head;  // as it would be stored
  std::shared_ptr<const http::RenderedFields> fields;
  http::BodyLength length;
  bool shareable = false;     // followers may have it
  Reason why = Reason::none;  // why it is not stored, or `stored`
  bool stored = false;
  bool peer_hit = false;     // an edge of the PoP had it
  bool peer_failed = false;  // it is an error that an edge of the PoP made itself
  http::HeaderMap once;      // fields for the leader alone
  bool has_age = false;      // the response came with an Age: it is passed on
};

// Body pieces in order, [begin, end).
class FillPieces {
 public:
  FillPieces() = default;
  explicit FillPieces(std::uint64_t offset) : begin_(offset), end_(offset) {}
  void append(core::Chunk);
  void trim_before(std::uint64_t offset);
  // The bytes from `offset` to the end of their piece; empty if they are not here.
  core::Chunk at(std::uint64_t offset) const;
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return end_; }

 private:
  struct Piece {
    std::uint64_t offset;
    core::Chunk chunk;
  };
  std::deque<Piece> pieces_;
  std::uint64_t begin_ = 0, end_ = 0;
};

enum class FillState : std::uint8_t {
  waiting,    // no head yet
  streaming,  // head known, body arriving
  complete,   // all of the body arrived; `object` is set if the store kept it
  validated,  // 304: `object` is the stored response with new times
  released,   // not for sharing: fetch on your own
  failed,     // `error`; the head may have been given out
};

struct FillUpdate {
  std::optional<FillState> state;
  std::shared_ptr<const FillHead> head;
  std::shared_ptr<const http::ResponseHead> interim;  // 102 or 103
  std::shared_ptr<const http::HeaderMap> trailers;    // with `complete`, if there are any
  core::Chunk chunk;
  std::uint64_t trim_to = 0;  // pieces before it can be read from the store
  ObjectPtr object;
  Reason why = Reason::none;
  std::shared_ptr<const core::Error> error;
  std::string upstream;  // with a state: who was asked last
};

class Follower {
 public:
  // Something changed in the view.
  virtual void on_fill_event() = 0;
  // What read_back() asked for; empty on failure.
  virtual void on_fill_read_back(std::uint64_t offset, core::Chunk) = 0;

 protected:
  ~Follower() = default;
};

class FillView final : public std::enable_shared_from_this<FillView> {
 public:
  FillView(const core::Worker& worker, std::shared_ptr<Fill> fill) : worker_(worker), fill_(std::move(fill)) {}

  FillState state() const { return state_; }
  const std::shared_ptr<const FillHead>& head() const { return head_; }
  const ObjectPtr& object() const { return object_; }
  Reason why() const { return why_; }
  const core::Error& error() const { return *error_; }
  // Interim responses so far, in order.
  const std::vector<std::shared_ptr<const http::ResponseHead>>& interims() const { return interims_; }
  // What came behind the body, for those who are given it as it arrives; never stored (RFC 9110 6.5.1). Null: nothing.
  const http::HeaderMap* trailers() const { return trailers_.get(); }
  const std::string& upstream() const { return upstream_; }
  const core::Worker& worker() const { return worker_; }
  const std::shared_ptr<Fill>& fill() const { return fill_; }
  // Its last follower has left and the fill was told: whoever comes now needs another view.
  bool closed() const { return closed_; }
  // A follower that starts now can have the body from its first byte.
  bool can_begin() const { return object_ || pieces_.begin() <= stored_behind_; }

  // The first follower ever is the leader: the one who may keep an answer that nobody else may have.
  void add(Follower&, bool leader);
  void remove(Follower&);
  bool is_leader(const Follower& follower) const { return leader_ == &follower; }

  core::Chunk at(std::uint64_t offset) const { return pieces_.at(offset); }
  std::uint64_t end() const { return pieces_.end(); }
  // `follower` has taken everything before `offset`.
  void taken(Follower& follower, std::uint64_t offset);
  // The piece at `offset` is not here any more: on_fill_read_back will bring it from the store.
  void read_back(Follower& follower, std::uint64_t offset);

  // From the fill, on this worker. start_at comes first: what lies before `offset` is not among the pieces.
  void start_at(std::uint64_t offset) { pieces_ = FillPieces(offset); }
  void apply(FillUpdate);
  void deliver(std::uint64_t offset, core::Chunk);

 private:
  struct Entry {
    Follower* follower;
    std::uint64_t offset = 0;
    bool reading_back = false;
  };
  void notify();
  void trim();
  Entry* find(const Follower&);

  const core::Worker& worker_;
  std::shared_ptr<Fill> fill_;
  FillState state_ = FillState::waiting;
  std::shared_ptr<const FillHead> head_;
  ObjectPtr object_;
  Reason why_ = Reason::none;
  std::shared_ptr<const core::Error> error_;
  std::string upstream_;
  std::vector<std::shared_ptr<const http::ResponseHead>> interims_;
  std::shared_ptr<const http::HeaderMap> trailers_;
  FillPieces pieces_;
  std::uint64_t stored_behind_ = 0;  // what lies before it can be read back
  std::uint64_t reported_ = 0;
  std::vector<Entry> followers_;
  std::vector<Follower*> notifying_;  // scratch for notify()
  const Follower* leader_ = nullptr;
  bool closed_ = false;
};

}  // namespace skerry::edge
