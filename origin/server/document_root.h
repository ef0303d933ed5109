// The directory that is served, and nothing outside it: no "..", no symbolic link that leads out.
//
// Immutable after open(). Its calls block, so they run on I/O threads.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/chunk.h"
#include "core/clock.h"
#include "core/result.h"

namespace skerry::origin {

// A regular file held open: what a response was promised stays readable even if the name goes to another file.
class OpenFile {
 public:
  explicit OpenFile(int fd) : fd_(fd) {}
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  std::uint64_t size = 0;
  core::WallTime modified;
  std::string etag;  // strong: inode, size and time of the last change, to the nanosecond

  // Up to `length` bytes from `offset`. Errors: io_error; body_cut_short if the file has become shorter.
  core::Result<core::Chunk> read(std::uint64_t offset, std::size_t length) const;

 private:
  const int fd_;
};

class DocumentRoot {
 public:
  // Errors: not_found, permission_denied, io_error, naming the directory.
  static core::Result<std::unique_ptr<const DocumentRoot>> open(const std::string& directory);
  ~DocumentRoot();
  DocumentRoot(const DocumentRoot&) = delete;
  DocumentRoot& operator=(const DocumentRoot&) = delete;

  struct Found {
    std::shared_ptr<const OpenFile> file;  // null: a directory asked for without its final slash
    std::string name;                      // the file's, after index.html was added
  };
  // `path`: decoded, beginning with '/'. Errors: not_found for everything that must not be served, limit_exceeded
  // (descriptors), io_error.
  core::Result<Found> find(std::string_view path) const;

 private:
  explicit DocumentRoot(int fd) : fd_(fd) {}
  int open_beneath(const std::string& relative) const;
  int open_without_links(const std::string& relative) const;

  const int fd_;
};

}  // namespace skerry::origin
