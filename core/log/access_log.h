// The access log: one line a request. Workers copy what is known into a ring of their own, one thread formats and
// writes.
//
// record() is for its worker alone: no allocation, no lock, no system call but for one wake-up when a ring passes half
// full while the writer sleeps. A full ring drops the record and counts it. The rest is for the main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/log/options.h"
#include "core/net/address.h"
#include "core/result.h"

namespace skerry::log {

// What is said of a request. Texts are copied by record(), each clipped to its bound; they may hold anything a client
// sent.
struct AccessRecord {
  core::WallTime time;  // when the request arrived
  core::IpAddress client;
  int status = 0;
  std::uint64_t bytes = 0;  // sent to the client, head included
  core::Duration duration{};
  std::string_view method;
  std::string_view scheme;  // "http", "https"
  std::string_view host;
  std::string_view path;      // with query
  std::string_view protocol;  // "HTTP/1.1"
  std::string_view outcome;   // edge/reason.h's words
  std::string_view reason;
  std::string_view upstream;
  std::string_view request_id;
  std::string_view referer;
  std::string_view user_agent;
};

// Where records go. The simulation has one of its own.
class AccessSink {
 public:
  virtual ~AccessSink() = default;
  virtual void record(int worker, const AccessRecord&) = 0;
};

class AccessLog final : public AccessSink {
 public:
  // Opens the file and starts the writer. `options.path` must not be "off". Errors: io_error naming the file.
  static core::Result<std::unique_ptr<AccessLog>> open(const AccessLogOptions&, int workers);
  // Writes what is there (for at most two seconds, when nobody reads the other end), then stops.
  ~AccessLog() override;

  void record(int worker, const AccessRecord&) override;

  // The file was renamed by whoever rotates logs: from the next write on, a new one under the old name.
  void reopen();
  // Returns when what was recorded before the call is written, or two seconds have passed (false).
  bool flush();

  std::uint64_t written() const;
  // Records for which the ring was full, or that the file did not take.
  std::uint64_t dropped() const;

 private:
  class Writer;
  explicit AccessLog(std::unique_ptr<Writer> writer);
  std::unique_ptr<Writer> writer_;
};

// One line, line feed included. Nothing a client sent can end it, or look like another field: control characters,
// quotes and backslashes are escaped, and bytes that are not UTF-8 too.
void append_line(std::string& out, const AccessRecord&, AccessFormat);

}  // namespace skerry::log
