#include "edge/exchange.h"

#include "core/http/cache_control.h"
#include "edge/cache_key.h"
#include "edge/conditional.h"
#include "edge/edge_worker.h"
#include "edge/peer/purge_relay.h"
#include "edge/upstream_request.h"
#include "edge/vary.h"

namespace skerry::edge {

namespace {
// Of a POST's answer that is kept: it waits in memory until the invalidation of what it replaces is durable.
constexpr std::uint64_t largest_posted = 64 * 1024;

class PostKeeper final : public BodyKeeper {
 public:
  PostKeeper(EdgeWorker& edge, ObjectHead head) : edge_(edge), head_(std::move(head)) {}
  void take(const core::Chunk& chunk) override { body_.push_back(chunk); }
  void complete() override { edge_.replace(std::move(head_), std::move(body_)); }

 private:
  EdgeWorker& edge_;
  ObjectHead head_;
  std::vector<core::Chunk> body_;
};

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
  alone_ = rechecked_ = head_sent_ = load_done_ = past_own_copy_ = outline_sought_ = coding_sought_ = false;
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

// --- key

Exchange::Next Exchange::make_key() {
  if (request_->fields.contains(http::HeaderId::upgrade)) return pass_through(Outcome::bypass, Reason::upgrade, false);
  if (!is_cacheable_method(request_->method)) return pass_through(Outcome::method, Reason::method_not_cacheable, false);
  if (request_body_.kind != http::BodyLength::Kind::none &&
      !(request_body_.kind == http::BodyLength::Kind::known && request_body_.size == 0))
    return pass_through(Outcome::bypass, Reason::request_body, false);
  make_primary_key(*request_, site_->key, key_);
  primary_hash_ = edge_.store().hash(key_);
  return go(Step::lookup);
}

// --- lookup

Exchange::Next Exchange::lookup() {
  if (past_own_copy_) {
    variant_key_ = key_;
    hash_ = primary_hash_;
    verdict_.reason = Reason::purged;
    return go(Step::collapse);
  }
  if (!find_variant()) return go(Step::collapse);
  return go(object_ ? Step::judge : Step::load);
}

// Of the stored responses that match, by the Vary lists known for the URL or by none, the most recent (RFC 9111 4.1).
// The disk is asked only when memory has none. Leaves the newest variant's key for the fill table.
bool Exchange::find_variant() {
  variant_key_ = key_;
  hash_ = primary_hash_;
  const std::vector<std::string> lists = edge_.store().vary_lists(primary_hash_);
  std::optional<FoundOnDisk> on_disk;
  for (std::size_t i = 0; i <= lists.size(); ++i) {
    const bool varies = i < lists.size();
    text_ = key_;
    if (varies && !append_variant(text_, lists[i], request_->fields)) continue;
    const KeyHash hash = varies ? edge_.store().hash(text_) : primary_hash_;
    Found found = edge_.store().find(hash, text_);
    const auto* object = std::get_if<ObjectPtr>(&found);
    const auto* nothing = std::get_if<FoundNothing>(&found);
    const bool better = object && (!object_ || (*object)->head().received > object_->head().received);
    const bool readable = !object && !nothing && !object_ && !on_disk;
    if (i == 0 || better || readable) {
      variant_key_ = text_;
      hash_ = hash;
    }
    if (better) object_ = *object;
    if (readable) on_disk = std::get<FoundOnDisk>(found);
    if (nothing && (i == 0 || nothing->why != Reason::not_found)) verdict_.reason = nothing->why;
  }
  if (object_) return true;
  if (on_disk) {
    load_from_disk(variant_key_, *on_disk);
    return true;
  }
  if (!lists.empty()) {
    verdict_.outcome = Outcome::vary_miss;
    verdict_.reason = Reason::vary_mismatch;
  }
  return false;
}

// --- load

// One load counts at a time: an answer that was given up for late may be that of another part.
void Exchange::load_from_disk(std::string key, const FoundOnDisk& where) {
  load_done_ = false;
  deadline_.arm(store_patience);
  const KeyHash hash = edge_.store().hash(key);
  edge_.store().load(worker_, hash, std::move(key), where,
                     [this, generation = generation_, number = ++loads_](core::Result<ObjectPtr> loaded) {
                       if (generation != generation_ || number != loads_ || load_done_) return;
                       load_done_ = true;
                       if (loaded.ok())
                         object_ = std::move(loaded).value();
                       else
                         verdict_.reason = Reason::corrupt;
                       wake(wake_store);
                     });
}

Exchange::Next Exchange::load() {
  if (!load_done_ && worker_.loop.now() < began_ + store_patience) return wait_for(wake_store | wake_deadline);
  load_done_ = true;
  deadline_.cancel();
  return go(object_ ? Step::judge : Step::collapse);
}

// --- judge

Exchange::Next Exchange::judge_object() {
  judgement_ = judge(object_->head(), *request_, site_->policy, worker_.loop.wall());
  verdict_.reason = judgement_.why;
  verdict_.ttl = judgement_.ttl;
  if (object_->head().status == 206) return begin_parts();
  switch (judgement_.reuse) {
    case Reuse::fresh: verdict_.outcome = Outcome::hit; return go(Step::code);
    case Reuse::stale_while_revalidate:
      verdict_.outcome = Outcome::stale;
      refresh_in_background();
      return go(Step::code);
    case Reuse::validate: verdict_.outcome = Outcome::expired; return go(Step::collapse);
    case Reuse::never: break;
  }
  object_.reset();
  verdict_.outcome = judgement_.why == Reason::request_no_cache ? Outcome::request : Outcome::uri_miss;
  return go(Step::collapse);
}

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

// Stale-while-revalidate: the fill runs on without a follower.
void Exchange::refresh_in_background() {
  const auto usable = [](const std::shared_ptr<Fill>&) { return true; };
  const auto make = [this] { return edge_.new_fill(fill_request(true, true)); };
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
    case FillState::released: return parted_ ? part_failed() : fetch_alone(view_->why());
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

// To the one whose request brought them (RFC 8297 3): whether others may have the answer is not known yet.
void Exchange::pass_on_interims() {
  if (!view_->is_leader(*this)) return;
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
  if (!leader && !head.shareable) return fetch_alone(head.why);
  if (!leader && !matches) return fetch_alone(Reason::vary_mismatch);
  if (object_ && is_server_error(head.head.status) &&
      may_serve_stale(object_->head(), site_->policy, Failure::server_error, worker_.loop.wall()))
    return serve_stale(Reason::stale_if_error);
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

// --- pass

Exchange::Next Exchange::pass_through(Outcome outcome, Reason reason, bool through_peers) {
  verdict_.outcome = outcome;
  verdict_.reason = reason;
  if (client_.empty()) client_ = address_.to_string();
  if (key_.empty() || !through_peers) make_primary_key(*request_, site_->key, key_);
  step_ = Step::pass;
  const bool at_origin = peer_listener_ || !through_peers;
  if (request_->fields.find(http::HeaderId::expect))
    sink_->send_interim([] {
      http::ResponseHead go_on;
      go_on.status = 100;
      return go_on;
    }());
  pass_ = std::make_unique<Pass>(worker_, *sink_, static_cast<Pass::Owner&>(*this),
                                 snapshot_->config().limits.response_buffer);
  epoch_ = edge_.store().epoch();
  pass_->start(snapshot_->sources(*site_, ring::Ring::hash_key(key_), at_origin), request_body_);
  return Next::again;  // waits in `pass`, unless every source failed at once
}

Exchange::Next Exchange::pass() {
  return wait_for(wake_pass);
}

http::RequestHead Exchange::pass_request(const Source& source) {
  http::RequestHead head = *request_;
  const bool upgrade = head.fields.contains(http::HeaderId::upgrade);
  const std::string protocol(head.fields.find(http::HeaderId::upgrade).value_or(""));
  sanitise_client_request(head);
  head.fields.remove(http::HeaderId::expect);
  head.fields.remove("HTTP2-Settings");
  head.fields.set(http::HeaderId::x_request_id, request_id_);
  // One protocol, never h2c and never a list that could hide it.
  const bool plain = protocol.find(',') == std::string::npos && !http::equals_ignoring_case(protocol, "h2c");
  if (upgrade && plain) {
    head.fields.add(http::HeaderId::connection, "Upgrade");
    head.fields.add(http::HeaderId::upgrade, protocol);
  }
  return upstream_request(head, *snapshot_, *site_, source, {client_, edge_.positions().to_string()},
                          worker_.loop.wall());
}

void Exchange::on_request_body(core::Chunk chunk) {
  if (pass_)
    pass_->request_body(std::move(chunk));
  else if (sink_)
    sink_->consume(chunk.size());
}

void Exchange::on_request_end(const http::HeaderMap& trailers) {
  if (pass_) pass_->request_end(trailers);
}

void Exchange::on_pass_head(http::ResponseHead&& head, http::BodyLength length, const Source& source) {
  const PeerAnswer peer = source.is_peer() ? take_peer_answer(head) : PeerAnswer();
  verdict_.peer_hit = peer.hit;
  remove_peer_fields(head.fields);
  verdict_.forward_status = head.status;
  if (const ErrorPage* page = page_for_answer(head.status, peer.failed)) return end_pass_with_page(*page, head);
  if (head.status == 101) {
    const std::string protocol(head.fields.find(http::HeaderId::upgrade).value_or(""));
    http::remove_hop_by_hop(head.fields);
    head.fields.add(http::HeaderId::connection, "Upgrade");
    head.fields.add(http::HeaderId::upgrade, protocol);
  } else {
    http::remove_hop_by_hop(head.fields);
  }
  keep_passing(head, length, source);
  if (!peer_listener_) head.fields.remove(http::HeaderId::surrogate_control);
  if (invalidates(*request_, head.status)) edge_.invalidate(*request_, head, *site_, keep_posted(head, length));
  response_ = std::move(head);
  status_ = response_.status;
  add_own_fields(false, {});
  const bool no_body = request_->method == http::Method::head || status_ == 204 || status_ == 304 || status_ == 101;
  send_head(no_body && length.kind != http::BodyLength::Kind::known ? http::BodyLength::none() : length);
  if (status_ == 101) pass_->become_tunnel();
}

// A POST's answer that is the resource's new representation, and says for how long, answers later GETs (RFC
// 9110 9.3.3).
bool Exchange::keep_posted(const http::ResponseHead& head, http::BodyLength length) {
  const bool small = length.kind == http::BodyLength::Kind::known && length.size <= largest_posted;
  if (request_->method != http::Method::post || !small || sources().front().is_peer()) return false;
  auto object = storable_head(head);
  if (!object || !object->vary.empty()) return false;
  pass_->keep(std::make_unique<PostKeeper>(edge_, std::move(*object)));
  return true;
}

void Exchange::on_pass_end(const http::HeaderMap& trailers) {
  record();
  http::ResponseSink& sink = *sink_;
  const http::HeaderMap copy = trailers;
  sink.finish(copy.size() == 0 ? nullptr : &copy);
}

void Exchange::on_pass_error(const core::Error& error, bool began) {
  const core::Error failure = error;
  if (began) {
    verdict_.reason = Reason::incomplete;
    edge_.counters().aborted_responses.add(worker_.index);
    record();
    sink_->abort();
    return;
  }
  // The upload may be under way still: the connection can't be used for another request.
  if (request_body_.kind != http::BodyLength::Kind::none) sink_->close_after();
  answer_locally(status_of(failure), reason_of(failure), failure);
  if (!running_) resume();
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
