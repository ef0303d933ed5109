#include "core/http/client.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/check.h"
#include "core/http/h1_client_codec.h"
#include "core/loop/deferred_call.h"

namespace skerry::http {
namespace {

using core::ErrorCode;
using core::ErrorSource;
using core::IoStatus;

// A block with less room than this is left to the chunks that refer to it.
constexpr std::size_t least_room = 4096;
// Turns of a busy connection before the others have theirs.
constexpr int reads_a_turn = 4;
constexpr int writes_a_turn = 16;
// Below this, a queue that shrinks is no news for an owner.
constexpr std::size_t noteworthy_queue = 16 * 1024;

// The connection behind the handle that owners hold. It outlives the handle while one of its callbacks runs, since the
// owner may let go from inside any event; from then on it tells nobody anything.
class Driver final : public std::enable_shared_from_this<Driver>,
                     private core::StreamEvents,
                     private ClientCodecEvents {
 public:
  Driver(const core::Worker& worker, const ClientLimits& limits,
         core::UniqueFunction<void(core::Result<void>)> connected)
      : worker_(worker),
        limits_(limits),
        codec_(limits, static_cast<ClientCodecEvents&>(*this)),
        connected_(std::move(connected)),
        work_(worker.loop, [this] { advance(shared_from_this()); }) {}

  void connect(const core::Address& address, std::shared_ptr<const core::TlsContext> tls, std::string_view name) {
    peer_ = address;
    stream_ = worker_.network.connect(address, {}, *this);
    if (tls) stream_ = core::tls_connect(worker_.loop, std::move(stream_), std::move(tls), name, *this);
  }
  void detach() {
    events_ = nullptr;
    connected_ = {};
    // Whatever has not been answered must not look finished to the other side.
    if (stream_ && !codec_.done()) stream_->abort();
    stream_.reset();
    work_.cancel();
  }
  void set_events(ResponseEvents* events) { events_ = events; }
  void send_request(const RequestHead& head, BodyLength length) {
    ++requests_;
    most_queued_ = 0;
    stream_id_ = codec_.write_request(head, length);
    work_.schedule();
  }
  void send_body(core::Chunk chunk) {
    if (write_failed_) return;
    codec_.write_body(stream_id_, std::move(chunk));
    work_.schedule();
  }
  void finish_request(const HeaderMap* trailers) {
    if (write_failed_) return;
    codec_.write_end(stream_id_, trailers);
    work_.schedule();
  }
  void pause_reading(bool paused) {
    paused_ = paused;
    work_.schedule();
  }
  void become_tunnel() {
    codec_.become_tunnel(stream_id_);
    work_.schedule();
  }
  std::size_t queued() { return codec_.output().size(); }
  bool idle() const { return stream_ && codec_.idle() && !input_ended_; }
  std::uint64_t requests() const { return requests_; }
  const core::Address& peer_address() const { return peer_; }

 private:
  void on_connected(core::Result<void>) override;
  void on_readable() override;
  void on_writable() override;

  void on_interim(StreamId, const ResponseHead& head) override {
    if (events_) events_->on_interim(head);
  }
  void on_response(StreamId, ResponseHead&& head, BodyLength length) override {
    if (events_) events_->on_response(std::move(head), length);
  }
  void on_response_body(StreamId, core::Chunk chunk) override {
    if (events_) events_->on_response_body(std::move(chunk));
  }
  void on_response_end(StreamId, const HeaderMap& trailers) override;
  void on_response_error(StreamId, const core::Error& error) override;

  void advance(const std::shared_ptr<Driver>& self);
  bool read_once();
  bool make_room();
  void feed_codec();
  void end_input();
  void flush();
  void tell_writable();
  void update_watch();
  void broken(const core::Error&);

  const core::Worker worker_;
  const ClientLimits limits_;
  H1ClientCodec codec_;
  ResponseEvents* events_ = nullptr;
  core::UniqueFunction<void(core::Result<void>)> connected_;
  core::DeferredCall work_;
  core::Address peer_;
  std::unique_ptr<core::Stream> stream_;  // null: dead, or let go
  bool open_ = false;
  StreamId stream_id_ = 0;
  std::uint64_t requests_ = 0;

  core::BlockRef block_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool paused_ = false;
  bool input_ended_ = false;
  bool end_told_ = false;
  bool watches_read_ = true;
  bool watches_write_ = false;

  bool write_blocked_ = false;
  bool write_failed_ = false;
  bool shut_down_ = false;
  std::size_t most_queued_ = 0;
};

void Driver::on_connected(core::Result<void> result) {
  const auto self = shared_from_this();
  open_ = result.ok();
  if (!open_) stream_.reset();
  if (auto connected = std::exchange(connected_, {})) connected(std::move(result));
  if (open_) advance(self);
}

void Driver::on_readable() {
  const auto self = shared_from_this();
  for (int turn = 0; turn < reads_a_turn && stream_ && !paused_ && read_once(); ++turn) {
  }
  advance(self);
}

void Driver::on_writable() {
  write_blocked_ = false;
  advance(shared_from_this());
}

// True: there is most likely more to read.
bool Driver::read_once() {
  if (!make_room()) return false;
  const std::size_t asked = std::min(limits_.read_size, block_->capacity() - end_);
  const core::IoResult got = stream_->read({block_->data() + end_, asked});
  if (got.status == IoStatus::error) {
    broken(stream_->error());
    return false;
  }
  if (got.status == IoStatus::end) input_ended_ = true;
  if (got.status != IoStatus::ok) return false;
  end_ += got.bytes;
  feed_codec();
  return got.bytes == asked;
}

bool Driver::make_room() {
  if (block_ && begin_ == end_) {
    if (block_->unique()) {
      begin_ = end_ = 0;
    } else if (block_->capacity() - end_ < least_room) {
      block_ = {};
    }
  }
  if (!block_) {
    block_ = core::BlockRef(core::Block::allocate(limits_.read_size));
    begin_ = end_ = 0;
  }
  return end_ < block_->capacity();
}

void Driver::feed_codec() {
  if (begin_ == end_) return;
  const bool unasked = codec_.idle();
  const core::BlockRef block = block_;  // an event may change what is read into
  begin_ += codec_.receive(block, block->data() + begin_, end_ - begin_);
  // Bytes that nobody asked for: the connection is as good as closed (RFC 9112 9.2).
  if (unasked && stream_) broken({ErrorCode::closed, ErrorSource::upstream, true, "unsolicited data"});
}

void Driver::advance(const std::shared_ptr<Driver>&) {
  if (!stream_ || !open_) return;
  feed_codec();
  if (stream_ && input_ended_ && !end_told_ && begin_ == end_) end_input();
  if (stream_ && !write_failed_) flush();
  if (!stream_) return;
  if (block_ && begin_ == end_ && (codec_.idle() || block_->unique())) block_ = {};
  if (!block_) begin_ = end_ = 0;
  update_watch();
}

void Driver::end_input() {
  end_told_ = true;
  const bool was_done = codec_.done();
  codec_.receive_end();
  if (!was_done || !stream_) return;
  stream_.reset();
  if (events_) events_->on_closed_idle();
}

void Driver::flush() {
  Output& output = codec_.output();
  std::array<iovec, 64> parts;
  most_queued_ = std::max(most_queued_, output.size());
  bool wrote = false;
  for (int turn = 0; !output.empty() && !write_blocked_; ++turn) {
    if (turn == writes_a_turn) {
      work_.schedule();
      break;
    }
    const std::size_t used = output.gather(parts);
    std::size_t offered = 0;
    for (std::size_t i = 0; i < used; ++i) offered += parts[i].iov_len;
    const core::IoResult put = stream_->write(std::span(parts).first(used));
    if (put.status == IoStatus::error) {
      // An answer that came before the reset is lost with the stream: the owner decides whether to try again.
      write_failed_ = true;
      output.clear();
      return broken(stream_->error());
    }
    if (put.status == IoStatus::ok) output.consume(put.bytes);
    wrote = wrote || put.status == IoStatus::ok;
    write_blocked_ = put.status != IoStatus::ok || put.bytes < offered;
  }
  if (output.empty() && codec_.wants_shutdown() && !shut_down_) {
    shut_down_ = true;
    stream_->shutdown_write();
  }
  if (wrote) tell_writable();
}

void Driver::tell_writable() {
  const std::size_t left = codec_.output().size();
  if (most_queued_ < noteworthy_queue || left >= limits_.request_buffer / 2) return;
  most_queued_ = left;
  if (events_) events_->on_request_writable();
}

void Driver::update_watch() {
  const bool read = !paused_ && !input_ended_ && begin_ == end_;
  if (read == watches_read_ && write_blocked_ == watches_write_) return;
  watches_read_ = read;
  watches_write_ = write_blocked_;
  stream_->watch(watches_read_, watches_write_);
}

void Driver::on_response_end(StreamId, const HeaderMap& trailers) {
  const bool reusable = codec_.reusable() && stream_ && !input_ended_;
  if (events_) events_->on_response_end(trailers, reusable);
}

void Driver::on_response_error(StreamId, const core::Error& error) {
  write_failed_ = true;
  if (events_) std::exchange(events_, nullptr)->on_response_error(error, !codec_.responded());
}

// The stream is dead. A response under way ends with the error, an idle connection with a closure.
void Driver::broken(const core::Error& reported) {
  const core::Error error = reported;  // it may live in the stream
  const bool answered = codec_.responded();
  write_failed_ = true;
  stream_.reset();
  ResponseEvents* events = std::exchange(events_, nullptr);
  if (!events) return;
  if (codec_.done()) {
    events->on_closed_idle();
  } else {
    core::Error told = error;
    told.retryable = !answered;
    events->on_response_error(told, !answered);
  }
}

class Connection final : public ClientConnection {
 public:
  explicit Connection(std::shared_ptr<Driver> driver) : driver_(std::move(driver)) {}
  ~Connection() override { driver_->detach(); }

