// The router's admin port: GET /healthz, /readyz, /metrics, /config, /explain?ip=ADDRESS.
//
// Knows HTTP and nothing else; what it says comes from an AdminContent. One worker.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "core/http/server.h"

namespace skerry::routing {

class AdminContent {
 public:
  virtual bool ready() const = 0;
  virtual std::string readiness() const = 0;                                 // JSON
  virtual std::string metrics() const = 0;                                   // Prometheus text
  virtual std::string configuration() const = 0;                             // JSON, secrets masked
  virtual std::string explanation(const core::IpAddress& client) const = 0;  // JSON

 protected:
  ~AdminContent() = default;
};

class AdminService final : public http::RequestService {
 public:
  explicit AdminService(const AdminContent& content);
  ~AdminService() override;
  http::RequestHandler& acquire(http::ResponseSink&) override;
  void release(http::RequestHandler&) override;

 private:
  class Handler;

  const AdminContent& content_;
  std::unordered_map<http::RequestHandler*, std::unique_ptr<Handler>> handlers_;
};

}  // namespace skerry::routing
