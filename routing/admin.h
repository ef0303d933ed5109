// The router's admin port: GET /healthz, /readyz, /metrics, /config, /state,
// /explain?ip=ADDRESS[&ecs=PREFIX], and, with the token, POST /reload, /state/pop/NAME/STATE and
// /state/edge/NAME/STATE.
//
// Knows HTTP and nothing else; what it says comes from an AdminContent. One worker.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/http/server.h"
#include "core/net/ip_network.h"

namespace skerry::routing {

class AdminContent {
 public:
  virtual bool ready() const = 0;
  virtual std::string readiness() const = 0;      // JSON
  virtual std::string metrics() const = 0;        // Prometheus text
  virtual std::string configuration() const = 0;  // JSON, secrets masked
  // JSON: where a client is sent, or what a resolver at that address is told of the client subnet that it names.
  virtual std::string explanation(const core::IpAddress& asker, const std::optional<core::IpNetwork>&) const = 0;
  virtual std::string state() const = 0;  // JSON: every PoP and edge

  enum class Change : std::uint8_t { done, no_such_name, no_such_state };
  // The value of an Authorization field.
  virtual bool may_change(std::string_view authorization) const = 0;
  // `kind` is "pop" or "edge"; `state` "up", "down", "drain", or "auto" for what configuration and probes say.
  virtual Change change_state(std::string_view kind, const std::string& name, std::string_view state) = 0;
  // Takes the configuration over that the file holds now: the keys that need a restart, or what is wrong with it.
  virtual core::Result<std::vector<std::string>> reload() = 0;

 protected:
  ~AdminContent() = default;
};

class AdminService final : public http::RequestService {
 public:
  explicit AdminService(AdminContent& content);
  ~AdminService() override;
  http::RequestHandler& acquire(http::ResponseSink&) override;
  void release(http::RequestHandler&) override;

 private:
  class Handler;

  AdminContent& content_;
  std::unordered_map<http::RequestHandler*, std::unique_ptr<Handler>> handlers_;
};

}  // namespace skerry::routing
