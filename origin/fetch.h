// One fetch: a request sent to an upstream group, its response streamed back. It knows upstreams, pools, deadlines and
// retries; it never sees a cache key.
//
// Owned by whoever asked (a Fill, an Exchange that passes); destroying it cancels. One worker. See README.md, "Life of
// a fetch".
#pragma once

#include <memory>
#include <string>

#include "core/chunk.h"
#include "core/http/head.h"
#include "core/loop/worker.h"
#include "core/result.h"

namespace skerry::origin {

class UpstreamGroup;  // origin/upstream.h

// The owner may destroy the fetch from inside any of these.
class FetchEvents {
 public:
  virtual void on_fetch_interim(const http::ResponseHead&) {}
  virtual void on_fetch_head(http::ResponseHead&& head, http::BodyLength length) = 0;
  virtual void on_fetch_body(core::Chunk) = 0;
  virtual void on_fetch_end(const http::HeaderMap& trailers) = 0;
  // No complete response: what happened, after all retries. Before or after the head.
  virtual void on_fetch_error(const core::Error&) = 0;
  // The queued request body fell low: more may be sent.
  virtual void on_fetch_writable() {}

 protected:
  ~FetchEvents() = default;
};

struct FetchRequest {
  http::RequestHead head;  // hop-by-hop fields removed; authority as the origin should see it, empty: its own
  http::BodyLength body = http::BodyLength::none();  // retried while at most 64 KiB of the body were sent
  bool may_retry = true;  // false: never sent twice. Methods that aren't idempotent never are (RFC 9110 9.2.2).
  core::Duration first_byte_timeout{0};  // zero: the group's
  bool elsewhere = false;                // the owner has somebody else to ask, should this group not answer
};

class Fetch {
 public:
  // Chooses an upstream, takes or opens a connection, sends. Events come later, never from inside start().
  static std::unique_ptr<Fetch> start(const core::Worker&, UpstreamGroup&, FetchRequest, FetchEvents&);
  virtual ~Fetch() = default;

  // Ignored once the fetch has ended, or when the request was announced without a body.
  virtual void send_body(core::Chunk) = 0;
  virtual void finish_body(const http::HeaderMap* trailers = nullptr) = 0;
  // Body bytes not yet given to the kernel. Above 256 KiB the sender should wait for on_fetch_writable().
  virtual std::size_t queued() const = 0;
  // Back-pressure on the response body.
  virtual void pause(bool) = 0;
  // After a 101 head: raw bytes both ways.
  virtual void become_tunnel() = 0;
  // Which upstream answers, for logs: "https://origin.example.com (192.0.2.1:443)". Empty before one is chosen.
  virtual std::string upstream() const = 0;
  // Upstreams tried; asking again because a reused connection had been closed is the same attempt.
  virtual int attempts() const = 0;
};

}  // namespace skerry::origin
