#include "core/net/socket_stream.h"

#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <climits>

namespace skerry::core {

SocketStream::SocketStream(LibeventLoop& loop, Descriptor socket, const Address& peer, ErrorSource source)
    : socket_(std::move(socket)), peer_(peer), source_(source) {
  if (socket_.valid()) watch_.emplace(loop, socket_.get(), static_cast<FdEvents&>(*this));
}

SocketStream::~SocketStream() {
  // The watch goes before the descriptor, or libevent would meet a closed one.
  watch_.reset();
}

std::unique_ptr<SocketStream> SocketStream::accepted(LibeventLoop& loop, Descriptor socket, const Address& peer) {
  std::unique_ptr<SocketStream> stream(new SocketStream(loop, std::move(socket), peer, ErrorSource::client));
  stream->watch_->set(true, false);
  return stream;
}

std::unique_ptr<SocketStream> SocketStream::connect(LibeventLoop& loop, const Address& peer,
                                                    const ConnectOptions& options, StreamEvents& events) {
  auto socket = open_socket(peer, SOCK_STREAM);
  Descriptor descriptor = socket ? std::move(*socket) : Descriptor();
  std::unique_ptr<SocketStream> stream(new SocketStream(loop, std::move(descriptor), peer, ErrorSource::upstream));
  stream->events_ = &events;
  stream->state_ = State::connecting;
  const int error = socket ? stream->start_connect(options) : EMFILE;
  if (error == 0) {
    stream->watch_->set(false, true);
  } else {
    stream->tell_failure_.emplace(loop, [raw = stream.get(), error] { raw->finish_connect(error); });
    stream->tell_failure_->schedule();
  }
  return stream;
}

int SocketStream::start_connect(const ConnectOptions& options) {
  set_option(socket_, IPPROTO_TCP, TCP_NODELAY, 1);
  if (options.from) {
    const SocketAddress from(Address{*options.from, 0});
    if (bind(socket_.get(), from.get(), from.size) != 0) return errno;
  }
  const SocketAddress to(peer_);
  if (::connect(socket_.get(), to.get(), to.size) == 0 || errno == EINPROGRESS) return 0;
  return errno;
}

void SocketStream::finish_connect(int error) {
  if (error != 0) {
    state_ = State::dead;
    error_ = connect_error(error, peer_);
    if (watch_) watch_->set(false, false);
    events_->on_connected(error_);
    return;
  }
  state_ = State::open;
  watch_->set(wants_readable_, wants_writable_);
  events_->on_connected({});
}

void SocketStream::on_fd_readable() {
  events_->on_readable();
}

void SocketStream::on_fd_writable() {
  if (state_ == State::open) {
    events_->on_writable();
    return;
  }
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  finish_connect(error);
}

IoResult SocketStream::read(std::span<std::byte> buffer) {
  if (state_ != State::open) return {state_ == State::dead ? IoStatus::error : IoStatus::would_block, 0};
  if (ended_) return {IoStatus::end, 0};
  ssize_t got = 0;
  do {
    got = recv(socket_.get(), buffer.data(), buffer.size(), 0);
  } while (got < 0 && errno == EINTR);
  if (got > 0) return {IoStatus::ok, static_cast<std::size_t>(got)};
  if (got < 0) return failed(errno);
  if (buffer.empty()) return {IoStatus::would_block, 0};
  // The end stays readable for ever; nothing more is to be told.
  ended_ = true;
  watch_->set(false, watch_->writable());
  return {IoStatus::end, 0};
}

IoResult SocketStream::write(std::span<const iovec> parts) {
  if (state_ != State::open) return {state_ == State::dead ? IoStatus::error : IoStatus::would_block, 0};
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = std::min<std::size_t>(parts.size(), IOV_MAX);
  ssize_t sent = 0;
  do {
    sent = sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  if (sent < 0) return failed(errno);
  return {sent > 0 ? IoStatus::ok : IoStatus::would_block, static_cast<std::size_t>(sent)};
}

IoResult SocketStream::failed(int error) {
  if (error == EAGAIN || error == EWOULDBLOCK) return {IoStatus::would_block, 0};
  state_ = State::dead;
  error_ = io_error(error, source_, peer_);
  watch_->set(false, false);
  return {IoStatus::error, 0};
}

void SocketStream::watch(bool readable, bool writable) {
  wants_readable_ = readable;
  wants_writable_ = writable;
  if (state_ == State::open) watch_->set(readable && !ended_, writable);
}

void SocketStream::shutdown_write() {
  if (state_ == State::open) shutdown(socket_.get(), SHUT_WR);
}

// Closing with unsent data thrown away makes the kernel send a RST.
void SocketStream::abort() {
  if (!socket_.valid()) return;
  const linger at_once{1, 0};
  (void)setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

const Address& SocketStream::local_address() const {
  if (!local_) local_ = socket_.valid() ? local_address_of(socket_) : Address{};
  return *local_;
}

}  // namespace skerry::core
