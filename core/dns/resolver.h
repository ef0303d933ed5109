// The stub resolver: host names to addresses with their time to live, over core's own Datagram and Stream.
//
// Order: literal addresses, the hosts file, then the servers of resolv.conf (both files reread when they change; either
// may be empty or missing). UDP first, TCP when truncated (RFC 7766). TTLs are clamped to 1 s … 1 h; failures are
// remembered 1 s; concurrent questions for one name are asked once. One per worker.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/loop/worker.h"
#include "core/net/address.h"
#include "core/result.h"

namespace skerry::dns {

struct Resolution {
  std::vector<core::IpAddress> addresses;  // never empty; IPv4 and IPv6 in the server's order
  core::TimePoint expires;
};

class Resolver {
 public:
  struct Options {
    std::string hosts_file = "/etc/hosts";
    std::string resolv_conf = "/etc/resolv.conf";
    std::vector<core::Address> servers;                // not empty: instead of resolv.conf's
    core::Duration timeout = std::chrono::seconds(2);  // per server and try
    int attempts = 2;
    std::size_t cache_entries = 4096;
  };
  using Done = core::UniqueFunction<void(core::Result<Resolution>)>;
  // A question under way; destroying it cancels the callback.
  class Query {
   public:
    virtual ~Query() = default;
  };

  static std::unique_ptr<Resolver> create(const core::Worker&, Options);
  virtual ~Resolver() = default;
  // `done` runs once, never from inside resolve(). Errors: dns_nxdomain, dns_failed, dns_timeout, dns_malformed.
  virtual std::unique_ptr<Query> resolve(std::string_view host, Done done) = 0;
};

}  // namespace skerry::dns
