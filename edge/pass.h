// A request and its response passed straight through: what the cache takes no part in (unsafe methods, requests with a
// body, upgrades, range and HEAD misses).
//
// Two pumps with their own back-pressure, request body upstream and response body downstream; after a 101 they carry
// raw bytes. Owned by an Exchange, on its worker; destroying it cancels.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/http/server.h"
#include "edge/snapshot.h"
#include "origin/fetch.h"

namespace skerry::edge {

// Looks at a body that passes by.
class BodyKeeper {
 public:
  virtual ~BodyKeeper() = default;
  virtual void take(const core::Chunk&) = 0;
  // All of it has come; otherwise the keeper is destroyed without this call.
  virtual void complete() = 0;
};

class Pass final : public origin::FetchEvents {
 public:
  class Owner {
   public:
    // The upstream's head: the owner completes it with its own fields and sends it.
    virtual void on_pass_head(http::ResponseHead&& head, http::BodyLength length, const Source& source) = 0;
    // The response is complete.
    virtual void on_pass_end(const http::HeaderMap& trailers) = 0;
    // No response, or it broke off; `began` = the head had come.
    virtual void on_pass_error(const core::Error&, bool began) = 0;
    virtual http::RequestHead pass_request(const Source& source) = 0;

   protected:
    ~Owner() = default;
  };

  Pass(const core::Worker& worker, http::ResponseSink& sink, Owner& owner, std::size_t high_water)
      : worker_(worker), sink_(sink), owner_(owner), high_water_(high_water) {}
  ~Pass();

  // Asks the sources in order; a request whose body has begun to flow is not asked twice.
  void start(std::vector<Source> sources, http::BodyLength body);
  void request_body(core::Chunk);
  void request_end(const http::HeaderMap& trailers);
  // Who was asked last, for the log.
  std::string upstream() const { return fetch_ ? fetch_->upstream() : upstream_; }
  // The client took some of the response.
  void sink_writable();
  // From on_pass_head: what comes of the body is shown to `keeper`.
  void keep(std::unique_ptr<BodyKeeper> keeper) { keeper_ = std::move(keeper); }
  // The head was a 101: from now on bytes flow both ways untouched.
  void become_tunnel();

 private:
  void on_fetch_interim(const http::ResponseHead&) override;
  void on_fetch_head(http::ResponseHead&&, http::BodyLength) override;
  void on_fetch_body(core::Chunk) override;
  void on_fetch_end(const http::HeaderMap&) override;
  void on_fetch_error(const core::Error&) override;
  void on_fetch_writable() override;

  void ask_next(const core::Error& last);
  void give_back_window();

  const core::Worker& worker_;
  http::ResponseSink& sink_;
  Owner& owner_;
  const std::size_t high_water_;
  std::vector<Source> sources_;
  std::size_t next_ = 0;
  http::BodyLength body_;
  std::unique_ptr<origin::Fetch> fetch_;
  std::string upstream_;  // once the fetch is gone
  std::unique_ptr<BodyKeeper> keeper_;
  std::size_t unconsumed_ = 0;  // request body bytes taken from the sink and not yet given back
  bool body_began_ = false;
  bool head_came_ = false;
  bool paused_ = false;
};

}  // namespace skerry::edge
