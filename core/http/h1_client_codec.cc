#include "core/http/h1_client_codec.h"

#include <algorithm>
#include <utility>

#include "core/check.h"

namespace skerry::http {
namespace {

using core::ErrorCode;
using Kind = BodyLength::Kind;
using Body = RenderedFraming::Body;

// More 1xx responses to one request than any server has a reason for.
constexpr int most_interim = 32;

const HeaderMap no_trailers;

RenderedFraming frame_request(const RequestHead& head, BodyLength length) {
  RenderedFraming framing;
  const bool has_meaning = head.method == Method::post || head.method == Method::put || head.method == Method::patch;
  if (length.kind == Kind::unknown) {
    framing.body = Body::chunked;
  } else if (length.kind == Kind::known || has_meaning) {  // RFC 9110 8.6: an empty POST says so
    framing.body = Body::sized;
    framing.size = length.size;
  }
  // What stays of hop-by-hop fields was put there for this hop, and has to be named (RFC 9110 7.6.1).
  const bool upgrade = head.fields.contains(HeaderId::upgrade);
  const bool te = head.fields.contains(HeaderId::te);
  if (upgrade && te) {
    framing.connection = "upgrade, TE";
  } else if (upgrade || te) {
    framing.connection = upgrade ? "upgrade" : "TE";
  }
  return framing;
}

}  // namespace

H1ClientCodec::H1ClientCodec(const ClientLimits& limits, ClientCodecEvents& events)
    : limits_(limits), events_(events), parser_({limits.head_size, 0, limits.header_fields}) {}

StreamId H1ClientCodec::write_request(const RequestHead& head, BodyLength length) {
  CHECK(input_ == Input::idle && request_ended_);
  ++stream_;
  const RenderedFraming framing = frame_request(head, length);
  body_ = framing.body;
  announced_ = framing.size;
  first_chunk_ = true;
  request_ended_ = length.kind == Kind::none;
  to_head_ = head.method == Method::head;
  upgrade_asked_ = head.fields.contains(HeaderId::upgrade);
  input_ = Input::head;
  parser_.restart();
  interim_ = 0;
  responded_ = false;
  output_.append_with([&](std::string& out) { render_request_head(out, head, framing); });
  return stream_;
}

void H1ClientCodec::write_body(StreamId id, core::Chunk chunk) {
  CHECK(id == stream_ && !request_ended_);
  if (chunk.empty()) return;
  if (!tunnel_ && body_ == Body::sized) {
    CHECK(chunk.size() <= announced_);
    announced_ -= chunk.size();
  } else if (!tunnel_ && body_ == Body::chunked) {
    output_.append_with([&](std::string& out) { render_chunk_line(out, chunk.size(), first_chunk_); });
    first_chunk_ = false;
  }
  output_.append(std::move(chunk));
}

void H1ClientCodec::write_end(StreamId id, const HeaderMap* trailers) {
  CHECK(id == stream_);
  if (request_ended_) return;
  request_ended_ = true;
  if (tunnel_) return;
  CHECK(announced_ == 0);
  if (body_ == Body::chunked) {
    output_.append_with([&](std::string& out) { render_last_chunk(out, trailers, first_chunk_); });
  }
}

std::size_t H1ClientCodec::receive(const core::BlockRef& block, const std::byte* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  while (!input.empty() && step(block, input)) {
  }
  return size - input.size();
}

bool H1ClientCodec::step(const core::BlockRef& block, std::string_view& input) {
  switch (input_) {
    case Input::idle:
      // Nobody asked: it might be taken for the answer to the next request (RFC 9112 9.2).
      keep_alive_ = false;
      input = {};
      return false;
    case Input::head: return read_head(input);
    case Input::sized: read_sized(block, input); return true;
    case Input::chunked: return read_chunked(block, input);
    case Input::until_close:
    case Input::tunnel: deliver(block, std::exchange(input, {})); return true;
    case Input::switching: return false;
    case Input::finished: input = {}; return false;
  }
  return false;
}

bool H1ClientCodec::read_head(std::string_view& input) {
  responded_ = true;
  switch (parser_.parse(input, head_)) {
    case Progress::need_more: return false;
    case Progress::failed: fail(parser_.refusal().code); break;
    default: take_head(!input.empty()); break;
  }
  return true;
}

void H1ClientCodec::take_head(bool more_input) {
  Framing framing;
  if (const auto refusal = response_framing(head_, to_head_, framing)) return fail(refusal->code);
  if (head_.status < 200 && head_.status != 101) return take_interim();
  if (head_.status == 101) {
    if (!upgrade_asked_) return fail(ErrorCode::malformed_head);
    keep_alive_ = false;
    input_ = Input::switching;
    events_.on_response(stream_, std::move(head_), BodyLength::none());
    return;
  }
  keep_alive_ = framing.keep_alive;
  body_left_ = framing.length.size;
  switch (framing.length.kind) {
    case Kind::unknown: input_ = framing.chunked ? Input::chunked : Input::until_close; break;
    default: input_ = Input::sized; break;
  }
  if (framing.chunked) chunks_.start(limits_.head_size, limits_.header_fields, true);
  events_.on_response(stream_, std::move(head_), framing.length);
  if (input_ == Input::sized && body_left_ == 0) end_response(no_trailers, more_input);
}

void H1ClientCodec::take_interim() {
  if (++interim_ > most_interim) return fail(ErrorCode::limit_exceeded);
  events_.on_interim(stream_, head_);
  parser_.restart();
}

void H1ClientCodec::read_sized(const core::BlockRef& block, std::string_view& input) {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, input.size()));
  const std::string_view bytes = input.substr(0, size);
  input.remove_prefix(size);
  body_left_ -= size;
  deliver(block, bytes);
  if (body_left_ == 0) end_response(no_trailers, !input.empty());
}

