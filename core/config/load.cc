#include "core/config/load.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/config/toml.h"

namespace skerry::config {
namespace {

constexpr std::size_t most_lines = 100;

// At most `limit` bytes and one more (so that the caller sees "too large") of a regular file: a FIFO or a device could
// block or never end.
bool read_file(const std::string& path, std::size_t limit, std::string& out, std::string& problem) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    problem = error ? "cannot read " + path + ": " + error.message() : path + " is not a regular file";
    if (!error && !std::filesystem::exists(path, error)) problem = "cannot read " + path + ": no such file";
    return false;
  }
  std::ifstream file(path, std::ios::binary);
  out.resize(limit + 1);
  file.read(out.data(), static_cast<std::streamsize>(out.size()));
  if (!file.is_open() || file.bad()) {
    problem = "cannot read " + path + ": " + std::error_code(errno, std::generic_category()).message();
    return false;
  }
  out.resize(static_cast<std::size_t>(file.gcount()));
  if (out.size() > limit) problem = path + " is too large: at most " + to_string(core::Bytes{limit});
  return out.size() <= limit;
}

std::string joined(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : path + "." + std::string(key);
}

// What a path of the file means wherever the program was started: relative ones are taken from the file's folder. A
// variable's come from whoever started the program, and so does their place. "-" and "off" are words of the logs.
void take_from_folder(const std::filesystem::path& folder, Value& value) {
  for (Entry& entry : value.entries) take_from_folder(folder, entry.value);
  for (Value& item : value.items) take_from_folder(folder, item);
  const bool word = value.text.empty() || value.text == "-" || value.text == "off";
  if (value.kind != Value::Kind::text || word || !value.place.variable.empty()) return;
  value.text = (folder / value.text).string();  // an absolute path stays what it is
}

// Walks tree and schema together and fills the structs.
class Reader {
 public:
  explicit Reader(Report& report) : report_(report), folder_(std::filesystem::path(report.file()).parent_path()) {}

  void section(const Schema& schema, void* into, const Value& table, const std::string& path) {
    report_.set_place(path, table.place);
    for (const Entry& entry : table.entries) {
      if (!schema.find(entry.key)) unknown(schema, entry, path);
    }
    for (const Field& field : schema.fields) {
      const auto entry = std::find_if(table.entries.begin(), table.entries.end(),
                                      [&](const Entry& candidate) { return candidate.key == field.name; });
      if (entry != table.entries.end()) {
        field_value(field, into, *entry, table, path);
      } else if (field.required && !(field.secret && table.find(field.alternative))) {
        const bool array = field.shape == Field::Shape::array;
        const std::string here = joined(path, field.name);
        if (array) report_.add({table.place, "[[" + here + "]]", "missing: at least one is required", {}});
        if (!array) problem(table.place, here, "missing: it is required");
      }
    }
  }

 private:
  void unknown(const Schema& schema, const Entry& entry, const std::string& path) {
    const bool is_section = entry.value.kind == Value::Kind::table;
    Problem problem{entry.place, is_section ? "[" + joined(path, entry.key) + "]" : subject_of(joined(path, entry.key)),
                    is_section ? "unknown section" : "unknown key", nearest_name(entry.key, schema.names())};
    report_.add(std::move(problem));
  }

  void field_value(const Field& field, void* into, const Entry& entry, const Value& table, const std::string& path) {
    const std::string here = joined(path, field.name);
    const Value& value = entry.value;
    switch (field.shape) {
      case Field::Shape::table:
        if (value.kind == Value::Kind::table) return section(*field.below, field.enter(into), value, here);
        return problem(value.place, here, "must be a section: [" + here + "]");
      case Field::Shape::array: return sections(field, into, value, here);
      case Field::Shape::value:
      case Field::Shape::map: break;
    }
    places(value, here);
    if (!field.alternative.empty() && !field.secret && table.find(field.alternative))
      return problem(entry.place, here, "give either " + field.alternative + " or " + field.name + ", not both");
    std::string why;
    Value located;
    if (field.path) take_from_folder(folder_, located = value);
    if (!field.read(into, field.path ? located : value, why)) problem(value.place, here, why);
  }

