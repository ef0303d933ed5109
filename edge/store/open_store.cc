// Opening a store, whatever state the directory is in: in order, new, in use, damaged.
#include "edge/store/open_store.h"

#include <cstring>
#include <filesystem>
#include <utility>

#include "core/random.h"
#include "edge/store/rocks_storage.h"

namespace skerry::edge {
namespace {

namespace files = std::filesystem;

constexpr std::uint64_t worth_repairing = 1ull << 30;  // takes 2 s; above, starting empty serves sooner
constexpr std::uint64_t smallest_store = 16ull << 20;
constexpr std::string_view seed_key = "seed";

core::Error configuration(std::string detail) {
  return {core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false, std::move(detail)};
}

bool is_configuration(const core::Error& error) {
  return error.code == core::ErrorCode::address_in_use || error.code == core::ErrorCode::permission_denied ||
         error.code == core::ErrorCode::disk_full || error.code == core::ErrorCode::invalid_configuration;
}

core::Result<void> make_directory(const StoreConfig& config) {
  if (config.size.count < smallest_store) return configuration("store.size must be at least 16MiB");
  std::error_code why;
  files::create_directories(config.path, why);
  if (why == std::errc::permission_denied || why == std::errc::read_only_file_system) {
    return core::Error{core::ErrorCode::permission_denied, core::ErrorSource::internal, false,
                       "store " + config.path + ": " + why.message()};
  }
  if (why || !files::is_directory(config.path, why)) return configuration("store " + config.path + ": not a directory");
  return {};
}

std::uint64_t size_of_directory(const std::string& path) {
  std::uint64_t total = 0;
  std::error_code why;
  for (files::directory_iterator at(path, why), end; !why && at != end; at.increment(why)) {
    std::error_code ignored;
    if (at->is_regular_file(ignored)) total += at->file_size(ignored);
  }
  return total;
}

// Only the newest damaged store is kept beside the new one.
void remove_set_aside(const std::string& path) {
  const files::path full(path);
  const std::string prefix = full.filename().string() + ".bad-";
  std::error_code why;
  for (files::directory_iterator at(full.parent_path(), why), end; !why && at != end; at.increment(why)) {
    std::error_code ignored;
    if (at->path().filename().string().starts_with(prefix)) files::remove_all(at->path(), ignored);
  }
}

core::Result<void> set_aside(const StoreConfig& config, core::Clock& clock, OpenReport& report) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(clock.wall().time_since_epoch()).count();
  const std::string aside = config.path + ".bad-" + std::to_string(now);
  remove_set_aside(config.path);
  std::error_code why;
  files::rename(config.path, aside, why);
  if (!why) {
    report.set_aside = aside;
    report.events.push_back("store " + config.path + " could not be opened: set aside as " + aside);
  } else {
    // A mount point can't be renamed: what it holds can't be used either, and would count against the budget.
    for (files::directory_iterator at(config.path, why), end; !why && at != end; at.increment(why)) {
      std::error_code ignored;
      files::remove_all(at->path(), ignored);
    }
    report.events.push_back("store " + config.path + " could not be opened and was emptied");
  }
  return make_directory(config);
}

core::Result<std::unique_ptr<SegmentStorage>> open_storage(const StoreConfig& config, std::uint64_t segment,
                                                           OpenReport& report) {
  auto storage = open_rocks_storage(config.path, segment);
  if (storage || is_configuration(storage.error())) return storage;
  report.events.push_back("store " + config.path + ": " + storage.error().message());
  if (size_of_directory(config.path) > worth_repairing) return storage;
  if (auto repaired = repair_rocks_storage(config.path); !repaired) return repaired.error();
  report.repaired = true;
  report.events.push_back("store " + config.path + ": repaired; everything in it is validated before use");
  return open_rocks_storage(config.path, segment);
}

// When the settings were lost in a repair: every table of contents has it, too.
std::optional<std::uint64_t> seed_in_contents(SegmentStorage& storage) {
  const auto segments = storage.segments();
  if (!segments) return std::nullopt;
  for (auto segment = segments->rbegin(); segment != segments->rend(); ++segment) {
    const auto record = storage.get({*segment, contents_sequence, contents_part});
    if (!record) continue;
    if (const auto contents = decode_contents(record->text())) return contents->seed;
  }
  return std::nullopt;
}

core::Result<std::uint64_t> load_seed(SegmentStorage& storage, const StoreConfig& config) {
  auto stored = storage.settings(seed_key);
  if (!stored) return stored.error();
  std::uint64_t seed = 0;
  if (!stored->empty() && stored->front().second.size() == sizeof seed) {
    std::memcpy(&seed, stored->front().second.data(), sizeof seed);
    return seed;
  }
  if (auto kept = seed_in_contents(storage)) {
    seed = *kept;
  } else {
    seed = config.hash_seed ? *config.hash_seed : core::seed_from_system();
  }
  const SegmentStorage::Setting setting{std::string(seed_key),
                                        std::string(reinterpret_cast<const char*>(&seed), sizeof seed)};
  if (auto put = storage.put_settings({&setting, 1}); !put) return put.error();
  return seed;
}

TieredStore::Parts common_parts(const MemoryPlan& plan, const KeyHasher& hasher, int workers) {
  TieredStore::Parts parts;
  parts.memory = std::make_unique<MemoryTier>(plan.for_objects(0), plan.largest_object, workers);
  parts.purges = std::make_unique<PurgeTable>(hasher);
  parts.variants = std::make_unique<VariantTable>(plan.total / 20);
  parts.tombstones = std::make_shared<Tombstones>();
  return parts;
}

}  // namespace

