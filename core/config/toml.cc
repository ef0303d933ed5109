// The one file that knows toml++.
#include "core/config/toml.h"

#define TOML_HEADER_ONLY 0
#define TOML_SHARED_LIB 1
#include <toml++/toml.h>

#include <algorithm>
#include <optional>

#include "core/config/load.h"

namespace skerry::config {
namespace {

constexpr int deepest = 16;

Place place_of(const toml::source_region& region) {
  return {region.begin.line, region.begin.column, {}};
}

// toml++ bounds nested arrays and inline tables, but not dotted keys: `a.a.a.a…` of a few megabytes builds a tree whose
// destruction overflows the stack. So dots between two separators are counted before it sees the text.
class DepthGuard {
 public:
  explicit DepthGuard(std::string_view text) : text_(text) {}

  std::optional<Place> too_deep() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
        continue;
      }
      if (c == '"' || c == '\'') {
        skip_string(c);
        continue;
      }
      if (std::string_view("=,{}[]\n").find(c) != std::string_view::npos) dots_ = 0;
      if (c == '.' && ++dots_ > deepest) return place();
      ++at_;
    }
    return std::nullopt;
  }

 private:
  void skip_string(char quote) {
    const std::string triple(3, quote);
    const bool multiline = text_.substr(at_, 3) == triple;
    at_ += multiline ? 3 : 1;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"') {
        at_ += 2;
        continue;
      }
      if (!multiline && (c == quote || c == '\n')) break;
      if (multiline && text_.substr(at_, 3) == triple) break;
      ++at_;
    }
    at_ = std::min(text_.size(), at_ + (multiline ? 3 : 1));
  }

  Place place() const {
    const std::string_view before = text_.substr(0, at_);
    const auto lines = static_cast<std::uint32_t>(std::count(before.begin(), before.end(), '\n'));
    const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
    return {lines + 1, static_cast<std::uint32_t>(at_ - start + 1), {}};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int dots_ = 0;
};

class Converter {
 public:
  Converter(const Environment& environment, std::vector<Problem>& problems)
      : environment_(environment), problems_(problems) {}

  Value table(const toml::table& from, const std::string& path, int depth) {
    Value value;
    value.place = place_of(from.source());
    for (const auto& [key, node] : from) {
      const std::string below = path.empty() ? std::string(key.str()) : path + "." + std::string(key.str());
      value.entries.push_back({std::string(key.str()), place_of(key.source()), node_value(node, below, depth + 1)});
    }
    return value;
  }

 private:
  Value node_value(const toml::node& node, const std::string& path, int depth) {
    Value value;
    if (depth > deepest * 2) {
      problems_.push_back({place_of(node.source()), subject_of(path), "nested too deep", {}});
      return value;
    }
    if (const auto* inner = node.as_table()) return table(*inner, path, depth);
    if (const auto* list = node.as_array()) {
      value = Value::list();
      for (const toml::node& item : *list) {
        value.items.push_back(node_value(item, path + "." + std::to_string(value.items.size()), depth + 1));
      }
    } else if (const auto* text = node.as_string()) {
      value = string_value(text->get(), path, place_of(node.source()));
    } else if (const auto* integer = node.as_integer()) {
      value = Value::of(integer->get());
    } else if (const auto* real = node.as_floating_point()) {
      value = Value::of(real->get());
    } else if (const auto* boolean = node.as_boolean()) {
      value = Value::of(boolean->get());
    } else {
      problems_.push_back(
          {place_of(node.source()), subject_of(path), "dates and times are not used here: write a string", {}});
    }
    value.place = place_of(node.source());
    return value;
  }

  Value string_value(std::string text, const std::string& path, Place place) {
    std::string problem;
    if (!expand_variables(text, environment_, problem)) problems_.push_back({place, subject_of(path), problem, {}});
    return Value::of(std::move(text));
  }

  const Environment& environment_;
  std::vector<Problem>& problems_;
};

bool is_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
         std::string_view::npos;
}

// What `NAME` or `NAME:-text` between ${ and } stands for.
std::optional<std::string_view> meaning(std::string_view inside, const Environment& environment, std::string& problem) {
  const std::size_t dash = inside.find(":-");
  const std::string_view name = inside.substr(0, dash);
  if (!is_name(name)) {
    problem = "${ must be followed by a variable's name and } (write $${ for a plain ${)";
    return std::nullopt;
  }
  const auto found = environment.find(name);
  if (dash != std::string_view::npos && (found == environment.end() || found->second.empty()))
    return inside.substr(dash + 2);
  if (found != environment.end()) return found->second;
  problem = "the environment variable " + std::string(name) + " is not set (${" + std::string(name) +
            ":-text} would give it a default)";
  return std::nullopt;
}

// "saw '\n'" is how toml++ writes what people see as the end of a line.
std::string readable(std::string description) {
  constexpr std::string_view line_feed = "'\\n'";
  if (const std::size_t at = description.find(line_feed); at != std::string::npos)
    description.replace(at, line_feed.size(), "the end of the line");
  return description;
}

}  // namespace

bool expand_variables(std::string& text, const Environment& environment, std::string& problem) {
  std::string out;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t dollar = std::min(text.find('$', at), text.size());
    out.append(text, at, dollar - at);
    at = dollar;
    const std::string_view rest = std::string_view(text).substr(at);
    if (rest.starts_with("$${")) {
      out.append("${");
      at += 3;
    } else if (rest.starts_with("${")) {
      const std::size_t end = rest.find('}');
      const auto value = meaning(rest.substr(2, end == std::string_view::npos ? 0 : end - 2), environment, problem);
      if (!value) return false;
      out.append(*value);
      at += end + 1;
    } else if (!rest.empty()) {
      out.push_back('$');
      ++at;
    }
    if (out.size() > longest_text) break;
  }
  if (out.size() > longest_text) {
    problem = "longer than 64 KiB";
    return false;
  }
  text = std::move(out);
  return true;
}

Value parse_toml(std::string_view text, const Environment& environment, std::vector<Problem>& problems) {
  if (text.size() > largest_file) {
    problems.push_back({{}, {}, "larger than 4 MiB", {}});
    return {};
  }
  if (const auto place = DepthGuard(text).too_deep()) {
    problems.push_back({*place, {}, "nested too deep: at most 16 dots in a key", {}});
    return {};
  }
  try {
    const toml::table document = toml::parse(text);
    return Converter(environment, problems).table(document, {}, 0);
  } catch (const toml::parse_error& error) {
    problems.push_back(
        {place_of(error.source()), {}, "syntax error: " + readable(std::string(error.description())), {}});
  }
  return {};
}

}  // namespace skerry::config
