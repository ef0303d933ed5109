// HTTP/1.1 on a client's connection: requests in, responses out, one at a time and in order (RFC 9112).
//
// Pipelined requests wait in the caller's input until the response before them is complete. A request body that nobody
// reads any more is skipped up to a small bound, then the connection closes. Owned by a connection; see codec.h.
#pragma once

#include <cstdint>
#include <memory>

#include "core/http/codec.h"
#include "core/http/h1_chunked.h"
#include "core/http/h1_framing.h"
#include "core/http/h1_parser.h"
#include "core/http/h1_renderer.h"

namespace skerry::http {

class H1ServerCodec final : public ServerCodec {
 public:
  // `events` and `date` outlive the codec; `date` is kept fresh by their owner.
  H1ServerCodec(const ServerLimits&, Scheme, const DateLine& date, ServerCodecEvents& events);

  std::size_t receive(const core::BlockRef& block, const std::byte* data, std::size_t size) override;
  void receive_end() override;
  void write_interim(StreamId, const ResponseHead&) override;
  void write_head(StreamId, const ResponseHead&, BodyLength, const std::shared_ptr<const RenderedFields>&) override;
  void write_body(StreamId, core::Chunk) override;
  void write_end(StreamId, const HeaderMap* trailers) override;
  void consume(StreamId, std::size_t) override;
  void become_tunnel(StreamId) override;
  void close_after(StreamId) override { close_ = true; }
  void refuse_request(core::ErrorCode, int status) override;
  void close_when_idle() override;
  Output& output() override { return output_; }
  bool wants_close() const override { return wants_close_; }
  bool wants_shutdown() const override { return tunnel_ && response_ended_ && !wants_close_; }
  bool wants_linger() const override { return linger_; }
  InputState input_state() const override;

  // The stream whose request came last; 0 before the first.
  StreamId current() const { return stream_; }

 private:
  enum class Input : std::uint8_t { head, sized, chunked, tunnel, complete, failed };

  // Each takes what it can from `input`; false: no further progress now.
  bool step(const core::BlockRef& block, std::string_view& input);
  bool read_head(std::string_view& input);
  void read_sized(const core::BlockRef& block, std::string_view& input);
  bool read_chunked(const core::BlockRef& block, std::string_view& input);
  void begin_request();
  void deliver(const core::BlockRef& block, std::string_view bytes);
  void end_request(const HeaderMap& trailers);
  void fail(Refusal refusal);
  bool window_full() const { return (tunnel_ || !response_ended_) && unconsumed_ >= window_; }
  void skip(std::size_t bytes);
  void close_unread();
  void next_request();
  void finish_exchange();
  RenderedFraming frame_response(const ResponseHead&, BodyLength);

  const HeadLimits head_limits_;
  const std::uint64_t most_requests_;
  const std::size_t window_;
  const DateLine& date_;
  ServerCodecEvents& events_;

  StreamId stream_ = 0;
  Input input_ = Input::head;
  RequestParser parser_;
  RequestHead head_;
  Framing framing_;
  ChunkedReader chunks_;
  std::uint64_t body_left_ = 0;    // of a sized body
  std::size_t unconsumed_ = 0;     // body bytes given out and not yet given back
  std::size_t skipped_ = 0;        // body bytes dropped since the response was complete
  bool continue_awaited_ = false;  // the client holds its body back until it sees a 100

  Output output_;
  bool head_written_ = false;
  bool response_ended_ = false;
  bool bodiless_ = false;  // HEAD, 204, 304: what the caller sends as a body is dropped
  RenderedFraming::Body body_ = RenderedFraming::Body::none;
  std::uint64_t announced_ = 0;  // of a sized body, still to be written
  bool first_chunk_ = true;

  bool tunnel_ = false;
  bool input_ended_ = false;
  bool close_ = false;  // after the current response
  bool wants_close_ = false;
  bool linger_ = false;
};

}  // namespace skerry::http
