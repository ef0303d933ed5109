// One request on one client connection, and a one-shot client on top: for upstream pools, probes, admin calls and
// tests.
//
// ClientConnection drives a codec over a Stream; it is what origin's pools keep. It belongs to one worker.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "core/chunk.h"
#include "core/http/head.h"
#include "core/loop/worker.h"
#include "core/net/tls.h"
#include "core/result.h"

namespace skerry::http {

struct ClientLimits {
  std::size_t head_size = 64 * 1024;
  std::size_t header_fields = 500;
  std::size_t read_size = 64 * 1024;  // bytes asked for in one read
  std::size_t request_buffer = 256 * 1024;
};

// The owner of a request in flight. It may destroy the connection from inside any of these.
class ResponseEvents {
 public:
  virtual void on_interim(const ResponseHead&) {}
  virtual void on_response(ResponseHead&& head, BodyLength length) = 0;
  virtual void on_response_body(core::Chunk) = 0;
  // The response is complete; `reusable` = the connection may carry another request.
  virtual void on_response_end(const HeaderMap& trailers, bool reusable) = 0;
  // Request body bytes queued fell below half of request_buffer.
  virtual void on_request_writable() {}
  // Malformed, cut short, reset, closed. `before_response` = not one byte of the response had come.
  virtual void on_response_error(const core::Error&, bool before_response) = 0;
  // An idle connection was closed by the other side (no request in flight).
  virtual void on_closed_idle() {}

 protected:
  ~ResponseEvents() = default;
};

class ClientConnection {
 public:
  // Starts to connect; `tls` null: plain. `on_ready` on the events' owner is told by `connected`.
  static std::unique_ptr<ClientConnection> connect(const core::Worker&, const core::Address&, const ClientLimits&,
                                                   std::shared_ptr<const core::TlsContext> tls,
                                                   std::string_view server_name,
                                                   core::UniqueFunction<void(core::Result<void>)> connected);
  virtual ~ClientConnection() = default;

  virtual void set_events(ResponseEvents*) = 0;
  // The head as it goes out: the caller has removed hop-by-hop fields; the codec adds Host and framing. One request at
  // a time.
  virtual void send_request(const RequestHead&, BodyLength) = 0;
  virtual void send_body(core::Chunk) = 0;
  virtual void finish_request(const HeaderMap* trailers = nullptr) = 0;
  virtual std::size_t queued() const = 0;
  // Stop and go on reading the response: back-pressure towards the upstream.
  virtual void pause_reading(bool) = 0;
  // After a 101 to an Upgrade: raw bytes both ways through send_body and on_response_body; finish_request half-closes.
  virtual void become_tunnel() = 0;
  virtual bool idle() const = 0;
  virtual std::uint64_t requests() const = 0;  // sent so far: > 1 means a reused connection
  virtual const core::Address& peer_address() const = 0;
};

struct SimpleResponse {
  ResponseHead head;
  std::string body;
};

// One request, one whole response, connection closed afterwards. `done` runs exactly once; destroying the call cancels
// it. Errors besides the connection's: first_byte_timeout (the whole call's deadline), body_too_long.
struct SimpleRequest {
  core::Address address;
  std::shared_ptr<const core::TlsContext> tls;  // null: plain
  std::string server_name;
  RequestHead head;
  std::string body;
  core::Duration timeout = std::chrono::seconds(5);
  std::size_t max_body = 16u << 20;
};
class SimpleCall {
 public:
  static std::unique_ptr<SimpleCall> start(const core::Worker&, SimpleRequest,
                                           core::UniqueFunction<void(core::Result<SimpleResponse>)> done);
  virtual ~SimpleCall() = default;
};

}  // namespace skerry::http
