// The query log: one JSON line for every so many-th query, over a RecordLog. Off unless configured.
//
// sample() is for its lane's own thread: a counter, and for the chosen ones a copy of the packet; the writer's thread
// reads the packet again to say what was asked.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/log/record_log.h"
#include "routing/answer.h"

namespace skerry::routing {

struct QueryLogOptions {
  std::string path = "off";  // "-": standard output
  std::uint32_t sample = 100;
  std::size_t buffer = 256 * 1024;  // per thread
};

struct QueryRecord {
  core::WallTime time;
  core::IpAddress client;
  Transport transport;
  Answered answered;
};

class QueryLog {
 public:
  // Errors: io_error naming the file.
  static core::Result<std::unique_ptr<QueryLog>> open(const QueryLogOptions&, int lanes);

  // Whether this lane's present query is one of those to be logged.
  bool sample(int lane) {
    std::uint32_t& left = lanes_[static_cast<std::size_t>(lane)].left;
    if (--left > 0) return false;
    left = every_;
    return true;
  }
  void record(int lane, const QueryRecord&, std::span<const std::byte> packet);

  void reopen() { log_->reopen(); }
  bool flush() { return log_->flush(); }
  std::uint64_t written() const { return log_->written(); }
  std::uint64_t dropped() const { return log_->dropped(); }

 private:
  struct alignas(64) Lane {  // a cache line each
    std::uint32_t left = 1;
  };
  QueryLog(std::unique_ptr<log::RecordLog> log, int lanes, std::uint32_t every);

  std::unique_ptr<log::RecordLog> log_;
  std::vector<Lane> lanes_;
  const std::uint32_t every_;
};

// One thread's way to the log; without a log it costs one comparison a query.
struct QueryLane {
  QueryLog* log = nullptr;
  int lane = 0;

  void note(core::WallTime now, const Asker& asker, const Answered& answered, std::span<const std::byte> packet) const {
    if (log && log->sample(lane)) log->record(lane, {now, asker.source, asker.transport, answered}, packet);
  }
};

// One line, line feed included. Names are as in zone files; nothing a client sent can end the line or look like another
// field.
void append_line(std::string& out, const QueryRecord&, std::span<const std::byte> packet);

}  // namespace skerry::routing
