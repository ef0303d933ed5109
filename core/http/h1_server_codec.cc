#include "core/http/h1_server_codec.h"

#include <algorithm>
#include <utility>

#include "core/check.h"
#include "core/http/h1_syntax.h"

namespace skerry::http {
namespace {

using core::ErrorCode;
using Kind = BodyLength::Kind;
using Body = RenderedFraming::Body;

// A body that is still coming when its response is complete is read to its end if no more than this is left:
// cheaper than a new connection.
constexpr std::size_t most_skipped = 64 * 1024;

const HeaderMap no_trailers;

}  // namespace

H1ServerCodec::H1ServerCodec(const ServerLimits& limits, Scheme scheme, const DateLine& date, ServerCodecEvents& events)
    : head_limits_{limits.head_size, limits.target_size, limits.header_fields},
      most_requests_(limits.requests_per_connection),
      window_(limits.request_window),
      date_(date),
      events_(events),
      parser_(head_limits_, scheme) {}

std::size_t H1ServerCodec::receive(const core::BlockRef& block, const std::byte* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  while (!input.empty() && step(block, input)) {
  }
  return size - input.size();
}

bool H1ServerCodec::step(const core::BlockRef& block, std::string_view& input) {
  if (wants_close_ || input_ == Input::failed) {
    input = {};
    return false;
  }
  if (input_ == Input::head) return read_head(input);
  if (input_ == Input::complete || window_full()) return false;  // the response, or consume(), comes first
  if (input_ == Input::chunked) return read_chunked(block, input);
  if (input_ == Input::sized) {
    read_sized(block, input);
  } else {
    deliver(block, std::exchange(input, {}));
  }
  return true;
}

bool H1ServerCodec::read_head(std::string_view& input) {
  switch (parser_.parse(input, head_)) {
    case Progress::need_more: return false;
    case Progress::failed: refuse_request(parser_.refusal().code, parser_.refusal().status); return true;
    default: begin_request(); return true;
  }
}

void H1ServerCodec::begin_request() {
  ++stream_;
  if (const auto refusal = request_framing(head_, framing_)) {
    fail(*refusal);
    return;
  }
  close_ = close_ || !framing_.keep_alive || stream_ >= most_requests_;
  continue_awaited_ = framing_.expects_continue;
  body_left_ = framing_.length.size;
  // A request without a body is one whose last byte has come, once its receiver has been told of it.
  input_ = framing_.chunked ? Input::chunked : Input::sized;
  if (framing_.chunked) chunks_.start(head_limits_.head_size, head_limits_.fields, false);
  events_.on_request(stream_, head_, framing_.length);
  if (input_ == Input::sized && body_left_ == 0 && !wants_close_) end_request(no_trailers);
}

void H1ServerCodec::read_sized(const core::BlockRef& block, std::string_view& input) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, input.size()));
  const std::string_view bytes = input.substr(0, size);
  input.remove_prefix(size);
  body_left_ -= size;
  deliver(block, bytes);
  if (body_left_ == 0 && !wants_close_) end_request(no_trailers);
}

bool H1ServerCodec::read_chunked(const core::BlockRef& block, std::string_view& input) {
  std::string_view bytes;
  continue_awaited_ = false;
  switch (chunks_.read(input, bytes)) {
    case ChunkedReader::Step::need_more: return false;
    case ChunkedReader::Step::data: deliver(block, bytes); return true;
    case ChunkedReader::Step::complete: end_request(chunks_.trailers()); return true;
    default: fail(chunks_.refusal()); return true;
  }
}

void H1ServerCodec::deliver(const core::BlockRef& block, std::string_view bytes) {
  continue_awaited_ = false;
  if (response_ended_ && !tunnel_) return skip(bytes.size());
  unconsumed_ += bytes.size();
  events_.on_request_body(stream_, core::Chunk(block, reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()));
}

void H1ServerCodec::skip(std::size_t bytes) {
  skipped_ += bytes;
  if (skipped_ > most_skipped) close_unread();
}

void H1ServerCodec::close_unread() {
  wants_close_ = true;
  linger_ = true;
}

void H1ServerCodec::end_request(const HeaderMap& trailers) {
  if (tunnel_) {
    input_ = Input::tunnel;
    return;
  }
  input_ = Input::complete;
  if (response_ended_) {
    finish_exchange();
  } else {
    events_.on_request_end(stream_, trailers);
  }
}

void H1ServerCodec::fail(Refusal refusal) {
  input_ = Input::failed;
  close_ = true;
  if (response_ended_) {
    close_unread();
    return;
  }
  const core::Error error{refusal.code, core::ErrorSource::client, false, {}};
  events_.on_stream_error(stream_, refusal.status, error);
}

void H1ServerCodec::refuse_request(ErrorCode code, int status) {
  if (input_ == Input::head) {
    ++stream_;
    if (!parser_.has_request_line()) head_.clear();  // the last request's must not shape the refusal
  }
  fail({code, status});
}

void H1ServerCodec::receive_end() {
  input_ended_ = true;
  switch (input_) {
    case Input::head:
      if (!parser_.started()) {
        wants_close_ = true;
      } else {
        refuse_request(ErrorCode::malformed_head, 400);
      }
      break;
    case Input::sized:
    case Input::chunked:
      if (response_ended_) {
        wants_close_ = true;
      } else {
        fail({ErrorCode::body_cut_short});
      }
      break;
    case Input::complete: close_ = true; break;
    case Input::tunnel:
      if (response_ended_) wants_close_ = true;
      events_.on_request_end(stream_, no_trailers);
      break;
    case Input::failed: break;
  }
}

