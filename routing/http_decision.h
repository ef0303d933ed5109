// Where an HTTP client is sent: the DNS decision for its address, and for large objects the edge that owns the URL.
//
// Pure functions of the answer table and the PoPs; any thread. For clients that can't use DNS by place, or need a
// decision for each URL.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/ip_network.h"
#include "routing/pop_selector.h"

namespace skerry::routing {

struct HttpHost {
  std::string name;                // lower case, without port
  std::vector<std::string> large;  // path patterns: "*" stands for any characters
};

struct HttpDecision {
  const Pop* pop = nullptr;  // null: no PoP or no edge to send anyone to
  const Edge* edge = nullptr;
  std::string location;
  bool owner = false;  // straight to the edge that owns the URL
  int scope = 0;       // prefix length of the block of clients that are sent there, too; not for owners
};

// `path` is origin-form: path and query as sent. `large` as the host's patterns say.
HttpDecision decide_http(const AnswerTable&, const std::vector<Pop>&, const core::IpAddress& client,
                         std::string_view path, bool large);

// "/video/*" matches all that begins so; the query counts.
bool matches_pattern(std::string_view pattern, std::string_view path);

// The client behind trusted proxies: the last address of X-Forwarded-For that is not trusted itself, if the one who
// asks is. What can't be read ends the search where it is.
core::IpAddress client_behind(const core::IpAddress& peer, std::string_view forwarded_for,
                              std::span<const core::IpNetwork> trusted);

}  // namespace skerry::routing
