#include "tools/skerry/program_of.h"

#include <filesystem>
#include <fstream>

#include "core/config/toml.h"

namespace skerry::cli {

std::string program_of(const std::string& file) {
  std::error_code error;
  std::string text;
  if (std::filesystem::is_regular_file(file, error)) {
    text.resize(config::largest_file);
    std::ifstream in(file, std::ios::binary);
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
  }
  std::vector<config::Problem> problems;  // told by the program
  const config::Value document = config::parse_toml(text, config::process_environment(), problems);
  return document.find("router") || document.find("zone") ? "skerry-router" : "skerry-edge";
}

}  // namespace skerry::cli
