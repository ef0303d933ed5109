#include "routing/dns_server.h"

namespace skerry::routing {
namespace {

constexpr int main_lane = 0;  // of the query log

core::Error about(core::Error error, std::string_view transport, const core::Address& address) {
  error.detail = std::string(transport) + " " + address.to_string() + (error.detail.empty() ? "" : ": " + error.detail);
  return error;
}

}  // namespace

core::Result<std::unique_ptr<DnsServer>> DnsServer::start(const core::Worker& worker, const Published<Routes>& routes,
                                                          const DnsServerOptions& options) {
  std::unique_ptr<DnsServer> server(new DnsServer(options));
  for (const core::Address& address : options.listen) {
    auto added = server->add_address(worker, routes, options, address);
    if (!added.ok()) return added.error();
  }
  if (auto added = server->add_encrypted(worker, routes, options); !added.ok()) return added.error();
  for (auto& responder : server->udp_) responder->start();
  return server;
}

core::Result<void> DnsServer::add_address(const core::Worker& worker, const Published<Routes>& routes,
                                          const DnsServerOptions& options, core::Address address) {
  auto tcp = TcpResponder::listen(worker, address, {options.tcp, {}, {options.query_log, main_lane}, &signer_}, routes);
  if (!tcp.ok()) return about(tcp.error(), "TCP", address);
  address.port = (*tcp)->local_address().port;  // port 0: UDP takes the one that TCP was given
  tcp_.push_back(std::move(tcp).value());
  for (int i = 0; i < options.udp_threads; ++i) {
    auto socket = worker.network.bind_blocking_datagram(address);
    if (!socket.ok()) return about(socket.error(), "UDP", address);
    const QueryLane log{options.query_log, static_cast<int>(udp_.size()) + 1};
    udp_.push_back(std::make_unique<UdpResponder>(std::move(socket).value(), routes, log, options.signature_cache));
  }
  return {};
}

core::Result<void> DnsServer::add_encrypted(const core::Worker& worker, const Published<Routes>& routes,
                                            const DnsServerOptions& options) {
  if (!options.dot_listen.empty()) {
    auto context = core::TlsContext::server({{options.certificate}, {"dot"}, {}});
    if (!context.ok()) return context.error();
    for (const core::Address& address : options.dot_listen) {
      auto dot = TcpResponder::listen(worker, address,
                                      {options.tcp, context.value(), {options.query_log, main_lane}, &signer_}, routes);
      if (!dot.ok()) return about(dot.error(), "DNS over TLS", address);
      dot_.push_back(std::move(dot).value());
    }
  }
  if (options.doh_listen.empty()) return {};
  auto context = core::TlsContext::server({{options.certificate}, {"http/1.1"}, {}});
  if (!context.ok()) return context.error();
  doh_service_ =
      std::make_unique<DohService>(routes, options.doh_path, QueryLane{options.query_log, main_lane}, &signer_);
  for (const core::Address& address : options.doh_listen) {
    if (auto added = add_doh(worker, address, context.value()); !added.ok()) return added.error();
  }
  return {};
}

core::Result<void> DnsServer::add_doh(const core::Worker& worker, const core::Address& address,
                                      std::shared_ptr<const core::TlsContext> context) {
  http::ServerLimits limits;
  limits.connections = 1000;
  limits.target_size = 96 * 1024;  // the longest query in base64url
  limits.head_size = 128 * 1024;
  auto doh = http::Server::listen(worker, address, limits, std::move(context), *doh_service_);
  if (!doh.ok()) return about(doh.error(), "DNS over HTTPS", address);
  doh_.push_back(std::move(doh).value());
  return {};
}

std::vector<core::Address> DnsServer::addresses() const {
  std::vector<core::Address> result;
  for (const auto& responder : tcp_) result.push_back(responder->local_address());
  return result;
}

std::vector<core::Address> DnsServer::dot_addresses() const {
  std::vector<core::Address> result;
  for (const auto& responder : dot_) result.push_back(responder->local_address());
  return result;
}

std::vector<core::Address> DnsServer::doh_addresses() const {
  std::vector<core::Address> result;
  for (const auto& server : doh_) result.push_back(server->local_address());
  return result;
}

AnswerTotals DnsServer::totals(Transport transport) const {
  AnswerTotals totals;
  const auto add = [&](const auto& responders) {
    for (const auto& responder : responders) responder->counts().add_to(totals);
  };
  switch (transport) {
    case Transport::udp: add(udp_); break;
    case Transport::tcp: add(tcp_); break;
    case Transport::tls: add(dot_); break;
    case Transport::https:
      if (doh_service_) doh_service_->counts().add_to(totals);
      break;
  }
  return totals;
}

SignatureTotals DnsServer::signatures() const {
  SignatureTotals totals;
  signer_.add_to(totals);
  for (const auto& responder : udp_) responder->signer().add_to(totals);
  return totals;
}

core::DatagramLosses DnsServer::udp_losses() const {
  core::DatagramLosses sum;
  for (const auto& responder : udp_) {
    const core::DatagramLosses lost = responder->losses();
    sum.not_sent += lost.not_sent;
    sum.too_long += lost.too_long;
    sum.queue_full += lost.queue_full;
  }
  return sum;
}

std::size_t DnsServer::tcp_connections() const {
  std::size_t sum = 0;
  for (const auto* responders : {&tcp_, &dot_}) {
    for (const auto& responder : *responders) sum += responder->connections();
  }
  return sum;
}

std::uint64_t DnsServer::tcp_evicted() const {
  std::uint64_t sum = 0;
  for (const auto* responders : {&tcp_, &dot_}) {
    for (const auto& responder : *responders) sum += responder->evicted();
  }
  return sum;
}

std::uint64_t DnsServer::tcp_timed_out() const {
  std::uint64_t sum = 0;
  for (const auto* responders : {&tcp_, &dot_}) {
    for (const auto& responder : *responders) sum += responder->timed_out();
  }
  return sum;
}

}  // namespace skerry::routing
