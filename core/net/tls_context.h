// What tls_context.cc makes and tls_stream.cc uses. Internal to the TLS files; OpenSSL's types by name only.
//
// Immutable once made; shared by all workers.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "core/net/tls.h"

struct ssl_ctx_st;
struct ssl_st;

namespace skerry::core {

class OpenSslContext final : public TlsContext {
 public:
  struct Free {
    void operator()(ssl_ctx_st*) const;
  };
  using Handle = std::unique_ptr<ssl_ctx_st, Free>;

  // The first one starts every handshake; a server may change to another when it has seen the name asked for.
  std::vector<Handle> contexts;
  bool verify_peer_name = false;
  std::string alpn;  // wire format: each name behind its length (RFC 7301 3.1)

  // The certificate for a name: exact, else a wildcard for its first label (RFC 9525 6.3), else null.
  ssl_ctx_st* find(std::string_view server_name) const;
  void add_names(ssl_ctx_st*);

 private:
  std::unordered_map<std::string, ssl_ctx_st*> names_;  // lower case; wildcards as "*.example.net"
};

// What OpenSSL's error queue says first, for people; empties the queue.
std::string take_openssl_error();
std::string lower_case(std::string_view);

}  // namespace skerry::core
