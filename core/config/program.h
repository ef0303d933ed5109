// The command line that skerry-edge and skerry-router share: which configuration, and the questions answered without
// starting (--check, --reference, --version, --help).
//
// Called once by main(). parse_command_line() prints nothing, for tests; run_command_line() and start() do.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "core/config/load.h"

namespace skerry::config {

struct Program {
  std::string name;      // "skerry-edge"
  std::string summary;   // one sentence
  std::string examples;  // lines of commands, below the options
  std::function<std::string()> reference;
  // Loads what is given and says what is wrong with it.
  std::function<Report(const std::optional<std::string>& file, const Environment&)> check;
};

struct CommandLine {
  std::optional<int> exit;          // set: print output and errors, and leave with it
  std::optional<std::string> file;  // --config, or SKERRY_CONFIG; none: the environment alone
  std::string output, errors;
};

// Exit codes: 0; 2 for a usage or configuration error.
constexpr int exit_usage = 2;

CommandLine parse_command_line(int argc, const char* const* argv, const Program&, const Environment&);

// "skerry-edge 0.1.0"
std::string version_line(const std::string& program);
// One printable line a problem on standard error.
void print_problems(const Report&);

// All of it, printed: the exit code, or the configuration file to go on with.
CommandLine run_command_line(int argc, const char* const* argv, const Program&, const Environment&);

// What every main() begins with:
//
//   auto start = config::start<EdgeConfig>(argc, argv, program, load_edge_config);
//   if (start.exit) return *start.exit;
//   … start.config …
//
// `load(file, environment)` → Loaded<C>; program.check is made from it. The configuration's problems are printed here.
template <class C>
struct Start {
  std::optional<int> exit;
  std::optional<std::string> file;  // for reloading
  Environment environment;
  C config{};
};

template <class C, class Load>
Start<C> start(int argc, const char* const* argv, Program program, Load load) {
  Start<C> start;
  start.environment = process_environment();
  program.check = [&load](const std::optional<std::string>& file, const Environment& environment) {
    return load(file, environment).report;
  };
  const CommandLine line = run_command_line(argc, argv, program, start.environment);
  start.exit = line.exit;
  start.file = line.file;
  if (start.exit) return start;
  Loaded<C> loaded = load(start.file, start.environment);
  print_problems(loaded.report);
  if (!loaded.ok()) start.exit = exit_usage;
  start.config = std::move(loaded.config);
  return start;
}

}  // namespace skerry::config
