#include "core/net/socket_datagram.h"

#include <fcntl.h>
#include <linux/sock_diag.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace skerry::core {

namespace {

bool is_unspecified(const IpAddress& ip) {
  const std::string_view octets = ip.octets();
  return std::all_of(octets.begin(), octets.end(), [](char octet) { return octet == 0; });
}

bool is_link_local(const IpAddress& ip) {
  const std::string_view octets = ip.octets();
  return octets.size() == 16 && static_cast<std::uint8_t>(octets[0]) == 0xfe && (octets[1] & 0xc0) == 0x80;
}

LocalEnds tell_local_ends(const Descriptor& socket, const IpAddress& bound) {
  if (!is_unspecified(bound)) return LocalEnds::unknown;
  if (bound.family() == AddressFamily::ipv4) {
    set_option(socket, IPPROTO_IP, IP_PKTINFO, 1);
  } else {
    set_option(socket, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  }
  return LocalEnds::told;
}

template <class Info>
void write_control(msghdr& header, int level, int type, const Info& info) {
  header.msg_controllen = CMSG_SPACE(sizeof info);
  cmsghdr* control = CMSG_FIRSTHDR(&header);
  control->cmsg_level = level;
  control->cmsg_type = type;
  control->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(control), &info, sizeof info);
}

// ip(7), IP_PKTINFO: the address of ours that an answer leaves from is not ipi_addr, which may be a broadcast address.
LocalEnd local_end(const in_pktinfo& info) {
  std::array<std::uint8_t, 4> octets;
  std::memcpy(octets.data(), &info.ipi_spec_dst, octets.size());
  return {IpAddress::v4(octets)};
}

// RFC 3542 6.1.
LocalEnd local_end(const in6_pktinfo& info) {
  std::array<std::uint8_t, 16> octets;
  std::memcpy(octets.data(), &info.ipi6_addr, octets.size());
  const IpAddress ip = IpAddress::v6(octets);
  return {ip, is_link_local(ip) ? static_cast<unsigned>(info.ipi6_ifindex) : 0};
}

template <class Info>
LocalEnd local_end_in(const cmsghdr& control) {
  Info info;
  std::memcpy(&info, CMSG_DATA(&control), sizeof info);
  return local_end(info);
}

}  // namespace

PacketBatch::PacketBatch(std::size_t size, LocalEnds ends)
    : headers_(size), parts_(size), addresses_(size), controls_(ends == LocalEnds::told ? size : 0) {
  for (std::size_t i = 0; i < size; ++i) {
    headers_[i].msg_hdr.msg_iov = &parts_[i];
    headers_[i].msg_hdr.msg_iovlen = 1;
    headers_[i].msg_hdr.msg_name = addresses_[i].get();
    if (!controls_.empty()) headers_[i].msg_hdr.msg_control = &controls_[i];
  }
}

void PacketBatch::set_room(std::size_t index, std::span<std::byte> room) {
  parts_[index] = {room.data(), room.size()};
  headers_[index].msg_hdr.msg_namelen = sizeof addresses_[index].storage;
  headers_[index].msg_hdr.msg_flags = 0;
  if (!controls_.empty()) headers_[index].msg_hdr.msg_controllen = sizeof(Control);
}

void PacketBatch::set_packet(std::size_t index, std::span<const std::byte> packet, const Address& to) {
  // sendmmsg only reads; iovec is the same type for both directions.
  parts_[index] = {const_cast<std::byte*>(packet.data()), packet.size()};
  addresses_[index] = SocketAddress(to);
  headers_[index].msg_hdr.msg_namelen = addresses_[index].size;
}

void PacketBatch::set_local(std::size_t index, const std::optional<LocalEnd>& local) {
  if (controls_.empty()) return;
  msghdr& header = headers_[index].msg_hdr;
  header.msg_controllen = 0;
  if (!local) return;
  const std::string_view octets = local->ip.octets();
  if (local->ip.family() == AddressFamily::ipv4) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, octets.data(), octets.size());
    write_control(header, IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    std::memcpy(&info.ipi6_addr, octets.data(), octets.size());
    info.ipi6_ifindex = static_cast<decltype(info.ipi6_ifindex)>(local->interface);
    write_control(header, IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

std::optional<LocalEnd> PacketBatch::local(std::size_t index) const {
  if (controls_.empty()) return std::nullopt;
  const msghdr& header = headers_[index].msg_hdr;
  const cmsghdr* control = CMSG_FIRSTHDR(&header);
  if (!control) return std::nullopt;
  if (control->cmsg_level == IPPROTO_IP && control->cmsg_type == IP_PKTINFO) return local_end_in<in_pktinfo>(*control);
  if (control->cmsg_level == IPPROTO_IPV6 && control->cmsg_type == IPV6_PKTINFO) {
    return local_end_in<in6_pktinfo>(*control);
  }
  return std::nullopt;
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

SocketBlockingDatagram::SocketBlockingDatagram(Descriptor socket)
    : socket_(std::move(socket)),
      local_(local_address_of(socket_)),
      incoming_(batch_size, tell_local_ends(socket_, local_.ip)),
      outgoing_(batch_size, incoming_.ends()) {
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
      too_long_.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    messages[i].data = messages[i].data.first(incoming_.received(i));
    messages[i].peer = incoming_.peer(i);
    messages[i].local = incoming_.local(i);
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
  for (std::size_t i = 0; i < messages.size(); ++i) {
    outgoing_.set_packet(i, messages[i].data, messages[i].peer);
    outgoing_.set_local(i, messages[i].local);
  }
  std::size_t done = 0;
  while (done < messages.size()) {
    const int sent = sendmmsg(socket_.get(), outgoing_.headers() + done, static_cast<unsigned>(messages.size() - done),
                              MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
    } else if (errno != EINTR) {
      // One packet the kernel refuses must not hold up those behind it.
      not_sent_.fetch_add(1, std::memory_order_relaxed);
      ++done;
    }
  }
}

// The kernel counts in the socket itself (SO_MEMINFO): asked for when somebody wants to know, nothing on each packet.
DatagramLosses SocketBlockingDatagram::losses() const {
  std::array<std::uint32_t, SK_MEMINFO_VARS> memory{};
  socklen_t size = sizeof memory;
  const bool known = getsockopt(socket_.get(), SOL_SOCKET, SO_MEMINFO, memory.data(), &size) == 0;
  return {not_sent_.load(std::memory_order_relaxed), too_long_.load(std::memory_order_relaxed),
          known ? memory[SK_MEMINFO_DROPS] : 0u};
}

void SocketBlockingDatagram::wake() {
  woken_.store(true, std::memory_order_relaxed);
  // An unbound peer makes this return ENOTCONN, but the thread in recvmmsg is woken all the same.
  (void)shutdown(socket_.get(), SHUT_RD);
}

}  // namespace skerry::core
