#include "core/net/memory_wire.h"

#include <algorithm>

#include "core/net/memory_stream.h"

namespace skerry::core {

MemoryHost& MemoryWire::add_host(const IpAddress& ip) {
  hosts_.push_back(std::make_unique<MemoryHost>());
  hosts_.back()->ip = ip;
  return *hosts_.back();
}

MemoryHost* MemoryWire::find_host(const IpAddress& ip, MemoryHost& from) {
  if (ip.is_loopback()) return &from;
  // The newest machine with that address: the others are dead.
  const auto found = std::find_if(hosts_.rbegin(), hosts_.rend(), [&](const auto& host) { return host->ip == ip; });
  return found == hosts_.rend() ? nullptr : found->get();
}

void MemoryWire::kill(MemoryHost& host) {
  host.alive = false;
  host.listeners.clear();
  host.datagrams.clear();
  const auto connections = std::move(host.connections);
  host.connections.clear();
  for (const auto& weak : connections) {
    if (const auto connection = weak.lock()) connection->host_died(host);
  }
}

void MemoryWire::set_link(const IpAddress& a, const IpAddress& b, const LinkOptions& options) {
  links_[key(a, b)].options = options;
}

void MemoryWire::partition(const IpAddress& a, const IpAddress& b) {
  links_[key(a, b)].partitioned = true;
}

void MemoryWire::heal(const IpAddress& a, const IpAddress& b) {
  Link& link = links_[key(a, b)];
  link.partitioned = false;
  for (Task& task : std::exchange(link.held, {})) push(clock_.now() + link.options.delay, key(a, b), std::move(task));
}

bool MemoryWire::loses_datagram(const IpAddress& from, const IpAddress& to) {
  const Link& link = links_[key(from, to)];
  return link.partitioned || (link.options.datagram_loss > 0 && random_.unit() < link.options.datagram_loss);
}

TimePoint MemoryWire::deliver(const IpAddress& from, const IpAddress& to, Task task, TimePoint not_before) {
  const Duration delay = from == to ? Duration::zero() : links_[key(from, to)].options.delay;
  const TimePoint at = std::max(clock_.now() + delay, not_before);
  push(at, key(from, to), std::move(task));
  return at;
}

void MemoryWire::push(TimePoint at, const Pair& link, Task task) {
  queue_.push_back({at, next_order_++, link, std::move(task)});
  std::push_heap(queue_.begin(), queue_.end(), Later());
}

std::optional<TimePoint> MemoryWire::next_delivery() const {
  if (queue_.empty()) return std::nullopt;
  return queue_.front().at;
}

bool MemoryWire::run_due() {
  bool any = false;
  while (!queue_.empty() && queue_.front().at <= clock_.now()) {
    std::pop_heap(queue_.begin(), queue_.end(), Later());
    Delivery next = std::move(queue_.back());
    queue_.pop_back();
    any = true;
    Link& link = links_[next.link];
    if (link.partitioned) {
      link.held.push_back(std::move(next.task));
    } else {
      next.task();
    }
  }
  return any;
}

}  // namespace skerry::core
