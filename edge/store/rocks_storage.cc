#include "edge/store/rocks_storage.h"

#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <rocksdb/cache.h>
#include <rocksdb/convenience.h>
#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/table.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>

#include "core/mutex.h"

namespace skerry::edge {
namespace {

using rocksdb::Slice;
using rocksdb::Status;

constexpr std::size_t key_size = 16;
constexpr const char* body_name = "body";

std::array<char, key_size> encode(const RecordKey& key) {
  std::array<char, key_size> text;
  const auto put = [&text](std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) text[at + i] = static_cast<char>(value >> (8 * (size - 1 - i)));
  };
  put(0, key.segment, 8);
  put(8, key.sequence, 4);
  put(12, key.part, 4);
  return text;
}

std::uint64_t segment_of(const Slice& key) {
  std::uint64_t segment = 0;
  for (std::size_t i = 0; i < 8; ++i) segment = segment << 8 | static_cast<unsigned char>(key[i]);
  return segment;
}

Slice slice_of(const std::array<char, key_size>& key) {
  return {key.data(), key.size()};
}

core::Error error_of(const Status& status) {
  core::ErrorCode code = core::ErrorCode::io_error;
  if (status.IsNotFound()) code = core::ErrorCode::not_found;
  if (status.IsCorruption()) code = core::ErrorCode::corrupt;
  if (status.IsNoSpace()) code = core::ErrorCode::disk_full;
  // RocksDB has no codes of its own for these two; the text is errno's.
  const std::string text = status.ToString();
  if (text.find("ermission denied") != std::string::npos) code = core::ErrorCode::permission_denied;
  if (status.IsIOError() && text.find("lock") != std::string::npos &&
      (text.find("emporarily unavailable") != std::string::npos || text.find("lock hold by") != std::string::npos)) {
    code = core::ErrorCode::address_in_use;
  }
  return {code, core::ErrorSource::internal, false, text};
}

// RocksDB's own log file would count against the budget and says nothing an operator needs.
class SilentLogger final : public rocksdb::Logger {
 public:
  SilentLogger() : rocksdb::Logger(rocksdb::InfoLogLevel::FATAL_LEVEL) {}
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

// Hears of flushes, compactions and background errors from RocksDB's threads.
class Events final : public rocksdb::EventListener {
 public:
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo& info) override {
    if (info.cf_name != body_name) return;
    deletes_ += info.table_properties.num_deletions + info.table_properties.num_range_deletions;
    core::MutexLock lock(mutex_);
    flushing_ = false;
    changed_.notify_all();
  }
  void OnCompactionCompleted(rocksdb::DB*, const rocksdb::CompactionJobInfo& info) override {
    if (info.cf_name == body_name) compacted_ += info.stats.total_output_bytes;
    core::MutexLock lock(mutex_);
    changed_.notify_all();
  }
  void OnBackgroundError(rocksdb::BackgroundErrorReason, Status*) override {
    ++errors_;
    core::MutexLock lock(mutex_);
    failed_ = true;
    changed_.notify_all();
  }
  void recovered() {
    core::MutexLock lock(mutex_);
    failed_ = false;
  }
  bool failed() {
    core::MutexLock lock(mutex_);
    return failed_;
  }
  void flush_begins() {
    core::MutexLock lock(mutex_);
    flushing_ = true;
  }
  void flush_refused() {
    core::MutexLock lock(mutex_);
    flushing_ = false;
  }
  bool flushing() {
    core::MutexLock lock(mutex_);
    return flushing_;
  }
  void wait(core::Duration longest) {
    core::MutexLock lock(mutex_);
    changed_.wait_for(mutex_, longest);
  }
  std::uint64_t compacted() const { return compacted_; }
  // Of `body`, in what was flushed.
  std::uint64_t deletes() const { return deletes_; }
  std::uint64_t errors() const { return errors_; }

