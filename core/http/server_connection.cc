#include "core/http/server_connection.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <utility>

#include "core/check.h"
#include "core/http/h1_server_codec.h"

namespace skerry::http {
namespace {

using core::ErrorCode;
using core::ErrorSource;
using core::IoStatus;
using core::TimePoint;

// A read that leaves less room than this at the block's end starts a new block.
constexpr std::size_t least_room = 4096;
// Turns of a busy connection before the others have theirs.
constexpr int reads_a_turn = 4;
constexpr int writes_a_turn = 16;
// How long and how much a client that still sends may go on after its last response (RFC 9112 9.6).
constexpr core::Duration linger_time = std::chrono::seconds(2);
constexpr std::size_t most_lingered = 1u << 20;
// Below this, a queue that shrinks is no news for a handler.
constexpr std::size_t noteworthy_queue = 16 * 1024;

std::atomic<std::uint64_t> last_connection_id{0};

core::Error client_error(ErrorCode code) {
  return {code, ErrorSource::client, false, {}};
}

}  // namespace

core::BlockRef BlockPool::take() {
  if (blocks_.empty()) return core::BlockRef(core::Block::allocate(block_size));
  core::BlockRef block = std::move(blocks_.back());
  blocks_.pop_back();
  return block;
}

void BlockPool::give(core::BlockRef block) {
  if (blocks_.size() < most && block->unique()) blocks_.push_back(std::move(block));
}

ServerConnection::ServerConnection(ServerContext& context, Owner& owner, std::shared_ptr<const core::TlsContext> tls,
                                   std::unique_ptr<core::Stream> stream)
    : context_(context),
      owner_(owner),
      work_(context.worker.loop, [this] { advance(); }),
      timer_(context.worker.loop, [this] { expire(); }),
      anchor_(context.worker.loop.now()) {
  info_.id = last_connection_id.fetch_add(1, std::memory_order_relaxed) + 1;
  info_.client = stream->peer_address();
  if (tls) {
    stream_ = core::tls_accept(loop(), std::move(stream), std::move(tls), *this);
  } else {
    stream_ = std::move(stream);
    stream_->set_events(*this);
    if (stream_->identified()) start_codec();
  }
  deadline_ = anchor_ + context_.limits.header_timeout;
  timer_.arm_at(armed_for_ = deadline_);
}

ServerConnection::~ServerConnection() {
  CHECK(handler_ == nullptr);
}

void ServerConnection::start_codec() {
  info_.client = stream_->peer_address();
  info_.local = stream_->local_address();
  info_.tls = stream_->tls();
  codec_ = std::make_unique<H1ServerCodec>(context_.limits, info_.tls ? Scheme::https : Scheme::http, context_.date,
                                           static_cast<ServerCodecEvents&>(*this));
}

void ServerConnection::on_connected(core::Result<void> handshake) {
  if (!handshake) return broken(handshake.error());
  if (!codec_) start_codec();
}

void ServerConnection::on_readable() {
  if (!stream_) return;
  inside_ = true;
  read_input();
  inside_ = false;
  advance();
}

void ServerConnection::on_writable() {
  write_blocked_ = false;
  advance();
}

// A short read means that the next one would find nothing, so it is the last of this turn.
void ServerConnection::read_input() {
  for (int turn = 0; turn < reads_a_turn && stream_ && make_room(); ++turn) {
    const std::span<std::byte> room(block_->data() + end_, block_->capacity() - end_);
    const core::IoResult got = stream_->read(room);
    if (got.status == IoStatus::error) return broken(stream_->error());
    if (got.status == IoStatus::end) input_ended_ = true;
    if (got.status != IoStatus::ok) return;
    end_ += got.bytes;
    progress_ = true;
    if (lingering_) lingered_ += got.bytes;
    if (!codec_) start_codec();
    feed_codec();
    if (got.bytes < room.size() || aborted_) return;
  }
}

// False: what waits in the block leaves no room, and reading has to pause.
bool ServerConnection::make_room() {
  if (block_ && begin_ == end_) {
    if (block_->unique()) {
      begin_ = end_ = 0;
    } else if (block_->capacity() - end_ < least_room) {
      block_ = {};
    }
  }
  if (!block_) {
    block_ = context_.blocks.take();
    begin_ = end_ = 0;
  }
  return end_ < block_->capacity();
}

void ServerConnection::feed_codec() {
  context_.date.refresh(loop().wall());
  begin_ += codec_->receive(block_, block_->data() + begin_, end_ - begin_);
}

// Everything that may follow from input, from a handler's calls or from time passing, in the order that makes sense.
void ServerConnection::advance() {
  if (!stream_) return settle();
  if (codec_) {
    run_input();
    if (aborted_ && stream_) {
      stream_->abort();
      return close();
    }
    flush();
    if (stream_) finish_close();
  } else if (input_ended_) {
    close();
  }
  if (!stream_) return;
  release_block();
  update_watch();
  update_deadline();
}

void ServerConnection::run_input() {
  inside_ = true;
  settle();
  while (begin_ != end_ && stream_ && !aborted_) {
    const std::size_t before = begin_;
    feed_codec();
    settle();
    if (begin_ == before) break;
  }
  if (input_ended_ && !end_told_ && begin_ == end_ && stream_ && !aborted_) {
    end_told_ = true;
    codec_->receive_end();
    settle();
  }
  inside_ = false;
}

void ServerConnection::settle() {
  if (handler_ && done_) context_.service.release(*std::exchange(handler_, nullptr));
}

void ServerConnection::flush() {
  Output& output = codec_->output();
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
    if (put.status == IoStatus::error) return broken(stream_->error());
    if (put.status == IoStatus::ok) output.consume(put.bytes);
    wrote = wrote || put.status == IoStatus::ok;
    write_blocked_ = put.status != IoStatus::ok || put.bytes < offered;
    if (write_blocked_) write_progress_ = wrote || !watches_write_ ? loop().now() : write_progress_;
  }
  if (!wrote) return;
  progress_ = progress_ || tunnel_;
  tell_writable();
}

