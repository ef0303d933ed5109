#include "core/log/record_log.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/log/log.h"
#include "core/log/record_ring.h"
#include "core/mutex.h"

namespace skerry::log {
namespace {

constexpr std::size_t batch_size = 64 * 1024;
constexpr std::size_t longest_line = 64 * 1024;  // for the batch to grow once; longer ones only cost an allocation
constexpr int poll_interval_ms = 50;
constexpr core::Duration patience = std::chrono::seconds(2);
// What a pipe takes without blocking once it is writable (POSIX PIPE_BUF).
constexpr std::size_t pipe_write = 4096;

core::Result<int> open_file(const std::string& name, const std::string& path) {
  if (path == "-") return STDOUT_FILENO;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor >= 0) return descriptor;
  return core::Error{core::ErrorCode::io_error, core::ErrorSource::internal, false,
                     name + " " + path + ": " + std::strerror(errno)};
}

bool is_regular(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

struct Lane {
  explicit Lane(std::size_t capacity) : ring(capacity) {}
  RecordRing ring;
  std::atomic<std::uint64_t> dropped{0};
};

}  // namespace

// The thread that formats and writes, and what it shares with those that record.
class RecordLog::Writer {
 public:
  Writer(RecordLogOptions options, int lanes, Format format, int descriptor)
      : options_(std::move(options)),
        format_(std::move(format)),
        descriptor_(descriptor),
        wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    const std::size_t capacity = std::bit_ceil(std::max<std::size_t>(options_.buffer, 64 * 1024));
    for (int i = 0; i < std::max(1, lanes); ++i) lanes_.push_back(std::make_unique<Lane>(capacity));
    batch_.reserve(batch_size + longest_line);
    start();
  }

  ~Writer() {
    stopping_.store(true);
    wake();
    thread_.join();
    if (descriptor_ != STDOUT_FILENO) ::close(descriptor_);
    ::close(wake_);
  }

  std::byte* reserve(int lane, std::size_t size) {
    Lane& to = lane_of(lane);
    std::byte* const room = to.ring.reserve(size);
    if (!room) to.dropped.fetch_add(1, std::memory_order_relaxed);
    return room;
  }

  void commit(int lane, std::size_t size) {
    RecordRing& ring = lane_of(lane).ring;
    ring.commit(size);
    // The writer looks by itself every 50 ms; it is called only when that may be too late.
    if (ring.used() > ring.capacity() / 2 && asleep_.load(std::memory_order_relaxed) && asleep_.exchange(false)) wake();
  }

  void reopen() {
    reopen_.store(true);
    wake();
  }

  bool flush() {
    const core::TimePoint deadline = core::system_clock().now() + patience;
    const core::MutexLock lock(mutex_);
    const std::uint64_t ticket = ++flush_asked_;
    wake();
    while (flush_done_ < ticket && core::system_clock().now() < deadline)
      flushed_.wait_for(mutex_, std::chrono::milliseconds(poll_interval_ms));
    return flush_done_ >= ticket;
  }

  std::uint64_t written() const { return written_.load(std::memory_order_relaxed); }
  std::uint64_t dropped() const {
    std::uint64_t total = lost_.load(std::memory_order_relaxed);
    for (const auto& lane : lanes_) total += lane->dropped.load(std::memory_order_relaxed);
    return total;
  }

 private:
  Lane& lane_of(int lane) { return *lanes_[static_cast<std::size_t>(lane) % lanes_.size()]; }