 private:
  core::Mutex mutex_;
  core::Condition changed_;
  bool flushing_ GUARDED_BY(mutex_) = false;
  bool failed_ GUARDED_BY(mutex_) = false;
  std::atomic<std::uint64_t> compacted_{0}, deletes_{0}, errors_{0};
};

rocksdb::DBOptions database_options() {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  options.max_open_files = -1;
  options.avoid_flush_during_shutdown = true;
  options.atomic_flush = false;
  options.max_background_jobs = 3;
  options.bytes_per_sync = 1 << 20;
  options.max_total_wal_size = 1ull << 50;  // nothing but a seal flushes `body`
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.allow_fallocate = false;  // blocks reserved ahead would count against the budget
  options.max_manifest_file_size = 1 << 20;
  options.keep_log_file_num = 1;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  options.info_log = std::make_shared<SilentLogger>();
  return options;
}

rocksdb::ColumnFamilyOptions settings_options() {
  rocksdb::ColumnFamilyOptions options;
  options.write_buffer_size = 4 << 20;
  options.compression = rocksdb::kNoCompression;
  return options;
}

rocksdb::ColumnFamilyOptions body_options(std::uint64_t segment_size) {
  rocksdb::ColumnFamilyOptions options;
  options.compaction_style = rocksdb::kCompactionStyleLevel;
  options.num_levels = 2;
  options.level0_file_num_compaction_trigger = 1;  // every flushed file moves down at once, by name only
  options.level0_slowdown_writes_trigger = 1 << 20;
  options.level0_stop_writes_trigger = 1 << 20;
  options.soft_pending_compaction_bytes_limit = 0;
  options.hard_pending_compaction_bytes_limit = 0;
  options.max_bytes_for_level_base = 1ull << 60;
  options.target_file_size_base = 4ull << 30;
  options.max_compaction_bytes = 1ull << 60;
  options.write_buffer_size = 2 * segment_size;
  options.max_write_buffer_number = 3;
  options.compression = rocksdb::kNoCompression;
  options.ttl = 0;
  options.periodic_compaction_seconds = 0;
  rocksdb::BlockBasedTableOptions table;
  table.checksum = rocksdb::kXXH3;
  table.format_version = 5;
  table.block_size = 16 << 10;
  table.block_cache = rocksdb::NewLRUCache(4 << 20);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

class RocksStorage final : public SegmentStorage {
 public:
  explicit RocksStorage(std::string path) : path_(std::move(path)) {}
  ~RocksStorage() override;
  core::Result<void> open(std::uint64_t segment_size);

  core::Result<void> write(std::span<const Record>) override;
  core::Result<core::Chunk> get(const RecordKey&) override;
  core::Result<void> begin_flush() override;
  bool wait_flushed(core::Duration longest) override;
  core::Result<void> drop_through(std::uint64_t segment) override;
  core::Result<std::vector<std::uint64_t>> segments() override;
  StorageUsage usage() const override;
  core::Result<void> resume() override;
  core::Result<void> put_settings(std::span<const Setting>) override;
  core::Result<std::vector<std::pair<std::string, std::string>>> settings(std::string_view prefix) override;
  StorageCounters counters() const override;

 private:
  std::uint64_t property(const std::string& name) const;

  const std::string path_;
  const std::shared_ptr<Events> events_ = std::make_shared<Events>();
  std::unique_ptr<rocksdb::DB> db_;
  rocksdb::ColumnFamilyHandle* default_ = nullptr;  // both belong to db_
  rocksdb::ColumnFamilyHandle* body_ = nullptr;
};

core::Result<void> RocksStorage::open(std::uint64_t segment_size) {
  rocksdb::DBOptions options = database_options();
  options.listeners.push_back(events_);
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, settings_options()}, {body_name, body_options(segment_size)}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  if (const Status status = rocksdb::DB::Open(options, path_, families, &handles, &db); !status.ok()) {
    return error_of(status);
  }
  db_.reset(db);
  default_ = handles[0];
  body_ = handles[1];
  return {};
}

RocksStorage::~RocksStorage() {
  if (!db_) return;
  rocksdb::CancelAllBackgroundWork(db_.get(), true);
  static_cast<void>(db_->DestroyColumnFamilyHandle(body_));
  static_cast<void>(db_->DestroyColumnFamilyHandle(default_));
  static_cast<void>(db_->Close());
}

core::Result<void> RocksStorage::write(std::span<const Record> records) {
  rocksdb::WriteBatch batch;
  std::vector<Slice> parts;
  for (const auto& record : records) {
    const auto key = encode(record.key);
    const Slice key_slice = slice_of(key);
    parts.clear();
    for (const auto part : record.parts) parts.emplace_back(part.data(), part.size());
    const Status status = batch.Put(body_, rocksdb::SliceParts(&key_slice, 1),
                                    rocksdb::SliceParts(parts.data(), static_cast<int>(parts.size())));
    if (!status.ok()) return error_of(status);
  }
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  if (const Status status = db_->Write(options, &batch); !status.ok()) return error_of(status);
  return {};
}

core::Result<core::Chunk> RocksStorage::get(const RecordKey& key) {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.verify_checksums = true;
  const auto text = encode(key);
  auto value = std::make_unique<rocksdb::PinnableSlice>();
  const Status status = db_->Get(options, body_, slice_of(text), value.get());
  if (!status.ok()) return error_of(status);
  const auto bytes = std::as_bytes(std::span(value->data(), value->size()));
  // A pinned value holds its whole block; a small one is worth its own copy. A value in a memtable is copied already.
  constexpr std::size_t worth_pinning = 32 << 10;
  if (bytes.size() < worth_pinning) return core::Chunk::copy_of(bytes);
  core::BlockRef block(core::Block::wrap(bytes, value.release(),
                                         [](void* owner) { delete static_cast<rocksdb::PinnableSlice*>(owner); }));
  return core::Chunk(std::move(block), bytes.data(), bytes.size());
}

core::Result<void> RocksStorage::begin_flush() {
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;
  // Settings too, or the log files they are in pile up behind the segments.
  if (const Status status = db_->Flush(options, default_); !status.ok()) return error_of(status);
  events_->flush_begins();
  if (const Status status = db_->Flush(options, body_); !status.ok()) {
    events_->flush_refused();
    return error_of(status);
  }
  return {};
}

bool RocksStorage::wait_flushed(core::Duration longest) {
  constexpr core::Duration step = std::chrono::milliseconds(5);
  for (;;) {
    if (!events_->flushing() && property(rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0") == 0) return true;
    if (longest <= core::Duration::zero() || events_->failed()) return false;
    events_->wait(std::min(step, longest));
    longest -= step;
  }
}

core::Result<void> RocksStorage::drop_through(std::uint64_t segment) {
  const auto end = encode({segment, contents_sequence, contents_part});
  const Slice end_slice = slice_of(end);
  // No begin: RocksDB may have merged queued memtables into one file, which a range per segment would never cover.
  if (const Status status = rocksdb::DeleteFilesInRange(db_.get(), body_, nullptr, &end_slice); !status.ok()) {
    return error_of(status);
  }
  return {};
}

core::Result<std::vector<std::uint64_t>> RocksStorage::segments() {
  // From the files' key ranges, so that no damaged block can hide the segments behind it.
  std::vector<rocksdb::LiveFileMetaData> files;
  db_->GetLiveFilesMetaData(&files);
  std::vector<std::uint64_t> found;
  constexpr std::uint64_t most_merged = 1024;
  for (const auto& file : files) {
    if (file.column_family_name != body_name || file.smallestkey.size() != key_size ||
        file.largestkey.size() != key_size) {
      continue;
    }
    const std::uint64_t first = segment_of(file.smallestkey);
    const std::uint64_t last = std::min(segment_of(file.largestkey), first + most_merged);
    for (std::uint64_t segment = first; segment <= last; ++segment) found.push_back(segment);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

StorageUsage RocksStorage::usage() const {
  StorageUsage usage;
  struct statvfs file_system {};
  if (statvfs(path_.c_str(), &file_system) == 0) usage.free = file_system.f_bavail * file_system.f_frsize;
  DIR* directory = opendir(path_.c_str());
  if (!directory) return usage;
  while (const dirent* entry = readdir(directory)) {
    struct stat file {};
    if (fstatat(dirfd(directory), entry->d_name, &file, AT_SYMLINK_NOFOLLOW) != 0 ||
        std::strcmp(entry->d_name, "..") == 0) {
      continue;
    }
    usage.used += static_cast<std::uint64_t>(file.st_blocks) * 512;
  }
  closedir(directory);
  return usage;
}

core::Result<void> RocksStorage::resume() {
  if (const Status status = db_->Resume(); !status.ok()) return error_of(status);
  events_->recovered();
  return {};
}

core::Result<void> RocksStorage::put_settings(std::span<const Setting> settings) {
  rocksdb::WriteBatch batch;
  for (const auto& [key, value] : settings) {
    const Status status = value ? batch.Put(default_, key, *value) : batch.Delete(default_, key);
    if (!status.ok()) return error_of(status);
  }
  rocksdb::WriteOptions options;
  options.sync = true;
  if (const Status status = db_->Write(options, &batch); !status.ok()) return error_of(status);
  return {};
}

core::Result<std::vector<std::pair<std::string, std::string>>> RocksStorage::settings(std::string_view prefix) {
  std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(rocksdb::ReadOptions(), default_));
  std::vector<std::pair<std::string, std::string>> found;
  const Slice start(prefix.data(), prefix.size());
  for (at->Seek(start); at->Valid() && at->key().starts_with(start); at->Next()) {
    found.emplace_back(at->key().ToString(), at->value().ToString());
  }
  if (!at->status().ok()) return error_of(at->status());
  return found;
}

std::uint64_t RocksStorage::property(const std::string& name) const {
  std::string value;
  if (!db_->GetProperty(body_, name, &value)) return 0;
  return std::strtoull(value.c_str(), nullptr, 10);
}

StorageCounters RocksStorage::counters() const {
  StorageCounters counters;
  counters.files_at_level0 = property(rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0");
  counters.bytes_compacted = events_->compacted();
  counters.deletes = events_->deletes() + property(rocksdb::DB::Properties::kNumDeletesActiveMemTable) +
                     property(rocksdb::DB::Properties::kNumDeletesImmMemTables);
  counters.background_errors = events_->errors();
  return counters;
}

}  // namespace

core::Result<std::unique_ptr<SegmentStorage>> open_rocks_storage(const std::string& path, std::uint64_t segment_size) {
  // glibc would map and unmap every large value, and first-touch pages cost ten times the copy. jemalloc ignores this.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 64 << 20);
  auto storage = std::make_unique<RocksStorage>(path);
  if (auto opened = storage->open(segment_size); !opened) return opened.error();
  return std::unique_ptr<SegmentStorage>(std::move(storage));
}

core::Result<void> repair_rocks_storage(const std::string& path) {
  const Status status =
      rocksdb::RepairDB(path, database_options(),
                        {{rocksdb::kDefaultColumnFamilyName, settings_options()}, {body_name, body_options(64 << 20)}});
  if (!status.ok()) return error_of(status);
  return {};
}

}  // namespace skerry::edge
