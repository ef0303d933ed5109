#include "origin/pool.h"

#include <algorithm>

namespace skerry::origin {

Slot::~Slot() {
  connection.reset();
  pool_.slot_freed();
}

void Slot::drop() {
  pool_.drop_idle(*this);
}

UpstreamPool::UpstreamPool(const core::Worker& worker, Upstream& upstream, const UpstreamConfig& config,
                           OtherPools& others)
    : worker_(worker), upstream_(upstream), config_(config), others_(others), expiry_(worker.loop, [this] {
        close_expired();
      }) {
  upstream_.shares[static_cast<std::size_t>(worker.index)].loop.store(&worker.loop);
}

UpstreamPool::~UpstreamPool() {
  CHECK(waiting_.empty());
  closing_ = true;
  idle_.clear();
}

std::unique_ptr<Slot> UpstreamPool::take_idle() {
  while (!idle_.empty()) {
    auto slot = std::move(idle_.back());
    idle_.pop_back();
    publish();
    slot->connection->set_events(nullptr);
    if (slot->connection->idle()) return slot;
  }
  return nullptr;
}

UpstreamPool::Reservation UpstreamPool::reserve(Waiter& waiter, std::unique_ptr<Slot>& slot) {
  if (waiting_.empty() && count_open()) {
    slot = std::make_unique<Slot>(*this);
    return Reservation::granted;
  }
  if (waiting_.size() >= config_.queue) return Reservation::full;
  waiting_.push_back(&waiter);
  publish();
  // Only now do other workers see that somebody waits here: look once more for a slot freed a moment before.
  serve_waiters();
  if (std::find(waiting_.begin(), waiting_.end(), &waiter) == waiting_.end()) return Reservation::queued;
  if (!idle_.empty()) {
    close_oldest_idle();  // the caller wants a fresh connection: one of our own idle ones makes room
  } else if (const int worker = other_worker(&Upstream::Share::idle); worker >= 0) {
    others_.close_idle_on(upstream_, worker);
  }
  return Reservation::queued;
}

void UpstreamPool::cancel(Waiter& waiter) {
  waiting_.remove(&waiter);
  publish();
}

void UpstreamPool::park(std::unique_ptr<Slot> slot) {
  if (!waiting_.empty()) {
    Waiter* next = waiting_.front();
    waiting_.pop_front();
    publish();
    slot->connection->set_events(nullptr);
    return next->on_slot(std::move(slot));
  }
  const bool wanted_elsewhere =
      upstream_.open.load() >= config_.connections && other_worker(&Upstream::Share::waiting) >= 0;
  if (wanted_elsewhere || config_.idle_connections == 0) return;  // closes it
  slot->connection->set_events(slot.get());
  slot->idle_since_ = worker_.loop.now();
  idle_.push_back(std::move(slot));
  if (idle_.size() > config_.idle_connections) idle_.pop_front();
  publish();
  if (!expiry_.armed()) expiry_.arm_at(idle_.front()->idle_since_ + config_.keep_alive);
}

void UpstreamPool::serve_waiters() {
  while (!waiting_.empty() && count_open()) {
    Waiter* next = waiting_.front();
    waiting_.pop_front();
    publish();
    next->on_slot(std::make_unique<Slot>(*this));
  }
}

void UpstreamPool::close_oldest_idle() {
  if (idle_.empty()) return;
  const auto oldest = std::move(idle_.front());
  idle_.pop_front();
  publish();
}

bool UpstreamPool::count_open() {
  auto open = upstream_.open.load();
  while (open < config_.connections) {
    if (upstream_.open.compare_exchange_weak(open, open + 1)) return true;
  }
  return false;
}

void UpstreamPool::slot_freed() {
  upstream_.open.fetch_sub(1);
  if (closing_) return;
  serve_waiters();
  if (!waiting_.empty()) return;
  if (const int worker = other_worker(&Upstream::Share::waiting); worker >= 0)
    others_.serve_waiters_on(upstream_, worker);
}

void UpstreamPool::drop_idle(Slot& slot) {
  const auto found = std::find_if(idle_.begin(), idle_.end(), [&](const auto& held) { return held.get() == &slot; });
  if (found == idle_.end()) return;
  const auto dropped = std::move(*found);
  idle_.erase(found);
  publish();
}

void UpstreamPool::close_expired() {
  const core::TimePoint now = worker_.loop.now();
  while (!idle_.empty() && idle_.front()->idle_since_ + config_.keep_alive <= now) close_oldest_idle();
  if (!idle_.empty()) expiry_.arm_at(idle_.front()->idle_since_ + config_.keep_alive);
}

void UpstreamPool::publish() {
  auto& share = upstream_.shares[static_cast<std::size_t>(worker_.index)];
  share.idle.store(static_cast<std::uint32_t>(idle_.size()));
  share.waiting.store(static_cast<std::uint32_t>(waiting_.size()));
}

int UpstreamPool::other_worker(std::atomic<std::uint32_t> Upstream::Share::*count) const {
  for (std::size_t i = 0; i < upstream_.shares.size(); ++i) {
    if (static_cast<int>(i) != worker_.index && (upstream_.shares[i].*count).load() > 0) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace skerry::origin
