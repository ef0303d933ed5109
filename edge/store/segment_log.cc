#include "edge/store/segment_log.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace skerry::edge {
namespace {

constexpr std::uint64_t mebibyte = 1 << 20;
// Room for what isn't records: manifest, write-ahead log, settings, block and index overhead of the new file.
constexpr std::uint64_t reserve = 512 << 10;
constexpr core::Duration flush_patience = std::chrono::seconds(30);

std::uint32_t saturate(std::uint64_t value) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

std::uint32_t expiry_of(const ObjectHead& head) {
  const auto at = std::chrono::duration_cast<std::chrono::seconds>(head.received.time_since_epoch()) -
                  head.initial_age + head.lifetime;
  return at.count() < 0 ? 0 : saturate(static_cast<std::uint64_t>(at.count()));
}

core::Error full(std::string detail) {
  return {core::ErrorCode::disk_full, core::ErrorSource::internal, true, std::move(detail)};
}

}  // namespace

std::uint64_t segment_size_for(std::uint64_t budget, std::uint64_t memory) {
  return std::clamp<std::uint64_t>(std::min(budget / 1024, memory / 24), 2 * mebibyte, 256 * mebibyte);
}

SegmentLog::SegmentLog(SegmentStorage& storage, Index& index, LargeBodies& bodies, const PurgeTable& purges,
                       SegmentLogOptions options)
    : storage_(storage), index_(index), bodies_(bodies), purges_(purges), options_(std::move(options)) {
  open_.segment = 1;
  open_.seed = options_.seed;
}

core::Result<SegmentLog::Recovered> SegmentLog::recover() {
  auto segments = storage_.segments();
  if (!segments) return segments.error();
  Recovered recovered;
  for (const std::uint64_t segment : *segments) {
    open_.segment = std::max(open_.segment, segment + 1);
    const auto record = storage_.get({segment, contents_sequence, contents_part});
    auto contents = record ? decode_contents(record->text()) : core::Result<Contents>(record.error());
    if (!contents || contents->segment != segment) {
      ++recovered.broken;  // its space comes back when older segments go
      sealed_.push_back({segment, 0});
      continue;
    }
    ++recovered.segments;
    restore_entries(*contents);
    for (const auto& entry : contents->entries)
      recovered.newest_epoch = std::max<Epoch>(recovered.newest_epoch, entry.epoch);
    std::move(contents->varies.begin(), contents->varies.end(), std::back_inserter(recovered.varies));
  }
  bodies_.erase_headless();
  counters_.segments = sealed_.size();
  return recovered;
}

// Segments come oldest first, so a newer record of the same key replaces the older one.
void SegmentLog::restore_entries(const Contents& contents) {
  std::uint64_t bytes = 0;
  const auto segment = static_cast<std::uint32_t>(contents.segment);
  for (const auto& entry : contents.entries) {
    bytes += entry.size;
    if (entry.kind == EntryKind::body_run) {
      bodies_.find_or_create(entry.body)->restore({entry.first_chunk, entry.chunks, contents.segment, entry.sequence});
      continue;
    }
    const bool large = entry.kind == EntryKind::large_head;
    if (large) {
      const auto body = bodies_.find(entry.body);
      if (!body || !body->complete(entry.first_chunk)) continue;  // evicted in part
      body->set_head(entry.hash, contents.segment, entry.sequence);
    }
    index_.put({entry.hash, segment, entry.sequence, entry.epoch, 0, large, true});
  }
  sealed_.push_back({contents.segment, bytes});
  counters_.bytes += bytes;
}

core::Result<void> SegmentLog::append(const RecordKey& key, std::vector<std::string_view> parts) {
  std::uint64_t bytes = sizeof key;
  for (const auto part : parts) bytes += part.size();
  const SegmentStorage::Record record{key, std::move(parts)};
  if (auto written = storage_.write({&record, 1}); !written) return written;
  pending_bytes_ += bytes;
  return {};
}

// A segment that could not be sealed must not grow without end.
core::Result<void> SegmentLog::make_room_for_record() {
  if (pending_bytes_ < options_.segment_size && !contents_written_) return {};
  return seal();
}

