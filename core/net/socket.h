// A file descriptor that closes itself, and the few socket calls all socket classes share.
//
// Internal to the socket network. Plain values and functions: any thread.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <utility>

#include "core/net/address.h"
#include "core/result.h"

namespace skerry::core {

class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

// An Address in the kernel's form.
struct SocketAddress {
  SocketAddress() = default;
  explicit SocketAddress(const Address&);
  Address to_address() const;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }

  union {
    sockaddr_in v4;
    sockaddr_in6 v6{};
  } storage;
  socklen_t size = sizeof storage;
};

enum class PortSharing : bool { exclusive, shared };

// A non-blocking socket of the address's family. `kind`: SOCK_STREAM or SOCK_DGRAM. Error: limit_exceeded, io_error.
Result<Descriptor> open_socket(const Address&, int kind);
// Binds; IPv6 sockets take IPv6 only. Errors: address_in_use, permission_denied, invalid_argument.
Result<void> bind_socket(const Descriptor&, const Address&, PortSharing);
Address local_address_of(const Descriptor&);
void set_option(const Descriptor&, int level, int option, int value);

// What errno means for an established connection (`source`: who is at the other end) or for one being made.
Error io_error(int error, ErrorSource source, const Address& peer);
Error connect_error(int error, const Address& peer);
// What it means for setting up a socket of our own.
Error socket_error(int error, const Address& local);

}  // namespace skerry::core
