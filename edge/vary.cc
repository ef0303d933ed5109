#include "edge/vary.h"

#include <algorithm>
#include <array>
#include <compare>
#include <optional>
#include <span>
#include <vector>

#include "core/http/list.h"

namespace skerry::edge {
namespace {

constexpr std::size_t max_preferences = 32;

// A coding or language with its quality (RFC 9110 12.5.3, 12.5.4).
struct Preference {
  std::string_view name;
  int quality = 1000;

  friend bool operator==(const Preference& a, const Preference& b) { return (a <=> b) == 0; }
  friend std::strong_ordering operator<=>(const Preference& a, const Preference& b) {
    const auto in_lower_case = [](char x, char y) { return http::lower(x) <=> http::lower(y); };
    const auto order = std::lexicographical_compare_three_way(a.name.begin(), a.name.end(), b.name.begin(),
                                                              b.name.end(), in_lower_case);
    return order != 0 ? order : a.quality <=> b.quality;
  }
};

std::optional<Preference> parse_preference(std::string_view element) {
  Preference preference;
  const std::size_t semicolon = element.find(';');
  preference.name = http::trim_blanks(element.substr(0, semicolon));
  if (!http::is_token(preference.name)) return std::nullopt;
  if (semicolon == std::string_view::npos) return preference;
  const std::string_view weight = http::trim_blanks(element.substr(semicolon + 1));
  if (weight.size() < 3 || http::lower(weight[0]) != 'q' || weight[1] != '=') return std::nullopt;
  const auto quality = http::parse_quality(weight.substr(2));
  if (!quality) return std::nullopt;
  preference.quality = *quality;
  return preference;
}

// Sorted, so that order does not matter: quality says what is preferred. They refer to `value`. Nothing for what isn't
// such a list, or a long one: that is compared as it came.
struct Preferences {
  std::array<Preference, max_preferences> all;
  std::size_t count = 0;
};
std::optional<Preferences> parse_preferences(std::string_view value) {
  Preferences preferences;
  http::ListReader reader(value);
  while (const auto element = reader.next()) {
    const auto preference = parse_preference(*element);
    if (!preference || preferences.count == max_preferences) return std::nullopt;
    preferences.all[preferences.count++] = *preference;
  }
  const auto begin = preferences.all.begin(), end = begin + static_cast<std::ptrdiff_t>(preferences.count);
  std::sort(begin, end);
  preferences.count = static_cast<std::size_t>(std::unique(begin, end) - begin);
  return preferences;
}

// What `key` ends with, from `start` on, in normal form. On the hit path: without memory of its own.
void normalise_preferences(std::string& key, std::size_t start) {
  constexpr std::size_t longest_quality = std::string_view(";q=1000").size();
  const std::size_t end = key.size();
  key.reserve(2 * end - start + max_preferences * (longest_quality + 1));  // what is parsed stays where it is
  const auto preferences = parse_preferences(std::string_view(key).substr(start));
  if (!preferences) return;
  for (const Preference& preference : std::span(preferences->all).first(preferences->count)) {
    if (key.size() > end) key += ',';
    http::append_lower(key, preference.name);
    if (preference.quality == 1000) continue;
    key += ";q=";
    key += std::to_string(preference.quality);
  }
  key.erase(start, end - start);
}

// All lines joined with ", ", blanks trimmed (RFC 9111 4.1). False: the request has no such field.
bool append_joined(std::string& out, std::string_view name, const http::HeaderMap& fields) {
  bool found = false;
  const http::HeaderId id = http::header_id(name);
  for (const http::HeaderMap::Field field : fields) {
    if (field.id != id || (id == http::HeaderId::other && !http::equals_ignoring_case(field.name, name))) continue;
    if (found) out += ", ";
    out += http::trim_blanks(field.value);
    found = true;
  }
  return found;
}

// "1, 2" selects like "1,2": blanks around the commas of a list mean nothing (RFC 9110 5.6.1). Inside quotes they do.
void remove_list_blanks(std::string& text, std::size_t from) {
  std::size_t to = from;
  bool quoted = false;
  for (std::size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') quoted = !quoted;
    if (c == '\\' && quoted && i + 1 < text.size()) text[to++] = text[i++];
    const bool blank = !quoted && (c == ' ' || c == '\t');
    if (blank && to > from && text[to - 1] == ',') continue;
    if (c == ',' && !quoted) {
      while (to > from && (text[to - 1] == ' ' || text[to - 1] == '\t')) --to;
    }
    text[to++] = text[i];
  }
  text.resize(to);
}

void append_selecting_value(std::string& key, std::string_view name, const http::HeaderMap& fields) {
  const std::size_t start = key.size();
  key += ':';
  if (!append_joined(key, name, fields)) {
    key.resize(start);
    return;
  }
  if (name != "accept-encoding" && name != "accept-language") {
    remove_list_blanks(key, start + 1);
    return;
  }
  normalise_preferences(key, start + 1);
}

// The selecting fields of a variant part: "name" or "name:value".
std::vector<std::string_view> selecting_fields(std::string_view variant) {
  constexpr std::string_view start = "\nv:";
  std::vector<std::string_view> fields;
  while (variant.starts_with(start)) {
    variant.remove_prefix(start.size());
    fields.push_back(variant.substr(0, variant.find('\n')));
    variant.remove_prefix(fields.back().size());
  }
  return fields;
}

}  // namespace

VaryRule vary_of(const http::HeaderMap& fields) {
  VaryRule rule;
  std::vector<std::string> names;
  http::for_each_element(fields, http::HeaderId::vary, [&](std::string_view element) {
    // "*" is a token, too: it is looked at first.
    rule.any = element == "*" || !http::is_token(element) || names.size() == max_vary_names;
    if (rule.any) return false;
    std::string name;
    http::append_lower(name, element);
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    return true;
  });
  if (rule.any) return rule;
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    if (!rule.list.empty()) rule.list += ',';
    rule.list += name;
  }
  return rule;
}

std::vector<std::string> differing_fields(std::string_view variant, std::string_view other) {
  const auto ours = selecting_fields(variant), theirs = selecting_fields(other);
  std::vector<std::string> names;
  const auto add_missing = [&](const auto& from, const auto& in) {
    for (const std::string_view field : from) {
      if (std::find(in.begin(), in.end(), field) != in.end()) continue;
      std::string name(field.substr(0, field.find(':')));
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
    }
  };
  add_missing(ours, theirs);
  add_missing(theirs, ours);
  return names;
}

bool append_variant(std::string& key, std::string_view list, const http::HeaderMap& request_fields) {
  const std::size_t start = key.size();
  http::ListReader reader(list);
  while (const auto name = reader.next()) {
    // A line feed can't occur in a field: the parts of a key can't be confused.
    key += "\nv:";
    key += *name;
    append_selecting_value(key, *name, request_fields);
    if (key.size() - start > max_variant_text) {
      key.resize(start);
      return false;
    }
  }
  return true;
}

}  // namespace skerry::edge
