#include "edge/peer/positions.h"

#include <algorithm>
#include <charconv>

namespace skerry::edge {

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

bool PurgePositions::covers(std::string_view other) const {
  core::MutexLock lock(mutex_);
  if (other == text_) return true;
  while (!other.empty()) {
    const std::string_view part = other.substr(0, other.find(','));
    other.remove_prefix(std::min(other.size(), part.size() + 1));
    const std::size_t equals = part.find('=');
    const std::size_t dot = part.find('.', equals == std::string_view::npos ? 0 : equals);
    if (equals == std::string_view::npos || dot == std::string_view::npos) return false;
    std::uint64_t boot = 0, number = 0;
    std::from_chars(part.data() + equals + 1, part.data() + dot, boot);
    std::from_chars(part.data() + dot + 1, part.data() + part.size(), number);
    const auto known = seen_.find(part.substr(0, equals));
    if (known == seen_.end() || known->second.boot != boot || known->second.number < number) return false;
  }
  return true;
}

}  // namespace skerry::edge
