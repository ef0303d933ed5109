// One question put to name servers in turn: UDP first, TCP when the answer was cut or came back in another case.
//
// Every question has a fresh socket, and so a port of the kernel's choice; a random id; and a name in random case
// (0x20), which together an attacker off the path would have to guess. What comes from another address, with another id
// or question, is ignored. Owned by a resolver, on its worker; destroying it cancels.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "core/dns/message.h"
#include "core/loop/deferred_call.h"
#include "core/loop/worker.h"

namespace skerry::dns {

struct ServerPolicy {
  std::vector<core::Address> servers;
  core::Duration timeout;  // for each server and try
  int attempts;            // rounds over all servers
};

struct Answer {
  std::vector<std::byte> packet;
  Response response;
};

class Question final : core::DatagramEvents, core::StreamEvents {
 public:
  using Done = core::UniqueFunction<void(core::Result<Answer>)>;
  // `done` runs once, never from inside the constructor or a network callback. Only NOERROR and NXDOMAIN answers reach
  // it; a server that says anything else is passed over. Errors: dns_failed, dns_timeout, dns_malformed.
  Question(const core::Worker&, std::shared_ptr<const ServerPolicy>, Name name, Type, Done done);
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

 private:
  void on_datagram(std::span<const std::byte> packet, const core::Address& from) override;
  void on_connected(core::Result<void>) override;
  void on_readable() override;
  void on_writable() override;

  void try_next();
  void ask_by_udp();
  void ask_by_tcp();
  void write_tcp();
  bool take_tcp_answer();
  void on_timeout();
  void judge(std::span<const std::byte> packet, bool over_tcp);
  bool is_ours(const Response&) const;
  void give_up_on_server(core::Error);
  void finish(core::Result<Answer>);
  void advance();
  const core::Address& server() const;

  // What the deferred step does: sockets may not be destroyed from inside their own callbacks.
  enum class Next : std::uint8_t { try_next, use_tcp, report };

  core::Worker worker_;
  std::shared_ptr<const ServerPolicy> policy_;
  Name name_;
  Type type_;
  Done done_;
  std::size_t tries_ = 0;
  std::uint16_t id_ = 0;
  Name asked_;                   // name_ in the random case of this try
  std::vector<std::byte> sent_;  // the query, with TCP's two length bytes in front
  std::size_t written_ = 0;
  std::vector<std::byte> received_;
  std::unique_ptr<core::Datagram> datagram_;
  std::unique_ptr<core::Stream> stream_;
  core::Error last_error_;
  core::Result<Answer> result_;
  Next next_ = Next::try_next;
  core::DeferredCall step_;
  core::Timer timer_;
};

}  // namespace skerry::dns
