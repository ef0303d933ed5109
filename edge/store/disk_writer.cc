#include "edge/store/disk_writer.h"

#include <utility>

namespace skerry::edge {
namespace {

constexpr core::Duration recovery_interval = std::chrono::seconds(1);
constexpr core::Duration idle_seal = std::chrono::seconds(60);
constexpr core::Duration flush_patience = std::chrono::seconds(30);
constexpr std::uint64_t worth_sealing = 256 << 10;

}  // namespace

DiskWriter::DiskWriter(SegmentLog& log, SegmentStorage& storage, core::Clock& clock, std::size_t most_bytes,
                       bool threaded)
    : log_(log), storage_(storage), clock_(clock), most_bytes_(most_bytes), threaded_(threaded) {
  if (threaded_) thread_ = std::thread([this] { run(); });
}

DiskWriter::~DiskWriter() {
  {
    core::MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
  finish_seal([] {});
}

bool DiskWriter::put_object(const KeyHash& hash, const KeyHash& primary, ObjectPtr object,
                            std::shared_ptr<LargeBody> body) {
  Work work;
  work.hash = hash;
  work.primary = primary;
  work.bytes = body ? 4096 : object->memory_size();
  work.object = std::move(object);
  work.body = std::move(body);
  return submit(std::move(work));
}

bool DiskWriter::put_chunk(std::shared_ptr<LargeBody> body, std::shared_ptr<const Piece> piece) {
  Work work;
  work.chunk = body->add_pending(piece);
  work.bytes = piece->size;
  work.body = std::move(body);
  work.piece = std::move(piece);
  return submit(std::move(work));
}

void DiskWriter::seal(core::Task done) {
  Work work;
  work.seal_done = std::move(done);
  if (!threaded_) return perform(work);
  core::MutexLock lock(mutex_);
  queue_.push_back(std::move(work));
  wake_.notify_one();
}

bool DiskWriter::submit(Work work) {
  if (read_only() && !threaded_) look_after();
  if (read_only() || queued_bytes_.load(std::memory_order_relaxed) > 2 * most_bytes_) {
    refused_.fetch_add(1, std::memory_order_relaxed);
    if (work.body) work.body->break_off();
    return false;
  }
  if (!threaded_) {
    perform(work);
    return !read_only();
  }
  core::MutexLock lock(mutex_);
  queued_bytes_.fetch_add(work.bytes, std::memory_order_relaxed);
  queue_.push_back(std::move(work));
  wake_.notify_one();
  return true;
}

void DiskWriter::when_drained(const std::shared_ptr<DrainWaiter>& waiter) {
  {
    core::MutexLock lock(mutex_);
    if (queued_bytes_.load(std::memory_order_relaxed) > most_bytes_ / 2) {
      waiters_.push_back(waiter);
      return;
    }
  }
  // It drained in between.
  waiter->loop.post([weak = std::weak_ptr(waiter)] {
    if (const auto waiter = weak.lock()) waiter->drained();
  });
}

void DiskWriter::drained() {
  std::vector<std::weak_ptr<DrainWaiter>> waiters;
  {
    core::MutexLock lock(mutex_);
    if (waiters_.empty() || queued_bytes_.load(std::memory_order_relaxed) > most_bytes_ / 2) return;
    waiters.swap(waiters_);
  }
  for (auto& weak : waiters) {
    // The waiter must not be destroyed on this thread: the loop's task takes the reference over. A writer that was
    // congested twice is here twice, so references don't tell whether it is still there.
    auto waiter = weak.lock();
    if (!waiter) continue;
    core::EventLoop& loop = waiter->loop;
    loop.post([waiter = std::move(waiter)] { waiter->drained(); });
  }
}

void DiskWriter::run() {
  for (;;) {
    Work work;
    bool have_work = false;
    const bool busy = read_only() || !log_.settled(core::Duration::zero());
    const auto nap = busy ? std::chrono::milliseconds(10) : std::chrono::milliseconds(1000);
    {
      core::MutexLock lock(mutex_);
      if (queue_.empty() && !stopping_) wake_.wait_for(mutex_, nap);
      if (!queue_.empty()) {
        work = std::move(queue_.front());
        queue_.pop_front();
        have_work = true;
      } else if (stopping_) {
        return;
      }
    }
    if (have_work) {
      perform(work);
      queued_bytes_.fetch_sub(work.bytes, std::memory_order_relaxed);
      drained();
    }
    look_after();
  }
}

void DiskWriter::perform(Work& work) {
  if (work.seal_done) return finish_seal(std::move(work.seal_done));
  if (work.body && work.body->broken()) return;
  last_write_ = clock_.now();
  if (!read_only() && write(work)) return;
  refused_.fetch_add(1, std::memory_order_relaxed);
  if (work.body) work.body->break_off();
  if (!read_only_.exchange(true)) next_attempt_ = clock_.now();
}

core::Result<void> DiskWriter::write(Work& work) {
  if (work.piece) return log_.put_chunk(*work.body, work.chunk, *work.piece);
  if (!work.object->head().vary.empty()) log_.remember_vary(work.primary, work.object->head().vary);
  return log_.put_object(work.hash, *work.object, work.body.get());
}

void DiskWriter::finish_seal(core::Task done) {
  static_cast<void>(log_.seal());
  static_cast<void>(log_.settled(flush_patience));
  done();
}

void DiskWriter::look_after() {
  static_cast<void>(log_.settled(core::Duration::zero()));
  const core::TimePoint now = clock_.now();
  if (read_only() && now >= next_attempt_) {
    next_attempt_ = now + recovery_interval;
    try_to_recover();
  } else if (log_.pending_bytes() >= worth_sealing && now - last_write_ > idle_seal) {
    last_write_ = now;
    static_cast<void>(log_.seal());
  }
}

void DiskWriter::try_to_recover() {
  static_cast<void>(log_.drop_oldest_twentieth());
  if (!storage_.resume()) return;
  if (!log_.settled(flush_patience)) return;
  read_only_ = false;
}

}  // namespace skerry::edge
