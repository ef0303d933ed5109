#include "origin/server/document_root.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/check.h"

namespace skerry::origin {

namespace {

// O_NONBLOCK: a FIFO in the directory must not hold a thread; regular files ignore it.
constexpr int open_flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;

core::Error file_error(int reason, std::string_view what) {
  core::ErrorCode code = core::ErrorCode::io_error;
  if (reason == ENOENT || reason == ENOTDIR || reason == ELOOP || reason == EXDEV || reason == ENAMETOOLONG) {
    code = core::ErrorCode::not_found;
  } else if (reason == EACCES || reason == EPERM) {
    code = core::ErrorCode::permission_denied;
  } else if (reason == EMFILE || reason == ENFILE || reason == ENOMEM) {
    code = core::ErrorCode::limit_exceeded;
  }
  return {code, core::ErrorSource::internal, false, std::string(what) + ": " + std::strerror(reason)};
}

// ".." is refused rather than resolved: nobody links that way.
bool is_plain(std::string_view path) {
  if (!path.starts_with('/') || path.find('\0') != path.npos) return false;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    if (segment == ".." || segment == ".") return false;
    at = end + 1;
  }
  return true;
}

std::string strong_etag(const struct stat& info) {
  char text[80];
  std::snprintf(text, sizeof text, "\"%llx-%llx-%llx\"", static_cast<unsigned long long>(info.st_ino),
                static_cast<unsigned long long>(info.st_size),
                static_cast<unsigned long long>(info.st_mtim.tv_sec) * 1'000'000'000 +
                    static_cast<unsigned long long>(info.st_mtim.tv_nsec));
  return text;
}

}  // namespace

OpenFile::~OpenFile() {
  ::close(fd_);
}

core::Result<core::Chunk> OpenFile::read(std::uint64_t offset, std::size_t length) const {
  core::BlockRef block(core::Block::allocate(length));
  ssize_t got;
  do {
    got = ::pread(fd_, block->data(), length, static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  if (got < 0) return file_error(errno, "read");
  if (got == 0) {
    return core::Error{core::ErrorCode::body_cut_short, core::ErrorSource::internal, false, "the file became shorter"};
  }
  const std::byte* data = block->data();
  return core::Chunk(std::move(block), data, static_cast<std::size_t>(got));
}

core::Result<std::unique_ptr<const DocumentRoot>> DocumentRoot::open(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return file_error(errno, "--root " + directory);
  return std::unique_ptr<const DocumentRoot>(new DocumentRoot(fd));
}

DocumentRoot::~DocumentRoot() {
  ::close(fd_);
}

core::Result<DocumentRoot::Found> DocumentRoot::find(std::string_view path) const {
  if (!is_plain(path)) return file_error(ENOENT, path);
  Found found;
  found.name = path.substr(1);
  if (found.name.empty() || found.name.ends_with('/')) found.name += "index.html";
  const int fd = open_beneath(found.name);
  if (fd < 0) return file_error(errno, path);
  auto file = std::make_shared<OpenFile>(fd);
  struct stat info {};
  if (::fstat(fd, &info) != 0) return file_error(errno, path);
  if (S_ISDIR(info.st_mode)) return found;
  if (!S_ISREG(info.st_mode)) return file_error(ENOENT, path);
  file->size = static_cast<std::uint64_t>(info.st_size);
  file->modified = core::WallTime(std::chrono::seconds(info.st_mtim.tv_sec));
  file->etag = strong_etag(info);
  found.file = std::move(file);
  return found;
}

int DocumentRoot::open_beneath(const std::string& relative) const {
  open_how how{};
  how.flags = open_flags;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, fd_, relative.c_str(), &how, sizeof how);
  // Old kernels lack it; some container runtimes forbid what they don't know.
  if (fd < 0 && (errno == ENOSYS || errno == EPERM)) return open_without_links(relative);
  return static_cast<int>(fd);
}

// Segment by segment, following no link at all: stricter than openat2, never laxer.
int DocumentRoot::open_without_links(const std::string& relative) const {
  int at = ::dup(fd_);
  for (std::size_t begin = 0; at >= 0 && begin < relative.size();) {
    const std::size_t end = std::min(relative.find('/', begin), relative.size());
    const std::string segment = relative.substr(begin, end - begin);
    begin = end + 1;
    if (segment.empty()) continue;
    const int next = ::openat(at, segment.c_str(), open_flags | O_NOFOLLOW);
    const int reason = errno;
    ::close(at);
    errno = reason;
    at = next;
  }
  return at;
}

}  // namespace skerry::origin
