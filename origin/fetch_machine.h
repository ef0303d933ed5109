// The fetch behind the Fetch interface: a table of named steps, and two pumps for the bodies.
//
// Steps stand in fetch.cc in the order of the table; only resume() runs them. What happens outside (a slot, an address,
// a head, an error, a deadline) is noted in a member and resume() called: fetch_pumps.cc. Destroying a fetch at any
// step is the cancel.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/dns/resolver.h"
#include "core/loop/deferred_call.h"
#include "origin/fetch.h"
#include "origin/group.h"
#include "origin/request_body.h"

namespace skerry::origin {

class FetchMachine final : public Fetch, private http::ResponseEvents, private UpstreamPool::Waiter {
 public:
  FetchMachine(const core::Worker&, std::shared_ptr<Group>, FetchRequest, FetchEvents&);
  ~FetchMachine() override;
  // The first resume(): nothing is reported from inside it.
  void begin();

  void send_body(core::Chunk) override;
  void finish_body(const http::HeaderMap* trailers) override;
  std::size_t queued() const override;
  void pause(bool) override;
  void become_tunnel() override;
  std::string upstream() const override;
  int attempts() const override { return attempts_; }

 private:
  enum class Progress : std::uint8_t { again, wait, done };
  enum class StepId : std::uint8_t { choose, queue, resolve, connect, send, await_head, stream, finish, fail };
  struct Step {
    std::string_view name;
    Progress (FetchMachine::*run)();
  };
  static const std::array<Step, 9> steps;

  void resume();
  Progress choose();
  Progress queue();
  Progress resolve();
  Progress connect();
  Progress send();
  Progress await_head();
  Progress stream();
  Progress finish();
  Progress fail();

  Progress go(StepId);
  // This upstream did not answer: the next one, if the request may be sent again. `blame`: it counts for health.
  Progress give_up_upstream(core::Error, bool blame);
  Progress fail_with(core::Error);
  Progress accept_head();
  Progress connection_lost();
  void order_addresses(const std::vector<core::IpAddress>&);
  void open_next_address();
  bool head_is_late();
  core::Duration first_byte_patience() const;
  bool nobody_else() const;
  void let_others_probe();
  bool answered_others() const;
  bool is_silent() const;
  bool may_send_again() const;
  enum class Verdict : std::uint8_t { succeeded, failed, none };
  void judge(Verdict);
  void leave_upstream();
  core::Error known_outage() const;
  core::Error problem(core::ErrorCode, core::ErrorSource = core::ErrorSource::upstream) const;
  core::Error told(const core::Error& cause) const;
  http::ClientConnection* sending_on() const;
  void pump_body();
  void report_writable();

  void on_slot(std::unique_ptr<Slot>) override;
  void on_interim(const http::ResponseHead&) override;
  void on_response(http::ResponseHead&&, http::BodyLength) override;
  void on_response_body(core::Chunk) override;
  void on_response_end(const http::HeaderMap& trailers, bool reusable) override;
  void on_request_writable() override;
  void on_response_error(const core::Error&, bool before_response) override;

  const core::Worker worker_;
  const std::shared_ptr<Group> group_;
  FetchRequest request_;
  FetchEvents& events_;
  RequestBody body_;
  const std::uint64_t target_;  // what is asked for, as a number: the same for the same URL
  bool noted_as_late_ = false;  // in the upstream's late_targets

  // The step machine.
  StepId step_ = StepId::choose;
  bool running_ = false;
  bool run_again_ = false;  // something happened while a step ran
  bool starting_ = false;
  bool in_call_ = false;  // one of the owner's calls is under way: report later, not from inside it
  bool over_ = false;
  bool* gone_ = nullptr;  // tells resume() that a step's callback destroyed this
  core::DeferredCall later_;
  core::DeferredCall writable_;
  core::Timer deadline_;
  bool expired_ = false;

  // The upstream being asked.
  UpstreamSet tried_ = 0;
  int attempts_ = 0;
  Upstream* upstream_ = nullptr;
  UpstreamPool* pool_ = nullptr;
  Permit permit_ = Permit::refused;  // refused: no verdict is owed
  bool counted_ = false;             // in the upstream's in_flight
  bool queued_ = false;              // in the pool's queue
  bool fresh_only_ = false;          // an idle connection had been closed: the next one might have been, too
  std::unique_ptr<Slot> slot_;
  bool reused_ = false;

  // Opening a connection.
  std::unique_ptr<dns::Resolver::Query> query_;
  std::optional<core::Result<dns::Resolution>> resolution_;
  std::vector<core::IpAddress> addresses_;
  std::size_t next_address_ = 0;
  core::TimePoint connect_until_;
  std::optional<core::Result<void>> connected_;
  core::Address peer_;

  // The exchange on it.
  bool sent_ = false;            // the request's head went out, on this connection or an earlier one
  bool body_sent_ = false;       // its end, too
  bool response_began_ = false;  // never again after this
  bool want_writable_ = false;   // the owner was told to wait
  core::TimePoint last_progress_;
  core::TimePoint probe_until_;      // a probe that is still without an answer lets others probe
  std::uint64_t body_accepted_ = 0;  // bytes of it the kernel had taken at last_progress_
  std::optional<http::ResponseHead> head_;
  http::BodyLength length_;
  bool paused_ = false;
  bool tunnel_ = false;
  bool ended_ = false;
  bool reusable_ = false;
  http::HeaderMap trailers_;
  struct Loss {
    core::Error error;
    bool before_response;
  };
  std::optional<Loss> loss_;
  core::Error error_;
};

}  // namespace skerry::origin
