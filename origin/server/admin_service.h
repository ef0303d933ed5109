// The admin listener of skerry-origin: GET /counts, GET /counts?url=PATH, POST /reset, GET /healthz.
//
// One, on the first worker. /counts?url= takes the URL percent-encoded, as a query's value.
#pragma once

#include <memory>
#include <unordered_map>

#include "core/http/server.h"
#include "origin/server/request_counts.h"

namespace skerry::origin {

class AdminService final : public http::RequestService {
 public:
  explicit AdminService(RequestCounts&);
  ~AdminService() override;

  http::RequestHandler& acquire(http::ResponseSink&) override;
  void release(http::RequestHandler&) override;

 private:
  class Handler;

  RequestCounts& counts_;
  std::unordered_map<http::RequestHandler*, std::unique_ptr<Handler>> handlers_;
};

}  // namespace skerry::origin
