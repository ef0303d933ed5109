#include "edge/store/disk_tier.h"

#include <cstring>
#include <utility>

namespace skerry::edge {
namespace {

constexpr std::string_view generation_key = "generation";
constexpr int body_bits = 40;  // of a large body's name; the rest is how often the store was opened

core::Error error(core::ErrorCode code, std::string detail) {
  return {code, core::ErrorSource::internal, false, std::move(detail)};
}

}  // namespace

DiskTier::DiskTier(std::unique_ptr<SegmentStorage> storage, const PurgeTable& purges, DiskTierOptions options)
    : storage_(std::move(storage)),
      log_(*storage_, index_, bodies_, purges, options.log),
      budget_(options.log.budget) {}

DiskTier::~DiskTier() = default;

core::Result<std::unique_ptr<DiskTier>> DiskTier::open(std::unique_ptr<SegmentStorage> storage,
                                                       const PurgeTable& purges, core::Clock& clock,
                                                       DiskTierOptions options, SegmentLog::Recovered& recovered) {
  const std::size_t queue = options.write_queue;
  const bool threaded = options.threaded;
  std::unique_ptr<DiskTier> disk(new DiskTier(std::move(storage), purges, std::move(options)));
  auto found = disk->log_.recover();
  if (!found) return found.error();
  if (auto named = disk->name_bodies(); !named) return named.error();
  recovered = std::move(*found);
  disk->writer_ = std::make_unique<DiskWriter>(disk->log_, *disk->storage_, clock, queue, threaded);
  return disk;
}

// Names must never repeat, not even those of bodies whose head was lost in a crash.
core::Result<void> DiskTier::name_bodies() {
  std::uint64_t generation = 0;
  auto stored = storage_->settings(generation_key);
  if (!stored) return stored.error();
  if (!stored->empty() && stored->front().second.size() == sizeof generation) {
    std::memcpy(&generation, stored->front().second.data(), sizeof generation);
  }
  ++generation;
  const SegmentStorage::Setting setting{std::string(generation_key),
                                        std::string(reinterpret_cast<const char*>(&generation), sizeof generation)};
  bodies_.start_at((generation << body_bits) + 1);
  return storage_->put_settings({&setting, 1});
}

std::optional<DiskLocation> DiskTier::find(const KeyHash& hash) {
  const auto entry = index_.find(hash);
  if (!entry) return std::nullopt;
  return DiskLocation{0, entry->segment, entry->sequence, !entry->large, 0};
}

bool DiskTier::holds(const KeyHash& hash, const DiskLocation& location) const {
  const auto entry = index_.peek(hash);
  return entry && entry->segment == location.segment && entry->sequence == location.sequence;
}

core::Error DiskTier::lost(const KeyHash& hash, const DiskLocation& location, core::Error why) {
  // Gone because its segment was evicted meanwhile is no damage.
  const bool was_indexed = index_.erase_at(hash, location.segment, location.sequence);
  if (why.code == core::ErrorCode::corrupt || (why.code == core::ErrorCode::not_found && was_indexed)) {
    why.code = core::ErrorCode::corrupt;
    ++corrupt_;
  } else {
    ++read_errors_;
  }
  return why;
}

core::Result<DiskTier::Loaded> DiskTier::load(const KeyHash& hash, const std::string& key,
                                              const DiskLocation& location) {
  ++reads_;
  auto record = storage_->get({location.segment, location.sequence, location.single_record ? whole_object : head_part});
  if (!record) return lost(hash, location, record.error());
  auto stored = decode_head(record->text());
  if (!stored) return lost(hash, location, stored.error());
  if (stored->head.key != key || (stored->body == 0) != location.single_record) {
    return lost(hash, location, error(core::ErrorCode::corrupt, "a record of another key"));
  }
  if (!location.single_record && !bodies_.find(stored->body)) {
    return lost(hash, location, error(core::ErrorCode::io_error, "a head without its body"));
  }
  Loaded loaded{std::move(stored->head), {}, location};
  loaded.location.body = stored->body;
  if (location.single_record && loaded.head.body_size > 0) {
    Piece piece;
    piece.chunks.push_back(record->slice(stored->head_bytes, loaded.head.body_size));
    piece.size = loaded.head.body_size;
    piece.compact();
    loaded.body = std::move(piece.chunks);
  }
  return loaded;
}

std::shared_ptr<const Piece> DiskTier::pending(std::uint64_t id, std::uint32_t chunk) const {
  const auto body = bodies_.find(id);
  if (!body) return nullptr;
  const auto where = body->locate(chunk);
  const auto* piece = std::get_if<std::shared_ptr<const Piece>>(&where);
  return piece ? *piece : nullptr;
}

core::Result<core::Chunk> DiskTier::read(std::uint64_t id, std::uint32_t chunk, std::size_t expected_size) {
  ++reads_;
  const auto body = bodies_.find(id);
  const auto where = body ? body->locate(chunk) : LargeBody::Where();
  if (const auto* piece = std::get_if<std::shared_ptr<const Piece>>(&where)) return (*piece)->joined();
  const auto* at = std::get_if<RecordKey>(&where);
  if (!at) {
    ++read_errors_;
    return error(core::ErrorCode::not_found, "the body was evicted");
  }
  auto record = storage_->get(*at);
  if (record && record->size() == expected_size) return record;
  core::Error why = record ? error(core::ErrorCode::corrupt, "a chunk of another length") : record.error();
  if (const auto head = body->head()) return lost(head->hash, {0, head->segment, head->sequence, false, id}, why);
  ++read_errors_;
  return why;
}

void DiskTier::abandon(LargeBody& body) {
  body.break_off();
  bodies_.erase(body.id());
}

std::size_t DiskTier::memory_size() const {
  constexpr std::size_t large_body_cost = 320;
  return index_.memory_size() + bodies_.size() * large_body_cost;
}

void DiskTier::add_stats(StoreStats& stats) const {
  const auto& log = log_.counters();
  stats.disk_objects = index_.size();
  stats.disk_bytes = log.bytes;
  stats.disk_budget = budget_;
  stats.segments = log.segments;
  stats.sealed = log.sealed;
  stats.segments_evicted = log.evicted;
  stats.index_bytes = memory_size();
  stats.writes_refused += writer_->refused();
  stats.corrupt_records = corrupt_ + log.corrupt;
  stats.objects_lost = log.lost;
  stats.reinserted = log.reinserted;
  stats.reads = reads_;
  stats.read_errors = read_errors_;
  stats.disk_read_only = writer_->read_only();
  const StorageCounters storage = storage_->counters();
  stats.files_at_level0 = storage.files_at_level0;
  stats.bytes_compacted = storage.bytes_compacted;
  stats.deletes = storage.deletes;
}

}  // namespace skerry::edge
