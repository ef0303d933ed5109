#include "core/net/socket_datagram.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>

namespace skerry::core {

PacketBatch::PacketBatch(std::size_t size) : headers_(size), parts_(size), addresses_(size) {
  for (std::size_t i = 0; i < size; ++i) {
    headers_[i].msg_hdr.msg_iov = &parts_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    headers_[i].msg_hdr.msg_name = addresses_[i].get();
  }
}

void PacketBatch::set_room(std::size_t index, std::span<std::byte> room) {
  parts_[index] = {room.data(), room.size()};
  headers_[index].msg_hdr.msg_namelen = sizeof addresses_[index].storage;
  headers_[index].msg_hdr.msg_flags = 0;
}

void PacketBatch::set_packet(std::size_t index, std::span<const std::byte> packet, const Address& to) {
  // sendmmsg only reads; iovec is the same type for both directions.
  parts_[index] = {const_cast<std::byte*>(packet.data()), packet.size()};
  addresses_[index] = SocketAddress(to);
  headers_[index].msg_hdr.msg_namelen = addresses_[index].size;
}

SocketDatagram::SocketDatagram(LibeventLoop& loop, Descriptor socket, DatagramRoom& room, SocketCounters& counters,
                               DatagramEvents& events)
    : socket_(std::move(socket)), local_(local_address_of(socket_)), room_(room), counters_(counters), events_(events) {
  watch_.emplace(loop, socket_.get(), static_cast<FdEvents&>(*this));
  watch_->set(true, false);
}

SocketDatagram::~SocketDatagram() {
  *alive_ = false;
  watch_.reset();
}

void SocketDatagram::send(std::span<const std::byte> packet, const Address& to) {
  const SocketAddress name(to);
  const auto sent =
      sendto(socket_.get(), packet.data(), packet.size(), MSG_DONTWAIT | MSG_NOSIGNAL, name.get(), name.size);
  if (sent < 0) counters_.datagrams_dropped.fetch_add(1, std::memory_order_relaxed);
}

void SocketDatagram::on_fd_readable() {
  for (std::size_t i = 0; i < DatagramRoom::packets; ++i) room_.batch.set_room(i, room_.bytes[i]);
  const int got = recvmmsg(socket_.get(), room_.batch.headers(), DatagramRoom::packets, MSG_DONTWAIT, nullptr);
  const auto alive = alive_;
  for (std::size_t i = 0; static_cast<int>(i) < got && *alive; ++i) {
    if (room_.batch.truncated(i)) {
      counters_.datagrams_too_long.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    events_.on_datagram(std::span(room_.bytes[i]).first(room_.batch.received(i)), room_.batch.peer(i));
  }
}

SocketBlockingDatagram::SocketBlockingDatagram(Descriptor socket, SocketCounters& counters)
    : socket_(std::move(socket)), local_(local_address_of(socket_)), counters_(counters) {
  const int flags = fcntl(socket_.get(), F_GETFL);
  CHECK(flags >= 0 && fcntl(socket_.get(), F_SETFL, flags & ~O_NONBLOCK) == 0);
  // wake() normally ends the wait at once; this bounds it should the kernel ever not.
  const timeval longest{1, 0};
  (void)setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
}

std::size_t SocketBlockingDatagram::receive(std::span<DatagramMessage> messages) {
  const std::size_t room = std::min(messages.size(), incoming_.size());
  for (std::size_t i = 0; i < room; ++i) incoming_.set_room(i, messages[i].data);
  while (!woken_.load(std::memory_order_relaxed)) {
    const int got = recvmmsg(socket_.get(), incoming_.headers(), static_cast<unsigned>(room), MSG_WAITFORONE, nullptr);
    if (woken_.load(std::memory_order_relaxed)) break;
    const std::size_t taken = got > 0 ? take(messages, static_cast<std::size_t>(got)) : 0;
    if (taken > 0) return taken;
  }
  return 0;
}

// Packets that did not fit are dropped; the others move up and keep their own buffers.
std::size_t SocketBlockingDatagram::take(std::span<DatagramMessage> messages, std::size_t count) {
  std::size_t taken = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (incoming_.truncated(i)) {
      counters_.datagrams_too_long.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    messages[i].data = messages[i].data.first(incoming_.received(i));
    messages[i].peer = incoming_.peer(i);
    std::swap(messages[taken], messages[i]);
    ++taken;
  }
  return taken;
}

void SocketBlockingDatagram::send(std::span<const DatagramMessage> messages) {
  while (!messages.empty()) {
    const std::size_t count = std::min(messages.size(), outgoing_.size());
    send_batch(messages.first(count));
    messages = messages.subspan(count);
  }
}

void SocketBlockingDatagram::send_batch(std::span<const DatagramMessage> messages) {
  for (std::size_t i = 0; i < messages.size(); ++i) outgoing_.set_packet(i, messages[i].data, messages[i].peer);
  std::size_t done = 0;
  while (done < messages.size()) {
    const int sent = sendmmsg(socket_.get(), outgoing_.headers() + done, static_cast<unsigned>(messages.size() - done),
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      // One packet the kernel refuses must not hold up those behind it.
      counters_.datagrams_dropped.fetch_add(1, std::memory_order_relaxed);
      ++done;
    }
  }
}

void SocketBlockingDatagram::wake() {
  woken_.store(true, std::memory_order_relaxed);
  // An unbound peer makes this return ENOTCONN, but the thread in recvmmsg is woken all the same.
  (void)shutdown(socket_.get(), SHUT_RD);
}

}  // namespace skerry::core
