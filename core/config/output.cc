#include "core/config/output.h"

#include <fmt/format.h>

#include "core/config/load.h"

namespace skerry::config {
namespace {

constexpr std::string_view how_to_read =
    "The file is TOML; `SKERRY_CONFIG` names it if `--config` doesn't. Durations carry a unit (`\"250ms\"`, `\"10s\"`, "
    "`\"1h30m\"`, `\"1d\"`), sizes too (`\"64KiB\"`, `\"256MiB\"`, `\"10GB\"`; a bare number counts bytes). `${NAME}` "
    "inside a string becomes that environment variable, `${NAME:-text}` the text where it is not set or empty, `$${` a "
    "plain `${`. A relative path is taken from the file's folder, one that a variable gives from where the program was "
    "started. Every key can be set by the environment, "
    "which wins over the file: the variable is named below each table, `<N>` is the index of a repeated section "
    "(`SKERRY_SITE_0_ORIGIN`), commas separate the items of a list. Keys marked *reload* take effect on SIGHUP, the "
    "others at the next start.";

// Markdown table cells are one line without bars.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out.push_back('\\');
    out.push_back(c == '\n' ? ' ' : c);
  }
  return out;
}

std::string default_cell(const Field& field) {
  if (field.required) return "required";
  if (field.default_text.empty()) return "none";
  const bool literal = field.default_text.find_first_of("\"[{0123456789") == 0 || field.default_text == "true" ||
                       field.default_text == "false";
  return literal ? "`" + field.default_text + "`" : field.default_text;
}

void append_keys(std::string& out, const Schema& schema, const std::string& path) {
  bool any = false;
  for (const Field& field : schema.fields) {
    if (field.below) continue;
    if (!any) out.append("| key | type | default | bounds | applies | what it does |\n|---|---|---|---|---|---|\n");
    any = true;
    out.append(fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", field.name, cell(field.type),
                           cell(default_cell(field)), cell(field.bounds),
                           field.applies == Applies::live ? "reload" : "restart", cell(field.doc)));
  }
  if (!any) return;
  out.append("\nEnvironment: `" + variable_of(path.empty() ? "<KEY>" : path + ".<KEY>") + "`\n\n");
}

void append_sections(std::string& out, const Schema& schema, const std::string& path, const std::string& variables) {
  append_keys(out, schema, variables);
  for (const Field& field : schema.fields) {
    if (!field.below) continue;
    const bool array = field.shape == Field::Shape::array;
    const std::string name = path.empty() ? field.name : path + "." + field.name;
    const std::string variable = variables.empty() ? field.name : variables + "." + field.name;
    out.append(array ? "### `[[" + name + "]]`\n\n" : "### `[" + name + "]`\n\n");
    out.append(field.doc + (field.required ? " At least one is required.\n\n" : "\n\n"));
    append_sections(out, *field.below, name, array ? variable + ".<N>" : variable);
  }
}

std::optional<Value> shown(const Field& field, const void* section, bool mask) {
  if (!field.write) return std::nullopt;
  auto value = field.write(section);
  if (value && field.secret && mask) value = Value::of("***");
  return value;
}

Value written(const Schema& schema, const void* section, bool mask) {
  Value table;
  for (const Field& field : schema.fields) {
    if (!field.below) {
      if (auto value = shown(field, section, mask)) table.add(field.name, std::move(*value));
      continue;
    }
    Value below = Value::list();
    for (std::size_t i = 0; i < field.count(section); ++i)
      below.items.push_back(written(*field.below, field.element(section, i), mask));
    if (field.shape == Field::Shape::table) below = Value(below.items[0]);
    table.add(field.name, std::move(below));
  }
  return table;
}

std::string text_of(const std::optional<Value>& value) {
  Value table;
  if (value) table.add("x", *value);
  return to_json(table);
}

void compare(const Schema& schema, const void* a, const void* b, const std::string& path,
             std::vector<std::string>& changes) {
  for (const Field& field : schema.fields) {
    const std::string here = path.empty() ? field.name : path + "." + field.name;
    if (field.applies == Applies::live) continue;
    if (!field.below) {
      if (text_of(shown(field, a, false)) != text_of(shown(field, b, false))) changes.push_back(subject_of(here));
      continue;
    }
    const std::size_t count = field.count(a);
    if (count != field.count(b)) {
      changes.push_back("[" + here + "]");
      continue;
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::string below = field.shape == Field::Shape::array ? here + "." + std::to_string(i) : here;
      compare(*field.below, field.element(a, i), field.element(b, i), below, changes);
    }
  }
}

}  // namespace

std::string reference_markdown(const Schema& schema, std::string_view program, std::string_view introduction) {
  std::string out = fmt::format("## {}\n\n{}\n\n{}\n\n", program, introduction, how_to_read);
  append_sections(out, schema, {}, {});
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

Value effective(const Schema& schema, const void* config) {
  return written(schema, config, true);
}

std::vector<std::string> changes_needing_restart(const Schema& schema, const void* running, const void* loaded) {
  std::vector<std::string> changes;
  compare(schema, running, loaded, {}, changes);
  return changes;
}

}  // namespace skerry::config
