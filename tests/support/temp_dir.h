// A directory of its own for one test, below $TMPDIR or /tmp, gone with the object that made it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

namespace skerry::testing {

class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  std::string path() const { return path_.string(); }
  std::string operator/(std::string_view name) const { return (path_ / name).string(); }
  // Writes a file (folders on the way are made) and returns its path.
  std::string write(std::string_view name, std::string_view content) const;

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::string& path);

// As du counts: blocks of everything below, the directory included. Files may come and go meanwhile.
std::uint64_t disk_usage(const std::string& directory);

}  // namespace skerry::testing
