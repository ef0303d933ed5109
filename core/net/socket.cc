#include "core/net/socket.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace skerry::core {
namespace {

std::string describe(const Address& address, int error) {
  return address.to_string() + ": " + std::strerror(error);
}

bool out_of_resources(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

SocketAddress::SocketAddress(const Address& address) {
  const auto octets = address.ip.octets();
  if (address.ip.family() == AddressFamily::ipv4) {
    storage.v4 = {};
    storage.v4.sin_family = AF_INET;
    storage.v4.sin_port = htons(address.port);
    std::memcpy(&storage.v4.sin_addr, octets.data(), octets.size());
    size = sizeof storage.v4;
  } else {
    storage.v6 = {};
    storage.v6.sin6_family = AF_INET6;
    storage.v6.sin6_port = htons(address.port);
    std::memcpy(&storage.v6.sin6_addr, octets.data(), octets.size());
    size = sizeof storage.v6;
  }
}

Address SocketAddress::to_address() const {
  if (get()->sa_family == AF_INET) {
    std::array<std::uint8_t, 4> octets;
    std::memcpy(octets.data(), &storage.v4.sin_addr, octets.size());
    return {IpAddress::v4(octets), ntohs(storage.v4.sin_port)};
  }
  std::array<std::uint8_t, 16> octets;
  std::memcpy(octets.data(), &storage.v6.sin6_addr, octets.size());
  return {IpAddress::v6(octets), ntohs(storage.v6.sin6_port)};
}

Result<Descriptor> open_socket(const Address& address, int kind) {
  const int family = address.ip.family() == AddressFamily::ipv4 ? AF_INET : AF_INET6;
  Descriptor socket(::socket(family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return socket_error(errno, address);
  return socket;
}

Result<void> bind_socket(const Descriptor& socket, const Address& address, PortSharing sharing) {
  if (sharing == PortSharing::shared) set_option(socket, SOL_SOCKET, SO_REUSEPORT, 1);
  if (address.ip.family() == AddressFamily::ipv6) set_option(socket, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  const SocketAddress name(address);
  if (bind(socket.get(), name.get(), name.size) != 0) return socket_error(errno, address);
  return {};
}

Address local_address_of(const Descriptor& socket) {
  SocketAddress name;
  if (getsockname(socket.get(), name.get(), &name.size) != 0) return {};
  return name.to_address();
}

// Failures of setsockopt here cost speed, never correctness.
void set_option(const Descriptor& socket, int level, int option, int value) {
  (void)setsockopt(socket.get(), level, option, &value, sizeof value);
}

Error io_error(int error, ErrorSource source, const Address& peer) {
  ErrorCode code = ErrorCode::io_error;
  if (error == ECONNRESET || error == ECONNABORTED) code = ErrorCode::reset;
  if (error == EPIPE || error == EHOSTUNREACH || error == ENETUNREACH) code = ErrorCode::closed;
  if (error == ETIMEDOUT) code = ErrorCode::read_timeout;
  return {code, source, source == ErrorSource::upstream, describe(peer, error)};
}

Error connect_error(int error, const Address& peer) {
  if (out_of_resources(error) || error == EADDRNOTAVAIL) {
    return {ErrorCode::limit_exceeded, ErrorSource::internal, false, describe(peer, error)};
  }
  ErrorCode code = ErrorCode::connect_failed;
  if (error == ECONNREFUSED) code = ErrorCode::connect_refused;
  if (error == ETIMEDOUT) code = ErrorCode::connect_timeout;
  return {code, ErrorSource::upstream, true, describe(peer, error)};
}

Error socket_error(int error, const Address& local) {
  ErrorCode code = ErrorCode::io_error;
  if (error == EADDRINUSE) code = ErrorCode::address_in_use;
  if (error == EACCES || error == EPERM) code = ErrorCode::permission_denied;
  if (error == EADDRNOTAVAIL || error == EINVAL || error == EAFNOSUPPORT) code = ErrorCode::invalid_argument;
  if (out_of_resources(error)) code = ErrorCode::limit_exceeded;
  return {code, ErrorSource::internal, false, describe(local, error)};
}

}  // namespace skerry::core
