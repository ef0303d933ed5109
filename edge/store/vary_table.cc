#include "edge/store/vary_table.h"

#include <algorithm>

#include "edge/store/forget_near.h"

namespace skerry::edge {

// A site invents few lists; one that invents more than fit an id is served without variants beyond them.
std::uint16_t VaryTable::intern(std::string_view list) {
  core::MutexLock lock(names_mutex_);
  const auto found = ids_.find(std::string(list));
  if (found != ids_.end()) return found->second;
  if (names_.size() >= 0xffff) return 0;
  names_.emplace_back(list);
  const auto id = static_cast<std::uint16_t>(names_.size());
  ids_.emplace(list, id);
  return id;
}

void VaryTable::remember(const KeyHash& primary, std::string_view list) {
  const std::uint16_t id = list.empty() ? 0 : intern(list);
  if (id == 0) return;
  Shard& shard = shards_[primary.high >> 60];
  core::MutexLock lock(shard.mutex);
  auto found = shard.keys.find(primary);
  if (found == shard.keys.end()) {
    if (shard.keys.size() >= most_in_shard_) forget_near(shard.keys, primary);
    found = shard.keys.emplace(primary, Ids{}).first;
  }
  Ids& ids = found->second;
  const auto at = std::find(ids.begin(), ids.end() - 1, id);
  std::move_backward(ids.begin(), at, at + 1);
  ids[0] = id;
}

std::vector<std::string> VaryTable::find(const KeyHash& primary) const {
  const Shard& shard = shards_[primary.high >> 60];
  Ids ids{};
  {
    core::MutexLock lock(shard.mutex);
    const auto found = shard.keys.find(primary);
    if (found == shard.keys.end()) return {};
    ids = found->second;
  }
  std::vector<std::string> lists;
  core::MutexLock lock(names_mutex_);
  for (const std::uint16_t id : ids) {
    if (id != 0) lists.push_back(names_[id - 1u]);
  }
  return lists;
}

}  // namespace skerry::edge
