#include "edge/rules/rate_limit.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "core/net/ip_network_map.h"

namespace skerry::edge {
namespace {

constexpr int highest_rate = 1'000'000;

struct Unit {
  std::string_view name;
  std::chrono::seconds time;
};
constexpr std::array<Unit, 3> units = {
    {{"s", std::chrono::seconds(1)}, {"m", std::chrono::seconds(60)}, {"h", std::chrono::seconds(3600)}}};

}  // namespace

core::Result<Rate> parse_rate(std::string_view text) {
  if (text == "off") return Rate{};
  const std::size_t slash = std::min(text.find('/'), text.size());
  Rate rate;
  const auto [end, error] = std::from_chars(text.data(), text.data() + slash, rate.requests);
  const bool number = error == std::errc() && end == text.data() + slash;
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& one) {
    return text.substr(std::min(slash + 1, text.size())) == one.name;
  });
  if (!number || rate.requests < 1 || rate.requests > highest_rate || unit == units.end())
    return core::Error{core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false,
                       "must be \"off\" or requests a second, minute or hour, such as \"100/s\", \"30/m\", \"500/h\""};
  rate.time = unit->time;
  return rate;
}

std::string to_string(const Rate& rate) {
  if (rate.requests == 0) return "off";
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& one) { return one.time == rate.time; });
  return std::to_string(rate.requests) + "/" + std::string(unit == units.end() ? "s" : unit->name);
}

RateLimit RateLimit::of(const RateLimitConfig& config) {
  if (config.rate.requests == 0) return {};
  RateLimit limit;
  limit.interval = core::Duration(config.rate.time) / config.rate.requests;
  const auto a_second = static_cast<int>(config.rate.requests / config.rate.time.count());
  limit.tolerance = limit.interval * ((config.burst > 0 ? config.burst : std::max(1, a_second)) - 1);
  return limit;
}

RateKey rate_key(std::uint64_t limited, const core::IpAddress& address) {
  const core::IpAddress client = core::unmapped(address);
  RateKey key{};
  std::memcpy(key.data(), &limited, sizeof limited);
  const std::string_view octets = client.octets().substr(0, 8);
  std::memcpy(key.data() + sizeof limited, octets.data(), octets.size());
  key.back() = client.family() == core::AddressFamily::ipv4 ? 4 : 6;
  return key;
}

RateTable::RateTable(std::size_t clients)
    : sets_(std::bit_ceil(std::max<std::size_t>(1, clients / (shards * ways)))), table_(shards) {}

RateTable::Decision RateTable::take(std::uint64_t key, const RateLimit& limit, core::TimePoint now) {
  Shard& shard = table_[key % shards];
  core::MutexLock lock(shard.mutex);
  if (!shard.sets) shard.sets = std::make_unique<Set[]>(sets_);
  Set& set = shard.sets[key / shards % sets_];
  const auto known = std::find_if(set.begin(), set.end(), [&](const Entry& entry) { return entry.key == key; });
  // Unknown: the place of the one whose bucket is full for the longest time, or fullest.
  const auto entry =
      known != set.end() ? known : std::min_element(set.begin(), set.end(), [](const Entry& a, const Entry& b) {
        return a.full_at < b.full_at;
      });
  Decision decision;
  if (known == set.end()) {
    decision.displaced = entry->full_at > now;
    *entry = {key, now};
  }
  // A debt that this limit would not have allowed is of a stricter one, before a reload.
  const core::TimePoint full_at = std::clamp(entry->full_at, now, now + limit.tolerance + limit.interval);
  const core::Duration too_far = full_at - now - limit.tolerance;
  if (too_far > core::Duration(0)) {
    entry->full_at = full_at;
    decision.allowed = false;
    decision.retry_after = std::max(std::chrono::ceil<std::chrono::seconds>(too_far), std::chrono::seconds(1));
    return decision;
  }
  entry->full_at = full_at + limit.interval;
  return decision;
}

}  // namespace skerry::edge
