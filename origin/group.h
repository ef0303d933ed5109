// The upstream group behind the UpstreamGroup interface: the shared state of its upstreams, and every worker's pools.
//
// Shared ownership: the configuration's snapshot and every fetch hold it; the last one to let go may be any thread, so
// pools are destroyed on the worker they belong to. The workers' loops must outlive the group.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/mutex.h"
#include "origin/pool.h"
#include "origin/upstream.h"
#include "origin/upstream_state.h"

namespace skerry::origin {

class Group final : public UpstreamGroup, public OtherPools, public std::enable_shared_from_this<Group> {
 public:
  static std::shared_ptr<Group> create(const UpstreamConfig&, std::vector<std::unique_ptr<Upstream>>, int workers);

  std::vector<UpstreamStatus> status() const override;
  bool all_ejected(core::TimePoint now) const override;
  bool down() const override;

  struct Choice {
    std::size_t index;
    Permit permit;
  };
  // One of those not in `tried` that may be asked for `target` now, counted as in flight; nullopt: none.
  std::optional<Choice> choose(core::Random&, core::TimePoint now, UpstreamSet tried, std::uint64_t target);

  const UpstreamConfig& config() const { return config_; }
  std::size_t size() const { return upstreams_.size(); }
  Upstream& upstream(std::size_t index) { return *upstreams_[index]; }
  // Of this worker; made at its first use.
  UpstreamPool& pool(const core::Worker&, std::size_t index);

  void serve_waiters_on(const Upstream&, int worker) override;
  void close_idle_on(const Upstream&, int worker) override;

 private:
  using Pools = std::vector<std::unique_ptr<UpstreamPool>>;
  struct WorkerPools {
    core::EventLoop* loop = nullptr;
    std::unique_ptr<Pools> pools;  // null until that worker's first fetch
  };
  struct PoolsLeaving;

  Group(const UpstreamConfig&, std::vector<std::unique_ptr<Upstream>>, int workers);
  static void retire(Group*);
  void on_pool(const Upstream&, int worker, void (UpstreamPool::*message)());

  const UpstreamConfig config_;
  const std::vector<std::unique_ptr<Upstream>> upstreams_;
  std::vector<WorkerPools> workers_;  // each entry is its worker's alone
};

// The resolver that set_resolver() gave this worker; null: none.
dns::Resolver* resolver_of(const core::Worker&);

}  // namespace skerry::origin
