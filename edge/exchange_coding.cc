// The code step of an Exchange: the stored body in the content coding that this client takes. A coded copy that is not
// there yet is made in the background, and this client gets the body as it is; only who can't take the origin's gzip
// waits until that is undone.
#include "edge/edge_worker.h"
#include "edge/exchange.h"

namespace skerry::edge {

Exchange::Next Exchange::code() {
  if (!coding_sought_) look_for_coded();
  if (!load_done_ && worker_.loop.now() < store_deadline_) return wait_for(wake_store | wake_deadline);
  load_done_ = true;
  deadline_.cancel();
  if (uncoded_) follow_uncoded();
  return go(Step::respond);
}

void Exchange::look_for_coded() {
  coding_sought_ = load_done_ = true;
  // A member that validates its copy means this one, not its coded sister.
  const bool validation = peer_listener_ && request_->fields.contains(http::HeaderId::if_none_match);
  if (site_->coding.offered.empty() || !edge_.coder() || validation) return;
  const auto coding = wanted_coding(*request_, object_->head(), site_->coding);
  if (!coding) return;
  uncoded_ = object_;
  store_deadline_ = worker_.loop.now() + store_patience;
  text_.clear();
  append_coded_key(text_, object_->head(), *coding);
  Found found = edge_.store().find(edge_.store().hash(text_), text_);
  if (const auto* object = std::get_if<ObjectPtr>(&found))
    object_ = *object;
  else if (const auto* on_disk = std::get_if<FoundOnDisk>(&found))
    load_from_disk(text_, *on_disk);
  else
    make_coded(*coding);
}

void Exchange::make_coded(Coding coding) {
  if (coding != Coding::identity) {
    edge_.coder()->make(worker_, object_, coding, {});
    return;
  }
  load_done_ = false;
  deadline_.arm(store_patience);
  edge_.coder()->make(worker_, object_, coding,
                      [this, generation = generation_, number = ++loads_](core::Result<ObjectPtr> made) {
                        if (generation != generation_ || number != loads_ || load_done_) return;
                        load_done_ = true;
                        if (made.ok()) object_ = std::move(made).value();
                        wake(wake_store);
                      });
}

// A coded copy has no life of its own: a validation of what it was made of is one of it, too.
void Exchange::follow_uncoded() {
  const ObjectPtr source = std::move(uncoded_);
  uncoded_ = nullptr;
  if (object_ == source || object_->head().received == source->head().received) return;
  const auto coding = object_->head().fields.find(http::HeaderId::content_encoding);
  ObjectHead head = coded_head(source->head(), coding_named(coding.value_or("identity")).value_or(Coding::identity));
  head.body_size = object_->head().body_size;
  object_ = edge_.store().update(object_, std::move(head));
  if (!object_) object_ = source;
}

// Who comes next gets it coded.
void Exchange::prepare_coded(const ObjectPtr& stored) {
  if (site_->coding.offered.empty() || !edge_.coder()) return;
  const auto coding = wanted_coding(*request_, stored->head(), site_->coding);
  if (coding && *coding != Coding::identity) edge_.coder()->make(worker_, stored, *coding, {});
}

// An answer in gzip that arrives, and a client who can't take it.
bool Exchange::awaits_whole(const FillHead& head) const {
  if (!head.stored || !edge_.coder() || !is_codable(head.head.fields, head.head.status, site_->coding)) return false;
  const bool small = head.length.kind == http::BodyLength::Kind::known && head.length.size <= largest_coded;
  return small && head.head.fields.contains(http::HeaderId::content_encoding) &&
         !accepts(request_->fields, Coding::gzip);
}

Exchange::Next Exchange::await_whole() {
  if (view_->state() == FillState::streaming) return wait_for(wake_fill);
  if (!view_->object()) return go(Step::respond);
  object_ = view_->object();
  leave_fill();
  return go(Step::code);
}

}  // namespace skerry::edge
