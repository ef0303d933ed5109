#include "origin/server/byte_ranges.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/http/date.h"
#include "core/http/etag.h"
#include "core/http/list.h"

namespace skerry::origin {

namespace {

constexpr std::size_t ranges_at_most = 16;

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) return UINT64_MAX;  // beyond any representation
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

enum class Spec { bad, unsatisfiable, good };

Spec parse_spec(std::string_view spec, std::uint64_t size, ByteRange& range) {
  const std::size_t dash = spec.find('-');
  if (dash == spec.npos) return Spec::bad;
  const std::string_view first = spec.substr(0, dash), last = spec.substr(dash + 1);
  if (first.empty()) {
    const auto suffix = number(last);
    if (!suffix) return Spec::bad;
    if (*suffix == 0 || size == 0) return Spec::unsatisfiable;
    range = {size - std::min(*suffix, size), size - 1};
    return Spec::good;
  }
  const auto begin = number(first);
  const auto end = last.empty() ? std::optional<std::uint64_t>(UINT64_MAX) : number(last);
  if (!begin || !end || *end < *begin) return Spec::bad;
  if (*begin >= size) return Spec::unsatisfiable;
  range = {*begin, std::min(*end, size - 1)};
  return Spec::good;
}

bool overlap(std::vector<ByteRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first <= ranges[i - 1].last) return true;
  }
  return false;
}

bool if_range_holds(std::string_view condition, const http::HeaderMap& response) {
  if (condition.starts_with('"') || condition.starts_with("W/")) {
    const auto etag = response.find(http::HeaderId::etag);
    return etag && http::strong_match(condition, *etag);
  }
  const auto modified = response.find(http::HeaderId::last_modified);
  const auto asked = http::parse_http_date(condition);
  return modified && asked && asked == http::parse_http_date(*modified);
}

}  // namespace

RangeAnswer parse_byte_ranges(std::string_view value, std::uint64_t size) {
  constexpr std::string_view unit = "bytes=";
  if (value.size() < unit.size() || !http::equals_ignoring_case(value.substr(0, unit.size()), unit)) return {};
  RangeAnswer answer;
  bool any = false;
  http::ListReader specs(value.substr(unit.size()));
  while (const auto spec = specs.next()) {
    ByteRange range;
    const Spec kind = parse_spec(*spec, size, range);
    if (kind == Spec::bad || answer.ranges.size() == ranges_at_most) return {};
    if (kind == Spec::good) answer.ranges.push_back(range);
    any = true;
  }
  if (!any || overlap(answer.ranges)) return {};
  answer.kind = answer.ranges.empty() ? RangeAnswer::Kind::unsatisfiable : RangeAnswer::Kind::partial;
  return answer;
}

RangeAnswer ranges_of(const http::RequestHead& request, const http::HeaderMap& response, std::uint64_t size) {
  const auto value = request.fields.find(http::HeaderId::range);
  // RFC 9110 14.2: defined for GET alone.
  if (!value || request.method != http::Method::get || request.fields.count(http::HeaderId::range) > 1) return {};
  const auto condition = request.fields.find(http::HeaderId::if_range);
  if (condition && !if_range_holds(*condition, response)) return {};
  return parse_byte_ranges(*value, size);
}

}  // namespace skerry::origin
