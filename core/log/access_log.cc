#include "core/log/access_log.h"

#include "core/log/access_record.h"

namespace skerry::log {

core::Result<std::unique_ptr<AccessLog>> AccessLog::open(const AccessLogOptions& options, int workers) {
  const auto format = [format = options.format](std::string& out, std::span<const std::byte> record) {
    append_line(out, unpack(record), format);
  };
  auto log = RecordLog::open({"access log", "access_log", options.path, options.buffer}, workers, format);
  if (!log) return log.error();
  return std::unique_ptr<AccessLog>(new AccessLog(std::move(log).value()));
}

void AccessLog::record(int worker, const AccessRecord& record) {
  const std::size_t size = packed_size(record);
  std::byte* const room = log_->reserve(worker, size);
  if (!room) return;
  pack(record, room);
  log_->commit(worker, size);
}

}  // namespace skerry::log
