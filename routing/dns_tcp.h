// DNS over TCP (RFC 7766) and over TLS (RFC 7858): two length bytes before each message, any number of queries on a
// connection, pipelined.
//
// A connection lives as long as it brings whole queries in time. When there are too many, the one that has been silent
// longest makes room: nobody can lock others out by connecting. One event loop's thread.
#pragma once

#include <list>
#include <memory>
#include <vector>

#include "core/loop/worker.h"
#include "core/net/tls.h"
#include "routing/answer_counts.h"
#include "routing/published.h"
#include "routing/query_log.h"

namespace skerry::routing {

struct TcpLimits {
  std::size_t connections = 1000;
  core::Duration idle_timeout = std::chrono::seconds(10);  // without a whole query, or without the client reading
  std::size_t response_buffer = 256 * 1024;                // unsent answers above this: reading pauses
};

struct TcpOptions {
  TcpLimits limits{};
  std::shared_ptr<const core::TlsContext> tls{};  // null: plain TCP
  QueryLane log{};
  Signer* signer = nullptr;  // outlives the responder; null: signed zones answer SERVFAIL to those who want signatures
};

class TcpResponder final : core::ListenerEvents {
 public:
  // Errors: those of Network::listen.
  static core::Result<std::unique_ptr<TcpResponder>> listen(const core::Worker&, const core::Address&,
                                                            const TcpOptions&, const Published<Routes>&);
  ~TcpResponder();

  const core::Address& local_address() const { return listener_->local_address(); }
  const AnswerCounts& counts() const { return counts_; }
  std::size_t connections() const { return connections_.size(); }
  // Bytes of memory that answers take, over all connections.
  std::size_t held() const;
  std::uint64_t evicted() const { return evicted_; }
  std::uint64_t timed_out() const { return timed_out_; }

 private:
  class Connection;
  using Connections = std::list<std::unique_ptr<Connection>>;

  TcpResponder(const core::Worker&, const TcpOptions&, const Published<Routes>&);
  void on_accept(std::unique_ptr<core::Stream>) override;
  void used(Connections::iterator);

  core::Worker worker_;
  const TcpLimits limits_;
  Published<Routes>::Reader routes_;
  const std::shared_ptr<const core::TlsContext> tls_;
  const QueryLane log_;
  Signer* const signer_;
  AnswerCounts counts_;
  std::uint64_t evicted_ = 0;
  std::uint64_t timed_out_ = 0;
  std::vector<std::byte> answer_room_;  // one answer at a time, shared by all connections
  Connections connections_;             // the longest silent first
  std::unique_ptr<core::Listener> listener_;
};

}  // namespace skerry::routing
