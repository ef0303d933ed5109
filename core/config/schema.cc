#include "core/config/schema.h"

#include "core/config/toml.h"

namespace skerry::config {
namespace {

std::string plain(const Value& value) {
  Value table;
  if (value.kind == Value::Kind::text) return value.text;
  table.add("x", value);
  std::string text = to_json(table);
  return text.substr(6, text.size() - 8);  // {"x": …}\n
}

}  // namespace

const Field* Schema::find(std::string_view name) const {
  for (const Field& field : fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::vector<std::string> Schema::names() const {
  std::vector<std::string> names;
  for (const Field& field : fields) names.push_back(field.name);
  return names;
}

std::string bounds_text(const std::optional<Value>& min, const std::optional<Value>& max) {
  if (min && max) return plain(*min) + " … " + plain(*max);
  if (min) return "at least " + plain(*min);
  if (max) return "at most " + plain(*max);
  return {};
}

std::string default_text(const std::optional<Value>& value) {
  if (!value) return {};
  Value table;
  table.add("x", *value);
  std::string text = to_toml(table);
  if (value->kind == Value::Kind::table) return value->entries.empty() ? "{}" : plain(*value);
  return text.substr(4, text.size() - 5);  // x = …\n
}

}  // namespace skerry::config
