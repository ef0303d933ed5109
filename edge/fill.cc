#include "edge/fill.h"

#include <algorithm>
#include <array>

#include "edge/conditional.h"
#include "edge/fill_table.h"
#include "edge/object_head.h"
#include "edge/peer/protocol.h"
#include "edge/range.h"
#include "edge/upstream_request.h"
#include "edge/vary.h"

namespace skerry::edge {
namespace {

// Body bytes that a fill lets its slowest follower lag behind before it waits (not stored) or drops pieces that the
// store can give back (stored). So many of its first ones are kept for those who come a little later.
constexpr std::uint64_t window = 1 << 20;
// How often a transfer that broke off is continued from where it stopped.
constexpr int most_resumes = 8;
// A fill that nobody waits for any more goes on if at most this is missing.
constexpr std::uint64_t worth_fetching = 8 << 20;

// RFC 9111 3: what was stored before is displaced by an answer that forbids storing; not by a failure, nor by what the
// client's own credentials, directives or rate brought about.
bool displaces(Reason why, int status) {
  const bool clients = why == Reason::authorization || why == Reason::request_no_store;
  return !clients && status < 500 && status != 401 && status != 403 && status != 407 && status != 429;
}

}  // namespace

Fill::Fill(const Context& context, FillRequest request)
    : context_(context), request_(std::move(request)), copy_(request_.stale) {}

Fill::~Fill() = default;

void Fill::start() {
  context_.under_way.insert(shared_from_this());
  started_ = true;
  context_.counters.started.add(context_.worker.index);
  ask_next_source(core::Error{core::ErrorCode::no_healthy_upstream, core::ErrorSource::upstream, true, {}});
}

// Sources are asked in order; those known to be down are skipped without a connect. The origin comes last and is always
// asked.
void Fill::ask_next_source(const core::Error& last) {
  while (next_source_ < request_.sources.size()) {
    const Source& source = request_.sources[next_source_++];
    if (source.is_peer() && source.group->all_ejected(context_.worker.loop.now())) {
      context_.counters.peers_skipped.add(context_.worker.index);
      continue;
    }
    fetch_from(source);
    return;
  }
  FillUpdate failed;
  failed.state = FillState::failed;
  failed.why = Reason::upstream_failed;
  failed.error = std::make_shared<const core::Error>(last);
  end(std::move(failed));
}

void Fill::fetch_from(const Source& source) {
  requested_ = context_.worker.loop.wall();
  origin::FetchRequest fetch;
  fetch.head = upstream_request(request_.request, *request_.snapshot, *request_.site, source,
                                {request_.client, context_.positions.to_string()}, requested_);
  if (request_.stale && !resuming_) add_validators(fetch.head, request_.stale->head());
  if (request_.part || resuming_) {
    std::string range = "bytes=" + std::to_string(first_byte() + pieces_.end()) + "-";
    if (request_.part) range += std::to_string(request_.part->range.last);
    fetch.head.fields.set(http::HeaderId::range, range);
    fetch.head.fields.set(http::HeaderId::if_range,
                          request_.part ? request_.part->etag : *strong_etag(head_->head.fields));
  }
  if (source.is_peer()) {
    context_.counters.peer_requests.add(context_.worker.index);
  } else {
    context_.counters.origin_requests.add(context_.worker.index);
  }
  fetch.first_byte_timeout = source.patience;
  fetch.elsewhere = source.is_peer();  // the origin, if nobody else
  fetch_ = origin::Fetch::start(context_.worker, *source.group, std::move(fetch), *this);
  fetch_->pause(paused_);
}

void Fill::on_fetch_interim(const http::ResponseHead& interim) {
  if (state_ != State::waiting || interim.status == 100) return;  // 100 answers an Expect of ours: there is none
  FillUpdate update;
  update.interim = std::make_shared<const http::ResponseHead>(interim);
  publish(std::move(update));
}

void Fill::on_fetch_head(http::ResponseHead&& response, http::BodyLength length) {
  upstream_ = fetch_->upstream();
  const Source& source = request_.sources[next_source_ - 1];
  // A peer that does not say it is one (it refused us, or something else answers there) has not answered.
  if (source.is_peer() && !is_peer_answer(response)) {
    context_.counters.peer_failures.add(context_.worker.index);
    fetch_.reset();
    ask_next_source({core::ErrorCode::bad_peer_credentials, core::ErrorSource::upstream, true, "peer refused"});
    return;
  }
  if (resuming_) {
    accept_resumed_head(response);
  } else if (request_.part) {
    if (!answers(*request_.part, response)) return release(Reason::changed);
    response.status = 200;  // a part is kept on the terms of the whole
    accept_head(std::move(response), http::BodyLength::known(request_.part->range.size()));
  } else if (response.status == 304 && request_.stale) {
    accept_validation(response);
  } else {
    accept_head(std::move(response), length);
  }
}

// Whoever waits asks on its own.
void Fill::release(Reason why) {
  FillUpdate update;
  update.state = FillState::released;
  update.why = why;
  end(std::move(update));
}

void Fill::accept_validation(const http::ResponseHead& response) {
  // RFC 9111 4.3.4: a 304 about something else updates nothing.
  if (!selects(request_.stale->head(), response)) return ask_unconditionally();
  const ResponseTimes times{requested_, context_.worker.loop.wall(), request_.epoch};
  const CachePolicy& policy = request_.site->policy;
  ObjectHead head = updated_by_304(request_.stale->head(), response, policy, times);
  // What it says may be for this client alone: then so is the answer.
  http::ResponseHead updated;
  updated.status = head.status;
  updated.fields = head.fields;
  if (refused_update(request_.request, updated, policy) != Reason::none) return ask_unconditionally();
  FillUpdate update;
  update.state = FillState::validated;
  update.object = context_.store.update(request_.stale, std::move(head));
  if (!update.object) {
    ask_unconditionally();  // its body was evicted meanwhile, or the store takes nothing
    return;
  }
  take_variants_turn(update.object->head());
  update.why = Reason::validated;
  context_.counters.validated.add(context_.worker.index);
  end(std::move(update));
}

// The same source once more, for all of it.
void Fill::ask_unconditionally() {
  request_.stale.reset();
  --next_source_;
  fetch_.reset();
  ask_next_source({});
}

void Fill::accept_head(http::ResponseHead&& response, http::BodyLength length) {
  const std::shared_ptr<FillHead> head = describe(std::move(response), length);
  settle_sharing(*head);
  const bool from_peer = request_.sources[next_source_ - 1].is_peer();
  // What an edge does not own it does not keep, but a copy that it has (the ring may have changed) is kept fresh.
  const bool keep = !from_peer || copy_;
  if (head->why == Reason::stored && keep) begin_to_store(*head);
  if (head->why == Reason::stored && !keep) head->why = Reason::from_peer;
  head_ = head;
  state_ = State::streaming;
  FillUpdate update;
  update.state = FillState::streaming;
  update.head = head_;
  publish(std::move(update));
  if (request_.background && !writer_ && subscribers_.empty()) abandon();  // nobody wants the rest
}

// What the head says about storing and sharing.
std::shared_ptr<FillHead> Fill::describe(http::ResponseHead&& response, http::BodyLength length) {
  const ResponseTimes times{requested_, context_.worker.loop.wall(), request_.epoch};
  const CachePolicy& policy = request_.site->policy;
  const Freshness freshness = freshness_of(response, policy, times.requested, times.received);
  auto head = std::make_shared<FillHead>();
  head->length = length;
  head->has_age = response.fields.contains(http::HeaderId::age);
  head->why = may_store(request_.request, response, freshness, policy).why;
  // As long as the copy stands in for errors (RFC 5861 4), none takes its place.
  if (copy_ && is_server_error(response.status) &&
      may_serve_stale(copy_->head(), policy, Failure::server_error, times.received))
    head->why = Reason::stale_if_error;
  // A failure takes the place of what is stored only if the origin says for how long (RFC 9111 4.3.3).
  if (copy_ && !may_replace(response.status, freshness)) head->why = Reason::no_lifetime;
  head->shareable = request_.joinable && is_shareable_for_followers(request_.request, response, freshness, policy);
  if (request_.sources[next_source_ - 1].is_peer()) {
    const PeerAnswer answer = take_peer_answer(response);
    head->peer_hit = answer.hit;
    head->peer_failed = answer.failed;
  }
  remove_peer_fields(response.fields);
  head->once = fields_for_one(response.fields);
  head->head = make_object_head(request_.request, std::move(response), freshness, times);
  if (!name_object(head->head, request_.request, request_.primary_key)) head->why = Reason::vary_mismatch;
  if (request_.part) {
    head->head.key = request_.part->key;
    head->head.status = 206;
  }
  head->fields = rendered_for_clients(head->head);
  return head;
}

// An answer that only one client may have releases the others at once, and those who come next do not queue.
void Fill::settle_sharing(FillHead& head) {
  FillTable& table = context_.table;
  if (head.shareable) {
    table.forget_unshareable(request_.table_hash);
    return;
  }
  if (request_.joinable) {
    // A server's failure says nothing about the next answer: those who come next queue again.
    const bool lasting = !is_server_error(head.head.status);
    if (lasting)
      table.remember_unshareable(request_.table_hash, context_.worker.loop.now() + request_.site->policy.hit_for_miss);
    table.remove(request_.table_hash, request_.asks_peers(), *this);
  }
  if (copy_ && head.why != Reason::stored && displaces(head.why, head.head.status)) {
    context_.store.purge(context_.worker, {PurgeKind::url, request_.primary_key, false, Reason::displaced},
                         [](core::Result<Epoch>) {});
  }
}

// The owner (or whoever stands in for it) keeps what it got from the origin; an edge that only asked a peer keeps
// nothing.
void Fill::begin_to_store(FillHead& head) {
  if (!head.head.vary.empty()) context_.store.remember_vary(request_.primary_hash, head.head.vary);
  std::optional<std::uint64_t> expected;
  if (head.length.kind != http::BodyLength::Kind::unknown) expected = head.length.size;
  Reason why = Reason::none;
  writer_ = context_.store.begin(context_.worker, head.head, expected, why);
  if (!writer_) {
    head.why = why;
    context_.counters.not_stored.add(context_.worker.index);
    return;
  }
  head.stored = true;
  head.why = Reason::stored;
  writer_->set_on_drained([this] { update_pacing(); });
}

// The newest variant of its URL now; the oldest may have to go. The parts of one variant are no variants.
void Fill::take_variants_turn(const ObjectHead& head) {
  if (head.vary.empty() || request_.part) return;
  const std::size_t most = request_.site->policy.max_variants;
  if (context_.store.make_room_for_variant(request_.primary_hash, context_.store.hash(head.key), most))
    context_.counters.variants_displaced.add(context_.worker.index);
}

// Continues a body that broke off, from another source or the same one again: only under the same strong validator, so
// that the bytes are those of one representation (RFC 9110 13.1.5).
bool Fill::resume_elsewhere() {
  if (!head_ || resumes_ >= most_resumes || !strong_etag(head_->head.fields)) return false;
  if (head_->head.status != 200 && !request_.part) return false;
  if (head_->length.kind != http::BodyLength::Kind::known) return false;
  ++resumes_;
  resuming_ = true;
  skip_ = 0;
  if (next_source_ == request_.sources.size()) next_source_ = request_.sources.size() - 1;  // the origin once more
  context_.counters.resumed.add(context_.worker.index);
  return true;
}

void Fill::accept_resumed_head(const http::ResponseHead& response) {
  const auto etag = response.fields.find(http::HeaderId::etag);
  const bool same = etag && *etag == *strong_etag(head_->head.fields);
  if (same && response.status == 206) {
    const auto range = response.fields.find(http::HeaderId::content_range);
    const auto part = range ? parse_content_range(*range) : std::nullopt;
    const std::uint64_t first = first_byte();
    if (part && part->range.first == first + pieces_.end() && part->range.last + 1 == first + head_->length.size)
      return;
  } else if (same && response.status == 200 && !request_.part) {
    skip_ = pieces_.end();
    return;
  }
  on_fetch_error(
      {core::ErrorCode::body_cut_short, core::ErrorSource::upstream, false, "the origin's copy has changed"});
}

void Fill::on_fetch_body(core::Chunk chunk) {
  if (state_ != State::streaming) return;
  if (skip_ > 0) {
    const std::size_t skipped = std::min<std::uint64_t>(skip_, chunk.size());
    chunk.remove_prefix(skipped);
    skip_ -= skipped;
  }
  if (chunk.empty()) return;
  // A continued transfer has a length of its own; the body has the one that was announced first.
  if (head_->length.kind == http::BodyLength::Kind::known && chunk.size() > head_->length.size - pieces_.end()) {
    on_fetch_error(
        {core::ErrorCode::body_cut_short, core::ErrorSource::upstream, false, "the continued body is too long"});
    return;
  }
  take(std::move(chunk));
}

void Fill::take(core::Chunk chunk) {
  if (writer_ && !writer_->append(chunk)) {
    writer_.reset();
    context_.counters.not_stored.add(context_.worker.index);
    // Nobody waits for the rest, and nobody would find it.
    if (subscribers_.empty()) return abandon();
  }
  pieces_.append(chunk);
  FillUpdate update;
  update.chunk = std::move(chunk);
  if (writer_ && pieces_.end() > window) {
    update.trim_to = std::min(writer_->readable(), pieces_.end() - window);
    pieces_.trim_before(update.trim_to);
  } else if (!writer_ && pieces_.end() > window) {
    pieces_.trim_before(slowest_position());
  }
  if (!writer_ && pieces_.begin() > 0) passed_.store(true, std::memory_order_relaxed);
  publish(std::move(update));
  update_pacing();
}

std::uint64_t Fill::slowest_position() const {
  std::uint64_t slowest = pieces_.end();
  for (const Subscriber& subscriber : subscribers_) slowest = std::min(slowest, subscriber.position);
  return slowest;
}

// A stored body is paced by the disk, one that is not stored by its slowest follower.
void Fill::update_pacing() {
  if (state_ != State::streaming || !fetch_) return;
  bool wait = writer_ && writer_->congested();
  if (!writer_ && !subscribers_.empty()) wait = pieces_.end() - slowest_position() >= window;
  if (wait == paused_) return;
  paused_ = wait;
  fetch_->pause(wait);
}

void Fill::on_fetch_end(const http::HeaderMap& trailers) {
  if (state_ != State::streaming) return;
  if (head_->length.kind == http::BodyLength::Kind::known && pieces_.end() != head_->length.size) {
    on_fetch_error(
        {core::ErrorCode::body_cut_short, core::ErrorSource::upstream, false, "the continued body is too short"});
    return;
  }
  FillUpdate update;
  update.state = FillState::complete;
  if (trailers.size() > 0) update.trailers = std::make_shared<const http::HeaderMap>(trailers);
  if (writer_) {
    update.object = writer_->commit();
    if (update.object) {
      context_.counters.stored.add(context_.worker.index);
      take_variants_turn(update.object->head());
    }
  }
  end(std::move(update));
}

void Fill::on_fetch_error(const core::Error& reported) {
  if (state_ == State::ended) return;
  const core::Error error = reported;  // it may live in the fetch
  const Source& source = request_.sources[next_source_ - 1];
  if (source.is_peer()) context_.counters.peer_failures.add(context_.worker.index);
  if (fetch_) upstream_ = fetch_->upstream();
  fetch_.reset();
  if (state_ == State::waiting || resume_elsewhere()) {
    ask_next_source(error);
    return;
  }
  writer_.reset();
  FillUpdate failed;
  failed.state = FillState::failed;
  failed.why = Reason::incomplete;
  failed.error = std::make_shared<const core::Error>(error);
  end(std::move(failed));
}

void Fill::publish(FillUpdate update) {
  if (update.state) update.upstream = upstream_;
  const core::Worker& here = context_.worker;
  const auto keep = shared_from_this();
  const std::vector<Subscriber> told = subscribers_;
  for (const Subscriber& subscriber : told) {
    if (&subscriber.view->worker() == &here) {
      subscriber.view->apply(update);
    } else {
      subscriber.view->worker().loop.post(
          [view = subscriber.view, update]() mutable { view->apply(std::move(update)); });
    }
  }
}

void Fill::end(FillUpdate update) {
  if (state_ == State::ended) return;
  const auto keep = shared_from_this();
  state_ = State::ended;
  last_ = update;
  // From here on nothing of this fill is bound to its worker: a view on another one may drop the last reference.
  writer_.reset();
  // The store has the object before the table forgets the fill, so a request that finds neither looks once more and
  // hits.
  context_.table.remove(request_.table_hash, request_.asks_peers(), *this);
  fetch_.reset();
  publish(std::move(update));
  subscribers_.clear();  // each view holds its fill: nobody need leave for both to go
  context_.under_way.erase(keep);
  context_.worker.loop.defer([self = keep]() mutable { self.reset(); });
}

void Fill::subscribe(std::shared_ptr<FillView> view) {
  FillUpdate update;
  update.head = head_;
  if (state_ == State::streaming) update.state = FillState::streaming;
  if (state_ == State::ended) update = last_;
  update.head = head_;
  update.upstream = upstream_;
  const bool can_follow = pieces_.begin() == 0 || (writer_ && pieces_.begin() <= writer_->readable()) || update.object;
  if (!can_follow || (head_ && !head_->shareable && !subscribers_.empty())) {
    update = {};
    update.state = FillState::released;
    update.why = Reason::collapsed;
  }
  std::vector<FillUpdate> history;
  if (update.state != FillState::released) {
    for (std::uint64_t at = pieces_.begin(); at < pieces_.end();) {
      FillUpdate piece;
      piece.chunk = pieces_.at(at);
      at += piece.chunk.size();
      history.push_back(std::move(piece));
    }
    subscribers_.push_back({view, 0});
  }
  const std::uint64_t first = pieces_.begin();
  const auto deliver = [view, first, history = std::move(history), update = std::move(update)]() mutable {
    view->start_at(first);
    for (FillUpdate& piece : history) view->apply(std::move(piece));
    view->apply(std::move(update));
  };
  if (&view->worker() == &context_.worker) {
    auto run = deliver;
    run();
  } else {
    view->worker().loop.post(deliver);
  }
}

void Fill::unsubscribe(const std::shared_ptr<FillView>& view) {
  std::erase_if(subscribers_, [&](const Subscriber& subscriber) { return subscriber.view == view; });
  if (state_ == State::ended) return;
  if (!subscribers_.empty() || worth_finishing()) {
    update_pacing();
    return;
  }
  abandon();
}

void Fill::abandon() {
  if (state_ == State::ended) return;
  context_.counters.abandoned.add(context_.worker.index);
  writer_.reset();
  FillUpdate gone;
  gone.state = FillState::failed;
  gone.why = Reason::client_gone;
  gone.error = std::make_shared<const core::Error>(
      core::Error{core::ErrorCode::cancelled, core::ErrorSource::client, false, {}});
  end(std::move(gone));
}

// Nobody follows any more. What is being stored and nearly here is finished for the next one who asks.
bool Fill::worth_finishing() const {
  if (state_ == State::waiting) return request_.background;
  if (!writer_) return false;
  if (head_->length.kind != http::BodyLength::Kind::known) return pieces_.end() <= worth_fetching;
  const std::uint64_t left = head_->length.size - pieces_.end();
  return left <= worth_fetching || left <= head_->length.size / 2;
}

void Fill::progress(const std::shared_ptr<FillView>& view, std::uint64_t offset) {
  for (Subscriber& subscriber : subscribers_) {
    if (subscriber.view == view) subscriber.position = offset;
  }
  update_pacing();
}

void Fill::read_back(const std::shared_ptr<FillView>& view, std::uint64_t offset) {
  const auto answer = [view, offset](core::Chunk chunk) {
    view->worker().loop.post(
        [view, offset, chunk = std::move(chunk)]() mutable { view->deliver(offset, std::move(chunk)); });
  };
  if (!writer_) {
    answer({});
    return;
  }
  writer_->read(offset, [answer, keep = shared_from_this()](core::Result<core::Chunk> piece) {
    answer(piece.ok() ? std::move(piece).value() : core::Chunk());
  });
}

}  // namespace skerry::edge
