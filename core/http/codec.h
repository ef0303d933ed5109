// A codec turns bytes into HTTP events and events into bytes. It never sees a socket, a timer or a cache.
//
// One per connection, on its worker. Events carry a stream id (HTTP/1.1: 1, 2, 3 … in order, one active). Tested from
// byte arrays.
#pragma once

#include <cstdint>
#include <memory>

#include "core/chunk.h"
#include "core/http/head.h"
#include "core/http/output.h"
#include "core/http/server.h"
#include "core/result.h"

namespace skerry::http {

using StreamId = std::uint32_t;

// What a server codec waits for: which deadline applies to reading.
enum class InputState : std::uint8_t {
  idle,     // the first byte of a request
  head,     // the rest of a head
  body,     // more of a request's body, which has room
  answer,   // nothing: the response comes first, or the handler must consume() body bytes
  tunnel,   // whatever comes
  finished  // nothing more: input is dropped
};

// What a server codec found in its input. The receiver may call the codec's write functions from inside, nothing else.
class ServerCodecEvents {
 public:
  // The head is the codec's and reused for the next request on this stream slot: take what must live longer.
  virtual void on_request(StreamId, RequestHead&, BodyLength) = 0;
  virtual void on_request_body(StreamId, core::Chunk) = 0;
  virtual void on_request_end(StreamId, const HeaderMap& trailers) = 0;
  // The stream (HTTP/1.1: the connection) is broken. `status` is what the client should be told (400, 414, 431, 501 …)
  // if no response has begun.
  virtual void on_stream_error(StreamId, int status, const core::Error&) = 0;

 protected:
  ~ServerCodecEvents() = default;
};

class ServerCodec {
 public:
  virtual ~ServerCodec() = default;
  // Takes bytes that were read into `block` at [data, data + size): body chunks given out are slices of the block.
  // Stops early while input is paused (a request's body window is full, or the next request must wait for its turn);
  // returns how many bytes it used. Unused ones are given again.
  virtual std::size_t receive(const core::BlockRef& block, const std::byte* data, std::size_t size) = 0;
  // The client finished sending. Only after all its bytes were used.
  virtual void receive_end() = 0;

  virtual void write_interim(StreamId, const ResponseHead&) = 0;
  virtual void write_head(StreamId, const ResponseHead&, BodyLength, const std::shared_ptr<const RenderedFields>&) = 0;
  virtual void write_body(StreamId, core::Chunk) = 0;
  virtual void write_end(StreamId, const HeaderMap* trailers) = 0;
  virtual void consume(StreamId, std::size_t) = 0;
  virtual void become_tunnel(StreamId) = 0;
  virtual void close_after(StreamId) = 0;
  // The driver's own verdict on the request that is being read (a time-out): as if its next byte broke a rule.
  virtual void refuse_request(core::ErrorCode, int status) = 0;
  // Takes no further request; the response under way, if any, is the last (drain).
  virtual void close_when_idle() = 0;
  // What waits to be written to the stream.
  virtual Output& output() = 0;
  // No further request will be read; the connection ends when the output is empty.
  virtual bool wants_close() const = 0;
  // Nothing more will be written, while input still matters (a half-closed tunnel).
  virtual bool wants_shutdown() const = 0;
  // Input may come that nobody will read: a close must leave the client time to read the response (RFC 9112 9.6).
  virtual bool wants_linger() const = 0;
  virtual InputState input_state() const = 0;
};

class ClientCodecEvents {
 public:
  virtual void on_interim(StreamId, const ResponseHead&) = 0;
  virtual void on_response(StreamId, ResponseHead&&, BodyLength) = 0;
  virtual void on_response_body(StreamId, core::Chunk) = 0;
  virtual void on_response_end(StreamId, const HeaderMap& trailers) = 0;
  virtual void on_response_error(StreamId, const core::Error&) = 0;

 protected:
  ~ClientCodecEvents() = default;
};

class ClientCodec {
 public:
  virtual ~ClientCodec() = default;
  virtual StreamId write_request(const RequestHead&, BodyLength) = 0;
  virtual void write_body(StreamId, core::Chunk) = 0;
  virtual void write_end(StreamId, const HeaderMap* trailers) = 0;
  virtual std::size_t receive(const core::BlockRef& block, const std::byte* data, std::size_t size) = 0;
  virtual void receive_end() = 0;
  virtual void become_tunnel(StreamId) = 0;
  virtual Output& output() = 0;
  // Nothing more will be written, while input still matters (a half-closed tunnel).
  virtual bool wants_shutdown() const = 0;
  // The connection may carry another request after the current response.
  virtual bool reusable() const = 0;
};

}  // namespace skerry::http
