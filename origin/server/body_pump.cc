#include "origin/server/body_pump.h"

#include <algorithm>

#include "origin/server/generated.h"

namespace skerry::origin {

namespace {

constexpr std::size_t read_size = 128 * 1024;
constexpr std::uint64_t fastest_slow = 1'000'000'000;
constexpr core::Duration slow_tick = std::chrono::milliseconds(20);
constexpr core::Duration flush_tick = std::chrono::milliseconds(5);

}  // namespace

BodyPump::BodyPump(http::ResponseSink& sink, FileThreads& files, std::size_t response_buffer)
    : sink_(sink),
      files_(files),
      response_buffer_(response_buffer),
      link_(std::make_shared<Link>(Link{this})),
      timer_(sink.worker().loop, [this] { refill_allowance(); }) {}

BodyPump::~BodyPump() {
  link_->pump = nullptr;
}

void BodyPump::start(BodySource source, std::deque<BodyPiece> pieces, const BodyFaults& faults) {
  source_ = std::move(source);
  pieces_ = std::move(pieces);
  faults_ = faults;
  left_ = faults.close.value_or(UINT64_MAX);
  if (faults.slow == 0) return resume();
  allowance_ = 0;
  refilled_ = sink_.worker().loop.now();
  refill_allowance();
}

void BodyPump::resume() {
  if (ending_) return;
  while (!reading_ && !pieces_.empty() && left_ > 0 && has_room()) send_next();
  if (!reading_ && (pieces_.empty() || left_ == 0)) end();
}

bool BodyPump::has_room() const {
  return allowance_ > 0 && sink_.queued() <= response_buffer_;
}

// Of the first piece: at most a read, what the pace allows, and what may go before an abort.
std::size_t BodyPump::next_size() const {
  const BodyPiece& piece = pieces_.front();
  const std::uint64_t size = piece.text.empty() ? piece.range.size() : piece.text.size();
  return static_cast<std::size_t>(std::min({size, std::uint64_t{read_size}, allowance_, left_}));
}

void BodyPump::send_next() {
  BodyPiece& piece = pieces_.front();
  const std::size_t size = next_size();
  if (!piece.text.empty()) {
    auto chunk = core::Chunk::copy_of(std::string_view(piece.text).substr(0, size));
    piece.text.erase(0, size);
    if (piece.text.empty()) pieces_.pop_front();
    return send(std::move(chunk));
  }
  if (source_.file) return read_next(size);
  core::BlockRef block(core::Block::allocate(size));
  std::byte* data = block->data();
  generate(source_.seed, piece.range.first, {data, size});
  piece.range.first += size;
  if (piece.range.first > piece.range.last) pieces_.pop_front();
  send(core::Chunk(std::move(block), data, size));
}

void BodyPump::send(core::Chunk chunk) {
  left_ -= faults_.close ? chunk.size() : 0;
  allowance_ -= faults_.slow > 0 ? chunk.size() : 0;
  sink_.send_body(std::move(chunk));
}

void BodyPump::read_next(std::size_t size) {
  reading_ = true;
  core::EventLoop& loop = sink_.worker().loop;
  auto read = [link = link_, file = source_.file, &loop, offset = pieces_.front().range.first, size]() mutable {
    loop.post([link = std::move(link), result = file->read(offset, size)]() mutable {
      if (link->pump) link->pump->on_read(std::move(result));
    });
  };
  if (files_.submit(std::move(read))) return;
  loop.defer([link = link_] {
    if (link->pump)
      link->pump->on_read(core::Error{core::ErrorCode::overloaded, core::ErrorSource::internal, true, {}});
  });
}

void BodyPump::on_read(core::Result<core::Chunk> result) {
  reading_ = false;
  if (!result) return sink_.abort();
  ByteRange& range = pieces_.front().range;
  range.first += result->size();
  if (range.first > range.last) pieces_.pop_front();
  send(std::move(*result));
  resume();
}

void BodyPump::end() {
  if (left_ > 0 && !faults_.abort_at_end) return sink_.finish();
  // What was sent must arrive before the reset that follows it.
  ending_ = true;
  timer_.arm(flush_tick);
}

void BodyPump::refill_allowance() {
  if (ending_) {
    if (sink_.queued() == 0) return sink_.abort();
    return timer_.arm(flush_tick);
  }
  // What the time since the last refill is worth: a tick that comes late loses nothing.
  const core::TimePoint now = sink_.worker().loop.now();
  const auto elapsed = std::chrono::duration<double>(now - refilled_).count();
  const auto earned = static_cast<std::uint64_t>(elapsed * static_cast<double>(std::min(faults_.slow, fastest_slow)));
  if (earned > 0) {
    allowance_ = std::min<std::uint64_t>(earned, read_size);
    refilled_ = now;
  }
  timer_.arm(slow_tick);
  resume();
}

}  // namespace skerry::origin
