#include "edge/store/memory_storage.h"

namespace skerry::edge {
namespace {

core::Error failure(core::ErrorCode code, std::string detail) {
  return {code, core::ErrorSource::internal, false, std::move(detail)};
}

}  // namespace

core::Result<void> MemoryStorage::write(std::span<const Record> records) {
  if (failing_) return failure(core::ErrorCode::disk_full, "a fault was asked for");
  core::MutexLock lock(mutex_);
  for (const auto& record : records) {
    std::string& value = open_[record.key];
    value.clear();
    for (const auto part : record.parts) value += part;
  }
  return {};
}

core::Result<core::Chunk> MemoryStorage::get(const RecordKey& key) {
  {
    core::MutexLock lock(mutex_);
    if (const auto found = open_.find(key); found != open_.end()) return core::Chunk::copy_of(found->second);
  }
  core::MutexLock lock(disk_->mutex);
  const auto found = disk_->sealed.find(key);
  if (found == disk_->sealed.end()) return failure(core::ErrorCode::not_found, "no such record");
  return core::Chunk::copy_of(found->second);
}

core::Result<void> MemoryStorage::begin_flush() {
  if (failing_) return failure(core::ErrorCode::disk_full, "a fault was asked for");
  core::MutexLock lock(mutex_);
  core::MutexLock disk_lock(disk_->mutex);
  disk_->sealed.merge(open_);
  open_.clear();
  return {};
}

core::Result<void> MemoryStorage::drop_through(std::uint64_t segment) {
  core::MutexLock lock(disk_->mutex);
  disk_->sealed.erase(disk_->sealed.begin(), disk_->sealed.lower_bound(RecordKey{segment + 1, 0, 0}));
  return {};
}

core::Result<std::vector<std::uint64_t>> MemoryStorage::segments() {
  core::MutexLock lock(disk_->mutex);
  std::vector<std::uint64_t> found;
  for (auto at = disk_->sealed.begin(); at != disk_->sealed.end();
       at = disk_->sealed.lower_bound(RecordKey{found.back() + 1, 0, 0})) {
    found.push_back(at->first.segment);
  }
  return found;
}

StorageUsage MemoryStorage::usage() const {
  core::MutexLock lock(disk_->mutex);
  StorageUsage usage;
  for (const auto& [key, value] : disk_->sealed) usage.used += sizeof key + value.size();
  usage.free = capacity_ - std::min(capacity_, usage.used);
  return usage;
}

core::Result<void> MemoryStorage::resume() {
  if (failing_) return failure(core::ErrorCode::disk_full, "a fault was asked for");
  return {};
}

core::Result<void> MemoryStorage::put_settings(std::span<const Setting> settings) {
  if (failing_) return failure(core::ErrorCode::disk_full, "a fault was asked for");
  core::MutexLock lock(disk_->mutex);
  for (const auto& [key, value] : settings) {
    if (value) {
      disk_->settings[key] = *value;
    } else {
      disk_->settings.erase(key);
    }
  }
  return {};
}

core::Result<std::vector<std::pair<std::string, std::string>>> MemoryStorage::settings(std::string_view prefix) {
  core::MutexLock lock(disk_->mutex);
  std::vector<std::pair<std::string, std::string>> found;
  for (auto at = disk_->settings.lower_bound(std::string(prefix)); at != disk_->settings.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    found.emplace_back(*at);
  }
  return found;
}

}  // namespace skerry::edge
