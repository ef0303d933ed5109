#include "edge/fill_view.h"

#include <algorithm>

#include "edge/fill.h"

namespace skerry::edge {
namespace {
// An origin that sends more has them dropped.
constexpr std::size_t most_interims = 8;
}  // namespace

namespace {
// Followers' progress is reported to the fill in steps, not for every piece.
constexpr std::uint64_t progress_step = 64 * 1024;
}  // namespace

void FillPieces::append(core::Chunk chunk) {
  if (chunk.empty()) return;
  const std::uint64_t size = chunk.size();
  pieces_.push_back({end_, std::move(chunk)});
  end_ += size;
}

void FillPieces::trim_before(std::uint64_t offset) {
  while (!pieces_.empty() && pieces_.front().offset + pieces_.front().chunk.size() <= offset) {
    begin_ = pieces_.front().offset + pieces_.front().chunk.size();
    pieces_.pop_front();
  }
}

core::Chunk FillPieces::at(std::uint64_t offset) const {
  if (offset < begin_ || offset >= end_) return {};
  auto piece = std::upper_bound(pieces_.begin(), pieces_.end(), offset,
                                [](std::uint64_t at, const Piece& piece) { return at < piece.offset; });
  --piece;
  return piece->chunk.slice(offset - piece->offset, piece->chunk.size());
}

void FillView::add(Follower& follower, bool leader) {
  if (leader) leader_ = &follower;
  followers_.push_back({&follower});
}

void FillView::remove(Follower& follower) {
  if (leader_ == &follower) leader_ = nullptr;
  std::erase_if(followers_, [&](const Entry& entry) { return entry.follower == &follower; });
  std::replace(notifying_.begin(), notifying_.end(), &follower, static_cast<Follower*>(nullptr));
  if (!followers_.empty()) {
    trim();
    return;
  }
  closed_ = true;
  fill_->worker().loop.post([fill = fill_, self = shared_from_this()] { fill->unsubscribe(self); });
}

FillView::Entry* FillView::find(const Follower& follower) {
  const auto found = std::find_if(followers_.begin(), followers_.end(),
                                  [&](const Entry& entry) { return entry.follower == &follower; });
  return found == followers_.end() ? nullptr : &*found;
}

void FillView::taken(Follower& follower, std::uint64_t offset) {
  if (Entry* entry = find(follower)) entry->offset = offset;
  trim();
}

// What every follower has taken is dropped, and so is what the store can give back. The fill hears of it, for it may
// wait.
void FillView::trim() {
  if (followers_.empty() || state_ == FillState::waiting) return;
  std::uint64_t slowest = pieces_.end();
  for (const Entry& entry : followers_) slowest = std::min(slowest, entry.offset);
  pieces_.trim_before(std::max(slowest, stored_behind_));
  const bool caught_up = slowest == pieces_.end() && slowest > reported_;
  if (state_ != FillState::streaming || (slowest < reported_ + progress_step && !caught_up)) return;
  reported_ = slowest;
  fill_->worker().loop.post([fill = fill_, self = shared_from_this(), slowest] { fill->progress(self, slowest); });
}

void FillView::read_back(Follower& follower, std::uint64_t offset) {
  Entry* entry = find(follower);
  if (!entry || entry->reading_back) return;
  entry->reading_back = true;
  fill_->worker().loop.post([fill = fill_, self = shared_from_this(), offset] { fill->read_back(self, offset); });
}

void FillView::deliver(std::uint64_t offset, core::Chunk chunk) {
  const auto self = shared_from_this();
  notifying_.clear();
  for (Entry& entry : followers_) {
    if (!entry.reading_back || entry.offset != offset) continue;
    entry.reading_back = false;
    notifying_.push_back(entry.follower);
  }
  for (std::size_t i = 0; i < notifying_.size(); ++i) {
    if (notifying_[i]) notifying_[i]->on_fill_read_back(offset, chunk);
  }
}

void FillView::apply(FillUpdate update) {
  const auto self = shared_from_this();
  if (update.interim && interims_.size() < most_interims) interims_.push_back(std::move(update.interim));
  if (update.head) head_ = std::move(update.head);
  if (update.object) object_ = std::move(update.object);
  if (update.trailers) trailers_ = std::move(update.trailers);
  if (update.error) error_ = std::move(update.error);
  if (update.state) upstream_ = std::move(update.upstream);
  if (update.why != Reason::none) why_ = update.why;
  if (update.state) state_ = *update.state;
  pieces_.append(std::move(update.chunk));
  stored_behind_ = std::max(stored_behind_, update.trim_to);
  notify();
  trim();
}

void FillView::notify() {
  notifying_.clear();
  for (const Entry& entry : followers_) notifying_.push_back(entry.follower);
  // A follower may leave, or another one come, while it is told.
  for (std::size_t i = 0; i < notifying_.size(); ++i) {
    if (notifying_[i]) notifying_[i]->on_fill_event();
  }
}

}  // namespace skerry::edge
