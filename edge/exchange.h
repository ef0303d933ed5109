// One request and its answer: the table of steps that decides where the answer comes from.
//
// An Exchange never sees a socket (ResponseSink), never makes an origin connection (Fill, Pass) and never touches disk
// (ObjectStore). It belongs to one worker, which pools it: begin() makes it new, and callbacks that come late find
// another generation. See README.md, "Life of a request": the table stands in exchange.cc, each group of steps in a
// file exchange_….cc of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/http/server.h"
#include "core/loop/worker.h"
#include "edge/body_pump.h"
#include "edge/cacheability.h"
#include "edge/fill.h"
#include "edge/fill_view.h"
#include "edge/object.h"
#include "edge/parts.h"
#include "edge/pass.h"
#include "edge/peer/protocol.h"
#include "edge/range.h"
#include "edge/snapshot.h"
#include "edge/verdict.h"

namespace skerry::edge {

class EdgeWorker;

// How long a request waits for a head or small body from disk before it goes to the origin instead.
constexpr std::chrono::seconds store_patience{5};

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
    rules,
    purge,
    key,
    lookup,
    load,
    judge,
    code,
    collapse,
    follow,
    respond,
    parts,
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

  // The steps, in the order of the table.
  Next receive();
  Next authorize();
  Next apply_rules();
  Next purge();
  Next make_key();
  Next lookup();
  Next load();
  Next judge_object();
  Next code();
  Next collapse();
  Next follow();
  Next respond();
  Next parts();
  Next stream();
  Next pass();
  Next finish();

  void choose_request_id();
  Next apply_member_purge();

  // What is stored: exchange_lookup.cc.
  void load_from_disk(std::string key, const FoundOnDisk&);
  bool find_variant();

  // What is fetched for many: exchange_fill.cc.
  Next join_or_begin_fill(const std::string& key, const KeyHash& hash);
  Next fetch_alone(Reason reason);
  Next serve_stale(Reason reason);
  bool outlasts_outage();
  Next follow_head();
  void pass_on_interims();
  bool is_variant(const ObjectHead& head);
  Next upstream_failed(const core::Error& error);
  std::vector<Source> sources() const;
  FillRequest fill_request(bool joinable, bool background);
  void refresh_in_background();
  void leave_fill();

  // Past the cache: exchange_pass.cc.
  Next pass_through(Outcome outcome, Reason reason, bool through_peers);
  bool keep_posted(const http::ResponseHead& head, http::BodyLength length);
  std::optional<Next> count_forward();

  // What the site's rules answer, and what they make of every head: exchange_rules.cc.
  using Rule = std::optional<Next> (Exchange::*)(const SiteRules&);
  static const Rule rules_in_order[];
  const SiteRules* client_rules() const;
  bool identify_client();
  void note_cors_origin(const SiteRules& rules);
  std::optional<Next> access_rule(const SiteRules& rules);
  std::optional<Next> rate_rule(const SiteRules& rules);
  std::optional<Next> redirect_rule(const SiteRules& rules);
  std::optional<Next> preflight_rule(const SiteRules& rules);
  std::optional<Next> signature_rule(const SiteRules& rules);
  const ErrorPage* error_page(int status) const;
  const ErrorPage* page_for_answer(int status, bool peer_failed) const;
  Next respond_with_page(const ErrorPage& page, int status, std::string_view retry_after);
  void end_pass_with_page(const ErrorPage& page, const http::ResponseHead& head);
  Next send_own(int status, core::Chunk body);
  void send_head(http::BodyLength length, std::shared_ptr<const http::RenderedFields> stored = {});
  void edit_response(const SiteRules& rules, std::shared_ptr<const http::RenderedFields>& stored);

  // Bodies in another coding: exchange_coding.cc.
  void look_for_coded();
  void make_coded(Coding coding);
  void follow_uncoded();
  void prepare_coded(const ObjectPtr& stored);
  Next await_whole();
  bool awaits_whole(const FillHead& head) const;

