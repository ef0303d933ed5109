// The one file that knows spdlog: levels, line pattern, one write at a time.
#include "core/log/log.h"

#define SPDLOG_COMPILED_LIB
#define SPDLOG_SHARED_LIB
#define SPDLOG_FMT_EXTERNAL
#include <fmt/format.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <cmath>
#include <memory>
#include <sstream>

#include "core/log/escape.h"

namespace skerry::log {
namespace {

// One write(2) a line, so that lines of several processes on one pipe don't mix. What the other end doesn't take is
// lost: logging must not stop the program.
class DescriptorSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    [[maybe_unused]] const auto taken = ::write(descriptor_, line.data(), line.size());
  }
  void flush_() override {}

  int descriptor_;
};

struct Target {
  std::unique_ptr<spdlog::logger> logger;
  Format format = Format::text;
  int descriptor = STDERR_FILENO;
};

std::unique_ptr<spdlog::formatter> formatter(Format format) {
  // %v is already escaped and, for JSON, holds the rest of the object.
  const char* const pattern =
      format == Format::json ? R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})" : "%Y-%m-%dT%H:%M:%S.%eZ %l %v";
  return std::make_unique<spdlog::pattern_formatter>(pattern, spdlog::pattern_time_type::utc);
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

Target make_target(const LogOptions& options, int descriptor) {
  auto logger = std::make_unique<spdlog::logger>("skerry", std::make_shared<DescriptorSink>(descriptor));
  logger->set_level(spdlog_level(options.level));
  logger->set_formatter(formatter(options.format));
  return {std::move(logger), options.format, descriptor};
}

Target& target() {
  static Target instance = make_target({}, STDERR_FILENO);
  return instance;
}

void append_value(std::string& out, const Field::Value& value, Format format) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    out.push_back('"');
    if (format == Format::json) append_json(out, *text);
    if (format == Format::text) append_hex_escaped(out, *text);
    out.push_back('"');
  } else if (const auto* real = std::get_if<double>(&value)) {
    // JSON has no word for what is not finite.
    out.append(std::isfinite(*real) ? fmt::format("{}", *real) : "null");
  } else if (const auto* truth = std::get_if<bool>(&value)) {
    out.append(*truth ? "true" : "false");
  } else if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    out.append(std::to_string(*integer));
  } else {
    out.append(std::to_string(std::get<std::uint64_t>(value)));
  }
}

void write(Level level, std::string_view event, Fields fields) {
  Target& to = target();
  if (!to.logger->should_log(spdlog_level(level))) return;
  const bool json = to.format == Format::json;
  std::string line;
  if (json) line.append("\"event\":\"");
  json ? append_json(line, event) : append_hex_escaped(line, event);
  if (json) line.push_back('"');
  for (const Field& field : fields) {
    line.append(json ? ",\"" : " ");
    json ? append_json(line, field.key) : append_hex_escaped(line, field.key);
    line.append(json ? "\":" : "=");
    append_value(line, field.value, to.format);
  }
  to.logger->log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void configure(const LogOptions& options, int descriptor) {
  target() = make_target(options, descriptor);
}

bool enabled(Level level) {
  return target().logger->should_log(spdlog_level(level));
}

void debug(std::string_view event, Fields fields) {
  write(Level::debug, event, fields);
}
void info(std::string_view event, Fields fields) {
  write(Level::info, event, fields);
}
void warn(std::string_view event, Fields fields) {
  write(Level::warn, event, fields);
}
void error(std::string_view event, Fields fields) {
  write(Level::error, event, fields);
}

void listening(std::string_view kind, std::string_view address) {
  if (target().format == Format::json) return info("listening", {{"kind", kind}, {"address", address}});
  const std::string line = fmt::format("listening on {} {}\n", kind, address);
  [[maybe_unused]] const auto taken = ::write(target().descriptor, line.data(), line.size());
}

void reload(const core::Result<std::vector<std::string>>& outcome) {
  if (!outcome.ok()) {
    const core::Error& why = outcome.error();
    std::istringstream problems(why.detail.empty() ? why.message() : why.detail);
    for (std::string line; std::getline(problems, line);) error("reload_refused", {{"problem", line}});
    return;
  }
  info("reloaded");
  for (const std::string& key : *outcome) warn("needs_restart", {{"key", key}});
}

}  // namespace skerry::log
