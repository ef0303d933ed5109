#include "edge/peer/positions.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

namespace skerry::edge {
namespace {

// Nothing: the list can't be read.
std::optional<std::vector<PurgeNumber>> positions_in(std::string_view list) {
  std::vector<PurgeNumber> positions;
  while (!list.empty()) {
    const std::string_view part = list.substr(0, list.find(','));
    list.remove_prefix(std::min(list.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    const std::size_t dot = part.find('.', equals == std::string_view::npos ? 0 : equals);
    if (equals == std::string_view::npos || dot == std::string_view::npos) return std::nullopt;
    PurgeNumber purge{std::string(part.substr(0, equals)), 0, 0};
    std::from_chars(part.data() + equals + 1, part.data() + dot, purge.boot);
    std::from_chars(part.data() + dot + 1, part.data() + part.size(), purge.number);
    positions.push_back(std::move(purge));
  }
  return positions;
}

}  // namespace

PurgePositions::Arrival PurgePositions::arrival_of(const PurgeNumber& purge) const {
  core::MutexLock lock(mutex_);
  return compare(purge);
}

PurgePositions::Arrival PurgePositions::record(const PurgeNumber& purge) {
  core::MutexLock lock(mutex_);
  const Arrival arrival = compare(purge);
  if (arrival == Arrival::again) return arrival;
  seen_[purge.member] = {purge.boot, purge.number};
  render();
  return arrival;
}

PurgePositions::Arrival PurgePositions::compare(const PurgeNumber& purge) const {
  const auto known = seen_.find(purge.member);
  const Seen seen = known == seen_.end() ? Seen{} : known->second;
  const bool same_run = seen.boot == purge.boot;
  if (same_run && purge.number <= seen.number) return Arrival::again;
  return purge.number == (same_run ? seen.number + 1 : 1) ? Arrival::next : Arrival::gap;
}

void PurgePositions::render() {
  text_.clear();
  for (const auto& [member, seen] : seen_) {
    if (!text_.empty()) text_.push_back(',');
    text_.append(member).append("=").append(std::to_string(seen.boot)).append(".").append(std::to_string(seen.number));
  }
}

std::string PurgePositions::to_string() const {
  core::MutexLock lock(mutex_);
  return text_;
}

bool PurgePositions::has_seen(const PurgeNumber& purge) const {
  const auto known = seen_.find(purge.member);
  if (known == seen_.end()) return false;
  const Seen& seen = known->second;
  return seen.boot > purge.boot || (seen.boot == purge.boot && seen.number >= purge.number);
}

bool PurgePositions::covers(std::string_view other) const {
  core::MutexLock lock(mutex_);
  if (other == text_) return true;
  const auto positions = positions_in(other);
  if (!positions) return false;
  for (const PurgeNumber& purge : *positions) {
    if (!has_seen(purge)) return false;
  }
  return true;
}

}  // namespace skerry::edge
