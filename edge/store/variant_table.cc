#include "edge/store/variant_table.h"

#include <algorithm>
#include <utility>

#include "edge/store/forget_near.h"

namespace skerry::edge {

std::size_t VariantTable::cost_of(const Url& url) {
  // The map's node and bucket with what the allocator adds to them.
  constexpr std::size_t node = sizeof(std::pair<const KeyHash, Url>) + 40;
  constexpr std::size_t shared = sizeof(std::vector<std::string>) + 24;  // with what counts its users
  std::size_t cost = node + url.variants.capacity() * sizeof(KeyHash);
  if (!url.lists.all().empty()) cost += shared + url.lists.all().size() * sizeof(std::string);
  for (const std::string& list : url.lists.all()) cost += list.capacity();  // more than it takes if it is short
  return cost;
}

// Out of the table while it changes: making room for its new size can't hit the URL itself.
VariantTable::Url VariantTable::take_out(Shard& shard, const KeyHash& primary) {
  const auto found = shard.urls.find(primary);
  if (found == shard.urls.end()) return {};
  Url url = std::move(found->second);
  shard.urls.erase(found);
  shard.bytes -= cost_of(url);
  bytes_.fetch_sub(cost_of(url), std::memory_order_relaxed);
  return url;
}

void VariantTable::put_back(Shard& shard, const KeyHash& primary, Url url) {
  const std::size_t cost = cost_of(url);
  while (!shard.urls.empty() && shard.bytes + cost > budget_of_shard_) {
    const Url forgotten = forget_near(shard.urls, primary);
    shard.bytes -= cost_of(forgotten);
    bytes_.fetch_sub(cost_of(forgotten), std::memory_order_relaxed);
  }
  shard.urls.emplace(primary, std::move(url));
  shard.bytes += cost;
  bytes_.fetch_add(cost, std::memory_order_relaxed);
}

void VariantTable::remember_list(const KeyHash& primary, std::string_view list) {
  if (list.empty() || list.size() > longest_list) return;
  Shard& shard = shards_[primary.high >> 60];
  core::MutexLock lock(shard.mutex);
  Url url = take_out(shard, primary);
  std::vector<std::string> lists;
  lists.reserve(lists_a_url);
  lists.emplace_back(list);
  for (const std::string& known : url.lists.all()) {
    if (known != list && lists.size() < lists_a_url) lists.push_back(known);
  }
  lists.shrink_to_fit();
  url.lists = VaryLists(std::move(lists));
  put_back(shard, primary, std::move(url));
}

std::optional<KeyHash> VariantTable::renew(const KeyHash& primary, const KeyHash& variant, std::size_t most) {
  Shard& shard = shards_[primary.high >> 60];
  core::MutexLock lock(shard.mutex);
  Url url = take_out(shard, primary);
  std::erase(url.variants, variant);
  url.variants.insert(url.variants.begin(), variant);
  std::optional<KeyHash> oldest;
  if (url.variants.size() > most) {
    oldest = url.variants.back();
    url.variants.pop_back();
  }
  put_back(shard, primary, std::move(url));
  return oldest;
}

VaryLists VariantTable::lists(const KeyHash& primary) const {
  const Shard& shard = shards_[primary.high >> 60];
  core::MutexLock lock(shard.mutex);
  const auto found = shard.urls.find(primary);
  return found == shard.urls.end() ? VaryLists() : found->second.lists;
}

}  // namespace skerry::edge
