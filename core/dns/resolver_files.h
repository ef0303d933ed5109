// The two files a stub resolver reads: hosts and resolv.conf (resolver(5), hosts(5)).
//
// Both parsers are pure and forgiving, as every libc's is: lines they don't understand are skipped, sizes are bounded.
// A WatchedFile notices that its file has changed. One worker each.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/net/address.h"

namespace skerry::dns {

// Lower-case host name without the last dot → addresses in the file's order.
using Hosts = std::map<std::string, std::vector<core::IpAddress>, std::less<>>;
Hosts parse_hosts(std::string_view text);

struct ResolvConf {
  std::vector<core::Address> servers;  // at most 3, as libc has it
  std::vector<std::string> search;     // at most 6
  int ndots = 1;                       // names with at least that many dots are tried as they are first
};
ResolvConf parse_resolv_conf(std::string_view text);

// Reads a file again when its time or size has changed, looking at most once a second.
class WatchedFile {
 public:
  explicit WatchedFile(std::string path) : path_(std::move(path)) {}
  // True when `text` was filled with new content; a missing or unreadable file has none.
  bool refresh(core::TimePoint now, std::string& text);

 private:
  struct Stamp {
    std::int64_t modified = 0;
    std::uintmax_t size = 0;
    bool exists = false;
    friend bool operator==(const Stamp&, const Stamp&) = default;
  };
  Stamp stamp() const;

  std::string path_;
  core::TimePoint looked_{};
  bool known_ = false;
  Stamp stamp_;
};

}  // namespace skerry::dns