core::Result<void> SegmentLog::put_object(const KeyHash& hash, const Object& object, LargeBody* body) {
  if (auto room = make_room_for_record(); !room) return room;
  const ObjectHead& head = object.head();
  const std::string text = encode_head(head, body ? body->id() : 0);
  std::vector<std::string_view> parts{text};
  std::uint64_t size = text.size();
  if (!body) {
    for (const auto& chunk : object.body()) parts.push_back(chunk.text());
    size += head.body_size;
  }
  const std::uint32_t sequence = next_sequence_++;
  if (auto put = append({open_.segment, sequence, body ? head_part : whole_object}, std::move(parts)); !put) return put;
  ContentsEntry entry{hash,
                      sequence,
                      body ? EntryKind::large_head : EntryKind::object,
                      saturate(size),
                      expiry_of(head),
                      saturate(head.epoch),
                      0,
                      0,
                      body ? body->id() : 0};
  if (body) {
    entry.first_chunk = saturate((head.body_size + disk_chunk_size - 1) / disk_chunk_size);
    body->set_head(hash, open_.segment, sequence);
  }
  open_.entries.push_back(entry);
  run_body_ = 0;
  index_.put({hash, static_cast<std::uint32_t>(open_.segment), sequence, entry.epoch, 0, body != nullptr, true});
  return pending_bytes_ >= options_.segment_size ? seal() : core::Result<void>();
}

core::Result<void> SegmentLog::put_chunk(LargeBody& body, std::uint32_t chunk, const Piece& piece) {
  if (auto room = make_room_for_record(); !room) return room;
  // Bodies arrive interleaved; each stretch of one body in this segment is a run with one entry.
  const bool extends = run_body_ == body.id() && !open_.entries.empty() && open_.entries.back().chunks < 0xffff;
  const std::uint32_t sequence = extends ? open_.entries.back().sequence : next_sequence_++;
  std::vector<std::string_view> parts;
  for (const auto& part : piece.chunks) parts.push_back(part.text());
  if (auto put = append({open_.segment, sequence, chunk}, std::move(parts)); !put) return put;
  if (!extends) open_.entries.push_back({{}, sequence, EntryKind::body_run, 0, 0, 0, chunk, 0, body.id()});
  ContentsEntry& entry = open_.entries.back();
  ++entry.chunks;
  entry.size = saturate(std::uint64_t{entry.size} + piece.size);
  run_body_ = body.id();
  body.written(chunk, open_.segment, sequence);
  return pending_bytes_ >= options_.segment_size ? seal() : core::Result<void>();
}

void SegmentLog::remember_vary(const KeyHash& primary, std::string_view list) {
  open_.varies.push_back({primary, std::string(list)});
}

bool SegmentLog::settled(core::Duration longest) {
  if (!flush_in_flight_) return true;
  if (!storage_.wait_flushed(longest)) return false;
  flush_in_flight_ = false;
  ++counters_.sealed;
  return true;
}

core::Result<void> SegmentLog::seal() {
  if (open_.entries.empty()) return {};
  // Two memtables waiting would be merged into one file.
  if (!settled(flush_patience)) return full("the last segment could not be flushed");
  if (!contents_written_) {
    const std::uint64_t contents_bytes = open_.entries.size() * 48 + 4096;
    if (auto room = make_room(pending_bytes_ + contents_bytes); !room) return room;
    const std::string contents = encode_contents(open_);
    if (auto put = append({open_.segment, contents_sequence, contents_part}, {contents}); !put) return put;
    contents_written_ = true;
  }
  if (auto flush = storage_.begin_flush(); !flush) return flush;
  flush_in_flight_ = true;
  contents_written_ = false;
  sealed_.push_back({open_.segment, pending_bytes_});
  counters_.segments = sealed_.size();
  counters_.bytes += pending_bytes_;
  open_ = Contents{open_.segment + 1, options_.seed, {}, {}};
  next_sequence_ = 0;
  pending_bytes_ = 0;
  reinserted_bytes_ = 0;
  run_body_ = 0;
  return {};
}

bool SegmentLog::fits(std::uint64_t sealing) const {
  const StorageUsage usage = storage_.usage();
  const std::uint64_t wanted = sealing + sealing / 64 + reserve;
  return usage.used + wanted <= options_.budget && usage.free >= wanted;
}

