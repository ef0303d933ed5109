// How logs are written: configuration of log.h and access_log.h. Plain values.
#pragma once

#include <cstdint>
#include <string>

namespace skerry::log {

enum class Level : std::uint8_t { debug, info, warn, error };
enum class Format : std::uint8_t { text, json };

struct LogOptions {
  Level level = Level::info;
  Format format = Format::text;
};

enum class AccessFormat : std::uint8_t { json, combined };

struct AccessLogOptions {
  std::string path = "-";  // "-": standard output; "off": none
  AccessFormat format = AccessFormat::json;
  std::size_t buffer = 2 * 1024 * 1024;  // per worker; a power of two
};

}  // namespace skerry::log
