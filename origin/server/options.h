// What skerry-origin is told on its command line.
//
// Filled once by main, then constant; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/address.h"
#include "core/result.h"

namespace skerry::origin {

// "*.html=max-age=60": the Cache-Control of paths that match. The last rule that matches counts.
struct CacheRule {
  std::string pattern;  // '*' stands for any text, '/' included
  std::string value;    // empty: no Cache-Control at all
};

struct OriginOptions {
  core::Address listen;
  std::optional<core::Address> admin_listen;
  std::string root;  // empty: only generated content and the echo
  std::vector<CacheRule> cache_control;
  std::string certificate_file, key_file;  // both, for TLS
  std::string port_file;                   // written when ready: one line per listener
  int workers = 1;
  bool faults = false;
  bool log = false;  // one line a request on standard output
};

bool matches_pattern(std::string_view pattern, std::string_view path);
std::string_view cache_control_for(const OriginOptions&, std::string_view path);
core::Result<CacheRule> parse_cache_rule(std::string_view text);

// Either options to run with, or what to print and the exit status.
struct CommandLine {
  std::optional<OriginOptions> options;
  std::string output;
  int exit_status = 0;
};
CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace skerry::origin
