// The parts step of an Exchange: a range of an object that is not stored whole. The first request for one passes by and
// leaves an outline; later ones are answered from it, or part by part, each from the store or from a fill of its own.
#include <algorithm>

#include "edge/conditional.h"
#include "edge/edge_worker.h"
#include "edge/exchange.h"
#include "edge/object_head.h"

namespace skerry::edge {

// The owner of the key keeps outline and parts; everyone else asks it with the client's own range.
Exchange::Next Exchange::answer_range_miss() {
  const bool owned = !sources().front().is_peer();
  const http::HeaderMap& fields = request_->fields;
  // Conditions come before the range (RFC 9110 13.2.2), and the origin's answer to them is not cut into parts.
  const bool conditional =
      fields.contains(http::HeaderId::if_none_match) || fields.contains(http::HeaderId::if_modified_since);
  if (!owned || past_own_copy_ || outline_sought_ || conditional || fields.contains(http::HeaderId::authorization))
    return pass_range_on();
  outline_sought_ = true;
  std::string key = outline_key(variant_key_);
  Found found = edge_.store().find(edge_.store().hash(key), key);
  if (const auto* object = std::get_if<ObjectPtr>(&found)) {
    object_ = *object;
    return go(Step::judge);
  }
  const auto* on_disk = std::get_if<FoundOnDisk>(&found);
  if (!on_disk) return pass_range_on();
  load_from_disk(std::move(key), *on_disk);
  return go(Step::load);
}

// While length or validator are unknown, the client's range goes to the origin as it came.
Exchange::Next Exchange::pass_range_on() {
  object_.reset();
  parted_.reset();
  return pass_through(Outcome::partial, Reason::range_not_stored, true);
}

// `object_` is an outline.
Exchange::Next Exchange::begin_parts() {
  const auto outline = outline_of(object_->head().fields);
  const bool usable = judgement_.reuse == Reuse::fresh && outline && if_range_holds(*request_, object_->head());
  if (!usable) return pass_range_on();
  const RangeSet set = requested_range(*request_, outline->size);
  if (set.kind != RangeKind::satisfiable || set.ranges.size() != 1) return pass_range_on();
  const ByteRange wanted = set.ranges.front();
  const bool bare = object_->head().body_size == 0;
  const bool inside = wanted.first >= outline->range.first && wanted.last <= outline->range.last;
  if (bare ? !outline->in_parts() : !inside) return pass_range_on();
  verdict_.outcome = Outcome::hit;
  parted_ = Parted{std::move(object_), outline->etag, outline->size, wanted.first, wanted.last + 1, nullptr, false};
  object_ = nullptr;
  if (bare) return go(Step::parts);
  send_parted_head();
  pump_.from_object(parted_->outline, wanted.first - outline->range.first, wanted.last + 1 - outline->range.first);
  parted_.reset();
  return go(Step::stream);
}

Exchange::Next Exchange::parts() {
  if (!parted_->sought) look_for_part();
  if (!load_done_ && worker_.loop.now() < store_deadline_) return wait_for(wake_store | wake_deadline);
  load_done_ = true;
  deadline_.cancel();
  parted_->part = std::move(object_);
  object_ = nullptr;
  if (parted_->part) return send_part();
  if (!head_sent_) verdict_.outcome = Outcome::partial;
  parted_->sought = false;  // if another fill has just stored it, it is looked for again
  rechecked_ = parted_->unreadable;
  const std::string key = part_key(variant_key_, parted_->etag, parted_->number());
  return join_or_begin_fill(key, edge_.store().hash(key));
}

void Exchange::look_for_part() {
  parted_->sought = true;
  load_done_ = true;
  store_deadline_ = worker_.loop.now() + store_patience;
  std::string key = part_key(variant_key_, parted_->etag, parted_->number());
  Found found = edge_.store().find(edge_.store().hash(key), key);
  if (const auto* object = std::get_if<ObjectPtr>(&found)) object_ = *object;
  const auto* on_disk = std::get_if<FoundOnDisk>(&found);
  parted_->unreadable = on_disk != nullptr;
  if (on_disk) load_from_disk(std::move(key), *on_disk);
}

// The part is there, or has begun to arrive.
Exchange::Next Exchange::send_part() {
  if (!parted_->part) {
    if (!view_->is_leader(*this) && !view_->head()->shareable) return fetch_alone(view_->head()->why);
    verdict_.forward_status = 206;
    verdict_.stored = view_->head()->stored;
  }
  if (!head_sent_) send_parted_head();
  const ByteRange part = part_range(parted_->number(), parted_->size);
  const std::uint64_t first = parted_->offset - part.first;
  const std::uint64_t end = std::min(parted_->end, part.last + 1) - part.first;
  if (parted_->part)
    pump_.from_object(parted_->part, first, end);
  else
    pump_.from_view(view_, *this, first, end);
  return go(Step::stream);
}

// False: that was the last one.
bool Exchange::next_part() {
  const ByteRange sent = part_range(parted_->number(), parted_->size);
  pump_.reset();
  leave_fill();
  parted_->part.reset();
  parted_->sought = false;
  alone_ = false;
  parted_->offset = std::min(parted_->end, sent.last + 1);
  return parted_->offset < parted_->end;
}

// The origin has another version by now, no ranges, or no answer. Before the first byte the client's own range can
// still be passed on; after it the bytes could only be those of another version.
Exchange::Next Exchange::part_failed() {
  leave_fill();
  deadline_.cancel();
  if (!head_sent_) return pass_range_on();
  verdict_.reason = Reason::incomplete;
  edge_.counters().aborted_responses.add(worker_.index);
  record();
  running_ = false;
  sink_->abort();
  return Next::done;
}

void Exchange::send_parted_head() {
  const ObjectHead& head = parted_->outline->head();
  response_.clear();
  response_.version = http::Version::http_1_1;
  add_consumed_fields(head.fields);
  text_.clear();
  append_content_range(text_, {parted_->offset, parted_->end - 1}, parted_->size);
  response_.fields.add(http::HeaderId::content_range, text_);
  add_own_fields(true, current_age(head, worker_.loop.wall()));
  status_ = response_.status = 206;
  send_head(http::BodyLength::known(parted_->end - parted_->offset), parted_->outline->rendered());
}

// A range that passes by leaves what later ones need: its outline, and its bytes; or all of it, from an origin that
// knows no ranges.
void Exchange::keep_passing(const http::ResponseHead& passing, http::BodyLength length, const Source& source) {
  const bool from_origin = verdict_.outcome == Outcome::partial && !source.is_peer() && !sources().front().is_peer();
  if (!from_origin || request_->method != http::Method::get) return;
  const auto outline = passing.status == 206 ? outline_of(passing.fields) : std::nullopt;
  const bool fits = outline && length.kind == http::BodyLength::Kind::known && outline->range.size() == length.size;
  if (passing.status != 200 && !fits) return;
  auto object = storable_head(passing);
  if (!object) return;
  object->status = passing.status;
  if (!object->vary.empty()) edge_.store().remember_vary(primary_hash_, object->vary);
  if (outline) return pass_->keep(keeper_of(std::move(*object), *outline));
  pass_->keep(keeper_of_whole(std::move(*object), length));
}

// The head under which a response that passes by may be kept. A part is kept on the terms of the whole (RFC 9111 3.3).
std::optional<ObjectHead> Exchange::storable_head(const http::ResponseHead& passing) {
  http::ResponseHead whole = passing;
  if (whole.status == 206) whole.status = 200;
  const core::WallTime now = worker_.loop.wall();
  const ResponseTimes times{now - (worker_.loop.now() - began_), now, epoch_};
  const Freshness freshness = freshness_of(whole, site_->policy, times.requested, times.received);
  if (!may_store(*request_, whole, freshness, site_->policy).store) return std::nullopt;
  ObjectHead object = make_object_head(*request_, std::move(whole), freshness, times);
  if (!name_object(object, *request_, key_)) return std::nullopt;
  return object;
}

std::unique_ptr<BodyKeeper> Exchange::keeper_of_whole(ObjectHead object, http::BodyLength length) {
  std::optional<std::uint64_t> expected;
  if (length.kind == http::BodyLength::Kind::known) expected = length.size;
  core::Task kept;
  if (!object.vary.empty()) {
    kept = [this, variant = edge_.store().hash(object.key)] {
      if (edge_.store().make_room_for_variant(primary_hash_, variant, site_->policy.max_variants))
        edge_.counters().variants_displaced.add(worker_.index);
    };
  }
  Reason why_not = Reason::none;
  auto writer = edge_.store().begin(worker_, std::move(object), expected, why_not);
  return writer ? std::make_unique<ObjectKeeper>(std::move(writer), std::move(kept)) : nullptr;
}

std::unique_ptr<BodyKeeper> Exchange::keeper_of(ObjectHead object, const Outline& outline) {
  ObjectHead head = object;
  head.key = outline_key(object.key);
  Reason why_not = Reason::none;
  if (!outline.in_parts()) {
    if (outline.range.size() > largest_unparted) return nullptr;
    auto writer = edge_.store().begin(worker_, std::move(head), outline.range.size(), why_not);
    return writer ? std::make_unique<ObjectKeeper>(std::move(writer)) : nullptr;
  }
  // At once, so that those who come while this one passes share parts.
  if (auto writer = edge_.store().begin(worker_, std::move(head), 0, why_not)) writer->commit();
  return std::make_unique<PartKeeper>(worker_, edge_.store(), std::move(object), outline);
}

}  // namespace skerry::edge
