// One request and its answer: the table of steps that decides where the answer comes from.
//
// An Exchange never sees a socket (ResponseSink), never makes an origin connection (Fill, Pass) and never touches disk
// (ObjectStore). It belongs to one worker, which pools it: begin() makes it new, and callbacks that come late find
// another generation. See README.md, "Life of a request": the steps stand in exchange.cc in the order of the table.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/http/server.h"
#include "core/loop/worker.h"
#include "edge/body_pump.h"
#include "edge/cacheability.h"
#include "edge/fill.h"
#include "edge/fill_view.h"
#include "edge/object.h"
#include "edge/pass.h"
#include "edge/peer/protocol.h"
#include "edge/range.h"
#include "edge/snapshot.h"
#include "edge/verdict.h"

namespace skerry::edge {

class EdgeWorker;

class Exchange final : public http::RequestHandler, private Follower, private Pass::Owner, private BodyPump::Owner {
 public:
  explicit Exchange(EdgeWorker& edge);
  ~Exchange();

  // A new request on `sink`, which came in on the client listener or on the peer listener.
  void begin(http::ResponseSink& sink, bool peer_listener);
  // Lets go of everything that could keep memory or a fill alive while this exchange lies in the pool.
  void release_references();

 private:
  enum class Step : std::uint8_t {
    receive,
    authorize,
    purge,
    key,
    lookup,
    load,
    judge,
    collapse,
    follow,
    respond,
    stream,
    pass,
    finish,
  };
  enum class Next : std::uint8_t { again, wait, done };
  // What may wake a waiting step.
  enum Wake : std::uint8_t {
    wake_store = 1,
    wake_fill = 2,
    wake_sink = 4,
    wake_body = 8,
    wake_deadline = 16,
    wake_pass = 32
  };
  using StepFunction = Next (Exchange::*)();
  static const StepFunction steps[];

  // http::RequestHandler
  void on_request(http::RequestHead& head, http::BodyLength length) override;
  void on_request_body(core::Chunk) override;
  void on_request_end(const http::HeaderMap& trailers) override;
  void on_writable() override;
  void on_cancelled(const core::Error&) override;
  // Follower
  void on_fill_event() override;
  void on_fill_read_back(std::uint64_t offset, core::Chunk) override;
  // Pass::Owner
  void on_pass_head(http::ResponseHead&&, http::BodyLength, const Source&) override;
  void on_pass_end(const http::HeaderMap&) override;
  void on_pass_error(const core::Error&, bool began) override;
  http::RequestHead pass_request(const Source&) override;
  // BodyPump::Owner
  void on_body_ready() override { wake(wake_body); }

  void resume();
  void wake(Wake);
  Next wait_for(int wakes);
  Next go(Step step);

  Next receive();
  Next authorize();
  void choose_request_id();
  Next apply_member_purge();
  Next purge();
  Next make_key();
  Next lookup();
  Next load();
  Next judge_object();
  Next collapse();
  Next follow();
  Next respond();
  Next stream();
  Next pass();
  Next finish();

  Next answer_locally(int status, Reason reason, const core::Error& error);
  Next answer_ready();
  Next pass_through(Outcome outcome, Reason reason, bool through_peers);
  Next fetch_alone(Reason reason);
  Next serve_stale(Reason reason);
  Next follow_head();
  bool is_variant(const ObjectHead& head);
  Next upstream_failed(const core::Error& error);
  std::vector<Source> sources() const;
  FillRequest fill_request(bool joinable, bool background);
  void refresh_in_background();
  void leave_fill();
  void load_from_disk(const FoundOnDisk&);
  bool find_variant();

  Next respond_from_object();
  Next respond_from_fill();
  Next send_object_range(const ByteRange& range);
  Next send_head_only(int status, http::BodyLength length);
  void add_own_fields(bool with_age, std::chrono::seconds age);
  void record();

  EdgeWorker& edge_;
  const core::Worker& worker_;

  // One request's state, in the order it comes to be known.
  http::ResponseSink* sink_ = nullptr;
  http::RequestHead* request_ = nullptr;
  http::BodyLength request_body_;
  bool peer_listener_ = false;
  PeerRequest peer_;
  std::shared_ptr<const Snapshot> snapshot_;
  const Site* site_ = nullptr;
  core::TimePoint began_;
  std::string client_;
  std::string request_id_;   // one for all edges that a request passes, in their logs and the answer
  std::string key_;          // primary key
  std::string variant_key_;  // with the variant part of `vary_`, if one is known
  KeyHash primary_hash_, hash_;
  FoundOnDisk on_disk_;
  ObjectPtr object_;  // what is served or validated
  Judgement judgement_;
  std::shared_ptr<FillView> view_;
  std::unique_ptr<Pass> pass_;
  BodyPump pump_;
  Verdict verdict_;
  std::string upstream_;         // who was asked last; empty: nobody
  http::ResponseHead response_;  // reused: what is added to the stored fields, or a response of our own
  std::string text_;             // scratch for field values
  int status_ = 0;

  Step step_ = Step::receive;
  int waiting_ = 0;
  std::uint64_t generation_ = 0;
  bool running_ = false;
  bool woken_ = false;
  bool alone_ = false;      // fetches for itself, shared with nobody
  bool rechecked_ = false;  // looked into the store again after the fill table
  bool head_sent_ = false;
  bool load_done_ = false;
  bool past_own_copy_ = false;  // the asking edge knows of a purge that has not come here
  core::Timer deadline_;
};

}  // namespace skerry::edge