  // Ranges of what is not stored whole: exchange_parts.cc.
  Next answer_range_miss();
  Next begin_parts();
  Next pass_range_on();
  void look_for_part();
  Next send_part();
  Next part_failed();
  bool next_part();
  void send_parted_head();
  void keep_passing(const http::ResponseHead& head, http::BodyLength length, const Source& source);
  std::optional<ObjectHead> storable_head(const http::ResponseHead& passing);
  std::unique_ptr<BodyKeeper> keeper_of_whole(ObjectHead object, http::BodyLength length);
  std::unique_ptr<BodyKeeper> keeper_of(ObjectHead object, const Outline& outline);

  // Status and fields, and answers of our own: exchange_respond.cc.
  Next answer_locally(int status, Reason reason, const core::Error& error, std::string_view retry_after = {});
  Next answer_ready();
  Next respond_from_object();
  Next respond_with_ranges(const RangeSet& set);
  Next begin_range(bool first);
  Next respond_from_fill();
  Next send_object_range(const ByteRange& range);
  Next send_head_only(int status, http::BodyLength length);
  void add_consumed_fields(const http::HeaderMap& stored);
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
  core::IpAddress address_;  // the client's, as far as trusted proxies tell
  std::string client_;       // the same as text, once it is needed
  std::string request_id_;   // one for all edges that a request passes, in their logs and the answer
  std::string cors_origin_;  // Origin of a request to a site with CORS
  std::string key_;          // primary key
  std::string variant_key_;  // with the variant part of `vary_`, if one is known
  KeyHash primary_hash_, hash_;
  FoundOnDisk on_disk_;
  ObjectPtr object_;   // what is served or validated
  ObjectPtr uncoded_;  // what it was before a coded copy took its place
  Judgement judgement_;
  std::shared_ptr<FillView> view_;
  std::unique_ptr<Pass> pass_;
  BodyPump pump_;
  // The rest of a range that is made of parts.
  struct Parted {
    ObjectPtr outline;
    std::string etag;
    std::uint64_t size = 0;             // of the whole
    std::uint64_t offset = 0, end = 0;  // [offset, end) is still to be sent
    ObjectPtr part;                     // the one that holds `offset`, if it is stored
    bool sought = false;                // ... was looked for
    bool unreadable = false;            // ... and is on disk: if that gives nothing, it is fetched
    std::uint64_t number() const { return offset / part_size; }
  };
  std::optional<Parted> parted_;
  // What is left of a multipart answer.
  struct Multipart {
    MultipartFormat format;
    std::vector<ByteRange> ranges;
    std::size_t next = 0;
  };
  std::unique_ptr<Multipart> multipart_;
  Verdict verdict_;
  std::string upstream_;         // who was asked last; empty: nobody
  http::ResponseHead response_;  // reused: what is added to the stored fields, or a response of our own
  http::HeaderMap edited_;       // scratch for heads that a site edits
  std::string text_;             // scratch for field values
  int status_ = 0;
  std::size_t interims_sent_ = 0;

  Step step_ = Step::receive;
  int waiting_ = 0;
  std::uint64_t generation_ = 0;
  bool running_ = false;
  bool woken_ = false;
  bool alone_ = false;      // fetches for itself, shared with nobody
  bool rechecked_ = false;  // looked into the store again after the fill table
  bool rejoined_ = false;   // came too late for the first fill that it joined
  bool head_sent_ = false;
  bool load_done_ = false;
  bool outline_sought_ = false;
  bool coding_sought_ = false;
  std::uint64_t loads_ = 0;         // begun
  core::TimePoint store_deadline_;  // of a part or a coded copy
  core::TimePoint following_since_;
  Epoch epoch_ = 0;             // when a pass began
  bool past_own_copy_ = false;  // the asking edge knows of a purge that has not come here
  core::Timer deadline_;
};

}  // namespace skerry::edge