bool H1ClientCodec::read_chunked(const core::BlockRef& block, std::string_view& input) {
  std::string_view bytes;
  switch (chunks_.read(input, bytes)) {
    case ChunkedReader::Step::need_more: return false;
    case ChunkedReader::Step::data: deliver(block, bytes); break;
    case ChunkedReader::Step::complete: end_response(chunks_.trailers(), !input.empty()); break;
    default: fail(chunks_.refusal().code); break;
  }
  return true;
}

void H1ClientCodec::deliver(const core::BlockRef& block, std::string_view bytes) {
  events_.on_response_body(stream_, core::Chunk(block, reinterpret_cast<const std::byte*>(bytes.data()), bytes.size()));
}

// A response that overtakes its request's body leaves the connection in a state nobody can know.
void H1ClientCodec::end_response(const HeaderMap& trailers, bool more_input) {
  keep_alive_ = keep_alive_ && request_ended_ && !more_input;
  input_ = keep_alive_ ? Input::idle : Input::finished;
  events_.on_response_end(stream_, trailers);
}

void H1ClientCodec::fail(ErrorCode code, bool retryable) {
  input_ = Input::finished;
  keep_alive_ = false;
  events_.on_response_error(stream_, {code, core::ErrorSource::upstream, retryable, {}});
}

void H1ClientCodec::receive_end() {
  switch (input_) {
    case Input::idle: keep_alive_ = false; break;
    case Input::head: fail(ErrorCode::closed, !responded_); break;
    case Input::sized:
    case Input::chunked: fail(ErrorCode::body_cut_short); break;
    case Input::switching: fail(ErrorCode::closed); break;
    case Input::until_close:
    case Input::tunnel: end_response(no_trailers, false); break;
    case Input::finished: break;
  }
}

void H1ClientCodec::become_tunnel(StreamId id) {
  CHECK(id == stream_ && input_ == Input::switching);
  tunnel_ = true;
  request_ended_ = false;  // until the owner half-closes
  input_ = Input::tunnel;
}

}  // namespace skerry::http
