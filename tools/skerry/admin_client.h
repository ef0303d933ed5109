// One HTTP request from the command line, waited for: to an edge's admin listener, or to an edge as a client would ask.
#pragma once

#include <string>
#include <vector>

#include "core/http/client.h"
#include "core/http/url.h"
#include "core/result.h"

namespace skerry::cli {

// Runs an event loop until the answer is there. Errors: the connection's, first_byte_timeout.
core::Result<http::SimpleResponse> ask(http::SimpleRequest request);

struct AdminTarget {
  core::Address address;
  std::string token;                // empty: none is sent
  std::vector<std::string> fields;  // "Name: value", sent as they are
};
core::Result<http::SimpleResponse> ask_admin(const AdminTarget&, std::string_view method, const std::string& path,
                                             std::string body = {});

}  // namespace skerry::cli
