// Any bytes as skerry-edge's configuration, and as an environment: an error or a configuration that can be printed and
// read back, never a crash. What loads must load again from its own output.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/config/output.h"
#include "edge/config.h"

using namespace skerry;

namespace {

// Lines "NAME=value" after a line "---".
config::Environment environment_of(std::string_view text) {
  config::Environment environment = {{"NAME", "value"}};
  while (!text.empty() && environment.size() < 50) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t equals = line.find('=');
    if (equals == std::string_view::npos) continue;
    environment.emplace(line.substr(0, equals), line.substr(equals + 1));
  }
  return environment;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t split = input.find("\n---\n");
  const std::string_view text = input.substr(0, split);
  const auto environment = environment_of(split == std::string_view::npos ? "" : input.substr(split + 5));
  const auto loaded = edge::load_edge_config_text(text, "fuzz.toml", environment);
  for (const std::string& line : loaded.report.lines()) {
    if (line.find_first_of("\n\r\x1b") != std::string::npos) std::abort();
  }
  const config::Value effective = config::effective(edge::edge_table(), loaded.config);
  config::to_json(effective);
  const std::string again = config::to_toml(effective);
  if (!loaded.ok()) return 0;
  loaded.config.find_site(text);
  // Secrets are masked, so what was long enough no longer is: only syntax must hold.
  const auto reloaded = edge::load_edge_config_text(again, "again.toml", {});
  for (const std::string& line : reloaded.report.lines()) {
    if (line.find("syntax error") != std::string::npos) std::abort();
  }
  return 0;
}
