// The access log: one line a request, over a RecordLog.
//
// record() is for its worker alone: no allocation, no lock. The rest is for the main thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/clock.h"
#include "core/log/options.h"
#include "core/log/record_log.h"
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

  void record(int worker, const AccessRecord&) override;

  // See RecordLog.
  void reopen() { log_->reopen(); }
  bool flush() { return log_->flush(); }
  std::uint64_t written() const { return log_->written(); }
  std::uint64_t dropped() const { return log_->dropped(); }

 private:
  explicit AccessLog(std::unique_ptr<RecordLog> log) : log_(std::move(log)) {}
  std::unique_ptr<RecordLog> log_;
};

// One line, line feed included. Nothing a client sent can end it, or look like another field: control characters,
// quotes and backslashes are escaped, and bytes that are not UTF-8 too.
void append_line(std::string& out, const AccessRecord&, AccessFormat);

}  // namespace skerry::log
