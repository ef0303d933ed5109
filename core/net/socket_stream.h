// One TCP connection as a Stream. Created by SocketNetwork and its listeners; owned by a connection of some protocol.
#pragma once

#include <optional>

#include "core/loop/deferred_call.h"
#include "core/loop/fd_watch.h"
#include "core/loop/libevent_loop.h"
#include "core/net/network.h"
#include "core/net/socket.h"

namespace skerry::core {

class SocketStream final : public Stream, private FdEvents {
 public:
  // An accepted connection: errors are the client's.
  static std::unique_ptr<SocketStream> accepted(LibeventLoop&, Descriptor, const Address& peer);
  // A connection being made; what becomes of it is told through on_connected, never from inside this call.
  static std::unique_ptr<SocketStream> connect(LibeventLoop&, const Address& peer, const ConnectOptions&,
                                               StreamEvents&);
  ~SocketStream() override;

  void set_events(StreamEvents& events) override { events_ = &events; }
  IoResult read(std::span<std::byte> buffer) override;
  IoResult write(std::span<const iovec> parts) override;
  void watch(bool readable, bool writable) override;
  void shutdown_write() override;
  void abort() override;
  const Error& error() const override { return error_; }
  const Address& peer_address() const override { return peer_; }
  const Address& local_address() const override;

 private:
  enum class State : std::uint8_t { connecting, open, dead };

  SocketStream(LibeventLoop&, Descriptor, const Address& peer, ErrorSource);
  // Starts to connect; returns errno, 0 when it is under way or done.
  int start_connect(const ConnectOptions&);
  void finish_connect(int error);
  void on_fd_readable() override;
  void on_fd_writable() override;
  IoResult failed(int error);

  const Descriptor socket_;
  std::optional<FdWatch> watch_;  // empty: there is no socket (connect failed at once)
  StreamEvents* events_ = nullptr;
  const Address peer_;
  mutable std::optional<Address> local_;
  Error error_;
  const ErrorSource source_;
  State state_ = State::open;
  bool ended_ = false;           // the other side's FIN was read
  bool wants_readable_ = true;   // asked for before the connection was made
  bool wants_writable_ = false;  //
  std::optional<DeferredCall> tell_failure_;
};

}  // namespace skerry::core
