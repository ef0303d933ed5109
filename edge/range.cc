#include "edge/range.h"

#include <algorithm>
#include <limits>

#include "core/http/list.h"

namespace skerry::edge {
namespace {

// 1*DIGIT, saturating. Nothing else.
std::optional<std::uint64_t> parse_position(std::string_view text) {
  if (text.empty()) return std::nullopt;
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (most - digit) / 10 ? most : value * 10 + digit;
  }
  return value;
}

enum class SpecKind : std::uint8_t { malformed, satisfiable, unsatisfiable };

// One int-range or suffix-range (RFC 9110 14.1.2).
SpecKind parse_spec(std::string_view spec, std::uint64_t size, ByteRange& out) {
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return SpecKind::malformed;
  const std::string_view before = spec.substr(0, dash), behind = spec.substr(dash + 1);
  if (before.empty()) {
    const auto suffix = parse_position(behind);
    if (!suffix) return SpecKind::malformed;
    if (*suffix == 0) return SpecKind::unsatisfiable;
    out = {size - std::min(*suffix, size), size - 1};
    return SpecKind::satisfiable;
  }
  const auto first = parse_position(before);
  if (!first) return SpecKind::malformed;
  std::uint64_t last = size - 1;
  if (!behind.empty()) {
    const auto position = parse_position(behind);
    if (!position || *position < *first) return SpecKind::malformed;
    last = std::min(last, *position);
  }
  if (*first >= size) return SpecKind::unsatisfiable;
  out = {*first, last};
  return SpecKind::satisfiable;
}

bool any_overlap(std::vector<ByteRange> ranges) {
  std::sort(ranges.begin(), ranges.end(), [](const ByteRange& a, const ByteRange& b) { return a.first < b.first; });
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    if (ranges[i].first <= ranges[i - 1].last) return true;
  }
  return false;
}

// The range set behind "bytes=" or "bytes ", the unit's case ignored (RFC 9110 14.1).
std::optional<std::string_view> after_unit(std::string_view value, char separator) {
  constexpr std::string_view unit = "bytes";
  value = http::trim_blanks(value);
  if (value.size() <= unit.size() || value[unit.size()] != separator) return std::nullopt;
  if (!http::equals_ignoring_case(value.substr(0, unit.size()), unit)) return std::nullopt;
  return value.substr(unit.size() + 1);
}

}  // namespace

RangeSet parse_range(std::string_view value, std::uint64_t size) {
  const auto specs = after_unit(value, '=');
  // No range of an empty representation can be written as a Content-Range.
  if (!specs || size == 0) return {};
  RangeSet set;
  std::size_t count = 0;
  http::ListReader reader(*specs);
  while (const auto spec = reader.next()) {
    ByteRange range;
    const SpecKind kind = parse_spec(*spec, size, range);
    if (kind == SpecKind::malformed || ++count > max_ranges) return {};
    if (kind == SpecKind::satisfiable) set.ranges.push_back(range);
  }
  if (count == 0 || any_overlap(set.ranges)) return {};
  set.kind = set.ranges.empty() ? RangeKind::unsatisfiable : RangeKind::satisfiable;
  return set;
}

RangeSet requested_range(const http::RequestHead& request, std::uint64_t size) {
  if (request.method != http::Method::get || request.fields.count(http::HeaderId::range) != 1) return {};
  return parse_range(*request.fields.find(http::HeaderId::range), size);
}

std::optional<ContentRange> parse_content_range(std::string_view value) {
  const auto text = after_unit(value, ' ');
  if (!text) return std::nullopt;
  const std::size_t dash = text->find('-');
  const std::size_t slash = text->find('/');
  if (dash == std::string_view::npos || slash == std::string_view::npos || slash < dash) return std::nullopt;
  const auto first = parse_position(text->substr(0, dash));
  const auto last = parse_position(text->substr(dash + 1, slash - dash - 1));
  if (!first || !last || *first > *last || *last == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  ContentRange range{{*first, *last}, std::nullopt};
  const std::string_view complete = text->substr(slash + 1);
  if (complete == "*") return range;
  range.size = parse_position(complete);
  if (!range.size || *range.size <= *last) return std::nullopt;
  return range;
}

bool fits_body(const ContentRange& content, std::uint64_t body_size) {
  return content.range.size() == body_size;
}

void append_content_range(std::string& out, const ByteRange& range, std::uint64_t size) {
  out += "bytes ";
  out += std::to_string(range.first);
  out += '-';
  out += std::to_string(range.last);
  out += '/';
  out += std::to_string(size);
}

void append_unsatisfied_range(std::string& out, std::uint64_t size) {
  out += "bytes */";
  out += std::to_string(size);
}

std::string MultipartFormat::media_type() const {
  return "multipart/byteranges; boundary=" + boundary;
}

void MultipartFormat::append_part_head(std::string& out, const ByteRange& range, bool first) const {
  out += first ? "--" : "\r\n--";
  out += boundary;
  if (!content_type.empty()) {
    out += "\r\nContent-Type: ";
    out += content_type;
  }
  out += "\r\nContent-Range: ";
  append_content_range(out, range, size);
  out += "\r\n\r\n";
}

void MultipartFormat::append_end(std::string& out) const {
  out += "\r\n--";
  out += boundary;
  out += "--\r\n";
}

std::uint64_t MultipartFormat::length(std::span<const ByteRange> ranges) const {
  std::uint64_t total = 0;
  std::string framing;
  for (const ByteRange& range : ranges) {
    append_part_head(framing, range, framing.empty());
    total += range.size();
  }
  append_end(framing);
  return total + framing.size();
}

}  // namespace skerry::edge
