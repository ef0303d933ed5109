// A simulated network endpoint: what a worker of a simulated host sees as its Network.
//
// Streams, listeners and datagrams live in memory, with bounded buffers, over one MemoryWire. Events come through the
// worker's own loop, in an order that depends on the seed alone. A thread that blocks can't be simulated, so
// bind_blocking_datagram() answers `unsupported`. Owned by a Simulation (core/loop/simulation.h).
#pragma once

#include <memory>

#include "core/loop/event_loop.h"
#include "core/net/memory_wire.h"
#include "core/net/network.h"

namespace skerry::core {

class MemoryNetwork final : public Network {
 public:
  MemoryNetwork(MemoryWire& wire, MemoryHost& host, EventLoop& loop) : wire_(wire), host_(host), loop_(loop) {}

  Result<std::unique_ptr<Listener>> listen(const Address&, const ListenOptions&, ListenerEvents&) override;
  std::unique_ptr<Stream> connect(const Address&, const ConnectOptions&, StreamEvents&) override;
  Result<std::unique_ptr<Datagram>> bind_datagram(const Address&, DatagramEvents&) override;
  Result<std::unique_ptr<BlockingDatagram>> bind_blocking_datagram(const Address&) override;

 private:
  MemoryWire& wire_;
  MemoryHost& host_;
  EventLoop& loop_;
};

}  // namespace skerry::core
