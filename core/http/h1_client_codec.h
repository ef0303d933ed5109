// HTTP/1.1 towards an upstream: one request out, its responses in, as strict as for clients (RFC 9112).
//
// Whatever could leave two readings of where a response ends is an error, and the connection isn't used again. Owned by
// a connection; see codec.h.
#pragma once

#include <cstdint>

#include "core/http/client.h"
#include "core/http/codec.h"
#include "core/http/h1_chunked.h"
#include "core/http/h1_framing.h"
#include "core/http/h1_parser.h"
#include "core/http/h1_renderer.h"

namespace skerry::http {

class H1ClientCodec final : public ClientCodec {
 public:
  // `events` outlive the codec.
  H1ClientCodec(const ClientLimits&, ClientCodecEvents& events);

  // The response before must be complete. A request without a body is complete at once.
  StreamId write_request(const RequestHead&, BodyLength) override;
  void write_body(StreamId, core::Chunk) override;
  // Does nothing if the request is complete already.
  void write_end(StreamId, const HeaderMap* trailers) override;
  // Stops early only between a 101 and become_tunnel().
  std::size_t receive(const core::BlockRef& block, const std::byte* data, std::size_t size) override;
  void receive_end() override;
  void become_tunnel(StreamId) override;
  Output& output() override { return output_; }
  bool wants_shutdown() const override { return tunnel_ && request_ended_; }
  bool reusable() const override { return input_ == Input::idle && keep_alive_ && request_ended_; }

  bool idle() const { return input_ == Input::idle; }
  // No response is awaited: idle, or not to be used again.
  bool done() const { return input_ == Input::idle || input_ == Input::finished; }
  // A byte of the current response has come, 1xx included.
  bool responded() const { return responded_; }

 private:
  enum class Input : std::uint8_t { idle, head, sized, chunked, until_close, switching, tunnel, finished };

  bool step(const core::BlockRef& block, std::string_view& input);
  bool read_head(std::string_view& input);
  void take_head(bool more_input);
  void take_interim();
  void read_sized(const core::BlockRef& block, std::string_view& input);
  bool read_chunked(const core::BlockRef& block, std::string_view& input);
  void deliver(const core::BlockRef& block, std::string_view bytes);
  void end_response(const HeaderMap& trailers, bool more_input);
  void fail(core::ErrorCode code, bool retryable = false);

  const ClientLimits limits_;
  ClientCodecEvents& events_;

  StreamId stream_ = 0;
  Output output_;
  RenderedFraming::Body body_ = RenderedFraming::Body::none;
  std::uint64_t announced_ = 0;
  bool first_chunk_ = true;
  bool request_ended_ = true;
  bool to_head_ = false;
  bool upgrade_asked_ = false;

  Input input_ = Input::idle;
  ResponseParser parser_;
  ResponseHead head_;
  ChunkedReader chunks_;
  std::uint64_t body_left_ = 0;
  int interim_ = 0;
  bool responded_ = false;
  bool keep_alive_ = true;
  bool tunnel_ = false;
};

}  // namespace skerry::http
