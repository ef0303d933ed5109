// The two pumps of a fetch, what its owner asks of it meanwhile, and what the connection reports: noted in members for
// the steps in fetch.cc.
#include "origin/fetch_machine.h"

namespace skerry::origin {

namespace {

constexpr std::size_t body_queue = 256 * 1024;  // Fetch::queued() above this: the sender waits

}  // namespace

http::ClientConnection* FetchMachine::sending_on() const {
  const bool open = step_ == StepId::await_head || step_ == StepId::stream;
  return open && !over_ && slot_ && !loss_ ? slot_->connection.get() : nullptr;
}

void FetchMachine::pump_body() {
  const bool was_in_call = std::exchange(in_call_, true);
  while (sending_on()) {
    auto chunk = body_.take();
    if (!chunk) break;
    slot_->connection->send_body(std::move(*chunk));
  }
  if (sending_on() && body_.finished() && !body_sent_) {
    body_sent_ = true;
    slot_->connection->finish_request(body_.trailers());
  }
  in_call_ = was_in_call;
  if (want_writable_ && queued() < body_queue / 2) writable_.schedule();
}

void FetchMachine::send_body(core::Chunk chunk) {
  if (over_ || chunk.empty()) return;
  if (!tunnel_) {
    if (!body_.announced() || body_.finished()) return;
    body_.add(std::move(chunk));
    want_writable_ = want_writable_ || queued() >= body_queue / 2;
    if (sending_on()) pump_body();
    return;
  }
  if (!sending_on()) return;
  deadline_.arm(group_->config().tunnel_idle_timeout);
  in_call_ = true;
  slot_->connection->send_body(std::move(chunk));
  in_call_ = false;
}

void FetchMachine::finish_body(const http::HeaderMap* trailers) {
  if (over_) return;
  if (tunnel_) {
    in_call_ = true;
    if (auto* connection = sending_on()) connection->finish_request();
    in_call_ = false;
    return;
  }
  if (body_.finished()) return;
  body_.finish(trailers);
  if (sending_on()) pump_body();
}

std::size_t FetchMachine::queued() const {
  if (over_) return 0;
  const auto* connection = sending_on();
  return body_.unsent() + (connection ? connection->queued() : 0);
}

void FetchMachine::pause(bool paused) {
  if (over_ || paused == paused_) return;
  paused_ = paused;
  if (step_ != StepId::stream || !sending_on()) return;
  // A pause is the owner's doing: the upstream isn't idle while it lasts.
  if (paused) {
    deadline_.cancel();
  } else {
    deadline_.arm(tunnel_ ? group_->config().tunnel_idle_timeout : group_->config().idle_timeout);
  }
  in_call_ = true;
  slot_->connection->pause_reading(paused);
  in_call_ = false;
}

void FetchMachine::become_tunnel() {
  if (step_ != StepId::stream || !sending_on()) return;
  tunnel_ = true;
  slot_->connection->become_tunnel();
  if (!paused_) deadline_.arm(group_->config().tunnel_idle_timeout);
}

std::string FetchMachine::upstream() const {
  if (!upstream_) return {};
  return peer_.port == 0 ? upstream_->url.text : upstream_->url.text + " (" + peer_.to_string() + ")";
}

// --- What the pool and the connection report

void FetchMachine::on_slot(std::unique_ptr<Slot> slot) {
  slot_ = std::move(slot);
  queued_ = false;
  later_.schedule();
}

void FetchMachine::on_interim(const http::ResponseHead& head) {
  response_began_ = true;
  last_progress_ = worker_.loop.now();
  events_.on_fetch_interim(head);
}

void FetchMachine::on_response(http::ResponseHead&& head, http::BodyLength length) {
  response_began_ = true;
  head_ = std::move(head);
  length_ = length;
  resume();
}

void FetchMachine::on_response_body(core::Chunk chunk) {
  if (!paused_) deadline_.arm(tunnel_ ? group_->config().tunnel_idle_timeout : group_->config().idle_timeout);
  events_.on_fetch_body(std::move(chunk));
}

void FetchMachine::on_response_end(const http::HeaderMap& trailers, bool reusable) {
  ended_ = true;
  reusable_ = reusable;
  trailers_ = trailers;
  resume();
}

void FetchMachine::on_request_writable() {
  report_writable();
}

void FetchMachine::report_writable() {
  want_writable_ = false;
  writable_.cancel();
  if (!over_) events_.on_fetch_writable();
}

void FetchMachine::on_response_error(const core::Error& error, bool before_response) {
  loss_ = Loss{told(error), before_response};
  response_began_ = response_began_ || !before_response;
  if (in_call_) {
    later_.schedule();
  } else {
    resume();
  }
}

}  // namespace skerry::origin
