#include "tests/support/temp_dir.h"

#include <stdlib.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace skerry::testing {

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "skerry-test-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a directory like " + pattern);
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;  // a test that made it unwritable has told so already
  std::filesystem::remove_all(path_, ignored);
}

std::string TempDir::write(std::string_view name, std::string_view content) const {
  const std::filesystem::path file = path_ / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary);
  out << content;
  out.close();
  if (!out) throw std::runtime_error("cannot write " + file.string());
  return file.string();
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::uint64_t disk_usage(const std::string& directory) {
  struct stat info {};
  const auto blocks = [&] { return static_cast<std::uint64_t>(info.st_blocks) * 512; };
  std::uint64_t total = stat(directory.c_str(), &info) == 0 ? blocks() : 0;
  std::error_code gone;
  for (std::filesystem::recursive_directory_iterator at(directory, gone), end; !gone && at != end; at.increment(gone)) {
    if (lstat(at->path().c_str(), &info) == 0) total += blocks();
  }
  return total;
}

}  // namespace skerry::testing
