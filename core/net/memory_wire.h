// What lies between simulated hosts: links with delay, loss and partitions, and the queue of what is under way.
//
// One for a simulation, on its thread. Deliveries happen in order of time, ties in order of sending, so one seed gives
// one history. It must outlive every endpoint.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/net/address.h"
#include "core/random.h"
#include "core/task.h"

namespace skerry::core {

struct LinkOptions {
  Duration delay = std::chrono::microseconds(100);  // one way
  double datagram_loss = 0;                         // share of datagrams that never arrive
};

class MemoryConnection;
class MemoryDatagram;
class MemoryListener;

// A machine on the wire, with what is open on it.
struct MemoryHost {
  IpAddress ip;
  bool alive = true;
  std::uint16_t next_port = 49152;
  std::vector<MemoryListener*> listeners;
  std::vector<MemoryDatagram*> datagrams;
  std::vector<std::weak_ptr<MemoryConnection>> connections;

  std::uint16_t take_port() {
    const std::uint16_t port = next_port;
    next_port = port == 65535 ? 49152 : static_cast<std::uint16_t>(port + 1);
    return port;
  }
};

class MemoryWire {
 public:
  MemoryWire(ManualClock& clock, std::uint64_t seed) : clock_(clock), random_(seed) {}

  // An address in use again after kill() is a new machine.
  MemoryHost& add_host(const IpAddress&);
  // Null: nobody has the address. `from` decides what a loopback address means.
  MemoryHost* find_host(const IpAddress&, MemoryHost& from);
  // Everything open on the host is gone: its connections are reset, its ports closed.
  void kill(MemoryHost&);

  void set_link(const IpAddress& a, const IpAddress& b, const LinkOptions&);
  // Nothing passes until heal(): datagrams are lost, what belongs to streams waits.
  void partition(const IpAddress& a, const IpAddress& b);
  void heal(const IpAddress& a, const IpAddress& b);
  bool loses_datagram(const IpAddress& from, const IpAddress& to);

  // Runs `task` when what is sent now arrives, not before `not_before`; returns that time.
  TimePoint deliver(const IpAddress& from, const IpAddress& to, Task task, TimePoint not_before = TimePoint());

  std::optional<TimePoint> next_delivery() const;
  // Makes what has arrived by now; returns whether anything had.
  bool run_due();

 private:
  using Pair = std::pair<IpAddress, IpAddress>;
  struct Delivery {
    TimePoint at;
    std::uint64_t order;
    Pair link;
    Task task;
  };
  struct Later {
    bool operator()(const Delivery& a, const Delivery& b) const {
      return a.at != b.at ? a.at > b.at : a.order > b.order;
    }
  };
  struct Link {
    LinkOptions options;
    bool partitioned = false;
    std::deque<Task> held;  // arrived at the partition; goes on when it heals
  };

  static Pair key(const IpAddress& a, const IpAddress& b) { return a < b ? Pair(a, b) : Pair(b, a); }
  void push(TimePoint at, const Pair& link, Task task);

  ManualClock& clock_;
  Random random_;
  std::vector<std::unique_ptr<MemoryHost>> hosts_;
  std::map<Pair, Link> links_;
  std::vector<Delivery> queue_;  // a heap: the next one first
  std::uint64_t next_order_ = 0;
};

}  // namespace skerry::core
