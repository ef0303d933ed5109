// A simulated TCP connection: two ends with bounded buffers, whose bytes travel over a MemoryWire.
//
// The connection is shared by its ends and by what is under way between them; each end belongs to a loop. Internal to
// the simulated network.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "core/loop/deferred_call.h"
#include "core/net/memory_wire.h"
#include "core/net/network.h"

namespace skerry::core {

class MemoryStream;

class MemoryConnection : public std::enable_shared_from_this<MemoryConnection> {
 public:
  static constexpr std::size_t window = 64 * 1024;  // bytes under way or unread, each direction

  // Sides: 0 connected, 1 accepted.
  MemoryConnection(MemoryWire& wire, MemoryHost& from, MemoryHost& to) : wire_(wire), sides_{Side(from), Side(to)} {}

  // Side 0 asks side 1's host for the connection: `arrived` runs there.
  void ask(UniqueFunction<void(const std::shared_ptr<MemoryConnection>&)> arrived);
  // Side 1's host answers; side 0's stream is told.
  void answer_connect(bool accepted, const Address& to);
  void attach(int side, MemoryStream* stream) { sides_[at(side)].stream = stream; }
  MemoryHost& host(int side) { return *sides_[at(side)].host; }

  std::size_t send(int side, std::span<const iovec> parts);
  std::size_t room(int side) const { return window - sides_[at(side)].unacknowledged; }
  std::size_t receive(int side, std::span<std::byte> buffer);
  bool has_bytes(int side) const { return !sides_[at(side)].inbox.empty(); }
  bool fin_received(int side) const { return sides_[at(side)].fin_received; }
  bool was_reset(int side) const { return sides_[at(side)].reset_received; }
  void send_fin(int side);
  void send_reset(int side);
  // The owner of this end is gone.
  void close(int side, bool abort);
  void host_died(MemoryHost&);

 private:
  struct Side {
    explicit Side(MemoryHost& on) : host(&on) {}
    MemoryHost* host;
    MemoryStream* stream = nullptr;  // null: not accepted yet, or closed
    std::string inbox;               // arrived, unread
    std::size_t unacknowledged = 0;  // sent by this side, not yet read by the other as far as this one knows
    TimePoint last_arrival;          // of what this side sent: nothing overtakes
    bool fin_sent = false;
    bool fin_received = false;
    bool reset_received = false;
    bool closed = false;
  };

  static std::size_t at(int side) { return static_cast<std::size_t>(side); }
  static int other(int side) { return 1 - side; }
  // Runs `arrived` at the other side, behind everything this side sent before.
  void travel(int side, UniqueFunction<void(MemoryConnection&)> arrived);
  void bytes_arrived(int side, std::string_view bytes);
  void changed(int side);

  MemoryWire& wire_;
  std::array<Side, 2> sides_;
};

class MemoryStream final : public Stream {
 public:
  MemoryStream(EventLoop&, std::shared_ptr<MemoryConnection>, int side, const Address& local, const Address& peer);
  ~MemoryStream() override;

  void set_events(StreamEvents& events) override { events_ = &events; }
  IoResult read(std::span<std::byte> buffer) override;
  IoResult write(std::span<const iovec> parts) override;
  void watch(bool readable, bool writable) override;
  void shutdown_write() override;
  void abort() override { aborted_ = true; }
  const Error& error() const override { return error_; }
  const Address& peer_address() const override { return peer_; }
  const Address& local_address() const override { return local_; }

  // From the wire.
  void wait_for_connection() { state_ = State::connecting; }
  void connect_finished(Result<void> result);
  void changed();

 private:
  enum class State : std::uint8_t { connecting, connect_told_next, open, dead };

  void notify();
  bool read_would_tell() const;
  bool write_would_tell() const;
  IoResult fail(ErrorCode, std::string_view what);
  Error make_error(ErrorCode, std::string_view what) const;

  const std::shared_ptr<MemoryConnection> connection_;
  const int side_;
  const Address local_, peer_;
  StreamEvents* events_ = nullptr;
  Error error_;
  Result<void> connect_result_;
  State state_ = State::open;
  bool readable_watched_ = true;
  bool writable_watched_ = false;
  bool end_told_ = false;
  bool write_shut_ = false;
  bool aborted_ = false;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // outlives this where events are told
  DeferredCall tell_;
};

}  // namespace skerry::core
