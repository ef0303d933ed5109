#include "edge/pass.h"

#include "edge/peer/protocol.h"

namespace skerry::edge {

namespace {
// Request bytes waiting for the upstream beyond which the client is made to wait.
constexpr std::size_t upload_window = 256 * 1024;
}  // namespace

Pass::~Pass() = default;

void Pass::start(std::vector<Source> sources, http::BodyLength body) {
  sources_ = std::move(sources);
  body_ = body;
  ask_next({core::ErrorCode::no_healthy_upstream, core::ErrorSource::upstream, true, {}});
}

void Pass::ask_next(const core::Error& last) {
  while (next_ < sources_.size()) {
    const Source& source = sources_[next_++];
    if (source.is_peer() && source.group->all_ejected(worker_.loop.now())) continue;
    origin::FetchRequest request;
    request.head = owner_.pass_request(source);
    request.body = body_;
    request.first_byte_timeout = source.patience;
    request.elsewhere = source.is_peer();
    request.may_retry = http::is_idempotent(request.head.method);
    fetch_ = origin::Fetch::start(worker_, *source.group, std::move(request), *this);
    return;
  }
  owner_.on_pass_error(last, false);
}

void Pass::request_body(core::Chunk chunk) {
  if (!fetch_) {
    sink_.consume(chunk.size());
    return;
  }
  body_began_ = true;
  unconsumed_ += chunk.size();
  fetch_->send_body(std::move(chunk));
  give_back_window();
}

void Pass::request_end(const http::HeaderMap& trailers) {
  if (fetch_) fetch_->finish_body(trailers.size() == 0 ? nullptr : &trailers);
}

void Pass::give_back_window() {
  if (unconsumed_ == 0 || (fetch_ && fetch_->queued() >= upload_window)) return;
  const std::size_t n = unconsumed_;
  unconsumed_ = 0;
  sink_.consume(n);
}

void Pass::on_fetch_writable() {
  give_back_window();
}

void Pass::on_fetch_interim(const http::ResponseHead& head) {
  sink_.send_interim(head);
}

void Pass::on_fetch_head(http::ResponseHead&& head, http::BodyLength length) {
  const Source& source = sources_[next_ - 1];
  if (source.is_peer() && !is_peer_answer(head)) {
    fetch_.reset();
    ask_next({core::ErrorCode::bad_peer_credentials, core::ErrorSource::upstream, true, "peer refused"});
    return;
  }
  head_came_ = true;
  owner_.on_pass_head(std::move(head), length, source);
}

void Pass::on_fetch_body(core::Chunk chunk) {
  if (keeper_) keeper_->take(chunk);
  sink_.send_body(std::move(chunk));
  if (!paused_ && fetch_ && sink_.queued() >= high_water_) {
    paused_ = true;
    fetch_->pause(true);
  }
}

void Pass::sink_writable() {
  if (!paused_ || !fetch_) return;
  paused_ = false;
  fetch_->pause(false);
}

void Pass::on_fetch_end(const http::HeaderMap& trailers) {
  if (keeper_) keeper_->complete();
  owner_.on_pass_end(trailers);
}

void Pass::on_fetch_error(const core::Error& reported) {
  const core::Error error = reported;  // it may live in the fetch
  upstream_ = upstream();
  fetch_.reset();
  if (head_came_ || body_began_) {
    owner_.on_pass_error(error, head_came_);
    return;
  }
  ask_next(error);
}

void Pass::become_tunnel() {
  fetch_->become_tunnel();
  sink_.become_tunnel();
}

}  // namespace skerry::edge
