#include "routing/dns_tcp.h"

#include <algorithm>
#include <array>

namespace skerry::routing {
namespace {

constexpr std::size_t length_bytes = 2;
constexpr std::size_t longest_message = 65535;
constexpr std::size_t read_size = 4096;

std::size_t length_at(std::span<const std::byte> bytes) {
  return std::to_integer<std::size_t>(bytes[0]) << 8 | std::to_integer<std::size_t>(bytes[1]);
}

}  // namespace

class TcpResponder::Connection final : core::StreamEvents {
 public:
  Connection(TcpResponder& owner, std::unique_ptr<core::Stream> stream)
      : owner_(owner), idle_(owner.worker_.loop, [this] { time_out(); }) {
    if (owner.tls_) stream = core::tls_accept(owner.worker_.loop, std::move(stream), owner.tls_, *this);
    stream_ = std::move(stream);
    stream_->set_events(*this);
    idle_.arm(owner_.limits_.idle_timeout);
  }
  void set_place(Connections::iterator place) { place_ = place; }
  std::size_t held() const { return unsent_.capacity(); }

 private:
  // TLS only: a handshake that does not end is cut by the idle timer.
  void on_connected(core::Result<void> handshake) override {
    if (!handshake) close();
  }
  void on_readable() override {
    std::array<std::byte, read_size> buffer;
    const core::IoResult result = stream_->read(buffer);
    if (result.status == core::IoStatus::would_block) return;
    if (result.status == core::IoStatus::end) return finish_reading();
    if (result.status == core::IoStatus::error) return close();
    received_.insert(received_.end(), buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(result.bytes));
    proceed();
  }
  void on_writable() override {
    if (flush()) proceed();
  }

  // Answers what is whole, sends, and goes on as long as the client takes the answers. May destroy this.
  void proceed() {
    do {
      if (answer_whole() > 0) {
        idle_.arm(owner_.limits_.idle_timeout);
        owner_.used(place_);
      }
      if (!flush()) return;
    } while (has_whole(received_) && unsent() < owner_.limits_.response_buffer);
  }

  static bool has_whole(std::span<const std::byte> bytes) {
    return bytes.size() >= length_bytes && bytes.size() - length_bytes >= length_at(bytes);
  }

  // Answers queries while there is room for answers; returns the bytes they took.
  std::size_t answer_whole() {
    std::span<const std::byte> rest(received_);
    while (has_whole(rest) && unsent() < owner_.limits_.response_buffer) {
      answer_one(rest.subspan(length_bytes, length_at(rest)));
      rest = rest.subspan(length_bytes + length_at(rest));
    }
    const std::size_t used = received_.size() - rest.size();
    received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(used));
    return used;
  }

  void answer_one(std::span<const std::byte> query) {
    Asker asker;
    asker.source = stream_->peer_address().ip;
    asker.transport = owner_.tls_ ? Transport::tls : Transport::tcp;
    const core::WallTime wall = owner_.worker_.loop.wall();
    asker.now = unix_seconds(wall);
    asker.signer = owner_.signer_;
    const Answered answered = answer(owner_.routes_.get(), query, asker, owner_.answer_room_);
    owner_.counts_.count(answered);
    owner_.log_.note(wall, asker, answered, query);
    if (answered.size == 0) return;
    unsent_.push_back(static_cast<std::byte>(answered.size >> 8));
    unsent_.push_back(static_cast<std::byte>(answered.size));
    const auto begin = owner_.answer_room_.begin();
    unsent_.insert(unsent_.end(), begin, begin + static_cast<std::ptrdiff_t>(answered.size));
  }

  // False when that was the end of this connection.
  bool flush() {
    while (unsent() > 0) {
      const iovec part{unsent_.data() + sent_, unsent()};
      const core::IoResult result = stream_->write({&part, 1});
      if (result.status == core::IoStatus::would_block) break;
      if (result.status != core::IoStatus::ok) return close(), false;
      sent_ += result.bytes;
      idle_.arm(owner_.limits_.idle_timeout);
    }
    // Not only when all is sent: that a client who asks faster than it reads may never reach.
    if (unsent() == 0 || sent_ >= owner_.limits_.response_buffer) {
      unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(sent_));
      sent_ = 0;
    }
    if (unsent() == 0 && no_more_queries_) return close(), false;
    stream_->watch(!no_more_queries_ && unsent() < owner_.limits_.response_buffer, unsent() > 0);
    return true;
  }

  void finish_reading() {
    no_more_queries_ = true;
    flush();
  }
  void time_out() {
    ++owner_.timed_out_;
    stream_->abort();
    close();
  }
  std::size_t unsent() const { return unsent_.size() - sent_; }
  void close() { owner_.connections_.erase(place_); }  // destroys this

  TcpResponder& owner_;
  std::unique_ptr<core::Stream> stream_;
  Connections::iterator place_;
  std::vector<std::byte> received_;  // at most one unfinished message and one read, unless answers wait
  std::vector<std::byte> unsent_;
  std::size_t sent_ = 0;
  bool no_more_queries_ = false;
  core::Timer idle_;
};

TcpResponder::TcpResponder(const core::Worker& worker, const TcpOptions& options, const Published<Routes>& routes)
    : worker_(worker),
      limits_(options.limits),
      routes_(routes),
      tls_(options.tls),
      log_(options.log),
      signer_(options.signer),
      answer_room_(longest_message) {}

TcpResponder::~TcpResponder() = default;

core::Result<std::unique_ptr<TcpResponder>> TcpResponder::listen(const core::Worker& worker,
                                                                 const core::Address& address,
                                                                 const TcpOptions& options,
                                                                 const Published<Routes>& routes) {
  std::unique_ptr<TcpResponder> responder(new TcpResponder(worker, options, routes));
  auto listener = worker.network.listen(address, {}, *responder);
  if (!listener.ok()) return listener.error();
  responder->listener_ = std::move(listener).value();
  return responder;
}

std::size_t TcpResponder::held() const {
  std::size_t bytes = 0;
  for (const auto& connection : connections_) bytes += connection->held();
  return bytes;
}

void TcpResponder::on_accept(std::unique_ptr<core::Stream> stream) {
  if (connections_.size() >= limits_.connections) {
    ++evicted_;
    connections_.pop_front();
  }
  connections_.push_back(std::make_unique<Connection>(*this, std::move(stream)));
  connections_.back()->set_place(std::prev(connections_.end()));
}

void TcpResponder::used(Connections::iterator connection) {
  connections_.splice(connections_.end(), connections_, connection);
}

}  // namespace skerry::routing
