#include "core/net/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <algorithm>

namespace skerry::core {
namespace {

Error bad_file(const std::string& file, std::string_view what) {
  const std::string reason = take_openssl_error();
  const bool missing = access(file.c_str(), R_OK) != 0;
  return {missing ? ErrorCode::not_found : ErrorCode::invalid_configuration, ErrorSource::internal, false,
          file + ": " + std::string(what) + (reason.empty() ? "" : ": " + reason)};
}

OpenSslContext::Handle new_context(const SSL_METHOD* method) {
  OpenSslContext::Handle context(SSL_CTX_new(method));
  CHECK(context != nullptr);
  SSL_CTX* raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // Idle connections hold no record buffers; a write may be tried again from another place.
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  // One read takes header and body of a record, and the next records too.
  SSL_CTX_set_read_ahead(raw, 1);
  return context;
}

Result<void> load_certificate(SSL_CTX* context, const TlsCertificate& certificate) {
  if (SSL_CTX_use_certificate_chain_file(context, certificate.certificate_file.c_str()) != 1) {
    return bad_file(certificate.certificate_file, "cannot read a certificate chain");
  }
  if (SSL_CTX_use_PrivateKey_file(context, certificate.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return bad_file(certificate.key_file, "cannot read a private key that belongs to " + certificate.certificate_file);
  }
  return {};
}

Result<std::string> alpn_wire_format(const std::vector<std::string>& protocols) {
  std::string wire;
  for (const std::string& protocol : protocols) {
    if (protocol.empty() || protocol.size() > 255) {
      return Error{ErrorCode::invalid_configuration, ErrorSource::internal, false, "ALPN name of a wrong length"};
    }
    wire += static_cast<char>(protocol.size());
    wire += protocol;
  }
  return wire;
}

// RFC 7301 3.2: without a common protocol the handshake fails.
int select_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                unsigned offered_size, void* self) {
  const std::string& ours = static_cast<const OpenSslContext*>(self)->alpn;
  const auto* preferred = reinterpret_cast<const unsigned char*>(ours.data());
  const int found = SSL_select_next_proto(const_cast<unsigned char**>(out), out_size, preferred,
                                          static_cast<unsigned>(ours.size()), offered, offered_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

int select_certificate(SSL* connection, int*, void* self) {
  const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name);
  SSL_CTX* chosen = name ? static_cast<const OpenSslContext*>(self)->find(name) : nullptr;
  if (chosen && chosen != SSL_get_SSL_CTX(connection)) SSL_set_SSL_CTX(connection, chosen);
  return chosen ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

Result<void> require_client_certificates(SSL_CTX* context, const std::string& ca_file) {
  if (SSL_CTX_load_verify_file(context, ca_file.c_str()) != 1) return bad_file(ca_file, "cannot read CA certificates");
  SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(ca_file.c_str()));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return {};
}

Result<OpenSslContext::Handle> server_context(const TlsCertificate& certificate,
                                              const TlsContext::ServerOptions& options, OpenSslContext& owner) {
  auto context = new_context(TLS_server_method());
  SSL_CTX* raw = context.get();
  if (auto loaded = load_certificate(raw, certificate); !loaded) return loaded.error();
  SSL_CTX_set_cipher_list(raw, "ECDHE+AESGCM:ECDHE+CHACHA20");
  // Tickets keep the sessions on the clients: no cache here, and no lock of one.
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(raw, reinterpret_cast<const unsigned char*>("skerry"), 6);
  SSL_CTX_set_tlsext_servername_callback(raw, select_certificate);
  SSL_CTX_set_tlsext_servername_arg(raw, &owner);
  if (!owner.alpn.empty()) SSL_CTX_set_alpn_select_cb(raw, select_alpn, &owner);
  if (options.client_ca_file.empty()) return context;
  if (auto required = require_client_certificates(raw, options.client_ca_file); !required) return required.error();
  return context;
}

Result<void> trust(SSL_CTX* context, const TlsContext::ClientOptions& options) {
  if (!options.verify) return {};
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (options.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return {};
  }
  if (SSL_CTX_load_verify_file(context, options.ca_file.c_str()) == 1) return {};
  return bad_file(options.ca_file, "cannot read CA certificates");
}

}  // namespace

std::string take_openssl_error() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "";
  const char* reason = ERR_reason_error_string(code);
  if (reason) return reason;
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

void OpenSslContext::Free::operator()(ssl_ctx_st* context) const {
  SSL_CTX_free(context);
}

ssl_ctx_st* OpenSslContext::find(std::string_view server_name) const {
  const std::string name = lower_case(server_name);
  if (const auto exact = names_.find(name); exact != names_.end()) return exact->second;
  const auto dot = name.find('.');
  if (dot == std::string::npos || dot == 0) return nullptr;
  const auto wildcard = names_.find("*" + name.substr(dot));
  return wildcard == names_.end() ? nullptr : wildcard->second;
}

// The names in subjectAltName; the subject's common name counts for nothing (RFC 9525 6.3).
void OpenSslContext::add_names(ssl_ctx_st* context) {
  X509* leaf = SSL_CTX_get0_certificate(context);
  auto* names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(leaf, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    names_.emplace(lower_case({text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))}), context);
  }
  GENERAL_NAMES_free(names);
}

Result<std::shared_ptr<const TlsContext>> TlsContext::server(const ServerOptions& options) {
  if (options.certificates.empty()) {
    return Error{ErrorCode::invalid_configuration, ErrorSource::internal, false, "TLS needs at least one certificate"};
  }
  auto made = std::make_shared<OpenSslContext>();
  auto alpn = alpn_wire_format(options.alpn);
  if (!alpn) return alpn.error();
  made->alpn = *alpn;
  for (const TlsCertificate& certificate : options.certificates) {
    auto context = server_context(certificate, options, *made);
    if (!context) return context.error();
    made->add_names(context->get());
    made->contexts.push_back(std::move(*context));
  }
  return std::shared_ptr<const TlsContext>(std::move(made));
}

Result<std::shared_ptr<const TlsContext>> TlsContext::client(const ClientOptions& options) {
  auto made = std::make_shared<OpenSslContext>();
  auto alpn = alpn_wire_format(options.alpn);
  if (!alpn) return alpn.error();
  made->alpn = *alpn;
  made->verify_peer_name = options.verify;
  auto context = new_context(TLS_client_method());
  if (auto trusted = trust(context.get(), options); !trusted) return trusted.error();
  if (!options.certificate_file.empty()) {
    auto loaded = load_certificate(context.get(), {options.certificate_file, options.key_file});
    if (!loaded) return loaded.error();
  }
  const auto* wire = reinterpret_cast<const unsigned char*>(made->alpn.data());
  if (!made->alpn.empty()) SSL_CTX_set_alpn_protos(context.get(), wire, static_cast<unsigned>(made->alpn.size()));
  made->contexts.push_back(std::move(context));
  return std::shared_ptr<const TlsContext>(std::move(made));
}

}  // namespace skerry::core
