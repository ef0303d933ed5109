// Environment variables as configuration: SKERRY_<TABLE>_<KEY>, with an index after the name of an array.
#include <algorithm>
#include <charconv>

#include "core/config/load.h"

namespace skerry::config {
namespace {

constexpr std::string_view prefix = "SKERRY_";
// Not keys: which file to read is said before any table is known.
constexpr std::string_view not_keys[] = {"SKERRY_CONFIG"};

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c == '.' || c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
  return out;
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  return out;
}

// "SITE_2_" before "SITE_10_": sections are added in their order.
bool natural_less(std::string_view a, std::string_view b) {
  const auto number_at_front = [](std::string_view text) {
    const std::size_t end = text.find_first_not_of("0123456789");
    return text.substr(0, end == std::string_view::npos ? text.size() : end);
  };
  while (!a.empty() && !b.empty()) {
    const std::string_view left = number_at_front(a), right = number_at_front(b);
    if (!left.empty() && !right.empty()) {
      if (left.size() != right.size()) return left.size() < right.size();
      if (left != right) return left < right;
      a.remove_prefix(left.size());
      b.remove_prefix(right.size());
      continue;
    }
    if (a[0] != b[0]) return a[0] < b[0];
    a.remove_prefix(1);
    b.remove_prefix(1);
  }
  return a.size() < b.size();
}

enum class Match : std::uint8_t { none, applied, failed };

// Puts one variable where its name says.
class Variable {
 public:
  Variable(const std::string& name, const std::string& text) : text_(text) { place_.variable = name; }

  const std::string& problem() const { return problem_; }

  Match apply(const Schema& schema, Value& table, std::string_view rest) {
    for (const Field& field : schema.fields) {
      const std::string known = upper(field.name);
      if (!rest.starts_with(known)) continue;
      const std::string_view after = rest.substr(known.size());
      Match match = Match::none;
      if (after.empty() && field.shape == Field::Shape::value) match = set(table, field);
      if (after.starts_with('_')) match = below(field, table, after.substr(1));
      if (match != Match::none) return match;
    }
    return Match::none;
  }

 private:
  Match set(Value& table, const Field& field) {
    if (!field.alternative.empty()) table.erase(field.alternative);
    put(table, field.name);
    return Match::applied;
  }

  void put(Value& table, const std::string& key) {
    Value value = Value::of(text_);
    value.from_environment = true;
    value.place = place_;
    table.erase(key);
    table.add(key, std::move(value));
  }

  Match below(const Field& field, Value& table, std::string_view rest) {
    switch (field.shape) {
      case Field::Shape::value: return Match::none;
      case Field::Shape::map:
        if (rest.empty()) return Match::none;
        if (Value* map = child(table, field.name, Value::Kind::table)) put(*map, lower(rest));
        return Match::applied;
      case Field::Shape::table: {
        // Tried on a copy first, so that a name that fits nowhere leaves no empty section behind.
        Value* section = table.find(field.name);
        Value trial = section ? *section : fresh(Value::Kind::table);
        if (trial.kind != Value::Kind::table) return Match::none;
        const Match match = apply(*field.below, trial, rest);
        if (match == Match::applied) *child(table, field.name, Value::Kind::table) = std::move(trial);
        return match;
      }
      case Field::Shape::array: return element(field, table, rest);
    }
    return Match::none;
  }

  Match element(const Field& field, Value& table, std::string_view rest) {
    std::size_t index = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), index);
    const std::string_view after = rest.substr(static_cast<std::size_t>(end - rest.data()));
    if (error != std::errc() || !after.starts_with('_')) return Match::none;
    Value* list = table.find(field.name);
    const std::size_t size = list ? list->items.size() : 0;
    if (list && list->kind != Value::Kind::list) return Match::none;
    Value trial = index < size ? list->items[index] : fresh(Value::Kind::table);
    const Match match = apply(*field.below, trial, after.substr(1));
    if (match != Match::applied) return match;
    if (index > size) {
      problem_ = "there is no [[" + field.name + "]] with index " + std::to_string(index) + ": the next one is " +
                 std::to_string(size);
      return Match::failed;
    }
    list = child(table, field.name, Value::Kind::list);
    if (index == size) list->items.push_back(fresh(Value::Kind::table));
    list->items[index] = std::move(trial);
    return match;
  }

  Value fresh(Value::Kind kind) const {
    Value value;
    value.kind = kind;
    value.place = place_;
    return value;
  }

  Value* child(Value& table, const std::string& key, Value::Kind kind) {
    if (!table.find(key)) table.add(key, fresh(kind));
    Value* found = table.find(key);
    return found->kind == kind ? found : nullptr;
  }

  const std::string& text_;
  Place place_;
  std::string problem_;
};

void add_names(const Schema& schema, const std::string& above, std::vector<std::string>& names) {
  for (const Field& field : schema.fields) {
    const std::string name = above + "_" + upper(field.name);
    switch (field.shape) {
      case Field::Shape::value: names.push_back(name); break;
      case Field::Shape::map: names.push_back(name + "_0"); break;
      case Field::Shape::table: add_names(*field.below, name, names); break;
      case Field::Shape::array: add_names(*field.below, name + "_0", names); break;
    }
  }
}

// The nearest known name, with the indices that were given.
std::string suggestion_for(const Schema& schema, std::string_view given) {
  std::vector<std::string> names, numbers;
  add_names(schema, "SKERRY", names);
  std::string pattern;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const bool digit = given[i] >= '0' && given[i] <= '9';
    if (!digit) pattern.push_back(given[i]);
    if (!digit) continue;
    if (i == 0 || given[i - 1] < '0' || given[i - 1] > '9') {
      pattern.push_back('0');
      numbers.emplace_back();
    }
    numbers.back().push_back(given[i]);
  }
  std::string out;
  std::size_t next = 0;
  for (const char c : nearest_name(pattern, names)) {
    if (c == '0' && next < numbers.size()) {
      out.append(numbers[next++]);
    } else {
      out.push_back(c);
    }
  }
  return out;
}

}  // namespace

std::string variable_of(std::string_view path) {
  return std::string(prefix) + upper(path);
}

void apply_environment(const Schema& schema, Value& document, const Environment& environment,
                       std::vector<Problem>& problems) {
  std::vector<const Environment::value_type*> variables;
  for (const auto& variable : environment) {
    const bool ours = std::string_view(variable.first).starts_with(prefix);
    if (ours && std::find(std::begin(not_keys), std::end(not_keys), variable.first) == std::end(not_keys))
      variables.push_back(&variable);
  }
  std::sort(variables.begin(), variables.end(),
            [](const auto* a, const auto* b) { return natural_less(a->first, b->first); });
  for (const auto* variable : variables) {
    Variable one(variable->first, variable->second);
    const Match match = one.apply(schema, document, std::string_view(variable->first).substr(prefix.size()));
    Place place;
    place.variable = variable->first;
    if (match == Match::none)
      problems.push_back({place, {}, "unknown variable", suggestion_for(schema, variable->first)});
    if (match == Match::failed) problems.push_back({place, {}, one.problem(), {}});
  }
}

}  // namespace skerry::config
