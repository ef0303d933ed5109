#include "core/net/memory_stream.h"

#include <algorithm>
#include <cstring>

namespace skerry::core {

void MemoryConnection::travel(int side, UniqueFunction<void(MemoryConnection&)> arrived) {
  Side& from = sides_[at(side)];
  auto task = [self = shared_from_this(), arrived = std::move(arrived)]() mutable { arrived(*self); };
  const IpAddress& to = sides_[at(other(side))].host->ip;
  from.last_arrival = wire_.deliver(from.host->ip, to, std::move(task), from.last_arrival);
}

void MemoryConnection::ask(UniqueFunction<void(const std::shared_ptr<MemoryConnection>&)> arrived) {
  travel(0, [arrived = std::move(arrived)](MemoryConnection& self) mutable {
    // Given up meanwhile: the request and what follows it cancel each other.
    if (!self.sides_[0].closed) arrived(self.shared_from_this());
  });
}

void MemoryConnection::answer_connect(bool accepted, const Address& to) {
  if (!accepted) sides_[1].closed = true;
  auto tell = [accepted, to](MemoryConnection& self) {
    if (!self.sides_[0].stream) return;
    if (accepted) return self.sides_[0].stream->connect_finished({});
    self.sides_[0].stream->connect_finished(
        Error{ErrorCode::connect_refused, ErrorSource::upstream, true, to.to_string() + ": Connection refused"});
  };
  travel(1, std::move(tell));
}

std::size_t MemoryConnection::send(int side, std::span<const iovec> parts) {
  if (sides_[at(side)].closed) return 0;
  std::string bytes;
  for (const iovec& part : parts) {
    bytes.append(static_cast<const char*>(part.iov_base), std::min(part.iov_len, room(side) - bytes.size()));
  }
  const std::size_t count = bytes.size();
  if (count == 0) return 0;
  sides_[at(side)].unacknowledged += count;
  travel(side, [to = other(side), bytes = std::move(bytes)](MemoryConnection& self) { self.bytes_arrived(to, bytes); });
  return count;
}

void MemoryConnection::bytes_arrived(int side, std::string_view bytes) {
  Side& to = sides_[at(side)];
  if (to.reset_received) return;
  // Bytes for an end that nobody reads any more are answered with a reset (RFC 9293 3.10.7.4).
  if (to.closed) return send_reset(side);
  to.inbox += bytes;
  changed(side);
}

std::size_t MemoryConnection::receive(int side, std::span<std::byte> buffer) {
  std::string& inbox = sides_[at(side)].inbox;
  const std::size_t count = std::min(buffer.size(), inbox.size());
  if (count == 0 || sides_[at(side)].closed) return 0;
  std::memcpy(buffer.data(), inbox.data(), count);
  inbox.erase(0, count);
  travel(side, [to = other(side), count](MemoryConnection& self) {
    self.sides_[at(to)].unacknowledged -= count;
    self.changed(to);
  });
  return count;
}

void MemoryConnection::send_fin(int side) {
  Side& own = sides_[at(side)];
  if (std::exchange(own.fin_sent, true)) return;
  travel(side, [to = other(side)](MemoryConnection& self) {
    self.sides_[at(to)].fin_received = true;
    self.changed(to);
  });
}

void MemoryConnection::send_reset(int side) {
  sides_[at(side)].fin_sent = true;
  travel(side, [to = other(side)](MemoryConnection& self) {
    self.sides_[at(to)].reset_received = true;
    self.changed(to);
  });
}

void MemoryConnection::close(int side, bool abort) {
  Side& own = sides_[at(side)];
  own.stream = nullptr;
  if (std::exchange(own.closed, true) || own.reset_received) return;
  // As Linux does: closing with bytes unread tells the sender that they were lost.
  if (abort || !own.inbox.empty()) return send_reset(side);
  send_fin(side);
}

void MemoryConnection::host_died(MemoryHost& dead) {
  for (int side : {0, 1}) {
    Side& own = sides_[at(side)];
    if (own.host != &dead || own.closed) continue;
    own.closed = true;
    // The dead host's streams say nothing any more; its kernel's last word is the reset.
    own.stream = nullptr;
    send_reset(side);
  }
}

void MemoryConnection::changed(int side) {
  if (MemoryStream* stream = sides_[at(side)].stream) stream->changed();
}

MemoryStream::MemoryStream(EventLoop& loop, std::shared_ptr<MemoryConnection> connection, int side,
                           const Address& local, const Address& peer)
    : connection_(std::move(connection)), side_(side), local_(local), peer_(peer), tell_(loop, [this] { notify(); }) {
  connection_->attach(side, this);
  changed();
}

MemoryStream::~MemoryStream() {
  *alive_ = false;
  connection_->close(side_, aborted_);
}

void MemoryStream::connect_finished(Result<void> result) {
  connect_result_ = std::move(result);
  state_ = State::connect_told_next;
  tell_.schedule();
}

bool MemoryStream::read_would_tell() const {
  if (!readable_watched_ || state_ != State::open) return false;
  return connection_->has_bytes(side_) || connection_->was_reset(side_) ||
         (connection_->fin_received(side_) && !end_told_);
}

bool MemoryStream::write_would_tell() const {
  if (!writable_watched_ || state_ != State::open) return false;
  return connection_->room(side_) > 0 || connection_->was_reset(side_);
}

// Level-triggered as epoll is: told again while it holds.
void MemoryStream::changed() {
  if (read_would_tell() || write_would_tell()) tell_.schedule();
}

void MemoryStream::notify() {
  const auto alive = alive_;
  if (state_ == State::connect_told_next) {
    state_ = connect_result_.ok() ? State::open : State::dead;
    if (state_ == State::dead) error_ = connect_result_.error();
    const Result<void> result = connect_result_;
    events_->on_connected(result);
  } else if (read_would_tell()) {
    events_->on_readable();
    if (*alive && write_would_tell()) events_->on_writable();
  } else if (write_would_tell()) {
    events_->on_writable();
  }
  if (*alive) changed();
}

IoResult MemoryStream::read(std::span<std::byte> buffer) {
  if (state_ == State::dead) return {IoStatus::error, 0};
  if (state_ != State::open || buffer.empty()) return {IoStatus::would_block, 0};
  const std::size_t count = connection_->receive(side_, buffer);
  if (count > 0) return {IoStatus::ok, count};
  if (connection_->was_reset(side_)) return fail(ErrorCode::reset, "Connection reset by peer");
  if (!connection_->fin_received(side_)) return {IoStatus::would_block, 0};
  end_told_ = true;
  return {IoStatus::end, 0};
}

IoResult MemoryStream::write(std::span<const iovec> parts) {
  if (state_ == State::dead) return {IoStatus::error, 0};
  if (state_ != State::open) return {IoStatus::would_block, 0};
  if (connection_->was_reset(side_)) return fail(ErrorCode::reset, "Connection reset by peer");
  if (write_shut_) return fail(ErrorCode::closed, "Broken pipe");
  const std::size_t count = connection_->send(side_, parts);
  return {count > 0 ? IoStatus::ok : IoStatus::would_block, count};
}

void MemoryStream::watch(bool readable, bool writable) {
  readable_watched_ = readable;
  writable_watched_ = writable;
  changed();
}

void MemoryStream::shutdown_write() {
  if (state_ != State::open) return;
  write_shut_ = true;
  connection_->send_fin(side_);
}

IoResult MemoryStream::fail(ErrorCode code, std::string_view what) {
  state_ = State::dead;
  error_ = make_error(code, what);
  return {IoStatus::error, 0};
}

Error MemoryStream::make_error(ErrorCode code, std::string_view what) const {
  const bool upstream = side_ == 0;
  return {code, upstream ? ErrorSource::upstream : ErrorSource::client, upstream,
          peer_.to_string() + ": " + std::string(what)};
}

}  // namespace skerry::core
