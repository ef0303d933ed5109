#include "edge/store/tiered_store.h"

#include <algorithm>
#include <utility>

#include "edge/store/tiered_writer.h"

namespace skerry::edge {
namespace {

constexpr std::size_t mebibyte = 1 << 20;
// How often, in objects kept, the memory tier's share is worked out again as the index grows.
constexpr std::uint64_t rebalance_every = 256;

core::Error missing(std::string detail) {
  return {core::ErrorCode::not_found, core::ErrorSource::internal, false, std::move(detail)};
}

std::size_t size_of_chunk(const ObjectHead& head, std::uint64_t chunk) {
  const std::uint64_t start = chunk * disk_chunk_size;
  return start >= head.body_size ? 0 : std::min<std::uint64_t>(disk_chunk_size, head.body_size - start);
}

ObjectPtr expired(const Object& object) {
  ObjectHead head = object.head();
  head.lifetime = std::chrono::seconds(0);
  if (object.in_memory()) return std::make_shared<const Object>(std::move(head), object.body(), object.location());
  return std::make_shared<const Object>(std::move(head), object.location());
}

}  // namespace

const OpenReport& ObjectStore::opened() const {
  static const OpenReport nothing;
  return nothing;
}

MemoryPlan MemoryPlan::of(const MemoryConfig& memory, const StoreConfig& store) {
  const bool disk = !store.path.empty();
  MemoryPlan plan;
  plan.total = memory.size.count;
  plan.largest_object = std::clamp<std::size_t>(plan.total / 16, disk_chunk_size, disk ? 8 * mebibyte : 64 * mebibyte);
  plan.segment = disk ? segment_size_for(store.size.count, plan.total) : 0;
  plan.write_queue = disk ? std::clamp<std::size_t>(plan.total / 16, mebibyte, 64 * mebibyte) : 0;
  plan.fills = plan.total / 8;
  plan.connections = plan.total / 8;
  return plan;
}

std::size_t MemoryPlan::for_objects(std::size_t index_bytes) const {
  constexpr std::size_t block_cache = 4 * mebibyte;
  const std::size_t others = 3 * segment + (segment > 0 ? block_cache : 0) + write_queue + fills + connections +
                             index_bytes + Tombstones::memory_size();
  return std::max(total / 8, total - std::min(total, others));
}

TieredStore::TieredStore(const MemoryPlan& plan, const StoreConfig& config, const KeyHasher& hasher, core::Clock& clock,
                         Parts parts)
    : plan_(plan),
      hasher_(hasher),
      clock_(clock),
      largest_storable_(parts.disk ? config.size.count / 4 : plan.largest_object),
      purges_(std::move(parts.purges)),
      variants_(std::move(parts.variants)),
      tombstones_(std::move(parts.tombstones)),
      report_(std::move(parts.report)),
      memory_(std::move(parts.memory)),
      disk_(std::move(parts.disk)),
      purge_log_(std::move(parts.purge_log)),
      io_(std::make_unique<IoPool>(clock, disk_ && !config.single_threaded ? std::max(config.io_threads, 1) : 0,
                                   config.io_queue, config.io_deadline)) {}

TieredStore::~TieredStore() = default;

ObjectPtr TieredStore::after_purges(const KeyHash& hash, ObjectPtr object) {
  const Epoch now = purges_->epoch();
  const Epoch checked = object->checked_epoch().load(std::memory_order_relaxed);
  if (checked >= now) return object;
  switch (purges_->verdict(object->head(), checked)) {
    case PurgeVerdict::hard:
      memory_->remove(hash, object.get());
      if (disk_) disk_->forget(hash);
      bury_purged(hash, *object, false);
      return nullptr;
    case PurgeVerdict::soft:
      if (object->head().lifetime.count() > 0) {
        ObjectPtr stale = expired(*object);
        stale->checked_epoch().store(now, std::memory_order_relaxed);
        if (memory_->replace(hash, object.get(), stale)) bury_purged(hash, *object, true);
        return stale;
      }
      [[fallthrough]];
    case PurgeVerdict::none: break;
  }
  object->checked_epoch().store(now, std::memory_order_relaxed);
  return object;
}

Found TieredStore::find(const KeyHash& hash, std::string_view key) {
  if (ObjectPtr object = memory_->find(hash, key)) {
    if (ObjectPtr usable = after_purges(hash, std::move(object))) return usable;
    return FoundNothing{Reason::purged};
  }
  if (!disk_) return FoundNothing{};
  if (const auto location = disk_->find(hash)) return FoundOnDisk{*location, 0};
  return FoundNothing{};
}

// An object as it lies on disk; it stays there alone.
core::Result<ObjectPtr> TieredStore::read_now(const KeyHash& hash, const std::string& key,
                                              const DiskLocation& location) {
  auto loaded = disk_->load(hash, key, location);
  if (!loaded) {
    if (loaded.error().code == core::ErrorCode::corrupt)
      tombstones_->bury({hash, {}, clock_.wall(), Reason::corrupt, true, 0});
    return loaded.error();
  }
  ObjectPtr object = location.single_record ? std::make_shared<const Object>(std::move(loaded->head),
                                                                             std::move(loaded->body), loaded->location)
                                            : std::make_shared<const Object>(std::move(loaded->head), loaded->location);
  object = after_purges(hash, std::move(object));
  if (!object) return missing("purged");
  return object;
}

core::Result<ObjectPtr> TieredStore::load_now(const KeyHash& hash, const std::string& key,
                                              const DiskLocation& location) {
  // Many may have asked for the same object; the first one's read serves them all.
  if (ObjectPtr object = memory_->find(hash, key)) {
    if (ObjectPtr usable = after_purges(hash, std::move(object))) return usable;
    return missing("purged");
  }
  auto read = read_now(hash, key, location);
  if (!read) return read;
  ObjectPtr object = std::move(read).value();
  // A newer version may have been stored during the read.
  if (!disk_->holds(hash, location)) return object;
  MemoryTier::Gone gone;
  object = memory_->insert_if_absent(hash, std::move(object), gone);
  bury(gone, *object, false);
  return object;
}

void TieredStore::load(const core::Worker& worker, const KeyHash& hash, std::string key, FoundOnDisk found,
                       core::UniqueFunction<void(core::Result<ObjectPtr>)> done) {
  submit_read(worker, &TieredStore::load_now, hash, std::move(key), found.location, std::move(done));
}

void TieredStore::look(const core::Worker& worker, const KeyHash& hash, std::string key, FoundOnDisk found,
                       core::UniqueFunction<void(core::Result<ObjectPtr>)> done) {
  submit_read(worker, &TieredStore::read_now, hash, std::move(key), found.location, std::move(done));
}

void TieredStore::submit_read(const core::Worker& worker, Reader reader, const KeyHash& hash, std::string key,
                              const DiskLocation& location, core::UniqueFunction<void(core::Result<ObjectPtr>)> done) {
  io_->submit([this, &loop = worker.loop, reader, hash, key = std::move(key), location,
               done = std::move(done)](const core::Error* refused) mutable {
    core::Result<ObjectPtr> outcome =
        refused ? core::Result<ObjectPtr>(*refused) : (this->*reader)(hash, key, location);
    loop.post([done = std::move(done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  });
}

void TieredStore::read_chunk(const core::Worker& worker, const ObjectPtr& object, std::uint64_t chunk,
                             core::UniqueFunction<void(core::Result<core::Chunk>)> done) {
  using Outcome = SharedReads::Outcome;
  core::EventLoop& loop = worker.loop;
  const std::size_t size = size_of_chunk(object->head(), chunk);
  const auto answer = [&](Outcome outcome) {
    loop.post([done = std::move(done), outcome = std::move(outcome)]() mutable { done(std::move(outcome)); });
  };
  if (size == 0 || object->in_memory() || !disk_) return answer(missing("no such chunk on disk"));
  const auto number = static_cast<std::uint32_t>(chunk);
  if (const auto piece = disk_->pending(object->location().body, number)) return answer(piece->joined());
  const ChunkName name{object->location().body, number};
  if (!reads_.join(name, loop, std::move(done))) {
    reads_shared_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  io_->submit([this, object, name, size](const core::Error* refused) {
    const Outcome outcome = refused ? Outcome(*refused) : disk_->read(name.body, name.chunk, size);
    if (!outcome && !refused) memory_->remove(hash(object->head().key), object.get());
    reads_.finish(name, outcome);
  });
}

std::unique_ptr<ObjectWriter> TieredStore::begin(const core::Worker& worker, ObjectHead head,
                                                 std::optional<std::uint64_t> expected, Reason& why_not) {
  const bool to_disk = disk_ && !disk_->writer().read_only();
  const std::uint64_t largest = to_disk ? largest_storable_ : plan_.largest_object;
  if (expected && *expected > largest) {
    why_not = disk_ && !to_disk ? Reason::store_unavailable : Reason::too_large;
  } else if (!to_disk && filling_.load(std::memory_order_relaxed) > plan_.fills) {
    why_not = Reason::memory_full;
  } else {
    return std::make_unique<TieredWriter>(*this, worker, std::move(head));
  }
  refused_.fetch_add(1, std::memory_order_relaxed);
  return nullptr;
}

ObjectPtr TieredStore::keep(const KeyHash& hash, ObjectPtr object, std::shared_ptr<LargeBody> body, bool validated) {
  // The disk's older version must not be found if memory lets go of this one before it is written.
  if (disk_) disk_->forget(hash);
  MemoryTier::Gone gone;
  memory_->insert(hash, object, gone);
  if (kept_.fetch_add(1, std::memory_order_relaxed) % rebalance_every == 0) {
    const std::size_t index = variants_->memory_size() + (disk_ ? disk_->memory_size() : 0);
    memory_->set_capacity(plan_.for_objects(index), gone);
  }
  bury(gone, *object, validated);
  if (!disk_) return object;
  if (body || (object->in_memory() && object->head().body_size < disk_chunk_size)) {
    const KeyHash primary = this->hash(object->head().primary_key);
    const bool taken = disk_->writer().put_object(hash, primary, object, std::move(body));
    if (!taken && !object->in_memory()) {
      memory_->remove(hash, object.get());
      return nullptr;
    }
  }
  return object;
}

// What lies on disk has only left memory.
void TieredStore::bury(const MemoryTier::Gone& gone, const Object& newer, bool validated) {
  const ObjectHead& head = newer.head();
  if (!head.vary.empty() && head.key.size() > head.primary_key.size()) {
    tombstones_->note_variant(hash(head.primary_key), std::string_view(head.key).substr(head.primary_key.size()));
  }
  const core::WallTime now = clock_.wall();
  for (const ObjectPtr& object : gone) {
    const ObjectHead& old = object->head();
    const bool replaced = old.key == head.key && object.get() != &newer;
    const KeyHash key = hash(old.key);
    if (replaced ? validated : disk_ && disk_->has(key)) continue;
    const bool over = old.initial_age + std::chrono::floor<std::chrono::seconds>(now - old.received) >= old.lifetime;
    const Reason fate = !replaced ? Reason::evicted : over ? Reason::expired : Reason::changed;
    tombstones_->bury({key, hash(old.primary_key), now, fate, false, 0});
  }
}

void TieredStore::bury_purged(const KeyHash& key, const Object& object, bool soft) {
  const ObjectHead& head = object.head();
  tombstones_->bury({key, hash(head.primary_key), clock_.wall(), Reason::purged, !object.in_memory(),
                     purges_->newest(head, soft).epoch});
}

ObjectPtr TieredStore::update(const ObjectPtr& old, ObjectHead head) {
  const KeyHash hash = this->hash(head.key);
  head.body_size = old->head().body_size;
  DiskLocation location;
  location.body = old->location().body;
  std::shared_ptr<LargeBody> body = disk_ && location.body != 0 ? disk_->body(location.body) : nullptr;
  if (!old->in_memory() && !body) return nullptr;  // its body was evicted
  ObjectPtr object = old->in_memory() ? std::make_shared<const Object>(std::move(head), old->body(), location)
                                      : std::make_shared<const Object>(std::move(head), location);
  return keep(hash, std::move(object), std::move(body), true);
}

bool TieredStore::make_room_for_variant(const KeyHash& primary, const KeyHash& variant, std::size_t most) {
  const auto oldest = variants_->renew(primary, variant, most);
  if (!oldest) return false;
  const ObjectPtr object = memory_->peek(*oldest);
  if (!object && !(disk_ && disk_->has(*oldest))) return false;  // it was evicted before
  if (object) memory_->remove(*oldest, object.get());
  if (disk_) disk_->forget(*oldest);
  tombstones_->bury({*oldest, primary, clock_.wall(), Reason::displaced_by_variant, !object, 0});
  return true;
}

bool TieredStore::purged_since(std::string_view primary_key, std::string_view host, std::string_view path,
                               Epoch since) const {
  return since < purges_->epoch() && purges_->verdict(primary_key, host, path, since) != PurgeVerdict::none;
}

void TieredStore::purge(const core::Worker& worker, const Purge& purge,
                        core::UniqueFunction<void(core::Result<Epoch>)> done) {
  // Noted before it is answered; the answer may come when the store is gone.
  PurgeNote note{0, purge.kind, purge.soft, purge.why, clock_.wall()};
  purge_log_->submit(
      worker.loop, purge,
      [note = note, tombstones = tombstones_, done = std::move(done)](core::Result<Epoch> applied) mutable {
        if (applied) note.epoch = *applied;
        if (applied) tombstones->note(note);
        done(std::move(applied));
      });
}

void TieredStore::seal(core::UniqueFunction<void()> done) {
  if (!disk_) return done();
  disk_->writer().seal(std::move(done));
}

StoreStats TieredStore::stats() const {
  StoreStats stats;
  const MemoryTierStats memory = memory_->stats();
  stats.memory_objects = memory.objects;
  stats.memory_bytes = memory.bytes;
  stats.memory_evictions = memory.evictions;
  stats.writes_refused = refused_;
  stats.reads_shared = reads_shared_;
  stats.purges = purge_log_->applied();
  stats.epoch = purges_->epoch();
  if (disk_) disk_->add_stats(stats);
  return stats;
}

}  // namespace skerry::edge
