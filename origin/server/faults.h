// Misbehaviour on demand, for tests: what a request asks for in its query or its Skerry-Origin-Fault field, both as
// "name=value&name=value". Only read with --faults.
//
// Pure; any thread. README.md, "Faults", lists the names.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/head.h"

namespace skerry::origin {

struct Faults {
  std::chrono::milliseconds delay{0};                        // before the head
  std::uint64_t slow = 0;                                    // bytes a second of the body; 0: as fast as it goes
  std::optional<int> status;                                 // instead of what is there
  std::optional<int> interim;                                // a 1xx head first
  std::optional<std::uint64_t> close;                        // reset the connection after so many body bytes
  bool no_length = false;                                    // the body's length is not announced
  bool hang = false;                                         // no answer ever
  bool wrong_length = false;                                 // announces more than comes
  bool garbage = false;                                      // a head that is no HTTP
  std::vector<std::pair<std::string, std::string>> headers;  // replace what is there
};

Faults faults_of(const http::RequestHead&);
void add_faults(Faults&, std::string_view parameters);

// %XX and '+' decoded; nothing if malformed.
std::optional<std::string> decode_percent(std::string_view, bool plus_is_space);

}  // namespace skerry::origin
