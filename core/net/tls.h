// TLS as a Stream around a Stream: the only part of the tree that includes OpenSSL.
//
// Works over any Stream (sockets, the simulated network) through a BIO. Contexts are immutable after loading and shared
// by all workers; certificates are swapped by swapping the context. TLS 1.2 and 1.3 only.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/loop/event_loop.h"
#include "core/net/network.h"
#include "core/result.h"

namespace skerry::core {

struct TlsCertificate {
  std::string certificate_file;  // PEM chain, leaf first
  std::string key_file;          // PEM
};

class TlsContext {
 public:
  struct ClientOptions {
    std::string ca_file{};  // PEM; empty: the system's trust store
    bool verify = true;
    std::vector<std::string> alpn = {"http/1.1"};
    std::string certificate_file{}, key_file{};  // for mutual TLS; may be empty
  };
  struct ServerOptions {
    std::vector<TlsCertificate> certificates{};  // chosen by SNI; the first answers unknown names
    std::vector<std::string> alpn = {"http/1.1"};
    std::string client_ca_file{};  // not empty: clients must present a certificate signed by it
  };
  // Errors name the file and OpenSSL's reason: not_found, invalid_configuration.
  static Result<std::shared_ptr<const TlsContext>> client(const ClientOptions&);
  static Result<std::shared_ptr<const TlsContext>> server(const ServerOptions&);
  virtual ~TlsContext() = default;
};

// Client side: starts the handshake when `transport` is connected; on_connected reports its end (tls_handshake,
// tls_verify). `server_name` is sent as SNI (unless it is an address) and checked against the certificate (RFC 9525).
std::unique_ptr<Stream> tls_connect(EventLoop&, std::unique_ptr<Stream> transport, std::shared_ptr<const TlsContext>,
                                    std::string_view server_name, StreamEvents&);
// Server side: the handshake runs on the first reads; on_connected reports its end.
std::unique_ptr<Stream> tls_accept(EventLoop&, std::unique_ptr<Stream> transport, std::shared_ptr<const TlsContext>,
                                   StreamEvents&);

// Bytes fit for secrets, from OpenSSL's generator.
std::string secure_random_bytes(std::size_t count);
// SHA-256 (FIPS 180-4), 32 raw bytes.
std::string sha256(std::string_view message);
// HMAC-SHA256 (RFC 2104), 32 raw bytes.
std::string hmac_sha256(std::string_view key, std::string_view message);
// Compares in time that depends on the length alone.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace skerry::core
