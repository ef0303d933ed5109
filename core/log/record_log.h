// A log of many records a second: threads copy what is known into a ring of their own, one thread formats and writes.
//
// reserve() and commit() are for a lane's own thread: no allocation, no lock, no system call but for one wake-up when a
// ring passes half full while the writer sleeps. A full ring drops the record and counts it. The rest is for the main
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "core/result.h"

namespace skerry::log {

struct RecordLogOptions {
  std::string name;    // "access log": in errors
  std::string event;   // "access_log": what the log of events calls it
  std::string path;    // "-": standard output
  std::size_t buffer;  // per lane; rounded up to a power of two
};

class RecordLog {
 public:
  // Turns a record as it was committed into one line, line feed included. The writer's thread.
  using Format = std::function<void(std::string& out, std::span<const std::byte> record)>;

  // Opens the file and starts the writer. Errors: io_error naming the file.
  static core::Result<std::unique_ptr<RecordLog>> open(const RecordLogOptions&, int lanes, Format);
  // Writes what is there (for at most two seconds, when nobody reads the other end), then stops.
  ~RecordLog();

  // Room for a record; null: the ring is full, and the record counted as dropped. Then commit(), with the same size.
  std::byte* reserve(int lane, std::size_t size);
  void commit(int lane, std::size_t size);

  // The file was renamed by whoever rotates logs: from the next write on, a new one under the old name.
  void reopen();
  // Returns when what was recorded before the call is written, or two seconds have passed (false).
  bool flush();

  std::uint64_t written() const;
  // Records for which the ring was full, or that the file did not take.
  std::uint64_t dropped() const;

 private:
  class Writer;
  explicit RecordLog(std::unique_ptr<Writer> writer);
  std::unique_ptr<Writer> writer_;
};

}  // namespace skerry::log
