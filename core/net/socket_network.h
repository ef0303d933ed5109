// The machine's network: TCP and UDP sockets that report to one LibeventLoop.
//
// Owned by a worker, used on its thread only (the counters: any thread). Everything it creates must go before it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/loop/libevent_loop.h"
#include "core/net/network.h"

namespace skerry::core {

// What went wrong on sockets without belonging to any stream. Written by the worker, read by metrics.
struct SocketCounters {
  std::atomic<std::uint64_t> accept_failures{0};     // out of descriptors or memory: accepting paused
  std::atomic<std::uint64_t> datagrams_dropped{0};   // not sent: no room in the socket's buffer, no route
  std::atomic<std::uint64_t> datagrams_too_long{0};  // received, longer than any packet of ours may be
};

// Room for the packets of one recvmmsg, shared by all evented datagram sockets of a worker.
struct DatagramRoom;

class SocketNetwork final : public Network {
 public:
  explicit SocketNetwork(LibeventLoop& loop);
  ~SocketNetwork() override;

  Result<std::unique_ptr<Listener>> listen(const Address&, const ListenOptions&, ListenerEvents&) override;
  std::unique_ptr<Stream> connect(const Address&, const ConnectOptions&, StreamEvents&) override;
  // With a port: shares it among workers (SO_REUSEPORT). Port 0: a port of its own.
  Result<std::unique_ptr<Datagram>> bind_datagram(const Address&, DatagramEvents&) override;
  Result<std::unique_ptr<BlockingDatagram>> bind_blocking_datagram(const Address&) override;

  const SocketCounters& counters() const { return counters_; }

 private:
  LibeventLoop& loop_;
  SocketCounters counters_;
  std::unique_ptr<DatagramRoom> room_;
};

// Says whether somebody listens on the address already. A shared port (SO_REUSEPORT) would be shared with another
// process of the same user without an error, so a program asks before its workers listen. Error: address_in_use,
// permission_denied, invalid_argument.
Result<void> check_port_is_free(const Address&);

}  // namespace skerry::core
