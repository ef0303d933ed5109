#include "edge/store/purge_log.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace skerry::edge {
namespace {

constexpr std::string_view record_prefix = "purge/";
constexpr std::string_view epoch_key = "epoch";
constexpr std::string_view floor_key = "floor";

std::string record_key(const PurgeKey& key) {
  std::string text(record_prefix);
  text.push_back(static_cast<char>(key.kind));
  text.append(reinterpret_cast<const char*>(&key.hash), sizeof key.hash);
  return text;
}

std::string text_of(Epoch epoch) {
  return {reinterpret_cast<const char*>(&epoch), sizeof epoch};
}

std::string text_of(const PurgeEpochs& epochs) {
  return text_of(epochs.hard) + text_of(epochs.soft);
}

Epoch epoch_at(std::string_view text, std::size_t at) {
  Epoch epoch = 0;
  if (text.size() >= at + sizeof epoch) std::memcpy(&epoch, text.data() + at, sizeof epoch);
  return epoch;
}

}  // namespace

PurgeLog::PurgeLog(PurgeTable& table, SegmentStorage* storage, bool threaded) : table_(table), storage_(storage) {
  if (threaded) thread_ = std::thread([this] { run(); });
}

PurgeLog::~PurgeLog() {
  if (!thread_.joinable()) return;
  {
    core::MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  thread_.join();
}

core::Result<void> PurgeLog::recover(Epoch newest_seen) {
  if (!storage_) return {};
  auto records = storage_->settings(record_prefix);
  if (!records) return records.error();
  for (const auto& [name, value] : *records) {
    PurgeKey key;
    const std::string_view rest = std::string_view(name).substr(record_prefix.size());
    if (rest.size() != 1 + sizeof key.hash || static_cast<unsigned char>(rest[0]) > 4 || value.size() != 16) {
      return core::Error{core::ErrorCode::corrupt, core::ErrorSource::internal, false, "a purge record"};
    }
    key.kind = static_cast<PurgeKind>(rest[0]);
    std::memcpy(&key.hash, rest.data() + 1, sizeof key.hash);
    const PurgeEpochs epochs{epoch_at(value, 0), epoch_at(value, sizeof(Epoch))};
    table_.restore(key, epochs);
    newest_seen = std::max({newest_seen, epochs.hard, epochs.soft});
  }
  for (const std::string_view key : {epoch_key, floor_key}) {
    auto found = storage_->settings(key);
    if (!found) return found.error();
    if (found->empty()) continue;
    const Epoch epoch = epoch_at(found->front().second, 0);
    newest_seen = std::max(newest_seen, epoch);
    if (key == floor_key) table_.set_floor(epoch);
  }
  table_.raise(newest_seen + 1);
  return {};
}

void PurgeLog::submit(core::EventLoop& loop, const Purge& purge, Done done) {
  Waiting item{&loop, table_.key_of(purge.kind, purge.target), purge.soft, 0, std::move(done)};
  item.epoch = enter(item.key, item.soft);
  if (!thread_.joinable()) {
    std::deque<Waiting> batch;
    batch.push_back(std::move(item));
    return commit(batch);
  }
  core::MutexLock lock(mutex_);
  waiting_.push_back(std::move(item));
  wake_.notify_one();
}

core::Result<Epoch> PurgeLog::apply_now(const Purge& purge) {
  core::MutexLock lock(commit_mutex_);
  const PurgeKey key = table_.key_of(purge.kind, purge.target);
  const Epoch epoch = enter(key, purge.soft);
  const std::vector<SegmentStorage::Setting> settings = {
      {record_key(key), text_of(table_.apply(key, purge.soft, epoch))}, {std::string(epoch_key), text_of(epoch)}};
  if (storage_) {
    if (auto durable = storage_->put_settings(settings); !durable) return durable.error();
  }
  return epoch;
}

// First the record, then the epoch: who sees that something was purged finds what.
Epoch PurgeLog::enter(const PurgeKey& key, bool soft) {
  core::MutexLock lock(epoch_mutex_);
  const Epoch epoch = table_.epoch() + 1;
  table_.apply(key, soft, epoch);
  table_.raise(epoch);
  return epoch;
}

void PurgeLog::run() {
  for (;;) {
    std::deque<Waiting> batch;
    {
      core::MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) wake_.wait(mutex_);
      if (waiting_.empty()) return;
      batch.swap(waiting_);
    }
    commit(batch);
  }
}

// A purge is obeyed before it is durable: should it be lost in a crash nobody was told of it, and it only cost fetches.
void PurgeLog::commit(std::deque<Waiting>& batch) {
  core::MutexLock lock(commit_mutex_);
  std::vector<SegmentStorage::Setting> settings;
  for (const auto& item : batch) {
    settings.emplace_back(record_key(item.key), text_of(table_.apply(item.key, item.soft, item.epoch)));
  }
  fold_if_large(settings);
  settings.emplace_back(epoch_key, text_of(table_.epoch()));
  const core::Result<void> durable = storage_ ? storage_->put_settings(settings) : core::Result<void>();
  applied_.fetch_add(batch.size(), std::memory_order_relaxed);
  for (auto& item : batch) {
    core::Result<Epoch> result = durable ? core::Result<Epoch>(item.epoch) : core::Result<Epoch>(durable.error());
    item.loop->post([done = std::move(item.done), result = std::move(result)]() mutable { done(std::move(result)); });
  }
}

void PurgeLog::fold_if_large(std::vector<SegmentStorage::Setting>& settings) {
  if (table_.size() <= PurgeTable::most_records) return;
  for (const auto& key : table_.fold()) settings.emplace_back(record_key(key), std::nullopt);
  settings.emplace_back(floor_key, text_of(table_.floor()));
}

}  // namespace skerry::edge
