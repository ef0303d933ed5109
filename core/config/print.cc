// Trees as text: the effective configuration for the admin port, and defaults in the reference.
#include <fmt/format.h>

#include "core/config/toml.h"

namespace skerry::config {
namespace {

bool is_table_list(const Value& value) {
  return value.kind == Value::Kind::list && !value.items.empty() && value.items[0].kind == Value::Kind::table;
}

std::string toml_key(const std::string& key) {
  const bool bare = !key.empty() && key.find_first_not_of(
                                        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                        "0123456789_-") == std::string::npos;
  return bare ? key : quoted(key);
}

// Always with a point or an exponent: both formats tell 1.0 from 1.
std::string real_text(double value) {
  std::string text = fmt::format("{}", value);
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

// What reading would expand is written so that it comes back as it is.
std::string toml_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) out.push_back('$');
    out.push_back(text[i]);
  }
  return quoted(out);
}

std::string inline_text(const Value& value, bool json) {
  switch (value.kind) {
    case Value::Kind::text: return json ? quoted(value.text) : toml_text(value.text);
    case Value::Kind::boolean: return value.boolean ? "true" : "false";
    case Value::Kind::integer: return std::to_string(value.integer);
    case Value::Kind::real: return real_text(value.real);
    case Value::Kind::list: {
      std::string text = "[";
      for (const Value& item : value.items) text.append(text.size() > 1 ? ", " : "").append(inline_text(item, json));
      return text + "]";
    }
    case Value::Kind::table: {
      std::string text = "{";
      for (const Entry& entry : value.entries) {
        text.append(text.size() > 1 ? ", " : "").append(json ? quoted(entry.key) : toml_key(entry.key));
        text.append(json ? ": " : " = ").append(inline_text(entry.value, json));
      }
      return text + "}";
    }
  }
  return {};
}

void append_toml(std::string& out, const Value& table, const std::string& path) {
  for (const Entry& entry : table.entries) {
    if (entry.value.kind == Value::Kind::table || is_table_list(entry.value)) continue;
    out.append(toml_key(entry.key) + " = " + inline_text(entry.value, false) + "\n");
  }
  for (const Entry& entry : table.entries) {
    const std::string below = path.empty() ? toml_key(entry.key) : path + "." + toml_key(entry.key);
    if (entry.value.kind == Value::Kind::table) {
      out.append("\n[" + below + "]\n");
      append_toml(out, entry.value, below);
    }
    if (!is_table_list(entry.value)) continue;
    for (const Value& item : entry.value.items) {
      out.append("\n[[" + below + "]]\n");
      append_toml(out, item, below);
    }
  }
}

}  // namespace

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (byte < 0x20 || byte == 0x7f) {
      out.append(fmt::format("\\u{:04x}", byte));
    } else {
      out.push_back(c);
    }
  }
  return out + "\"";
}

std::string to_toml(const Value& table) {
  std::string out;
  append_toml(out, table, {});
  return out;
}

std::string to_json(const Value& table) {
  return inline_text(table, true) + "\n";
}

}  // namespace skerry::config
