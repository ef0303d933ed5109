// skerry-origin: a small static origin for demos, tests and load.
#include <cstdio>
#include <string>

#include "origin/server/options.h"
#include "origin/server/program.h"

namespace {

// Readers must never see half a file: written beside it, then renamed over it.
bool write_port_file(const std::string& name, const std::string& text) {
  const std::string unfinished = name + ".new";
  std::FILE* file = std::fopen(unfinished.c_str(), "w");
  if (!file) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  const bool closed = std::fclose(file) == 0;
  return written && closed && std::rename(unfinished.c_str(), name.c_str()) == 0;
}

int fail(const std::string& what) {
  std::fprintf(stderr, "skerry-origin: %s\n", what.c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  using namespace skerry::origin;
  const CommandLine line = parse_command_line(argc, argv);
  if (!line.options) {
    std::fputs(line.output.c_str(), line.exit_status == 0 ? stdout : stderr);
    return line.exit_status;
  }
  auto program = OriginProgram::start(*line.options);
  if (!program) return fail(program.error().message());

  const std::string admin = program.value()->admin_address();
  const std::string ports =
      "listen " + program.value()->address() + "\n" + (admin.empty() ? "" : "admin " + admin + "\n");
  if (!line.options->port_file.empty() && !write_port_file(line.options->port_file, ports)) {
    return fail("--port-file " + line.options->port_file + ": cannot be written");
  }
  std::printf("listening on %s%s%s\n", program.value()->address().c_str(), admin.empty() ? "" : ", admin on ",
              admin.c_str());
  std::fflush(stdout);
  program.value()->run_until_signal();
  return 0;
}