  // Signals are the main thread's; SIGPIPE of a closed standard output stays pending here and write() says EPIPE.
  void start() {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this] { run(); });
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  void wake() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto taken = ::write(wake_, &one, sizeof one);
  }

  void run() {
    bool last = false;
    while (!last) {
      last = stopping_.load();
      if (last) give_up_ = core::system_clock().now() + patience;
      const std::uint64_t ticket = asked();
      if (reopen_.exchange(false)) open_again();
      const std::size_t records = drain();
      done(ticket);
      // After a busy round there is most likely more already.
      if (!last && records < busy_round) sleep();
    }
  }

  std::uint64_t asked() {
    const core::MutexLock lock(mutex_);
    return flush_asked_;
  }

  void done(std::uint64_t ticket) {
    const core::MutexLock lock(mutex_);
    if (flush_done_ == ticket) return;
    flush_done_ = ticket;
    flushed_.notify_all();
  }

  void sleep() {
    asleep_.store(true);
    pollfd waiting{wake_, POLLIN, 0};
    ::poll(&waiting, 1, poll_interval_ms);
    asleep_.store(false);
    std::uint64_t count = 0;
    [[maybe_unused]] const auto taken = ::read(wake_, &count, sizeof count);
  }

  // What is in the rings now; what comes meanwhile waits for the next round, so that a flush ends.
  std::size_t drain() {
    std::size_t records = 0;
    for (const auto& lane : lanes_) {
      const std::uint64_t until = lane->ring.head();
      while (lane->ring.tail() < until) {
        format_(batch_, lane->ring.front());
        lane->ring.pop();
        ++records;
        ++in_batch_;
        if (batch_.size() >= batch_size) write_batch();
      }
    }
    write_batch();
    return records;
  }

  void write_batch() {
    std::size_t at = 0;
    while (at < batch_.size() && wait_writable()) {
      const std::size_t part = regular_ ? batch_.size() - at : std::min(pipe_write, batch_.size() - at);
      const ssize_t taken = ::write(descriptor_, batch_.data() + at, part);
      if (taken < 0 && errno != EINTR && errno != EAGAIN) {
        report_failure();
        break;
      }
      if (taken > 0) at += static_cast<std::size_t>(taken);
    }
    const auto lines =
        static_cast<std::uint64_t>(std::count(batch_.begin(), batch_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    written_.fetch_add(lines, std::memory_order_relaxed);
    lost_.fetch_add(in_batch_ - lines, std::memory_order_relaxed);
    if (at == batch_.size() && at > 0) failing_ = false;
    batch_.clear();
    in_batch_ = 0;
  }

  // False: stopping, and nobody has read the other end for too long.
  bool wait_writable() {
    for (;;) {
      pollfd waiting{descriptor_, POLLOUT, 0};
      if (::poll(&waiting, 1, poll_interval_ms) != 0) return true;
      if (!stopping_.load()) continue;
      if (give_up_ == core::TimePoint{}) give_up_ = core::system_clock().now() + patience;
      if (core::system_clock().now() >= give_up_) return false;
    }
  }

  // Once per run of failures: a full disk must not fill another one.
  void report_failure() {
    const int reason = errno;
    if (!failing_)
      error(options_.event + "_write_failed", {{"path", options_.path}, {"reason", std::strerror(reason)}});
    failing_ = true;
  }

  void open_again() {
    if (options_.path == "-") return;
    auto opened = open_file(options_.name, options_.path);
    if (!opened) {
      error(options_.event + "_reopen_failed", {{"reason", opened.error().detail}});
      return;
    }
    ::close(descriptor_);
    descriptor_ = *opened;
    regular_ = is_regular(descriptor_);
  }

  static constexpr std::size_t busy_round = 256;

  const RecordLogOptions options_;
  const Format format_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<bool> stopping_{false}, reopen_{false}, asleep_{false};
  std::atomic<std::uint64_t> written_{0}, lost_{0};

  // The writer thread's own.
  int descriptor_;
  const int wake_;
  bool regular_ = is_regular(descriptor_);
  bool failing_ = false;
  std::string batch_;
  std::uint64_t in_batch_ = 0;
  core::TimePoint give_up_{};

  core::Mutex mutex_;
  core::Condition flushed_;
  std::uint64_t flush_asked_ GUARDED_BY(mutex_) = 0;
  std::uint64_t flush_done_ GUARDED_BY(mutex_) = 0;
  std::thread thread_;
};

core::Result<std::unique_ptr<RecordLog>> RecordLog::open(const RecordLogOptions& options, int lanes, Format format) {
  auto descriptor = open_file(options.name, options.path);
  if (!descriptor) return descriptor.error();
  return std::unique_ptr<RecordLog>(
      new RecordLog(std::make_unique<Writer>(options, lanes, std::move(format), *descriptor)));
}

RecordLog::RecordLog(std::unique_ptr<Writer> writer) : writer_(std::move(writer)) {}
RecordLog::~RecordLog() = default;

std::byte* RecordLog::reserve(int lane, std::size_t size) {
  return writer_->reserve(lane, size);
}
void RecordLog::commit(int lane, std::size_t size) {
  writer_->commit(lane, size);
}
void RecordLog::reopen() {
  writer_->reopen();
}
bool RecordLog::flush() {
  return writer_->flush();
}
std::uint64_t RecordLog::written() const {
  return writer_->written();
}
std::uint64_t RecordLog::dropped() const {
  return writer_->dropped();
}

}  // namespace skerry::log
