#include "edge/store/purge_table.h"

#include <algorithm>
#include <string>

namespace skerry::edge {
namespace {

PurgeVerdict worse(PurgeVerdict a, PurgeVerdict b) {
  return std::max(a, b);
}

void raise_to(std::atomic<Epoch>& value, Epoch epoch) {
  Epoch seen = value.load(std::memory_order_relaxed);
  while (seen < epoch && !value.compare_exchange_weak(seen, epoch, std::memory_order_release)) {
  }
}

template <class Visit>
void for_each_tag(std::string_view list, std::string_view separators, Visit visit) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(separators), list.size());
    if (end > 0) visit(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
}

// Surrogate-Key and Cache-Tag.
template <class Visit>
void for_each_tag_of(const http::HeaderMap& fields, Visit visit) {
  for (const auto field : fields) {
    if (field.id == http::HeaderId::surrogate_key) for_each_tag(field.value, " \t", visit);
    if (field.id == http::HeaderId::other && http::equals_ignoring_case(field.name, "Cache-Tag")) {
      for_each_tag(field.value, ", \t", visit);
    }
  }
}

// Every directory above the path: "/", "/a/", "/a/b/" … The query is no part of it.
template <class Visit>
void for_each_prefix(std::string_view host, std::string_view path, Visit visit) {
  std::string text(host);
  text += path.substr(0, path.find('?'));
  for (std::size_t slash = text.find('/', host.size()); slash != std::string::npos; slash = text.find('/', slash + 1)) {
    visit(std::string_view(text).substr(0, slash + 1));
  }
}

}  // namespace

std::string_view name(PurgeKind kind) {
  switch (kind) {
    case PurgeKind::url: return "url";
    case PurgeKind::host: return "host";
    case PurgeKind::tag: return "tag";
    case PurgeKind::prefix: return "prefix";
    case PurgeKind::all: return "all";
  }
  return "url";
}

PurgeKey PurgeTable::key_of(PurgeKind kind, std::string_view target) const {
  if (kind == PurgeKind::url) target = target.substr(0, target.find('\n'));
  return {kind, hasher_(target, static_cast<std::uint8_t>(1 + static_cast<int>(kind)))};
}

PurgeEpochs PurgeTable::apply(const PurgeKey& key, bool soft, Epoch epoch) {
  Shard& home = shard(key);
  core::MutexLock lock(home.mutex);
  const auto [at, added] = home.records.try_emplace(key);
  if (added) size_.fetch_add(1, std::memory_order_relaxed);
  Epoch& newest = soft ? at->second.soft : at->second.hard;
  newest = std::max(newest, epoch);
  raise_to(latest_[static_cast<std::size_t>(key.kind)], epoch);
  return at->second;
}

void PurgeTable::restore(const PurgeKey& key, PurgeEpochs epochs) {
  if (epochs.hard > 0) apply(key, false, epochs.hard);
  if (epochs.soft > 0) apply(key, true, epochs.soft);
}

void PurgeTable::raise(Epoch epoch) {
  raise_to(epoch_, epoch);
}

void PurgeTable::set_floor(Epoch epoch) {
  raise_to(floor_, epoch);
}

PurgeVerdict PurgeTable::probe(PurgeKind kind, std::string_view target, Epoch since) const {
  if (!any(kind, since)) return PurgeVerdict::none;
  const PurgeKey key = key_of(kind, target);
  const Shard& home = shard(key);
  core::MutexLock lock(home.mutex);
  const auto found = home.records.find(key);
  if (found == home.records.end()) return PurgeVerdict::none;
  if (found->second.hard > since) return PurgeVerdict::hard;
  return found->second.soft > since ? PurgeVerdict::soft : PurgeVerdict::none;
}

PurgeVerdict PurgeTable::probe_prefixes(std::string_view host, std::string_view path, Epoch since) const {
  PurgeVerdict result = PurgeVerdict::none;
  if (!any(PurgeKind::prefix, since)) return result;
  for_each_prefix(host, path,
                  [&](std::string_view prefix) { result = worse(result, probe(PurgeKind::prefix, prefix, since)); });
  return result;
}

PurgeVerdict PurgeTable::probe_tags(const ObjectHead& head, Epoch since) const {
  PurgeVerdict result = PurgeVerdict::none;
  if (!any(PurgeKind::tag, since)) return result;
  for_each_tag_of(head.fields,
                  [&](std::string_view tag) { result = worse(result, probe(PurgeKind::tag, tag, since)); });
  return result;
}

PurgeTable::Match PurgeTable::newest(const ObjectHead& head, bool soft) const {
  Match match;
  const auto look = [&](PurgeKind kind, std::string_view target) {
    const PurgeKey key = key_of(kind, target);
    const Shard& home = shard(key);
    core::MutexLock lock(home.mutex);
    const auto found = home.records.find(key);
    if (found == home.records.end()) return;
    const Epoch epoch = soft ? found->second.soft : found->second.hard;
    if (epoch > match.epoch) match = {kind, epoch};
  };
  look(PurgeKind::all, "");
  look(PurgeKind::url, head.primary_key);
  look(PurgeKind::host, head.host);
  for_each_prefix(head.host, head.path, [&](std::string_view prefix) { look(PurgeKind::prefix, prefix); });
  for_each_tag_of(head.fields, [&](std::string_view tag) { look(PurgeKind::tag, tag); });
  return match;
}

PurgeVerdict PurgeTable::verdict(std::string_view primary_key, std::string_view host, std::string_view path,
                                 Epoch since) const {
  PurgeVerdict result = floor() > since ? PurgeVerdict::soft : PurgeVerdict::none;
  result = worse(result, probe(PurgeKind::all, "", since));
  result = worse(result, probe(PurgeKind::url, primary_key, since));
  result = worse(result, probe(PurgeKind::host, host, since));
  return worse(result, probe_prefixes(host, path, since));
}

PurgeVerdict PurgeTable::verdict(const ObjectHead& head, Epoch since) const {
  return worse(verdict(head.primary_key, head.host, head.path, since), probe_tags(head, since));
}

std::vector<PurgeKey> PurgeTable::fold() {
  std::vector<Epoch> epochs;
  for (Shard& shard : shards_) {
    core::MutexLock lock(shard.mutex);
    for (const auto& [key, record] : shard.records) epochs.push_back(std::max(record.hard, record.soft));
  }
  std::vector<PurgeKey> forgotten;
  if (epochs.empty()) return forgotten;
  const auto middle = epochs.begin() + static_cast<std::ptrdiff_t>(epochs.size() / 2);
  std::nth_element(epochs.begin(), middle, epochs.end());
  set_floor(*middle);  // first the floor, then the records: nothing is unprotected in between
  for (Shard& shard : shards_) {
    core::MutexLock lock(shard.mutex);
    std::erase_if(shard.records, [&](const auto& entry) {
      const bool old = std::max(entry.second.hard, entry.second.soft) <= *middle;
      if (old) forgotten.push_back(entry.first);
      return old;
    });
  }
  size_.fetch_sub(forgotten.size(), std::memory_order_relaxed);
  return forgotten;
}

}  // namespace skerry::edge
