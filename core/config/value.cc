#include "core/config/value.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <utility>

namespace skerry::config {
namespace {

// Levenshtein distance in two rows; names are short (bounded by the caller).
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({replaced, row[j] + 1, row[j - 1] + 1}));
    }
  }
  return row[b.size()];
}

// What a terminal or a log may be given: one line without control characters.
std::string printable(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back(byte < 0x20 || byte == 0x7f ? '?' : c);
  }
  return out;
}

}  // namespace

Environment process_environment() {
  Environment variables;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    variables.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

Value Value::of(std::string text) {
  Value value;
  value.kind = Kind::text;
  value.text = std::move(text);
  return value;
}

Value Value::of(const char* text) {
  return of(std::string(text));
}

Value Value::of(std::string_view text) {
  return of(std::string(text));
}

Value Value::of(bool boolean) {
  Value value;
  value.kind = Kind::boolean;
  value.boolean = boolean;
  return value;
}

Value Value::of(std::int64_t integer) {
  Value value;
  value.kind = Kind::integer;
  value.integer = integer;
  return value;
}

Value Value::of(double real) {
  Value value;
  value.kind = Kind::real;
  value.real = real;
  return value;
}

Value Value::list() {
  Value value;
  value.kind = Kind::list;
  return value;
}

Value* Value::find(std::string_view key) {
  for (Entry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

const Value* Value::find(std::string_view key) const {
  return const_cast<Value*>(this)->find(key);
}

void Value::add(std::string key, Value value) {
  const Place place = value.place;
  entries.push_back({std::move(key), place, std::move(value)});
}

void Value::erase(std::string_view key) {
  std::erase_if(entries, [&](const Entry& entry) { return entry.key == key; });
}

std::string Problem::to_string(std::string_view file) const {
  std::string text;
  if (!place.variable.empty()) {
    text.append("environment: ").append(place.variable);
  } else {
    text.append(file);
    if (place.line > 0) text.append(":" + std::to_string(place.line) + ":" + std::to_string(place.column));
  }
  text.append(": ");
  if (!subject.empty()) text.append(subject).append(": ");
  text.append(message);
  if (!suggestion.empty()) text.append(" (did you mean \"").append(suggestion).append("\"?)");
  return printable(text);
}

std::string nearest_name(std::string_view given, const std::vector<std::string>& known) {
  constexpr std::size_t longest = 128;
  if (given.size() > longest) return {};
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(1, given.size() / 3) + 1;
  for (const std::string& name : known) {
    if (name.size() > longest) continue;
    const std::size_t distance = edit_distance(given, name);
    if (distance < best_distance) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace skerry::config
