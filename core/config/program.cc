// The one file that knows CLI11.
#include "core/config/program.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#ifndef SKERRY_VERSION
#define SKERRY_VERSION "unversioned"
#endif

namespace skerry::config {
namespace {

CommandLine ends(int exit, std::string output, std::string errors = {}) {
  CommandLine line;
  line.exit = exit;
  line.output = std::move(output);
  line.errors = std::move(errors);
  return line;
}

struct Options {
  std::string file;
  bool check = false;
  bool reference = false;
};

void describe(CLI::App& app, const Program& program, Options& options) {
  app.add_option("-c,--config", options.file,
                 "Configuration file (TOML). Without one, SKERRY_CONFIG may name it, or SKERRY_<TABLE>_<KEY> "
                 "variables say everything")
      ->type_name("FILE");
  app.add_flag("--check", options.check, "Check the configuration, print every mistake with its line, and leave");
  app.add_flag("--reference", options.reference, "Print every key of the configuration as Markdown, and leave");
  app.set_version_flag("--version", version_line(program.name), "Print the version, and leave");
  app.set_help_flag("-h,--help", "Print this, and leave");
  std::string footer = "Examples:\n" + program.examples;
  while (footer.ends_with('\n')) footer.pop_back();
  app.footer(footer +
             "\n\nSignals: HUP reloads the configuration, TERM and INT finish what is being served and stop.\nExit "
             "codes: 0 done, 1 could not start, 2 wrong usage or configuration.");
}

bool says_something(const Environment& environment) {
  const auto first = environment.lower_bound("SKERRY_");
  return first != environment.end() && std::string_view(first->first).starts_with("SKERRY_");
}

CommandLine check(const Program& program, const std::optional<std::string>& file, const Environment& environment) {
  const Report report = program.check(file, environment);
  if (report.ok()) return ends(0, report.file() + ": ok\n");
  std::string errors;
  for (const std::string& line : report.lines()) errors.append(line).append("\n");
  return ends(exit_usage, {}, std::move(errors));
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv, const Program& program,
                               const Environment& environment) {
  CLI::App app(program.summary, program.name);
  Options options;
  describe(app, program, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return ends(0, app.help());
  } catch (const CLI::CallForVersion& version) {
    return ends(0, std::string(version.what()) + "\n");
  } catch (const CLI::ParseError& error) {
    return ends(exit_usage, {}, program.name + ": " + error.what() + " (try --help)\n");
  }
  if (options.reference) return ends(0, program.reference());
  const auto named = environment.find("SKERRY_CONFIG");
  if (options.file.empty() && named != environment.end()) options.file = named->second;
  CommandLine line;
  if (!options.file.empty()) line.file = options.file;
  if (!line.file && !says_something(environment))
    return ends(exit_usage, {}, program.name + ": no configuration: give --config FILE (try --help)\n");
  if (options.check) return check(program, line.file, environment);
  return line;
}

std::string version_line(const std::string& program) {
  return program + " " + SKERRY_VERSION;
}

void print_problems(const Report& report) {
  for (const std::string& line : report.lines()) std::fprintf(stderr, "%s\n", line.c_str());
}

CommandLine run_command_line(int argc, const char* const* argv, const Program& program,
                             const Environment& environment) {
  CommandLine line = parse_command_line(argc, argv, program, environment);
  std::fputs(line.output.c_str(), stdout);
  std::fputs(line.errors.c_str(), stderr);
  return line;
}

}  // namespace skerry::config