void ServerConnection::tell_writable() {
  const std::size_t left = codec_->output().size();
  if (most_queued_ < noteworthy_queue || left >= context_.limits.response_buffer / 2) return;
  most_queued_ = left;
  if (handler_ && !done_ && head_sent_) handler_->on_writable();
}

// The last byte is out: half-close, close, or let the client finish first.
void ServerConnection::finish_close() {
  if (!codec_->output().empty()) return;
  if (lingering_) {
    if (input_ended_ || lingered_ > most_lingered) close();
    return;
  }
  if (codec_->wants_shutdown() && !shut_down_) {
    shut_down_ = true;
    stream_->shutdown_write();
  }
  if (!codec_->wants_close()) return;
  if (!codec_->wants_linger() || input_ended_) return broken(client_error(ErrorCode::closed));
  lingering_ = true;
  anchor_ = loop().now();
  stream_->shutdown_write();
}

void ServerConnection::release_block() {
  if (!block_ || begin_ != end_) return;
  // In the middle of a body the rest of a shared block takes the next bytes.
  if (!block_->unique() && codec_ && codec_->input_state() == InputState::body) return;
  context_.blocks.give(std::exchange(block_, {}));
  begin_ = end_ = 0;
}

// Input that can't be used yet is bounded by one block: the rest stays in the kernel.
void ServerConnection::update_watch() {
  const bool read = !input_ended_ && begin_ == end_;
  if (read == watches_read_ && write_blocked_ == watches_write_) return;
  watches_read_ = read;
  watches_write_ = write_blocked_;
  stream_->watch(watches_read_, watches_write_);
}

void ServerConnection::wake() {
  if (!inside_) work_.schedule();
}

void ServerConnection::on_request(StreamId id, RequestHead& head, BodyLength length) {
  settle();
  CHECK(handler_ == nullptr);
  stream_id_ = id;
  head_sent_ = done_ = finished_ = request_ended_ = false;
  response_bytes_ = 0;
  most_queued_ = 0;
  handler_ = &context_.service.acquire(*this);
  handler_->on_request(head, length);
}

void ServerConnection::on_request_body(StreamId, core::Chunk chunk) {
  if (handler_ && !done_) handler_->on_request_body(std::move(chunk));
}

void ServerConnection::on_request_end(StreamId, const HeaderMap& trailers) {
  if (!handler_ || done_) return;
  request_ended_ = true;
  handler_->on_request_end(trailers);
  if (tunnel_ && finished_) done_ = true;
}

void ServerConnection::on_stream_error(StreamId id, int status, const core::Error& error) {
  if (!handler_) {
    context_.service.on_refused(info_, status, error);
    return refuse(id, status, error);
  }
  const bool begun = head_sent_;
  if (!done_) cancel_handler(error);
  if (begun) {
    aborted_ = true;  // nothing may look complete
  } else {
    refuse(id, status, error);
  }
}

void ServerConnection::refuse(StreamId id, int status, const core::Error& error) {
  context_.date.refresh(loop().wall());
  ResponseHead head;
  head.status = status;
  head.fields.add(HeaderId::content_type, "text/plain");
  context_.service.complete_refusal(head, error);
  const std::string body = std::string(core::name(error.code)) + "\n";
  codec_->write_head(id, head, BodyLength::known(body.size()), nullptr);
  codec_->write_body(id, core::Chunk::copy_of(body));
  codec_->write_end(id, nullptr);
}

void ServerConnection::send_interim(const ResponseHead& head) {
  codec_->write_interim(stream_id_, head);
  wake();
}

void ServerConnection::send_head(const ResponseHead& head, BodyLength length,
                                 std::shared_ptr<const RenderedFields> stored) {
  context_.date.refresh(loop().wall());
  const std::size_t before = queued();
  head_sent_ = true;
  codec_->write_head(stream_id_, head, length, stored);
  response_bytes_ += queued() - before;
  wake();
}

