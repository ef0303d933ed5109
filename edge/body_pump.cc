#include "edge/body_pump.h"

#include <algorithm>

namespace skerry::edge {

void BodyPump::reset() {
  ++generation_;
  object_.reset();
  view_.reset();
  follower_ = nullptr;
  offset_ = end_ = sent_ = 0;
  piece_ = 0;
  piece_offset_ = 0;
  for (Slot& slot : slots_) slot = Slot();
  read_back_ = {};
  failed_ = false;
}

void BodyPump::from_object(ObjectPtr object, std::uint64_t first, std::uint64_t end) {
  reset();
  object_ = std::move(object);
  offset_ = first;
  end_ = end;
}

void BodyPump::from_view(std::shared_ptr<FillView> view, Follower& follower, std::uint64_t first, std::uint64_t end) {
  reset();
  view_ = std::move(view);
  follower_ = &follower;
  offset_ = first;
  end_ = end;
  // What lies before is not wanted: a fill that waits for its slowest follower must not wait for that.
  if (first > 0) view_->taken(follower, first);
}

BodyPump::Progress BodyPump::advance(http::ResponseSink& sink, std::size_t high_water) {
  while (true) {
    if (offset_ == end_) return Progress::done;
    if (view_ && view_->state() == FillState::complete && offset_ == view_->head()->length.size &&
        view_->head()->length.kind != http::BodyLength::Kind::unknown)
      return Progress::done;
    if (sink.queued() >= high_water) return Progress::wait;
    core::Chunk chunk = next();
    if (chunk.empty()) {
      if (failed_) return Progress::failed;
      if (view_ && view_->state() == FillState::complete && offset_ >= view_->end()) return Progress::done;
      return Progress::wait;
    }
    offset_ += chunk.size();
    sent_ += chunk.size();
    sink.send_body(std::move(chunk));
    if (view_) view_->taken(*follower_, offset_);
  }
}

core::Chunk BodyPump::next() {
  core::Chunk chunk = view_ ? next_arriving() : object_->in_memory() ? next_in_memory() : next_on_disk();
  return chunk.size() > end_ - offset_ ? chunk.slice(0, end_ - offset_) : chunk;
}

core::Chunk BodyPump::next_in_memory() {
  const auto& body = object_->body();
  while (piece_ < body.size() && offset_ >= piece_offset_ + body[piece_].size()) piece_offset_ += body[piece_++].size();
  if (piece_ == body.size()) {
    failed_ = true;
    return {};
  }
  return body[piece_].slice(offset_ - piece_offset_, body[piece_].size());
}

core::Chunk BodyPump::next_on_disk() {
  const std::uint64_t number = offset_ / disk_chunk_size;
  read_ahead(number);
  if ((number + 1) * disk_chunk_size < end_) read_ahead(number + 1);
  const Slot& slot = slots_[number % slots_.size()];
  if (slot.failed) failed_ = true;
  if (slot.reading || slot.failed) return {};
  const std::uint64_t skip = offset_ - number * disk_chunk_size;
  if (skip >= slot.chunk.size()) {
    failed_ = true;  // the disk has less than the head promised
    return {};
  }
  return slot.chunk.slice(skip, slot.chunk.size());
}

void BodyPump::read_ahead(std::uint64_t number) {
  Slot& slot = slots_[number % slots_.size()];
  if (slot.number == number && (slot.reading || slot.failed || !slot.chunk.empty())) return;
  if (slot.reading) return;
  slot = Slot{number, true, false, {}};
  store_.read_chunk(worker_, object_, number,
                    [this, number, generation = generation_](core::Result<core::Chunk> chunk) {
                      if (generation != generation_) return;
                      Slot& mine = slots_[number % slots_.size()];
                      mine.reading = false;
                      mine.failed = !chunk.ok();
                      if (chunk.ok()) mine.chunk = std::move(chunk).value();
                      owner_.on_body_ready();
                    });
}

core::Chunk BodyPump::next_arriving() {
  if (!read_back_.empty()) return std::move(read_back_);
  core::Chunk chunk = view_->at(offset_);
  if (!chunk.empty()) return chunk;
  if (offset_ >= view_->end()) {
    failed_ = view_->state() == FillState::failed || view_->state() == FillState::released;
    return {};
  }
  // Behind the window. Once the store keeps the object, the rest comes from there.
  if (view_->object()) {
    const std::uint64_t sent = sent_, offset = offset_;
    ObjectPtr object = view_->object();
    const std::uint64_t end = std::min(end_, object->head().body_size);
    from_object(std::move(object), offset, end);
    sent_ = sent;
    return offset == end ? core::Chunk() : next();
  }
  if (view_->state() == FillState::complete || view_->state() == FillState::failed) {
    failed_ = true;
    return {};
  }
  view_->read_back(*follower_, offset_);
  return {};
}

void BodyPump::on_read_back(std::uint64_t offset, core::Chunk chunk) {
  if (!view_ || offset != offset_) return;
  // Empty: the store could not give it; perhaps the fill has just been committed, then next() finds the object.
  if (chunk.empty() && !view_->object()) failed_ = view_->state() != FillState::streaming || view_->end() > offset;
  read_back_ = std::move(chunk);
}

}  // namespace skerry::edge