core::Result<std::unique_ptr<ObjectStore>> open_store_on(std::unique_ptr<SegmentStorage> storage,
                                                         const MemoryConfig& memory, const StoreConfig& config,
                                                         core::Clock& clock, int workers, OpenReport report) {
  const auto seed = load_seed(*storage, config);
  if (!seed) return seed.error();
  const MemoryPlan plan = MemoryPlan::of(memory, config);
  const KeyHasher hasher(*seed);
  TieredStore::Parts parts = common_parts(plan, hasher, workers);
  DiskTierOptions options;
  options.log.budget = config.size.count;
  options.log.segment_size = plan.segment;
  options.log.seed = *seed;
  options.log.index_limit = plan.total * 2 / 5;
  options.log.is_hot = [memory = parts.memory.get()](const KeyHash& hash) {
    const ObjectPtr object = memory->peek(hash);
    return object && object->frequency().load(std::memory_order_relaxed) > 0;
  };
  options.log.on_evicted = [memory = parts.memory.get(), tombstones = parts.tombstones, &clock](const KeyHash& hash) {
    if (!memory->peek(hash)) tombstones->bury({hash, {}, clock.wall(), Reason::evicted, true, 0});
  };
  options.write_queue = plan.write_queue;
  options.threaded = !config.single_threaded;
  SegmentLog::Recovered recovered;
  auto disk = DiskTier::open(std::move(storage), *parts.purges, clock, std::move(options), recovered);
  if (!disk) return disk.error();
  parts.disk = std::move(*disk);
  parts.purge_log = std::make_unique<PurgeLog>(*parts.purges, &parts.disk->storage(), !config.single_threaded);
  if (auto purges = parts.purge_log->recover(recovered.newest_epoch); !purges) return purges.error();
  for (const auto& vary : recovered.varies) parts.variants->remember_list(vary.primary, vary.list);
  if (report.repaired) {
    // Purges may have been lost with the damage.
    if (auto purged = parts.purge_log->apply_now({PurgeKind::all, "", true}); !purged) return purged.error();
  }
  StoreStats found;
  parts.disk->add_stats(found);
  report.objects = found.disk_objects;
  report.segments = recovered.segments;
  report.broken_segments = recovered.broken;
  parts.report = std::move(report);
  return std::unique_ptr<ObjectStore>(std::make_unique<TieredStore>(plan, config, hasher, clock, std::move(parts)));
}

core::Result<std::unique_ptr<ObjectStore>> ObjectStore::open(const MemoryConfig& memory, const StoreConfig& config,
                                                             core::Clock& clock, int workers) {
  if (config.path.empty()) {
    const MemoryPlan plan = MemoryPlan::of(memory, config);
    const KeyHasher hasher(config.hash_seed ? *config.hash_seed : core::seed_from_system());
    TieredStore::Parts parts = common_parts(plan, hasher, workers);
    parts.purge_log = std::make_unique<PurgeLog>(*parts.purges, nullptr, false);
    return std::unique_ptr<ObjectStore>(std::make_unique<TieredStore>(plan, config, hasher, clock, std::move(parts)));
  }
  if (auto made = make_directory(config); !made) return made.error();
  const std::uint64_t segment = MemoryPlan::of(memory, config).segment;
  OpenReport report;
  auto storage = open_storage(config, segment, report);
  if (storage) {
    auto store = open_store_on(std::move(*storage), memory, config, clock, workers, report);
    if (store) return store;
    report.events.push_back("store " + config.path + ": " + store.error().message());
  } else if (is_configuration(storage.error())) {
    core::Error error = storage.error();
    const bool taken = error.code == core::ErrorCode::address_in_use;
    error.detail = "store " + config.path + ": " + (taken ? "in use by another process" : error.detail);
    return error;
  }
  report.repaired = false;
  if (auto aside = set_aside(config, clock, report); !aside) return aside.error();
  auto fresh = open_rocks_storage(config.path, segment);
  if (!fresh) return fresh.error();
  return open_store_on(std::move(*fresh), memory, config, clock, workers, std::move(report));
}

}  // namespace skerry::edge
