// What came in, told back: /_echo for tests of request bodies, fields and tunnels.
//
// Owned by a handler; one worker.
#pragma once

#include <memory>
#include <string>

#include "core/http/server.h"

struct XXH3_state_s;

namespace skerry::origin {

// Method, target, length and XXH3 of the body, one line each, an empty line, then the request's fields. With Upgrade:
// 101, and every byte comes back.
class Echo {
 public:
  Echo(http::ResponseSink&, const http::RequestHead&);
  Echo(Echo&&) noexcept = default;
  ~Echo();

  // An upgrade was asked for: the tunnel is open.
  bool tunnel() const { return tunnel_; }
  void body(core::Chunk);
  // What went back has left, mostly: more may come.
  void on_writable();
  void finish_tunnel() { sink_->finish(); }
  std::string text(const http::RequestHead&) const;

 private:
  http::ResponseSink* sink_;
  bool tunnel_ = false;
  std::uint64_t size_ = 0;
  std::size_t held_ = 0;  // taken, and not consumed: so much of it waits to go back
  struct FreeState {
    void operator()(XXH3_state_s*) const;
  };
  std::unique_ptr<XXH3_state_s, FreeState> hash_;
};

}  // namespace skerry::origin
