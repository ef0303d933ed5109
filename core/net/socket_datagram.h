// UDP sockets: one that reports to an event loop, and one for a thread that blocks in receive().
//
// Internal to the socket network. Both move packets in batches: one system call for up to 16 (64) of them.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <vector>

#include "core/loop/fd_watch.h"
#include "core/net/network.h"
#include "core/net/socket.h"
#include "core/net/socket_network.h"

namespace skerry::core {

// Whether packets carry our end of them (LocalEnd) to and from the kernel.
enum class LocalEnds : bool { unknown, told };

// The kernel's form of a batch of packets.
class PacketBatch {
 public:
  explicit PacketBatch(std::size_t size, LocalEnds ends = LocalEnds::unknown);
  std::size_t size() const { return headers_.size(); }
  LocalEnds ends() const { return controls_.empty() ? LocalEnds::unknown : LocalEnds::told; }
  void set_room(std::size_t index, std::span<std::byte> room);
  void set_packet(std::size_t index, std::span<const std::byte> packet, const Address& to);
  // After set_packet().
  void set_local(std::size_t index, const std::optional<LocalEnd>&);
  mmsghdr* headers() { return headers_.data(); }
  bool truncated(std::size_t index) const { return (headers_[index].msg_hdr.msg_flags & MSG_TRUNC) != 0; }
  std::size_t received(std::size_t index) const { return headers_[index].msg_len; }
  Address peer(std::size_t index) const { return addresses_[index].to_address(); }
  std::optional<LocalEnd> local(std::size_t index) const;

 private:
  struct alignas(cmsghdr) Control {
    std::array<std::byte, CMSG_SPACE(sizeof(in6_pktinfo))> bytes;
  };

  std::vector<mmsghdr> headers_;
  std::vector<iovec> parts_;
  std::vector<SocketAddress> addresses_;
  std::vector<Control> controls_;  // empty: ends are unknown
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
  explicit SocketBlockingDatagram(Descriptor);
  const Address& local_address() const override { return local_; }
  std::size_t receive(std::span<DatagramMessage> messages) override;
  void send(std::span<const DatagramMessage> messages) override;
  DatagramLosses losses() const override;
  void wake() override;

 private:
  static constexpr std::size_t batch_size = 64;

  std::size_t take(std::span<DatagramMessage> messages, std::size_t count);
  void send_batch(std::span<const DatagramMessage> messages);

  const Descriptor socket_;
  const Address local_;
  PacketBatch incoming_, outgoing_;
  std::atomic<std::uint64_t> not_sent_{0}, too_long_{0};
  std::atomic<bool> woken_{false};
};

}  // namespace skerry::core
