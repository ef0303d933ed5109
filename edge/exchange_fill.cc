// The steps of an Exchange that get a response for many: it joins the fill under way or begins one, and follows it
// until the head decides.
#include <utility>

#include "edge/cacheability.h"
#include "edge/conditional.h"
#include "edge/edge_worker.h"
#include "edge/exchange.h"
#include "edge/upstream_request.h"
#include "edge/vary.h"

namespace skerry::edge {

// --- collapse

Exchange::Next Exchange::collapse() {
  if (only_if_cached(*request_)) {
    return answer_locally(
        504, Reason::only_if_cached,
        {core::ErrorCode::not_found, core::ErrorSource::client, false, "only-if-cached, and not stored"});
  }
  if (has_origin_conditions(*request_)) {
    object_.reset();
    return pass_through(verdict_.outcome, Reason::precondition, true);
  }
  if (object_ && site_->origin->down() && outlasts_outage()) return serve_stale(Reason::stale_on_failure);
  if (!object_ && request_->method == http::Method::head)
    return pass_through(Outcome::uri_miss, Reason::head_only, true);
  if (!object_ && request_->fields.contains(http::HeaderId::range)) return answer_range_miss();
  if (request_->fields.contains(http::HeaderId::authorization)) return fetch_alone(Reason::authorization);
  // A fill begun before the purge that the asking edge knows of would bring the purged object back.
  if (past_own_copy_) return fetch_alone(Reason::purged);
  if (edge_.fills().unshareable(hash_, worker_.loop.now())) return fetch_alone(Reason::hit_for_miss);

  return join_or_begin_fill(variant_key_, hash_);
}

// The origin is known to be down: what may be served stale is, without waiting. If it is time to ask again, the refresh
// is what asks. An edge that would ask a peer first does so: the peer may have a better copy.
bool Exchange::outlasts_outage() {
  const bool asks_origin = !sources().front().is_peer();
  if (!asks_origin || !may_serve_stale(object_->head(), site_->policy, Failure::no_answer, worker_.loop.wall()))
    return false;
  if (!site_->origin->all_ejected(worker_.loop.now())) refresh_in_background();
  return true;
}

// Joins the fill under way for the key, or begins one; back to the lookup if the store has it by now.
Exchange::Next Exchange::join_or_begin_fill(const std::string& key, const KeyHash& hash) {
  const auto usable = [this](const std::shared_ptr<Fill>& fill) {
    if (fill->passed()) return false;
    const FillRequest& under_way = fill->request();
    return under_way.epoch == edge_.store().epoch() ||
           !edge_.store().purged_since(key_, request_->authority, request_->path, under_way.epoch);
  };
  const auto make = [&, this]() -> std::shared_ptr<Fill> {
    // The fill that ended between the lookup and now has left its object in the store.
    if (!rechecked_ && !object_) {
      rechecked_ = true;
      if (!std::holds_alternative<FoundNothing>(edge_.store().find(hash, key))) return nullptr;
    }
    return edge_.new_fill(fill_request(true, false));
  };
  FillTable::Joined joined = edge_.fills().join_or_start(hash, sources().front().is_peer(), usable, make);
  if (!joined.fill) return go(parted_ ? Step::parts : Step::lookup);
  verdict_.collapsed = !joined.made;
  following_since_ = worker_.loop.now();
  view_ = edge_.view_of(joined.fill);
  view_->add(*this, joined.made);
  if (joined.made)
    joined.fill->start();
  else
    deadline_.arm(site_->policy.follower_timeout);
  return go(Step::follow);
}

// A fetch for this client alone, past the queue; what comes may still be stored.
Exchange::Next Exchange::fetch_alone(Reason reason) {
  leave_fill();
  deadline_.cancel();
  alone_ = true;
  verdict_.collapsed = false;
  verdict_.reason = reason;
  const std::shared_ptr<Fill> fill = edge_.new_fill(fill_request(false, false));
  view_ = edge_.view_of(fill);
  view_->add(*this, true);
  fill->start();
  return go(Step::follow);
}

std::vector<Source> Exchange::sources() const {
  return snapshot_->sources(*site_, ring::Ring::hash_key(key_), peer_listener_);
}

FillRequest Exchange::fill_request(bool joinable, bool background) {
  FillRequest fill;
  fill.snapshot = snapshot_;
  fill.site = site_;
  fill.request = *request_;
  sanitise_client_request(fill.request);
  remove_conditions(fill.request);
  fill.request.fields.remove(http::HeaderId::range);
  fill.request.fields.remove(http::HeaderId::if_range);
  fill.request.fields.set(http::HeaderId::x_request_id, request_id_);
  fill.request.method = http::Method::get;
  fill.request.method_text = "GET";
  if (client_.empty()) client_ = address_.to_string();
  fill.client = client_;
  fill.primary_key = key_;
  fill.primary_hash = primary_hash_;
  fill.table_hash = hash_;
  fill.sources = sources();
  fill.joinable = joinable;
  fill.background = background;
  fill.stale = object_;
  fill.epoch = edge_.store().epoch();
  if (parted_) {
    const ByteRange part = part_range(parted_->number(), parted_->size);
    fill.part =
        PartRequest{part, parted_->size, parted_->etag, part_key(variant_key_, parted_->etag, parted_->number())};
    fill.table_hash = edge_.store().hash(fill.part->key);
    fill.stale = nullptr;
  }
  return fill;
}

// Stale-while-revalidate: the fill runs on without a follower. What this client may have by its credentials says
// nothing about what the others may, who share the answer.
void Exchange::refresh_in_background() {
  const auto usable = [](const std::shared_ptr<Fill>&) { return true; };
  const auto make = [this] {
    FillRequest fill = fill_request(true, true);
    fill.request.fields.remove(http::HeaderId::authorization);
    return edge_.new_fill(std::move(fill));
  };
  FillTable::Joined joined = edge_.fills().join_or_start(hash_, sources().front().is_peer(), usable, make);
  if (joined.made) joined.fill->start();
}

void Exchange::leave_fill() {
  if (!view_) return;
  view_->remove(*this);
  view_.reset();
}

// --- follow

void Exchange::on_fill_event() {
  wake(wake_fill);
}

void Exchange::on_fill_read_back(std::uint64_t offset, core::Chunk chunk) {
  pump_.on_read_back(offset, std::move(chunk));
  wake(wake_fill);
}

Exchange::Next Exchange::follow() {
  upstream_ = view_->upstream();
  pass_on_interims();
  switch (view_->state()) {
    case FillState::waiting: {
      const bool late = verdict_.collapsed && worker_.loop.now() >= following_since_ + site_->policy.follower_timeout;
      if (late) return fetch_alone(Reason::follower_timeout);
      return wait_for(wake_fill | wake_deadline);
    }
    case FillState::released:
      if (parted_ && view_->why() != Reason::collapsed) return part_failed();
      // Its first bytes went by while this one was on its way to it: others may be, too.
      if (view_->why() == Reason::collapsed && !std::exchange(rejoined_, true)) {
        leave_fill();
        return go(parted_ ? Step::parts : Step::lookup);
      }
      return fetch_alone(view_->why());
    case FillState::failed:
      // Given up for lack of followers just when this one came: not an upstream's failure.
      if (view_->error().code == core::ErrorCode::cancelled) {
        leave_fill();
        return go(parted_ ? Step::parts : Step::lookup);
      }
      if (parted_) return part_failed();
      return upstream_failed(view_->error());
    case FillState::validated:
      if (!is_variant(view_->object()->head())) return fetch_alone(Reason::vary_mismatch);
      object_ = view_->object();
      leave_fill();
      verdict_.outcome = Outcome::revalidated;
      verdict_.reason = Reason::validated;
      verdict_.forward_status = 304;
      judgement_ = judge(object_->head(), *request_, site_->policy, worker_.loop.wall());
      verdict_.ttl = judgement_.ttl;
      return go(Step::code);
    case FillState::streaming:
    case FillState::complete: return follow_head();
  }
  return Next::done;
}

// To the one whose request brought them (RFC 8297 3): whether others may have the answer is not known yet. What an
// origin says on the way to a later part comes too late for that.
void Exchange::pass_on_interims() {
  if (head_sent_ || !view_->is_leader(*this)) return;
  while (interims_sent_ < view_->interims().size()) sink_->send_interim(*view_->interims()[interims_sent_++]);
}

// Is this response, by its own Vary list, the one for this request?
bool Exchange::is_variant(const ObjectHead& head) {
  text_ = key_;
  return append_variant(text_, head.vary, request_->fields) && text_ == head.key;
}

// The fill's head is known: is it for this request too?
Exchange::Next Exchange::follow_head() {
  deadline_.cancel();
  if (parted_) return send_part();
  const FillHead& head = *view_->head();
  const bool leader = view_->is_leader(*this);
  const bool matches = is_variant(head.head);
  // Those who waited ask a failing origin no more than the one whose request it failed.
  if (object_ && is_server_error(head.head.status) &&
      may_serve_stale(object_->head(), site_->policy, Failure::server_error, worker_.loop.wall()))
    return serve_stale(Reason::stale_if_error);
  if (!leader && !head.shareable) return fetch_alone(head.why);
  if (!leader && !matches) return fetch_alone(Reason::vary_mismatch);
  object_.reset();
  if (head.why != Reason::stored && head.why != Reason::from_peer)
    verdict_.reason = head.why;
  else if (alone_ == false && verdict_.reason == Reason::none)
    verdict_.reason = Reason::stored;
  verdict_.forward_status = head.head.status;
  verdict_.stored = head.stored;
  verdict_.peer_hit = head.peer_hit;
  return awaits_whole(head) ? await_whole() : go(Step::respond);
}

Exchange::Next Exchange::upstream_failed(const core::Error& error) {
  const core::Error failure = error;  // the view goes with leave_fill
  leave_fill();
  if (object_ && may_serve_stale(object_->head(), site_->policy, Failure::no_answer, worker_.loop.wall()))
    return serve_stale(Reason::stale_on_failure);
  return answer_locally(status_of(failure), reason_of(failure), failure);
}

Exchange::Next Exchange::serve_stale(Reason reason) {
  leave_fill();
  verdict_.outcome = Outcome::stale;
  verdict_.reason = reason;
  verdict_.ttl = judgement_.ttl;
  return go(Step::code);
}

}  // namespace skerry::edge
