#include "edge/store/large_body.h"

#include <algorithm>

namespace skerry::edge {

std::uint32_t LargeBody::add_pending(std::shared_ptr<const Piece> piece) {
  core::MutexLock lock(mutex_);
  pending_.emplace(chunks_, std::move(piece));
  return chunks_++;
}

void LargeBody::written(std::uint32_t chunk, std::uint64_t segment, std::uint32_t sequence) {
  core::MutexLock lock(mutex_);
  if (broken_) return;
  if (!runs_.empty() && runs_.back().segment == segment && runs_.back().sequence == sequence &&
      runs_.back().first + runs_.back().count == chunk) {
    ++runs_.back().count;
  } else {
    runs_.push_back({chunk, 1, segment, sequence});
  }
  pending_.erase(chunk);
}

void LargeBody::restore(const BodyRun& run) {
  core::MutexLock lock(mutex_);
  const auto at = std::upper_bound(runs_.begin(), runs_.end(), run,
                                   [](const BodyRun& a, const BodyRun& b) { return a.first < b.first; });
  runs_.insert(at, run);
  chunks_ = std::max(chunks_, run.first + run.count);
}

void LargeBody::break_off() {
  core::MutexLock lock(mutex_);
  broken_ = true;
  pending_.clear();
}

LargeBody::Where LargeBody::locate(std::uint32_t chunk) const {
  core::MutexLock lock(mutex_);
  if (const auto found = pending_.find(chunk); found != pending_.end()) return found->second;
  const auto after = std::upper_bound(runs_.begin(), runs_.end(), chunk,
                                      [](std::uint32_t wanted, const BodyRun& run) { return wanted < run.first; });
  if (after == runs_.begin()) return {};
  const BodyRun& run = *(after - 1);
  if (chunk - run.first >= run.count) return {};
  return RecordKey{run.segment, run.sequence, chunk};
}

std::uint64_t LargeBody::readable_chunks() const {
  core::MutexLock lock(mutex_);
  return broken_ ? 0 : chunks_;
}

bool LargeBody::broken() const {
  core::MutexLock lock(mutex_);
  return broken_;
}

bool LargeBody::complete(std::uint32_t count) const {
  core::MutexLock lock(mutex_);
  std::uint32_t next = 0;
  for (const auto& run : runs_) {
    if (run.first != next) return false;
    next += run.count;
  }
  return next == count;
}

void LargeBody::set_head(const KeyHash& hash, std::uint64_t segment, std::uint32_t sequence) {
  core::MutexLock lock(mutex_);
  head_ = Head{hash, segment, sequence};
}

std::optional<LargeBody::Head> LargeBody::head() const {
  core::MutexLock lock(mutex_);
  return head_;
}

std::shared_ptr<LargeBody> LargeBodies::create() {
  core::MutexLock lock(mutex_);
  auto body = std::make_shared<LargeBody>(next_++);
  bodies_.emplace(body->id(), body);
  return body;
}

void LargeBodies::start_at(std::uint64_t first_id) {
  core::MutexLock lock(mutex_);
  next_ = std::max(next_, first_id);
}

std::shared_ptr<LargeBody> LargeBodies::find(std::uint64_t id) const {
  core::MutexLock lock(mutex_);
  const auto found = bodies_.find(id);
  return found == bodies_.end() ? nullptr : found->second;
}

std::shared_ptr<LargeBody> LargeBodies::find_or_create(std::uint64_t id) {
  core::MutexLock lock(mutex_);
  auto& body = bodies_[id];
  if (!body) body = std::make_shared<LargeBody>(id);
  return body;
}

void LargeBodies::erase(std::uint64_t id) {
  core::MutexLock lock(mutex_);
  bodies_.erase(id);
}

void LargeBodies::erase_headless() {
  core::MutexLock lock(mutex_);
  std::erase_if(bodies_, [](const auto& entry) { return !entry.second->head(); });
}

std::size_t LargeBodies::size() const {
  core::MutexLock lock(mutex_);
  return bodies_.size();
}

}  // namespace skerry::edge
