#include "routing/dns_server.h"

namespace skerry::routing {
namespace {

core::Error about(core::Error error, std::string_view transport, const core::Address& address) {
  error.detail = std::string(transport) + " " + address.to_string() + (error.detail.empty() ? "" : ": " + error.detail);
  return error;
}

}  // namespace

core::Result<std::unique_ptr<DnsServer>> DnsServer::start(const core::Worker& worker, const Published<Routes>& routes,
                                                          const DnsServerOptions& options) {
  std::unique_ptr<DnsServer> server(new DnsServer());
  for (const core::Address& address : options.listen) {
    auto added = server->add_address(worker, routes, options, address);
    if (!added.ok()) return added.error();
  }
  for (auto& responder : server->udp_) responder->start();
  return server;
}

core::Result<void> DnsServer::add_address(const core::Worker& worker, const Published<Routes>& routes,
                                          const DnsServerOptions& options, core::Address address) {
  auto tcp = TcpResponder::listen(worker, address, options.tcp, routes);
  if (!tcp.ok()) return about(tcp.error(), "TCP", address);
  address.port = (*tcp)->local_address().port;  // port 0: UDP takes the one that TCP was given
  tcp_.push_back(std::move(tcp).value());
  for (int i = 0; i < options.udp_threads; ++i) {
    auto socket = worker.network.bind_blocking_datagram(address);
    if (!socket.ok()) return about(socket.error(), "UDP", address);
    udp_.push_back(std::make_unique<UdpResponder>(std::move(socket).value(), routes));
  }
  return {};
}

std::vector<core::Address> DnsServer::addresses() const {
  std::vector<core::Address> result;
  for (const auto& responder : tcp_) result.push_back(responder->local_address());
  return result;
}

AnswerTotals DnsServer::udp_totals() const {
  AnswerTotals totals;
  for (const auto& responder : udp_) responder->counts().add_to(totals);
  return totals;
}

AnswerTotals DnsServer::tcp_totals() const {
  AnswerTotals totals;
  for (const auto& responder : tcp_) responder->counts().add_to(totals);
  return totals;
}

std::size_t DnsServer::tcp_connections() const {
  std::size_t sum = 0;
  for (const auto& responder : tcp_) sum += responder->connections();
  return sum;
}

std::uint64_t DnsServer::tcp_evicted() const {
  std::uint64_t sum = 0;
  for (const auto& responder : tcp_) sum += responder->evicted();
  return sum;
}

std::uint64_t DnsServer::tcp_timed_out() const {
  std::uint64_t sum = 0;
  for (const auto& responder : tcp_) sum += responder->timed_out();
  return sum;
}

}  // namespace skerry::routing
