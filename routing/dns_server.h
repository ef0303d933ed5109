// The DNS server: for every address some UDP threads and a TCP listener, and listeners for DNS over TLS and HTTPS, all
// answering from the published routes.
//
// Owned by main, on the main loop's thread; UDP threads are its own. Destroying it stops and joins them.
#pragma once

#include <memory>
#include <vector>

#include "routing/dns_tcp.h"
#include "routing/dns_udp.h"
#include "routing/doh.h"

namespace skerry::routing {

struct DnsServerOptions {
  std::vector<core::Address> listen;  // UDP and TCP; port 0: one that is free, the same for both
  int udp_threads = 1;                // per address
  TcpLimits tcp;
  std::vector<core::Address> dot_listen, doh_listen;
  core::TlsCertificate certificate;  // for both
  std::string doh_path;
  QueryLog* query_log = nullptr;  // outlives the server; null: none
  std::size_t signature_cache = SigningOptions().cache;

  // Lanes that the query log needs: one for the main loop, one for each UDP thread.
  int log_lanes() const { return 1 + static_cast<int>(listen.size()) * udp_threads; }
};

class DnsServer {
 public:
  // Errors: address_in_use, permission_denied, invalid_argument; the detail names the address; those of
  // TlsContext::server. Answers from the moment
  // it returns. `routes` outlives the server.
  static core::Result<std::unique_ptr<DnsServer>> start(const core::Worker&, const Published<Routes>&,
                                                        const DnsServerOptions&);

  std::vector<core::Address> addresses() const;
  std::vector<core::Address> dot_addresses() const;
  std::vector<core::Address> doh_addresses() const;
  AnswerTotals totals(Transport) const;
  SignatureTotals signatures() const;
  core::DatagramLosses udp_losses() const;
  std::size_t tcp_connections() const;
  std::uint64_t tcp_evicted() const;
  std::uint64_t tcp_timed_out() const;

 private:
  explicit DnsServer(const DnsServerOptions& options) : signer_(options.signature_cache) {}
  core::Result<void> add_address(const core::Worker&, const Published<Routes>&, const DnsServerOptions&, core::Address);
  core::Result<void> add_encrypted(const core::Worker&, const Published<Routes>&, const DnsServerOptions&);
  core::Result<void> add_doh(const core::Worker&, const core::Address&, std::shared_ptr<const core::TlsContext>);

  Signer signer_;  // of all that answers on the main loop
  std::vector<std::unique_ptr<TcpResponder>> tcp_, dot_;
  std::unique_ptr<DohService> doh_service_;
  std::vector<std::unique_ptr<http::Server>> doh_;
  std::vector<std::unique_ptr<UdpResponder>> udp_;
};

}  // namespace skerry::routing
