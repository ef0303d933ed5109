// From a file and the environment to a filled struct, or to every mistake at once.
//
// Start-up and reload only; blocks on the file system. A failed load changes nothing: it is a value of its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/config/schema.h"

namespace skerry::config {

// What was read, beside the struct: what is wrong, and where each value stands (for checks across keys).
class Report {
 public:
  bool ok() const { return problems_.empty(); }
  // In the order of the file.
  const std::vector<Problem>& problems() const { return problems_; }
  // One printable line a problem, at most 100 of them.
  std::vector<std::string> lines() const;
  // All lines as one error, a line each: why a configuration is not taken over.
  core::Error error() const;
  const std::string& file() const { return file_; }

  // A problem at a path such as "pop.secret" or "site.0.hosts.1": its place is that of the value, or of the nearest
  // section above it that was given. Left out if something was said of the same key already.
  void fail(std::string_view path, std::string message);
  bool given(std::string_view path) const { return places_.count(std::string(path)) > 0; }

  // Something was said of this key.
  bool failed(std::string_view path) const;
  // The document could be read at all: checks across keys make sense.
  bool readable() const { return !places_.empty(); }

  void add(Problem problem) { problems_.push_back(std::move(problem)); }
  std::vector<Problem>& raw_problems() { return problems_; }
  void set_file(std::string file) { file_ = std::move(file); }
  void set_place(const std::string& path, const Place& place) { places_[path] = place; }
  void sort();

 private:
  std::string file_;
  std::vector<Problem> problems_;
  std::map<std::string, Place> places_;
};

template <class C>
struct Loaded {
  C config{};  // complete only if report.ok()
  Report report;

  bool ok() const { return report.ok(); }
};

// `file` empty: everything comes from the environment. SKERRY_CONFIG is left alone: it names the file.
void load_into(const Schema&, void* config, const std::optional<std::string>& file, const Environment&, Report&);
void load_text_into(const Schema&, void* config, std::string_view text, std::string_view file_name, const Environment&,
                    Report&);

template <class C>
Loaded<C> load(const Table<C>& table, const std::optional<std::string>& file, const Environment& environment) {
  Loaded<C> loaded;
  load_into(table.schema(), &loaded.config, file, environment, loaded.report);
  return loaded;
}

template <class C>
Loaded<C> load_text(const Table<C>& table, std::string_view text, std::string_view file_name,
                    const Environment& environment) {
  Loaded<C> loaded;
  load_text_into(table.schema(), &loaded.config, text, file_name, environment, loaded.report);
  return loaded;
}

// The `[a.b].key` of a path: how problems name what they are about.
std::string subject_of(std::string_view path);

// Puts `SKERRY_<TABLE>_<KEY>` variables into the tree, over what the file says. Unknown ones are problems.
void apply_environment(const Schema&, Value& document, const Environment&, std::vector<Problem>& problems);
// A path as an environment variable: "site.0.origin" → "SKERRY_SITE_0_ORIGIN".
std::string variable_of(std::string_view path);

}  // namespace skerry::config
