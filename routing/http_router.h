// Routing over HTTP: requests for configured hosts get a redirect to an edge, and GET /route?ip=ADDRESS&url=URL says as
// JSON where a client would be sent.
//
// A redirect leads to an edge of the configuration and nowhere else. Belongs to the main loop, which also publishes the
// table; owned by the router.
#pragma once

#include <memory>
#include <unordered_map>

#include "core/http/server.h"
#include "routing/http_decision.h"

namespace skerry::routing {

struct HttpRoutingSettings {
  std::vector<HttpHost> hosts;
  std::vector<core::IpNetwork> trusted;  // whose X-Forwarded-For counts, and who may ask /route for others
  std::chrono::seconds ttl{30};          // how long a client may keep a redirect
};

// What a decision needs, as it is now.
class HttpRoutingSource {
 public:
  virtual const AnswerTable& answer_table() const = 0;
  virtual const std::vector<Pop>& pops() const = 0;
  virtual const HttpRoutingSettings& http_settings() const = 0;

 protected:
  ~HttpRoutingSource() = default;
};

struct HttpRoutingCounts {
  std::uint64_t redirected = 0, to_owner = 0, api = 0, misdirected = 0, refused = 0, unavailable = 0;
};

class HttpRouter final : public http::RequestService {
 public:
  explicit HttpRouter(const HttpRoutingSource& source);
  ~HttpRouter() override;
  http::RequestHandler& acquire(http::ResponseSink&) override;
  void release(http::RequestHandler&) override;
  const HttpRoutingCounts& counts() const { return counts_; }

 private:
  class Handler;

  const HttpRoutingSource& source_;
  HttpRoutingCounts counts_;
  std::unordered_map<http::RequestHandler*, std::unique_ptr<Handler>> handlers_;
};

}  // namespace skerry::routing