void ServerConnection::send_body(core::Chunk chunk) {
  const std::size_t before = queued();
  codec_->write_body(stream_id_, std::move(chunk));
  response_bytes_ += queued() - before;
  wake();
}

void ServerConnection::finish(const HeaderMap* trailers) {
  const std::size_t before = queued();
  finished_ = true;
  done_ = !tunnel_ || request_ended_;
  codec_->write_end(stream_id_, trailers);
  response_bytes_ += queued() - before;
  wake();
}

void ServerConnection::abort() {
  done_ = true;
  aborted_ = true;
  wake();
}

void ServerConnection::consume(std::size_t n) {
  const bool was_full = codec_->input_state() == InputState::answer;
  codec_->consume(stream_id_, n);
  // Input may wait here; and from now on the client is waited for, which has its deadline.
  if (begin_ != end_ || was_full) wake();
}

void ServerConnection::become_tunnel() {
  tunnel_ = true;
  request_ended_ = input_ended_ && end_told_;
  codec_->become_tunnel(stream_id_);
}

std::uint64_t ServerConnection::bytes_sent() const {
  return cancelled_ ? response_bytes_ - std::min<std::uint64_t>(response_bytes_, queued()) : response_bytes_;
}

void ServerConnection::cancel_handler(const core::Error& error) {
  cancelled_ = true;
  done_ = true;
  handler_->on_cancelled(error);
  settle();
}

void ServerConnection::broken(const core::Error& error) {
  if (error.code == ErrorCode::bad_proxy_header) context_.service.on_refused(info_, 0, error);
  if (handler_ && !done_) cancel_handler(error);
  close();
}

void ServerConnection::cut(const core::Error& reason) {
  if (!stream_) return;
  stream_->abort();
  broken(reason);
}

void ServerConnection::drain() {
  if (!stream_) return;
  if (codec_) {
    codec_->close_when_idle();
    work_.schedule();
  } else {
    close();
  }
}

// A handler that has finished is released by the advance() that follows where this is called from inside the codec;
// elsewhere at once.
void ServerConnection::close() {
  if (!stream_) return;
  timer_.cancel();
  stream_.reset();
  if (!inside_) settle();
  if (codec_) codec_->output().clear();
  owner_.on_connection_closed(*this);
}

void ServerConnection::update_deadline() {
  const InputState state = lingering_ || !codec_ ? InputState::finished : codec_->input_state();
  const bool waits_anew = state != last_state_ || stream_id_ != last_stream_;
  const bool progress_counts = state == InputState::body || state == InputState::tunnel;
  if (waits_anew || (progress_counts && progress_)) anchor_ = loop().now();
  last_state_ = state;
  last_stream_ = stream_id_;
  progress_ = false;
  deadline_ = read_deadline(state);
  if (write_blocked_) deadline_ = std::min(deadline_, write_progress_ + context_.limits.write_timeout);
  if (deadline_ == TimePoint::max() || (timer_.armed() && armed_for_ <= deadline_)) return;
  armed_for_ = deadline_;
  timer_.arm_at(deadline_);
}

TimePoint ServerConnection::read_deadline(InputState state) const {
  const ServerLimits& limits = context_.limits;
  switch (state) {
    case InputState::idle: return anchor_ + (stream_id_ == 0 ? limits.header_timeout : limits.keep_alive_timeout);
    case InputState::head: return anchor_ + limits.header_timeout;
    case InputState::body: return anchor_ + limits.body_timeout;
    case InputState::tunnel: return anchor_ + limits.tunnel_timeout;
    case InputState::finished:
      if (!codec_) return anchor_ + limits.header_timeout;  // a proxy's header, the TLS handshake
      return lingering_ ? anchor_ + linger_time : TimePoint::max();
    default: return TimePoint::max();
  }
}

// The timer is armed for a time at or before the deadline and looks again: a busy connection never re-arms it.
void ServerConnection::expire() {
  const TimePoint now = loop().now();
  if (now < deadline_) {
    armed_for_ = deadline_;
    if (deadline_ != TimePoint::max()) timer_.arm_at(deadline_);
    return;
  }
  if (write_blocked_ && now >= write_progress_ + context_.limits.write_timeout) {
    return cut(client_error(ErrorCode::write_timeout));
  }
  if (!stream_->identified()) return broken(client_error(ErrorCode::bad_proxy_header));
  switch (codec_ ? last_state_ : InputState::finished) {
    case InputState::head: codec_->refuse_request(ErrorCode::header_timeout, 408); break;
    case InputState::body: codec_->refuse_request(ErrorCode::body_timeout, 408); break;
    case InputState::tunnel: return cut(client_error(ErrorCode::idle_timeout));
    default: return broken(client_error(ErrorCode::idle_timeout));
  }
  advance();
}

}  // namespace skerry::http