// Before sealing, never after: the new file must find its room free.
core::Result<void> SegmentLog::make_room(std::uint64_t sealing) {
  if (index_.memory_size() > options_.index_limit && !sealed_.empty()) {
    if (auto evicted = evict_oldest(false); !evicted) return evicted;
  }
  while (!fits(sealing + reinserted_bytes_)) {
    if (sealed_.empty()) return full("no room for a segment even in an empty store");
    if (auto evicted = evict_oldest(true); !evicted) return evicted;
  }
  return {};
}

core::Result<void> SegmentLog::evict_oldest(bool keep_hot) {
  const Sealed oldest = sealed_.front();
  const auto record = storage_.get({oldest.segment, contents_sequence, contents_part});
  auto contents = record ? decode_contents(record->text()) : core::Result<Contents>(record.error());
  if (contents) {
    if (keep_hot) keep_hot_objects(*contents);
    drop_entries(*contents);
  } else {
    counters_.lost += index_.erase_segment(oldest.segment);
  }
  if (auto dropped = storage_.drop_through(oldest.segment); !dropped) return dropped;
  counters_.bytes -= std::min(counters_.bytes.load(), oldest.bytes);
  sealed_.erase(sealed_.begin());
  counters_.segments = sealed_.size();
  ++counters_.evicted;
  return {};
}

void SegmentLog::drop_entries(const Contents& contents) {
  for (const auto& entry : contents.entries) {
    if (entry.kind == EntryKind::object) {
      drop_indexed(entry.hash, contents.segment, entry.sequence);
      continue;
    }
    const auto body = bodies_.find(entry.body);
    if (!body) continue;
    const auto head = body->head();
    // An older head of a body that a 304 has given a newer one.
    if (entry.kind == EntryKind::large_head && head &&
        (head->segment != contents.segment || head->sequence != entry.sequence)) {
      continue;
    }
    if (head) drop_indexed(head->hash, head->segment, head->sequence);
    body->break_off();
    bodies_.erase(entry.body);
  }
}

void SegmentLog::drop_indexed(const KeyHash& hash, std::uint64_t segment, std::uint32_t sequence) {
  if (index_.erase_at(hash, segment, sequence) && options_.on_evicted) options_.on_evicted(hash);
}

// At most half a segment, so that the log advances even if everything is hot.
void SegmentLog::keep_hot_objects(const Contents& contents) {
  std::vector<std::pair<int, const ContentsEntry*>> hot;
  for (const auto& entry : contents.entries) {
    if (entry.kind != EntryKind::object) continue;
    const auto indexed = index_.peek(entry.hash);
    if (!indexed || indexed->segment != contents.segment || indexed->sequence != entry.sequence) continue;
    const bool in_memory = options_.is_hot && options_.is_hot(entry.hash);
    if (in_memory || indexed->hits > 0) hot.emplace_back(indexed->hits + (in_memory ? 256 : 0), &entry);
  }
  std::stable_sort(hot.begin(), hot.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [hits, entry] : hot) {
    if (reinserted_bytes_ + entry->size > options_.segment_size / 2) break;
    const std::uint64_t from = contents.segment;
    const auto record = storage_.get({from, entry->sequence, whole_object});
    const auto stored = record ? decode_head(record->text()) : core::Result<StoredHead>(record.error());
    if (!stored) {
      ++counters_.corrupt;
      continue;
    }
    // What a purge covers must not come back under a newer position.
    if (purges_.verdict(stored->head, stored->head.epoch) == PurgeVerdict::hard) continue;
    const std::uint32_t sequence = next_sequence_++;
    if (!append({open_.segment, sequence, whole_object}, {record->text()})) return;
    reinserted_bytes_ += record->size();
    ContentsEntry again = *entry;
    again.sequence = sequence;
    open_.entries.push_back(again);
    if (index_.erase_at(entry->hash, from, entry->sequence)) {
      index_.put({entry->hash, static_cast<std::uint32_t>(open_.segment), sequence, entry->epoch, 0, false, true});
    }
    ++counters_.reinserted;
  }
  run_body_ = 0;
}

bool SegmentLog::drop_oldest_twentieth() {
  if (sealed_.empty()) return false;
  for (std::size_t n = sealed_.size() / 20 + 1; n > 0 && !sealed_.empty(); --n) {
    if (!evict_oldest(false)) return false;
  }
  return true;
}

}  // namespace skerry::edge
