#include "edge/exchange.h"

#include "edge/edge_worker.h"
#include "edge/peer/purge_relay.h"
#include "edge/upstream_request.h"

namespace skerry::edge {

namespace {

constexpr std::size_t longest_request_id = 64;

}  // namespace

const Exchange::StepFunction Exchange::steps[] = {
    &Exchange::receive,       // who asks, on which listener
    &Exchange::authorize,     // may they; which site is it
    &Exchange::apply_rules,   // what the site's own rules answer
    &Exchange::purge,         // a member's purge, instead of a site's object
    &Exchange::make_key,      // what is asked for; is it cacheable at all
    &Exchange::lookup,        // memory, or where on disk
    &Exchange::load,          // from disk
    &Exchange::judge_object,  // fresh, stale or unusable
    &Exchange::code,          // the stored body in a coding that the client takes
    &Exchange::collapse,      // join the fill under way, or begin one
    &Exchange::follow,        // until the fill's head decides
    &Exchange::respond,       // status and fields
    &Exchange::parts,         // a range of what is not stored whole, part by part
    &Exchange::stream,        // the body, at the client's pace
    &Exchange::pass,          // past the cache
    &Exchange::finish,        // log, count, end
};

Exchange::Exchange(EdgeWorker& edge)
    : edge_(edge),
      worker_(edge.worker()),
      pump_(edge.worker(), edge.store(), *this),
      deadline_(edge.worker().loop, [this] { wake(wake_deadline); }) {}

Exchange::~Exchange() = default;

void Exchange::begin(http::ResponseSink& sink, bool peer_listener) {
  release_references();
  sink_ = &sink;
  peer_listener_ = peer_listener;
  verdict_ = Verdict();
  upstream_.clear();
  cors_origin_.clear();
  status_ = 0;
  interims_sent_ = 0;
  alone_ = rechecked_ = rejoined_ = head_sent_ = load_done_ = past_own_copy_ = outline_sought_ = coding_sought_ = false;
  waiting_ = 0;
  step_ = Step::receive;
}

void Exchange::release_references() {
  ++generation_;
  deadline_.cancel();
  leave_fill();
  pump_.reset();
  pass_.reset();
  object_.reset();
  uncoded_.reset();
  parted_.reset();
  multipart_.reset();
  snapshot_.reset();
  site_ = nullptr;
  request_ = nullptr;
}

void Exchange::resume() {
  if (running_) {
    woken_ = true;
    return;
  }
  running_ = true;
  do {
    woken_ = false;
    Next next = Next::again;
    while (next == Next::again) next = (this->*steps[static_cast<int>(step_)])();
    // This exchange may be at its next request by now: it is not ours to touch.
    if (next == Next::done) return;
  } while (woken_);
  running_ = false;
}

void Exchange::wake(Wake event) {
  if (running_) {
    woken_ = true;
    return;
  }
  if ((waiting_ & event) == 0) return;
  waiting_ = 0;
  resume();
}

Exchange::Next Exchange::wait_for(int wakes) {
  waiting_ = wakes;
  return Next::wait;
}

Exchange::Next Exchange::go(Step step) {
  step_ = step;
  return Next::again;
}
// --- receive

void Exchange::on_request(http::RequestHead& head, http::BodyLength length) {
  request_ = &head;
  request_body_ = length;
  resume();
}

Exchange::Next Exchange::receive() {
  began_ = worker_.loop.now();
  address_ = sink_->connection().client.ip;
  snapshot_ = edge_.snapshot();
  return go(Step::authorize);
}

// --- authorize

Exchange::Next Exchange::authorize() {
  choose_request_id();
  if (peer_listener_) {
    auto peer = accept_peer_request(*request_, snapshot_->config().pop.secret, worker_.loop.wall());
    if (!peer.ok()) return answer_locally(403, Reason::denied, peer.error());
    if (request_->path.starts_with(purge_path)) return apply_member_purge();
    peer_ = std::move(peer).value();
    client_ = peer_.client;
    past_own_copy_ = !edge_.positions().covers(peer_.positions);
  } else {
    client_.clear();
    remove_peer_fields(request_->fields);
    if (!identify_client()) {
      return answer_locally(
          400, Reason::bad_request,
          {core::ErrorCode::malformed_field, core::ErrorSource::client, false, "Forwarded is malformed"});
    }
    if (request_->path == "/.well-known/skerry/ready") return answer_ready();
  }
  if (request_->authority.empty()) {
    // HTTP/1.0 allows it (RFC 9112 3.2); but members of a PoP would each make up another name.
    return answer_locally(400, Reason::bad_request,
                          {core::ErrorCode::bad_host, core::ErrorSource::client, false, "Host is missing"});
  }
  site_ = snapshot_->find_site(*request_);
  if (!site_) {
    return answer_locally(421, Reason::misdirected,
                          {core::ErrorCode::misdirected, core::ErrorSource::client, false, "no site for this host"});
  }
  if (is_loop(*request_, *snapshot_)) {
    return answer_locally(
        508, Reason::loop,
        {core::ErrorCode::loop_detected, core::ErrorSource::client, false, "this edge is in CDN-Loop already"});
  }
  return go(client_rules() ? Step::rules : Step::key);
}

// A member's request keeps its number. A client's own is not taken over: it is no part of the cache key, and what the
// origin makes of it would be served to others.
void Exchange::choose_request_id() {
  if (peer_listener_) {
    const std::string_view given = request_->fields.find(http::HeaderId::x_request_id).value_or("");
    if (!given.empty() && given.size() <= longest_request_id) {
      request_id_ = given;
      return;
    }
  }
  constexpr std::string_view digits = "0123456789abcdef";
  request_id_.resize(16);
  std::uint64_t number = worker_.random.next();
  for (char& digit : request_id_) {
    digit = digits[number & 15];
    number >>= 4;
  }
}

// Another member took a purge: applied here before it is confirmed. After a gap in its numbers something was missed,
// and everything is validated before it is used again; until that is durable the gap stays open, and the next purge
// finds it again.
Exchange::Next Exchange::apply_member_purge() {
  auto numbered = parse_purge_target(request_->path);
  if (!numbered.ok()) return answer_locally(400, Reason::bad_request, numbered.error());
  verdict_.outcome = Outcome::local;
  load_done_ = false;
  step_ = Step::purge;
  const auto finished = [this, generation = generation_](core::Result<Epoch> applied) {
    if (generation != generation_) return;
    load_done_ = true;
    status_ = applied.ok() ? 204 : 503;
    wake(wake_store);
  };
  edge_.store().purge(
      worker_, numbered->purge,
      [&edge = edge_, &worker = worker_, number = numbered->number, finished](core::Result<Epoch> applied) {
        const bool gap = edge.positions().arrival_of(number) == PurgePositions::Arrival::gap;
        if (!applied.ok() || !gap) {
          if (applied.ok()) edge.positions().record(number);
          finished(std::move(applied));
          return;
        }
        edge.counters().purge_gaps.add(worker.index);
        edge.store().purge(worker, {PurgeKind::all, {}, true}, [&edge, number, finished](core::Result<Epoch> repaired) {
          if (repaired.ok()) edge.positions().record(number);
          finished(std::move(repaired));
        });
      });
  return Next::again;
}

Exchange::Next Exchange::purge() {
  if (!load_done_) return wait_for(wake_store);
  response_.clear();
  return send_head_only(status_, status_ == 204 ? http::BodyLength::none() : http::BodyLength::known(0));
}
// --- stream

void Exchange::on_writable() {
  if (pass_) pass_->sink_writable();
  wake(wake_sink);
}

Exchange::Next Exchange::stream() {
  switch (pump_.advance(*sink_, snapshot_->config().limits.response_buffer)) {
    case BodyPump::Progress::wait: return wait_for(wake_sink | wake_body | wake_fill);
    case BodyPump::Progress::done:
      if (parted_ && next_part()) return go(Step::parts);
      if (multipart_) return begin_range(false);
      return go(Step::finish);
    case BodyPump::Progress::failed: break;
  }
  verdict_.reason = Reason::incomplete;
  edge_.counters().aborted_responses.add(worker_.index);
  record();
  leave_fill();
  running_ = false;
  sink_->abort();
  return Next::done;
}

// --- finish

Exchange::Next Exchange::finish() {
  record();
  if (view_ && view_->object()) prepare_coded(view_->object());
  const auto view = std::move(view_);  // its trailers
  if (view) view->remove(*this);
  running_ = false;
  sink_->finish(view ? view->trailers() : nullptr);
  return Next::done;
}

void Exchange::on_cancelled(const core::Error& error) {
  if (verdict_.reason == Reason::none || !head_sent_) verdict_.reason = Reason::client_gone;
  static_cast<void>(error);
  record();
  release_references();
}

void Exchange::record() {
  if (!request_ || !sink_) return;
  if (pass_) upstream_ = pass_->upstream();
  const std::string& origin_of = site_ ? site_->name : text_;
  edge_.record({*request_, sink_->connection(), verdict_, status_, sink_->bytes_sent(), worker_.loop.now() - began_,
                upstream_, request_id_, address_, peer_listener_ ? std::string_view(client_) : std::string_view(),
                site_ ? std::string_view(origin_of) : std::string_view()});
}

}  // namespace skerry::edge