// The request is read and its response written.
void H1ServerCodec::finish_exchange() {
  if (close_ || input_ == Input::failed) {
    wants_close_ = true;
    linger_ = input_ == Input::failed;
    return;
  }
  next_request();
}

void H1ServerCodec::next_request() {
  input_ = Input::head;
  parser_.restart();
  unconsumed_ = 0;
  skipped_ = 0;
  head_written_ = false;
  response_ended_ = false;
  bodiless_ = false;
  body_ = Body::none;
  announced_ = 0;
  first_chunk_ = true;
}

void H1ServerCodec::write_interim(StreamId id, const ResponseHead& head) {
  CHECK(id == stream_ && !head_written_);
  if (head_.version == Version::http_1_0) return;  // RFC 9110 15.2
  if (head.status == 100) continue_awaited_ = false;
  output_.append_with([&](std::string& out) { render_interim_head(out, head); });
}

void H1ServerCodec::write_head(StreamId id, const ResponseHead& head, BodyLength length,
                               const std::shared_ptr<const RenderedFields>& stored) {
  CHECK(id == stream_ && !head_written_);
  head_written_ = true;
  // The client may send the body it holds back, or not: what follows can't be told from it (RFC 9110 10.1.1).
  if (continue_awaited_) close_ = true;
  const RenderedFraming framing = frame_response(head, length);
  body_ = framing.body;
  announced_ = bodiless_ ? 0 : framing.size;
  output_.append_with([&](std::string& out) { render_response_head(out, head, stored.get(), framing, date_.text()); });
}

// RFC 9112 6.1 to 6.3.
RenderedFraming H1ServerCodec::frame_response(const ResponseHead& head, BodyLength length) {
  RenderedFraming framing;
  bodiless_ = head_.method == Method::head || has_no_body(head.status);
  if (head.status == 101) {
    framing.connection = "upgrade";
    return framing;
  }
  if (head_.method == Method::head && length.kind != Kind::known) {
    // What a GET would say is announced where it is known, if only from the fields (RFC 9110 9.3.2).
    const auto announced = head.fields.find(HeaderId::content_length);
    if (const auto size = announced ? parse_content_length(*announced) : std::nullopt)
      length = BodyLength::known(*size);
  }
  if (has_no_body(head.status) || (bodiless_ && length.kind != Kind::known)) {
    framing.body = Body::none;
  } else if (length.kind != Kind::unknown) {
    framing.body = Body::sized;
    framing.size = length.size;
  } else if (head_.version == Version::http_1_0) {
    framing.body = Body::until_close;
    close_ = true;
  } else {
    framing.body = Body::chunked;
  }
  if (close_) {
    framing.connection = "close";
  } else if (head_.version == Version::http_1_0) {
    framing.connection = "keep-alive";
  }
  return framing;
}

void H1ServerCodec::write_body(StreamId id, core::Chunk chunk) {
  CHECK(id == stream_ && head_written_ && !response_ended_);
  if (chunk.empty()) return;  // an empty chunk would end a chunked body
  if (!tunnel_) {
    if (bodiless_) return;
    if (body_ == Body::sized) {
      CHECK(chunk.size() <= announced_);
      announced_ -= chunk.size();
    } else if (body_ == Body::chunked) {
      output_.append_with([&](std::string& out) { render_chunk_line(out, chunk.size(), first_chunk_); });
      first_chunk_ = false;
    }
  }
  output_.append(std::move(chunk));
}

void H1ServerCodec::write_end(StreamId id, const HeaderMap* trailers) {
  CHECK(id == stream_ && head_written_ && !response_ended_);
  response_ended_ = true;
  if (tunnel_) {
    wants_close_ = wants_close_ || input_ended_;
    return;
  }
  CHECK(bodiless_ || announced_ == 0);
  if (!bodiless_ && body_ == Body::chunked) {
    output_.append_with([&](std::string& out) { render_last_chunk(out, trailers, first_chunk_); });
  }
  if (input_ == Input::complete || input_ == Input::failed) {
    finish_exchange();
  } else if (input_ == Input::chunked || body_left_ > 0) {
    if (close_ || continue_awaited_ || body_left_ > most_skipped) close_unread();
  }
}

void H1ServerCodec::consume(StreamId id, std::size_t bytes) {
  if (id == stream_) unconsumed_ -= std::min(bytes, unconsumed_);
}

void H1ServerCodec::become_tunnel(StreamId id) {
  CHECK(id == stream_ && head_written_);
  tunnel_ = true;
  // Until a request's body is complete, what comes is still that body.
  if (input_ == Input::complete || (input_ == Input::sized && body_left_ == 0)) input_ = Input::tunnel;
  if (input_ended_ && input_ == Input::tunnel) close_ = true;
}

void H1ServerCodec::close_when_idle() {
  close_ = true;
  if (input_ == Input::head && !parser_.started()) wants_close_ = true;
}

InputState H1ServerCodec::input_state() const {
  if (wants_close_ || input_ == Input::failed) return InputState::finished;
  switch (input_) {
    case Input::head: return parser_.started() ? InputState::head : InputState::idle;
    case Input::sized:
    case Input::chunked: return window_full() ? InputState::answer : InputState::body;
    case Input::tunnel: return window_full() || input_ended_ ? InputState::answer : InputState::tunnel;
    default: return InputState::answer;
  }
}

}  // namespace skerry::http