  void set_events(ResponseEvents* events) override { driver_->set_events(events); }
  void send_request(const RequestHead& head, BodyLength length) override { driver_->send_request(head, length); }
  void send_body(core::Chunk chunk) override { driver_->send_body(std::move(chunk)); }
  void finish_request(const HeaderMap* trailers) override { driver_->finish_request(trailers); }
  std::size_t queued() const override { return driver_->queued(); }
  void pause_reading(bool paused) override { driver_->pause_reading(paused); }
  void become_tunnel() override { driver_->become_tunnel(); }
  bool idle() const override { return driver_->idle(); }
  std::uint64_t requests() const override { return driver_->requests(); }
  const core::Address& peer_address() const override { return driver_->peer_address(); }

 private:
  const std::shared_ptr<Driver> driver_;
};

}  // namespace

std::unique_ptr<ClientConnection> ClientConnection::connect(const core::Worker& worker, const core::Address& address,
                                                            const ClientLimits& limits,
                                                            std::shared_ptr<const core::TlsContext> tls,
                                                            std::string_view server_name,
                                                            core::UniqueFunction<void(core::Result<void>)> connected) {
  auto driver = std::make_shared<Driver>(worker, limits, std::move(connected));
  driver->connect(address, std::move(tls), server_name);
  return std::make_unique<Connection>(std::move(driver));
}

}  // namespace skerry::http
