#include "core/config/types.h"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cmath>

#include "core/config/toml.h"
#include "core/utf8.h"

namespace skerry::config {
namespace {

struct Suffix {
  std::string_view text;
  std::int64_t factor;
};
constexpr std::array duration_suffixes = {Suffix{"ns", 1},
                                          Suffix{"us", 1'000},
                                          Suffix{"ms", 1'000'000},
                                          Suffix{"s", 1'000'000'000},
                                          Suffix{"m", 60'000'000'000},
                                          Suffix{"h", 3'600'000'000'000},
                                          Suffix{"d", 86'400'000'000'000}};
constexpr std::array size_suffixes = {
    Suffix{"B", 1},           Suffix{"KiB", 1LL << 10},    Suffix{"MiB", 1LL << 20},
    Suffix{"GiB", 1LL << 30}, Suffix{"TiB", 1LL << 40},    Suffix{"kB", 1'000},
    Suffix{"MB", 1'000'000},  Suffix{"GB", 1'000'000'000}, Suffix{"TB", 1'000'000'000'000}};

constexpr std::int64_t largest = std::numeric_limits<std::int64_t>::max();

// One number and its unit from the front of `text`; negative when it isn't one, or too large.
template <std::size_t N>
std::int64_t take_quantity(std::string_view& text, const std::array<Suffix, N>& suffixes) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number < 0 || text[0] == '-') return -1;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  while (text.starts_with(' ')) text.remove_prefix(1);
  std::size_t letters = 0;
  while (letters < text.size() && std::isalpha(static_cast<unsigned char>(text[letters]))) ++letters;
  const std::string_view unit = text.substr(0, letters);
  text.remove_prefix(letters);
  for (const Suffix& suffix : suffixes) {
    if (suffix.text == unit) return number > largest / suffix.factor ? -1 : number * suffix.factor;
  }
  return -1;
}

bool fail(std::string& problem, std::string_view why) {
  problem = why;
  return false;
}

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

}  // namespace

bool read_text(const Value& from, std::string& out, std::string& problem) {
  if (from.kind != Value::Kind::text) return fail(problem, "must be a string, in quotes");
  if (from.text.size() > longest_text) return fail(problem, "longer than 64 KiB");
  if (from.text.find('\0') != std::string::npos) return fail(problem, "must not contain a NUL character");
  if (!core::is_utf8(from.text)) return fail(problem, "must be valid UTF-8");
  out = from.text;
  return true;
}

bool read_boolean(const Value& from, bool& out, std::string& problem) {
  if (from.kind == Value::Kind::boolean) {
    out = from.boolean;
    return true;
  }
  const bool is_text = from.from_environment && (from.text == "true" || from.text == "false");
  if (!is_text) return fail(problem, "must be true or false");
  out = from.text == "true";
  return true;
}

bool read_integer(const Value& from, std::int64_t& out, std::string& problem) {
  if (from.kind == Value::Kind::integer) {
    out = from.integer;
    return true;
  }
  if (!from.from_environment) return fail(problem, "must be an integer");
  const char* const end = from.text.data() + from.text.size();
  const auto [rest, error] = std::from_chars(from.text.data(), end, out);
  return (error == std::errc() && rest == end) || fail(problem, "must be an integer");
}

bool read_real(const Value& from, double& out, std::string& problem) {
  if (from.kind == Value::Kind::real) {
    out = from.real;
  } else if (from.kind == Value::Kind::integer) {
    out = static_cast<double>(from.integer);
  } else {
    const char* const end = from.text.data() + from.text.size();
    const auto [rest, error] = std::from_chars(from.text.data(), end, out);
    if (!from.from_environment || error != std::errc() || rest != end) return fail(problem, "must be a number");
  }
  return std::isfinite(out) || fail(problem, "must be a finite number");
}

bool read_bytes(const Value& from, core::Bytes& out, std::string& problem) {
  constexpr std::string_view expected = "must be a size such as \"256MiB\", \"10GiB\" or a number of bytes";
  std::int64_t bytes = 0;
  if (from.kind == Value::Kind::integer || (from.from_environment && read_integer(from, bytes, problem))) {
    bytes = from.kind == Value::Kind::integer ? from.integer : bytes;
  } else {
    problem.clear();
    std::string_view text = trimmed(from.text);
    if (from.kind != Value::Kind::text || text.empty()) return fail(problem, expected);
    bytes = take_quantity(text, size_suffixes);
    if (!text.empty()) bytes = -1;
  }
  if (bytes < 0) return fail(problem, expected);
  out = {static_cast<std::uint64_t>(bytes)};
  return true;
}

bool read_duration(const Value& from, core::Duration& out, std::string& problem) {
  constexpr std::string_view expected =
      "must be a duration with a unit such as \"250ms\", \"10s\", \"1h30m\" or \"1d\"";
  std::string_view text = trimmed(from.text);
  if (from.kind != Value::Kind::text || text.empty()) return fail(problem, expected);
  std::int64_t total = 0;
  while (!text.empty()) {
    const std::int64_t part = take_quantity(text, duration_suffixes);
    if (part < 0 || part > largest - total) return fail(problem, expected);
    total += part;
  }
  out = core::Duration(total);
  return true;
}

std::string to_string(core::Bytes bytes) {
  constexpr std::array names = {"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  std::uint64_t count = bytes.count;
  while (unit + 1 < names.size() && count > 0 && count % 1024 == 0) {
    count /= 1024;
    ++unit;
  }
  return std::to_string(count) + names[unit];
}

std::string to_string(core::Duration duration) {
  std::int64_t rest = duration.count();
  if (rest <= 0) return "0s";
  std::string text;
  for (std::size_t i = duration_suffixes.size(); i-- > 0;) {
    const Suffix& suffix = duration_suffixes[i];
    // Days only where nothing is left over: "36h" says more than "1d12h".
    if (suffix.text == "d" && rest % suffix.factor != 0) continue;
    if (rest < suffix.factor) continue;
    text += std::to_string(rest / suffix.factor) + std::string(suffix.text);
    rest %= suffix.factor;
  }
  return text;
}

std::vector<Value> list_items(const Value& from) {
  if (from.kind == Value::Kind::list) return from.items;
  if (!from.from_environment) return {from};
  std::vector<Value> items;
  std::string_view text = from.text;
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    if (trimmed(item).empty()) continue;
    Value value = Value::of(trimmed(item));
    value.from_environment = true;
    items.push_back(std::move(value));
  }
  return items;
}

}  // namespace skerry::config
