// The server driver: listener + codec + handler. It accepts streams, runs the codec, and gives each request to a
// RequestHandler.
//
// A handler sees its request and a ResponseSink, never a socket or a codec, so the same handler serves HTTP/1.1, HTTP/2
// and tests. All of it belongs to one worker. Back-pressure both ways: request body bytes count against the window
// until consume(), and queued() tells how much of the response waits; on_writable() says when to go on.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "core/chunk.h"
#include "core/http/head.h"
#include "core/loop/worker.h"
#include "core/net/ip_network.h"
#include "core/net/tls.h"
#include "core/result.h"

namespace skerry::http {

// Limits of one listener's connections; each has a counter and an answer.
struct ServerLimits {
  std::size_t head_size = 64 * 1024;    // 431 beyond
  std::size_t target_size = 16 * 1024;  // 414 beyond
  std::size_t header_fields = 200;      // 431 beyond
  std::uint64_t requests_per_connection = 1'000'000;
  std::size_t connections = 10'000;                          // per worker; beyond, accepting pauses
  core::Duration header_timeout = std::chrono::seconds(10);  // first byte of a head to its end: 408
  core::Duration keep_alive_timeout = std::chrono::seconds(75);
  core::Duration body_timeout = std::chrono::seconds(30);    // between two reads of a request body: 408
  core::Duration tunnel_timeout = std::chrono::minutes(10);  // no byte either way
  core::Duration write_timeout = std::chrono::seconds(30);   // no progress of a waiting write: the connection is cut
  std::size_t response_buffer = 256 * 1024;                  // queued() above this: wait for on_writable()
  std::size_t request_window = 256 * 1024;                   // unconsumed request body above this: reading pauses
};

// What is known of the client's connection.
struct ConnectionInfo {
  core::Address client;
  core::Address local;
  const core::TlsInfo* tls = nullptr;  // null: plain
  std::uint64_t id = 0;                // unique within the process
};

// A stored head that is sent often: its fields rendered once for HTTP/1.1 ("Name: value\r\n"…), and as a map for the
// others. Immutable after construction; shared between workers. It holds no framing and no hop-by-hop fields.
struct RenderedFields {
  explicit RenderedFields(HeaderMap map);
  HeaderMap fields;
  std::string h1;
  bool has_date = false;
};

// Where a handler writes its response. Valid from on_request until finish(), abort() or on_cancelled(), whichever is
// first.
class ResponseSink {
 public:
  virtual const core::Worker& worker() const = 0;
  virtual const ConnectionInfo& connection() const = 0;

  // 1xx responses, any number, before the head (RFC 9110 15.2). Dropped for HTTP/1.0 clients. 100 is sent here, too.
  virtual void send_interim(const ResponseHead&) = 0;
  // The final head. `head.fields` come after `stored`, if given (which outlives the response: it is shared). The sink
  // adds framing (Content-Length, Transfer-Encoding), Connection, and Date if it is missing from both. For HEAD, 204
  // and 304 no body may follow; a known length is still announced where allowed.
  virtual void send_head(const ResponseHead& head, BodyLength length,
                         std::shared_ptr<const RenderedFields> stored = {}) = 0;
  virtual void send_body(core::Chunk) = 0;
  // The response is complete. Sending fewer or more bytes than announced is a CHECK.
  virtual void finish(const HeaderMap* trailers = nullptr) = 0;
  // The response can't be completed: HTTP/1.1 resets the connection, HTTP/2 the stream. Nothing may look complete.
  virtual void abort() = 0;
  // Bytes taken by send_* and not yet accepted by the kernel.
  virtual std::size_t queued() const = 0;
  // The handler has used `n` bytes of request body: their window is given back.
  virtual void consume(std::size_t n) = 0;
  // Close the connection after this response (drain, unread request body too long to skip).
  virtual void close_after() = 0;
  // After a 101 (or a 2xx to CONNECT) head: from now on on_request_body and send_body carry raw bytes both ways, and
  // finish() half-closes: the handler stays until the client has finished too (on_request_end), or until abort().
  virtual void become_tunnel() = 0;
  // Bytes sent to the client for this response so far, head included: for the access log.
  virtual std::uint64_t bytes_sent() const = 0;

 protected:
  ~ResponseSink() = default;
};

// One request being answered. Calls never overlap and never come after on_cancelled.
class RequestHandler {
 public:
  // The head is the handler's to change until the response is finished; `length` tells whether body events follow.
  virtual void on_request(RequestHead& head, BodyLength length) = 0;
  virtual void on_request_body(core::Chunk) {}
  // Comes for every request, with or without a body, unless its response was complete before.
  virtual void on_request_end(const HeaderMap& trailers) { static_cast<void>(trailers); }
  // queued() fell below half of response_buffer after having been above it.
  virtual void on_writable() {}
  // The client is gone, or broke the rules in its body. The sink must not be used any more.
  virtual void on_cancelled(const core::Error&) = 0;

 protected:
  ~RequestHandler() = default;
};

// Makes handlers. One per worker; it may pool them, so that a hit allocates nothing.
class RequestService {
 public:
  virtual ~RequestService() = default;
  virtual RequestHandler& acquire(ResponseSink&) = 0;
  // After finish(), abort() or on_cancelled(): no more calls come.
  virtual void release(RequestHandler&) = 0;
  // A request that never became one: malformed, too large, timed out. For the access log and its counters. Status 0:
  // the connection was closed without an answer (bad_proxy_header, proxy_not_allowed).
  virtual void on_refused(const ConnectionInfo&, [[maybe_unused]] int status, const core::Error&) {}
  // The driver answers such a request itself: what the service has to add to its fields.
  virtual void complete_refusal(ResponseHead&, const core::Error&) {}
};

// One listening socket on one worker.
class Server {
 public:
  // `tls` null: plain. The service outlives the server. `via_name` is what the driver's own error responses name.
  static core::Result<std::unique_ptr<Server>> listen(const core::Worker&, const core::Address&, const ServerLimits&,
                                                      std::shared_ptr<const core::TlsContext> tls, RequestService&);
  virtual ~Server() = default;
  virtual const core::Address& local_address() const = 0;
  // From now on every connection begins with a PROXY protocol header, before TLS, within header_timeout; whoever comes
  // from elsewhere than these networks is closed at once. Before the first connection.
  virtual void expect_proxies(std::vector<core::IpNetwork> from) = 0;
  // Stops accepting; idle connections close, busy ones get Connection: close. `done` runs when none is left.
  virtual void drain(core::Task done) = 0;
  virtual std::size_t connections() const = 0;
  // Cuts what is left after a drain deadline.
  virtual void close_all() = 0;
};

}  // namespace skerry::http
