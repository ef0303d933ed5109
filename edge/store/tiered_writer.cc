#include "edge/store/tiered_writer.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace skerry::edge {

TieredWriter::TieredWriter(TieredStore& store, const core::Worker& worker, ObjectHead head)
    : store_(store), loop_(worker.loop), head_(std::move(head)), to_disk_(store.disk_ != nullptr) {}

TieredWriter::~TieredWriter() {
  if (waiter_) waiter_->alive = false;
  release_memory();
  if (body_) store_.disk_->abandon(*body_);
}

bool TieredWriter::append(const core::Chunk& chunk) {
  if (dead_) return false;
  if (size_ + chunk.size() > store_.largest_storable()) return refuse();
  core::Chunk rest = chunk;
  while (!rest.empty()) {
    const std::size_t room = disk_chunk_size - open_.size;
    core::Chunk part = rest.slice(0, room);
    rest.remove_prefix(part.size());
    if (!add(std::move(part))) return refuse();
  }
  congested();
  return true;
}

bool TieredWriter::add(core::Chunk part) {
  size_ += part.size();
  open_.size += part.size();
  open_.chunks.push_back(std::move(part));
  if (in_memory_) {
    const std::size_t bytes = open_.chunks.back().size();
    held_ += bytes;
    const std::size_t all = store_.filling_.fetch_add(bytes, std::memory_order_relaxed) + bytes;
    const bool too_much = size_ > store_.plan_.largest_object || all > store_.plan_.fills;
    if (too_much && !to_disk_) return false;
    if (too_much) {
      release_memory();
      in_memory_ = false;
      pieces_.clear();
    }
  }
  return open_.size < disk_chunk_size || finish_piece();
}

bool TieredWriter::finish_piece() {
  open_.compact();
  auto piece = std::make_shared<const Piece>(std::exchange(open_, {}));
  ++finished_;
  if (in_memory_) pieces_.push_back(piece);
  if (!to_disk_) return true;
  if (!body_) body_ = store_.disk_->begin_body();
  if (store_.disk_->writer().put_chunk(body_, std::move(piece))) return true;
  give_up_disk();
  return in_memory_;
}

// The disk takes nothing now, but the object may still live in memory.
void TieredWriter::give_up_disk() {
  to_disk_ = false;
  if (body_) store_.disk_->abandon(*std::exchange(body_, nullptr));
}

bool TieredWriter::refuse() {
  dead_ = true;
  store_.refused_.fetch_add(1, std::memory_order_relaxed);
  release_memory();
  pieces_.clear();
  open_ = {};
  return false;
}

void TieredWriter::release_memory() {
  store_.filling_.fetch_sub(std::exchange(held_, 0), std::memory_order_relaxed);
}

// Whoever is told to wait is waited for: others may have filled the queue since it was last drained, or since this
// writer's own last append.
bool TieredWriter::congested() {
  if (!to_disk_ || !store_.disk_->writer().congested()) return false;
  if (waiter_ && !waiter_->registered) {
    waiter_->registered = true;
    store_.disk_->writer().when_drained(waiter_);
  }
  return true;
}

void TieredWriter::set_on_drained(core::Task on_drained) {
  waiter_ = std::make_shared<DrainWaiter>(DrainWaiter{loop_, std::move(on_drained)});
}

std::uint64_t TieredWriter::readable() const {
  if (dead_) return 0;
  return in_memory_ ? size_ : std::uint64_t{finished_} * disk_chunk_size;
}

void TieredWriter::read(std::uint64_t offset, core::UniqueFunction<void(core::Result<core::Chunk>)> done) {
  using Outcome = core::Result<core::Chunk>;
  const auto number = static_cast<std::uint32_t>(offset / disk_chunk_size);
  const std::size_t skip = offset % disk_chunk_size;
  const auto answer = [&](Outcome outcome) {
    loop_.post([done = std::move(done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  };
  if (dead_ || offset >= readable()) {
    return answer(core::Error{core::ErrorCode::not_found, core::ErrorSource::internal, false, "not readable yet"});
  }
  if (number == finished_) return answer(open_.from(skip));
  if (number < pieces_.size()) return answer(pieces_[number]->from(skip));
  if (const auto piece = store_.disk_->pending(body_->id(), number)) return answer(piece->from(skip));
  store_.io_->submit([&store = store_, &loop = loop_, id = body_->id(), number, skip,
                      done = std::move(done)](const core::Error* refused) mutable {
    Outcome outcome = refused ? Outcome(*refused) : store.disk_->read(id, number, disk_chunk_size);
    if (outcome) outcome->remove_prefix(skip);
    loop.post([done = std::move(done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  });
}

std::vector<core::Chunk> TieredWriter::take_body() {
  std::vector<core::Chunk> body;
  for (const auto& piece : pieces_) body.insert(body.end(), piece->chunks.begin(), piece->chunks.end());
  open_.compact();
  body.insert(body.end(), open_.chunks.begin(), open_.chunks.end());
  return body;
}

ObjectPtr TieredWriter::commit() {
  if (dead_) return nullptr;
  dead_ = true;
  head_.body_size = size_;
  const KeyHash hash = store_.hash(head_.key);
  const bool whole = in_memory_ || finished_ == 0;  // all of the body is at hand
  std::vector<core::Chunk> body;
  if (whole) body = take_body();
  // The last piece of a large body is as short as it is.
  if (body_ && open_.size > 0 &&
      !store_.disk_->writer().put_chunk(body_, std::make_shared<const Piece>(std::move(open_)))) {
    give_up_disk();
  }
  release_memory();
  pieces_.clear();
  if (!whole && !body_) return nullptr;
  DiskLocation location;
  location.body = body_ ? body_->id() : 0;
  ObjectPtr object = whole ? std::make_shared<const Object>(std::move(head_), std::move(body), location)
                           : std::make_shared<const Object>(std::move(head_), location);
  return store_.keep(hash, std::move(object), std::exchange(body_, nullptr), false);
}

}  // namespace skerry::edge
