// The network as the rest of the program sees it: streams, listeners and datagram sockets, all non-blocking.
//
// Implementations: SocketNetwork (the machine, core/net/socket_network.h), MemoryNetwork (a simulated one with delay,
// loss, partition and crash, core/net/memory_network.h), and TLS as a Stream around a Stream (core/net/tls.h).
// Everything belongs to one worker's thread. Readiness style: the owner is told that a stream can be read or written,
// and calls read() or write() itself, so a hit is one read and one write and nothing is queued in between.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "core/net/address.h"
#include "core/result.h"

namespace skerry::core {

class Stream;

// Implemented by a stream's owner. The owner may destroy the stream from inside any of these.
class StreamEvents {
 public:
  // connect() finished (for TLS: the handshake too). On error the stream is dead: destroy it.
  virtual void on_connected(Result<void>) {}
  virtual void on_readable() = 0;
  virtual void on_writable() = 0;

 protected:
  ~StreamEvents() = default;
};

enum class IoStatus : std::uint8_t {
  ok,           // bytes > 0 were moved
  would_block,  // nothing now: on_readable / on_writable will say when, if watched
  end,          // the other side has finished sending (TLS: close_notify, RFC 8446 6.1)
  error,        // see Stream::error(); the stream is dead
};

struct IoResult {
  IoStatus status = IoStatus::would_block;
  std::size_t bytes = 0;
};

// What a completed TLS handshake settled.
struct TlsInfo {
  std::string protocol;     // "TLSv1.3"
  std::string alpn;         // "http/1.1", "h2", or empty
  std::string server_name;  // SNI as sent by the client; empty if none
};

class Stream {
 public:
  virtual ~Stream() = default;  // closes; unsent kernel data still goes out, unless abort() was called

  virtual void set_events(StreamEvents&) = 0;
  // Reads up to buffer.size() bytes. Fewer than asked means that the next call would most likely block: don't call
  // again before on_readable.
  virtual IoResult read(std::span<std::byte> buffer) = 0;
  // Writes the parts in order in one system call (TLS: one record sequence); may take less than all of it.
  virtual IoResult write(std::span<const iovec> parts) = 0;
  // Which readiness is reported. Reading is watched from the start; writing is not. Cheap when nothing changes.
  virtual void watch(bool readable, bool writable) = 0;
  // Tells the other side that no more bytes come (FIN, close_notify).
  virtual void shutdown_write() = 0;
  // Makes the close a reset: the other side must not take what it got for a complete message.
  virtual void abort() = 0;
  // After IoStatus::error.
  virtual const Error& error() const = 0;

  virtual const Address& peer_address() const = 0;
  virtual const Address& local_address() const = 0;
  // False while a proxy has still to say whose connection this is (core/net/proxied_stream.h): until then the addresses
  // are the proxy's.
  virtual bool identified() const { return true; }
  // Null for plain TCP.
  virtual const TlsInfo* tls() const { return nullptr; }
};

class ListenerEvents {
 public:
  virtual void on_accept(std::unique_ptr<Stream>) = 0;

 protected:
  ~ListenerEvents() = default;
};

class Listener {
 public:
  virtual ~Listener() = default;
  // With port 0 asked for, the port that was given.
  virtual const Address& local_address() const = 0;
  // Stops and restarts accepting (drain, connection limits, out of descriptors).
  virtual void pause(bool) = 0;
};

// Our end of a packet, known on sockets that are bound to every address of the machine (0.0.0.0, ::): an answer has to
// leave from the address that was asked, and the kernel would choose by its routes.
struct LocalEnd {
  IpAddress ip;
  unsigned interface = 0;  // its index, where the address alone says too little (link-local); 0: any
};

struct DatagramMessage {
  Address peer;
  std::span<std::byte> data;  // receive: room on the way in, the packet on the way out; send: the packet
  std::optional<LocalEnd> local = std::nullopt;  // receive: where it arrived; send: where it leaves from
};

class DatagramEvents {
 public:
  virtual void on_datagram(std::span<const std::byte> packet, const Address& from) = 0;

 protected:
  ~DatagramEvents() = default;
};

class Datagram {
 public:
  virtual ~Datagram() = default;
  virtual const Address& local_address() const = 0;
  // Best effort, as UDP is: a packet that does not fit the socket's buffer is dropped and counted.
  virtual void send(std::span<const std::byte> packet, const Address& to) = 0;
};

// Packets that did not get through a socket, since it was opened.
struct DatagramLosses {
  std::uint64_t not_sent = 0;    // no room in the socket's buffer, no route
  std::uint64_t too_long = 0;    // received, longer than the room for it
  std::uint64_t queue_full = 0;  // thrown away by the kernel: they came faster than they were received
};

// A datagram socket for a thread of its own that blocks in receive(): the fast path of the DNS server.
class BlockingDatagram {
 public:
  virtual ~BlockingDatagram() = default;
  virtual const Address& local_address() const = 0;
  // Waits for at least one packet, then takes what is there (recvmmsg, MSG_WAITFORONE). Returns how many messages were
  // filled; 0 after wake().
  virtual std::size_t receive(std::span<DatagramMessage> messages) = 0;
  virtual void send(std::span<const DatagramMessage> messages) = 0;
  // Any thread.
  virtual DatagramLosses losses() const = 0;
  // Makes receive() return 0 from now on. Any thread.
  virtual void wake() = 0;
};

struct ListenOptions {
  bool share_port = true;  // SO_REUSEPORT: one socket per worker
  int backlog = 4096;
};

struct ConnectOptions {
  std::optional<IpAddress> from;  // local address to bind to
};

class Network {
 public:
  virtual ~Network() = default;
  // Errors: address_in_use, permission_denied, invalid_argument, limit_exceeded.
  virtual Result<std::unique_ptr<Listener>> listen(const Address&, const ListenOptions&, ListenerEvents&) = 0;
  // Never fails at once: on_connected tells. The caller sets the deadline with a timer of its own.
  virtual std::unique_ptr<Stream> connect(const Address&, const ConnectOptions&, StreamEvents&) = 0;
  virtual Result<std::unique_ptr<Datagram>> bind_datagram(const Address&, DatagramEvents&) = 0;
  virtual Result<std::unique_ptr<BlockingDatagram>> bind_blocking_datagram(const Address&) = 0;
};

}  // namespace skerry::core
