// DNS over UDP: a thread that blocks in recvmmsg on a socket of its own, answers what came, and sends it in one call.
//
// Through an event loop the floor is higher: one more system call a batch. Owned by a DnsServer; the thread touches
// nothing but the published routes, its own counters and its lane of the query log.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include "core/net/network.h"
#include "routing/answer_counts.h"
#include "routing/published.h"
#include "routing/query_log.h"

namespace skerry::routing {

// Padded on purpose: its thread's counters have a cache line of their own.
class UdpResponder {  // NOLINT(clang-analyzer-optin.performance.Padding)
 public:
  UdpResponder(std::unique_ptr<core::BlockingDatagram>, const Published<Routes>&, QueryLane log,
               std::size_t signature_cache);
  ~UdpResponder();  // wakes and joins

  void start();
  const core::Address& local_address() const { return socket_->local_address(); }
  const AnswerCounts& counts() const { return counts_; }
  const Signer& signer() const { return signer_; }
  core::DatagramLosses losses() const { return socket_->losses(); }

 private:
  static constexpr std::size_t batch = 64;
  static constexpr std::size_t query_room = 2048;  // longer packets are no queries of ours
  static constexpr std::size_t response_room = 4096;

  void run();
  void answer_batch(const Routes&, std::size_t received);

  std::unique_ptr<core::BlockingDatagram> socket_;
  const Published<Routes>& routes_;
  AnswerCounts counts_;
  Signer signer_;
  const QueryLane log_;
  std::vector<std::byte> queries_, responses_;
  std::vector<core::DatagramMessage> incoming_, outgoing_;
  std::thread thread_;
};

}  // namespace skerry::routing
