#include "origin/group.h"

#include <algorithm>
#include <map>

namespace skerry::origin {

Group::Group(const UpstreamConfig& config, std::vector<std::unique_ptr<Upstream>> upstreams, int workers)
    : config_(config), upstreams_(std::move(upstreams)), workers_(static_cast<std::size_t>(workers)) {}

std::shared_ptr<Group> Group::create(const UpstreamConfig& config, std::vector<std::unique_ptr<Upstream>> upstreams,
                                     int workers) {
  return std::shared_ptr<Group>(new Group(config, std::move(upstreams), workers), &Group::retire);
}

// Destroys a worker's pools when it is run, or thrown away unrun, on that worker's loop.
struct Group::PoolsLeaving {
  PoolsLeaving(std::shared_ptr<Group> of, std::size_t on) : group(std::move(of)), worker(on) {}
  PoolsLeaving(PoolsLeaving&&) noexcept = default;
  ~PoolsLeaving() {
    if (group) group->workers_[worker].pools.reset();
  }
  void operator()() const {}
  std::shared_ptr<Group> group;
  std::size_t worker;
};

// Until the last pool is gone idle connections may still report to theirs, and pools refer to the group: it stays.
void Group::retire(Group* group) {
  const std::shared_ptr<Group> rest(group);
  for (std::size_t i = 0; i < group->workers_.size(); ++i) {
    WorkerPools& worker = group->workers_[i];
    if (!worker.pools) continue;
    if (worker.loop->in_loop_thread()) {
      worker.pools.reset();
    } else {
      worker.loop->post(PoolsLeaving(rest, i));
    }
  }
}

std::vector<UpstreamStatus> Group::status() const {
  std::vector<UpstreamStatus> all;
  for (const auto& upstream : upstreams_) {
    UpstreamStatus one;
    one.url = upstream->url.text;
    one.ejected = upstream->health.ejected();
    one.ejections = upstream->health.ejections();
    if (one.ejections > 0) one.last_failure = core::name(upstream->last_failure.load(std::memory_order_relaxed));
    one.in_flight = upstream->in_flight.load(std::memory_order_relaxed);
    one.requests = upstream->requests.load(std::memory_order_relaxed);
    one.failures = upstream->failures.load(std::memory_order_relaxed);
    one.connections_opened = upstream->opened.load(std::memory_order_relaxed);
    one.connections = upstream->open.load(std::memory_order_relaxed);
    one.reconnects = upstream->reconnects.load(std::memory_order_relaxed);
    one.stale_addresses = upstream->stale_addresses.load(std::memory_order_relaxed);
    one.overloaded = upstream->overloaded.load(std::memory_order_relaxed);
    for (const Upstream::Share& share : upstream->shares) {
      one.idle += share.idle.load(std::memory_order_relaxed);
      one.waiting += share.waiting.load(std::memory_order_relaxed);
    }
    all.push_back(std::move(one));
  }
  return all;
}

bool Group::all_ejected(core::TimePoint now) const {
  for (const auto& upstream : upstreams_) {
    if (upstream->health.available(now)) return false;
  }
  return true;
}

bool Group::down() const {
  return std::all_of(upstreams_.begin(), upstreams_.end(), [](const auto& one) { return one->health.ejected(); });
}

std::optional<Group::Choice> Group::choose(core::Random& random, core::TimePoint now, UpstreamSet tried,
                                           std::uint64_t target) {
  UpstreamSet candidates = 0;
  for (std::size_t i = 0; i < upstreams_.size(); ++i) {
    const UpstreamSet bit = UpstreamSet{1} << i;
    const Upstream& upstream = *upstreams_[i];
    const bool awaited = upstream.health.ejected() && upstream.late_targets.has(target);
    if ((tried & bit) == 0 && upstream.health.available(now) && !awaited) candidates |= bit;
  }
  while (candidates != 0) {
    const auto in_flight = [this](std::size_t i) { return upstreams_[i]->in_flight.load(std::memory_order_relaxed); };
    const std::size_t chosen = less_loaded_of_two(candidates, random, in_flight);
    const Permit permit = upstreams_[chosen]->health.admit(now);
    if (permit != Permit::refused) {
      upstreams_[chosen]->in_flight.fetch_add(1, std::memory_order_relaxed);
      return Choice{chosen, permit};
    }
    candidates &= ~(UpstreamSet{1} << chosen);  // another worker took the probe slot meanwhile
  }
  return std::nullopt;
}

UpstreamPool& Group::pool(const core::Worker& worker, std::size_t index) {
  CHECK(static_cast<std::size_t>(worker.index) < workers_.size());
  WorkerPools& own = workers_[static_cast<std::size_t>(worker.index)];
  if (!own.pools) {
    own.loop = &worker.loop;
    own.pools = std::make_unique<Pools>();
    for (const auto& upstream : upstreams_) {
      own.pools->push_back(std::make_unique<UpstreamPool>(worker, *upstream, config_, *this));
    }
  }
  return *(*own.pools)[index];
}

void Group::serve_waiters_on(const Upstream& upstream, int worker) {
  on_pool(upstream, worker, &UpstreamPool::serve_waiters);
}

void Group::close_idle_on(const Upstream& upstream, int worker) {
  on_pool(upstream, worker, &UpstreamPool::close_oldest_idle);
}

// The group may die before the message arrives; so it holds no ownership of it.
void Group::on_pool(const Upstream& upstream, int worker, void (UpstreamPool::*message)()) {
  const auto same = [&](const auto& held) { return held.get() == &upstream; };
  const auto found = std::find_if(upstreams_.begin(), upstreams_.end(), same);
  core::EventLoop* loop = upstream.shares[static_cast<std::size_t>(worker)].loop.load();
  if (found == upstreams_.end() || !loop) return;
  loop->post([watched = weak_from_this(), worker, message, i = static_cast<std::size_t>(found - upstreams_.begin())] {
    const auto group = watched.lock();
    if (!group) return;
    if (const auto& own = group->workers_[static_cast<std::size_t>(worker)]; own.pools)
      ((*own.pools)[i].get()->*message)();
  });
}

namespace {

// Workers have no place for what upper layers attach to them, and a simulation has many on one thread, so the loop is
// the key. Asked once per fetch that opens a connection.
struct Resolvers {
  core::Mutex mutex;
  std::map<const core::EventLoop*, dns::Resolver*> by_loop GUARDED_BY(mutex);
};

Resolvers& resolvers() {
  static Resolvers all;
  return all;
}

}  // namespace

void set_resolver(const core::Worker& worker, dns::Resolver* resolver) {
  const core::MutexLock lock(resolvers().mutex);
  if (resolver) {
    resolvers().by_loop[&worker.loop] = resolver;
  } else {
    resolvers().by_loop.erase(&worker.loop);
  }
}

dns::Resolver* resolver_of(const core::Worker& worker) {
  const core::MutexLock lock(resolvers().mutex);
  const auto found = resolvers().by_loop.find(&worker.loop);
  return found == resolvers().by_loop.end() ? nullptr : found->second;
}

}  // namespace skerry::origin
