// UDP sockets: one that reports to an event loop, and one for a thread that blocks in receive().
//
// Internal to the socket network. Both move packets in batches: one system call for up to 16 (64) of them.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "core/loop/fd_watch.h"
#include "core/net/network.h"
#include "core/net/socket.h"
#include "core/net/socket_network.h"

namespace skerry::core {

// The kernel's form of a batch of packets.
class PacketBatch {
 public:
  explicit PacketBatch(std::size_t size);
  std::size_t size() const { return headers_.size(); }
  void set_room(std::size_t index, std::span<std::byte> room);
  void set_packet(std::size_t index, std::span<const std::byte> packet, const Address& to);
  mmsghdr* headers() { return headers_.data(); }
  bool truncated(std::size_t index) const { return (headers_[index].msg_hdr.msg_flags & MSG_TRUNC) != 0; }
  std::size_t received(std::size_t index) const { return headers_[index].msg_len; }
  Address peer(std::size_t index) const { return addresses_[index].to_address(); }

 private:
  std::vector<mmsghdr> headers_;
  std::vector<iovec> parts_;
  std::vector<SocketAddress> addresses_;
};

struct DatagramRoom {
  static constexpr std::size_t packets = 16;
  // More than any UDP answer we ask for (EDNS: at most 4096 bytes).
  static constexpr std::size_t packet_size = 8192;
  PacketBatch batch{packets};
  std::array<std::array<std::byte, packet_size>, packets> bytes;
};

class SocketDatagram final : public Datagram, private FdEvents {
 public:
  SocketDatagram(LibeventLoop&, Descriptor, DatagramRoom&, SocketCounters&, DatagramEvents&);
  ~SocketDatagram();
  const Address& local_address() const override { return local_; }
  void send(std::span<const std::byte> packet, const Address& to) override;

 private:
  void on_fd_readable() override;
  void on_fd_writable() override {}

  const Descriptor socket_;
  const Address local_;
  DatagramRoom& room_;
  SocketCounters& counters_;
  DatagramEvents& events_;
  std::optional<FdWatch> watch_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // outlives this where packets are given out
};

class SocketBlockingDatagram final : public BlockingDatagram {
 public:
  SocketBlockingDatagram(Descriptor, SocketCounters&);
  const Address& local_address() const override { return local_; }
  std::size_t receive(std::span<DatagramMessage> messages) override;
  void send(std::span<const DatagramMessage> messages) override;
  void wake() override;

 private:
  static constexpr std::size_t batch_size = 64;

  std::size_t take(std::span<DatagramMessage> messages, std::size_t count);
  void send_batch(std::span<const DatagramMessage> messages);

  const Descriptor socket_;
  const Address local_;
  SocketCounters& counters_;
  PacketBatch incoming_{batch_size}, outgoing_{batch_size};
  std::atomic<bool> woken_{false};
};

}  // namespace skerry::core