  void sections(const Field& field, void* into, const Value& value, const std::string& here) {
    const bool tables = value.kind == Value::Kind::list &&
                        std::all_of(value.items.begin(), value.items.end(),
                                    [](const Value& item) { return item.kind == Value::Kind::table; });
    if (!tables) return problem(value.place, here, "write [[" + field.name + "]]: there may be several");
    if (value.items.size() > longest_list) return problem(value.place, here, "more than 10000 sections");
    report_.set_place(here, value.place);
    for (std::size_t i = 0; i < value.items.size(); ++i)
      section(*field.below, field.enter(into), value.items[i], joined(here, std::to_string(i)));
  }

  void places(const Value& value, const std::string& path) {
    report_.set_place(path, value.place);
    for (std::size_t i = 0; i < value.items.size(); ++i)
      report_.set_place(joined(path, std::to_string(i)), value.items[i].place);
    for (const Entry& entry : value.entries) report_.set_place(joined(path, entry.key), entry.value.place);
  }

  void problem(const Place& place, const std::string& path, std::string message) {
    // A text whose variables could not be expanded has been reported: what it says means nothing.
    if (report_.failed(path) && place.variable.empty()) return;
    report_.add({place, subject_of(path), std::move(message), {}});
  }

  Report& report_;
  const std::filesystem::path folder_;
};

void load_document(const Schema& schema, void* config, Value document, const Environment& environment, Report& report) {
  // After a syntax error the tree is empty: "missing" would be said of everything.
  if (!report.ok() && document.entries.empty()) return;
  apply_environment(schema, document, environment, report.raw_problems());
  Reader(report).section(schema, config, document, {});
  report.sort();
}

}  // namespace

std::string subject_of(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return std::string(path);
  return "[" + std::string(path.substr(0, dot)) + "]." + std::string(path.substr(dot + 1));
}

bool read_secret_file(const std::string& path, std::string& out, std::string& problem) {
  std::string content;
  if (!read_file(path, longest_text, content, problem)) return false;
  while (content.ends_with('\n') || content.ends_with('\r')) content.pop_back();
  if (content.empty()) {
    problem = path + " is empty";
    return false;
  }
  out = std::move(content);
  return true;
}

std::vector<std::string> Report::lines() const {
  std::vector<std::string> lines;
  for (const Problem& problem : problems_) {
    if (lines.size() == most_lines) break;
    lines.push_back(problem.to_string(file_));
  }
  if (problems_.size() > most_lines)
    lines.push_back(file_ + ": and " + std::to_string(problems_.size() - most_lines) + " more problems");
  return lines;
}

core::Error Report::error() const {
  std::string all;
  for (const std::string& line : lines()) all.append(all.empty() ? "" : "\n").append(line);
  return {core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false, std::move(all)};
}

bool Report::failed(std::string_view path) const {
  const std::string subject = subject_of(path);
  return std::any_of(problems_.begin(), problems_.end(),
                     [&](const Problem& problem) { return problem.subject == subject; });
}

void Report::fail(std::string_view path, std::string message) {
  if (failed(path)) return;
  Place place;
  for (std::string_view above = path;; above = above.substr(0, above.rfind('.'))) {
    const auto found = places_.find(std::string(above));
    if (found != places_.end()) place = found->second;
    if (found != places_.end() || above.rfind('.') == std::string_view::npos) break;
  }
  add({std::move(place), subject_of(path), std::move(message), {}});
  sort();
}

void Report::sort() {
  std::stable_sort(problems_.begin(), problems_.end(), [](const Problem& a, const Problem& b) {
    return std::pair(a.place.line, a.place.column) < std::pair(b.place.line, b.place.column);
  });
}

void load_into(const Schema& schema, void* config, const std::optional<std::string>& file,
               const Environment& environment, Report& report) {
  report.set_file(file.value_or("environment"));
  if (!file) return load_document(schema, config, {}, environment, report);
  std::string text, problem;
  if (!read_file(*file, largest_file, text, problem)) return report.add({{}, {}, problem, {}});
  load_text_into(schema, config, text, *file, environment, report);
}

void load_text_into(const Schema& schema, void* config, std::string_view text, std::string_view file_name,
                    const Environment& environment, Report& report) {
  report.set_file(std::string(file_name));
  Value document = parse_toml(text, environment, report.raw_problems());
  load_document(schema, config, std::move(document), environment, report);
}

}  // namespace skerry::config
