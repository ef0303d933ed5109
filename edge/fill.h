// One object being received: a first-class thing that belongs to the cache, not to the client who came first.
//
// A Fill lives on the worker that began it. It asks its sources in order (the owner edge, the fallbacks, the origin),
// gives what arrives to the store and to one FillView per interested worker, and outlives its clients when that is
// worth it. Other workers reach it only by posting to its loop. See README.md, "Life of a request".
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "core/loop/worker.h"
#include "edge/cacheability.h"
#include "edge/counters.h"
#include "edge/fill_view.h"
#include "edge/object.h"
#include "edge/parts.h"
#include "edge/peer/positions.h"
#include "edge/snapshot.h"
#include "edge/store/object_store.h"
#include "origin/fetch.h"

namespace skerry::edge {

class FillTable;

// Everything a fill needs to know; prepared by the exchange that starts it.
struct FillRequest {
  std::shared_ptr<const Snapshot> snapshot;
  const Site* site = nullptr;  // inside the snapshot
  http::RequestHead request;   // as a client sent it, without If-*, Range, hop-by-hop fields
  std::string client;          // the client's address, for Forwarded fields
  std::string primary_key;
  KeyHash primary_hash;
  KeyHash table_hash;               // under what it can be joined
  std::vector<Source> sources;      // asked in this order; at least one
  bool joinable = true;             // false: for one client alone (Authorization, hit-for-miss, released)
  bool background = false;          // a refresh that goes on without followers
  std::optional<PartRequest> part;  // of a large object: only this is asked for, under its validator
  ObjectPtr stale;                  // validated with its validators, if given
  Epoch epoch = 0;

  bool asks_peers() const { return sources.front().is_peer(); }
};

class Fill final : public origin::FetchEvents, public std::enable_shared_from_this<Fill> {
 public:
  struct Context {
    const core::Worker& worker;
    ObjectStore& store;
    FillTable& table;
    const PurgePositions& positions;
    Counters& counters;
    std::unordered_set<std::shared_ptr<Fill>>& under_way;  // the worker's; owns them
  };
  Fill(const Context&, FillRequest);
  ~Fill();

  // Begins with the first source. On its worker, once.
  void start();
  const core::Worker& worker() const { return context_.worker; }
  const FillRequest& request() const { return request_; }
  // Its first bytes are gone, and nothing keeps them: who comes now needs another one. Any thread.
  bool passed() const { return passed_.load(std::memory_order_relaxed); }

  // The following run on the fill's worker.
  void subscribe(std::shared_ptr<FillView> view);
  // A view has no follower left.
  void unsubscribe(const std::shared_ptr<FillView>& view);
  // All followers of `view` have taken what lies before `offset`.
  void progress(const std::shared_ptr<FillView>& view, std::uint64_t offset);
  // A follower is behind the window: gives it the piece at `offset` from the store.
  void read_back(const std::shared_ptr<FillView>& view, std::uint64_t offset);
  // Ends it as if nobody wanted it.
  void abandon();

 private:
  struct Subscriber {
    std::shared_ptr<FillView> view;
    std::uint64_t position = 0;
  };
  enum class State : std::uint8_t { waiting, streaming, ended };

  void on_fetch_interim(const http::ResponseHead&) override;
  void on_fetch_head(http::ResponseHead&&, http::BodyLength) override;
  void on_fetch_body(core::Chunk) override;
  void on_fetch_end(const http::HeaderMap&) override;
  void on_fetch_error(const core::Error&) override;

  void ask_next_source(const core::Error& last);
  void fetch_from(const Source&);
  bool accept_peer_answer(const http::ResponseHead&);
  void accept_head(http::ResponseHead&&, http::BodyLength);
  std::shared_ptr<FillHead> describe(http::ResponseHead&&, http::BodyLength);
  void settle_sharing(FillHead&);
  void release(Reason why);
  std::uint64_t first_byte() const { return request_.part ? request_.part->range.first : 0; }
  void accept_validation(const http::ResponseHead&);
  void ask_unconditionally();
  void accept_resumed_head(const http::ResponseHead&);
  bool resume_elsewhere();
  void begin_to_store(FillHead&);
  void take_variants_turn(const ObjectHead&);
  void take(core::Chunk);
  std::uint64_t slowest_position() const;
  void update_pacing();
  void publish(FillUpdate);
  void end(FillUpdate);
  bool worth_finishing() const;

  const Context context_;
  FillRequest request_;
  const ObjectPtr copy_;  // to be validated or replaced, whatever became of request_.stale
  State state_ = State::waiting;
  bool started_ = false;
  std::size_t next_source_ = 0;
  std::unique_ptr<origin::Fetch> fetch_;
  std::string upstream_;  // who was asked last
  core::WallTime requested_;
  std::shared_ptr<const FillHead> head_;
  std::unique_ptr<ObjectWriter> writer_;
  std::vector<Subscriber> subscribers_;
  FillPieces pieces_;
  std::uint64_t skip_ = 0;  // bytes of a resumed whole response that are here already
  int resumes_ = 0;
  bool resuming_ = false;
  bool paused_ = false;
  std::atomic<bool> passed_{false};
  FillUpdate last_;  // how it ended, for views that subscribe late
};

}  // namespace skerry::edge
