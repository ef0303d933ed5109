// The admin listener: health, metrics, configuration, the ring, purge and explain, for operators and the `skerry`
// command.
//
// On the control loop; loopback by default. What changes something needs the token (Authorization: Bearer …). JSON is
// made and read here alone, never on the request path.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "core/http/server.h"
#include "core/metrics/metrics.h"
#include "edge/edge_worker.h"
#include "edge/peer/purge_relay.h"

namespace skerry::edge {

class Admin {
 public:
  struct Context {
    const core::Worker& worker;
    Shared& shared;
    PurgeRelay& relay;
    metrics::Registry& registry;
    core::UniqueFunction<std::shared_ptr<const Snapshot>()> snapshot;
    core::UniqueFunction<core::Result<std::vector<std::string>>()> reload;  // rereads the configuration
  };
  // Errors: those of listening (address_in_use …).
  static core::Result<std::unique_ptr<Admin>> listen(Context context, const core::Address& address);
  ~Admin();

  const core::Address& local_address() const;

 private:
  class Service;
  Admin() = default;

  std::unique_ptr<Service> service_;
  std::unique_ptr<http::Server> server_;
};

}  // namespace skerry::edge
