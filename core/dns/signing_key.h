// The key that signs a zone: ECDSA on P-256 with SHA-256, algorithm 13 of DNSSEC (RFC 6605), and that hash by itself.
//
// The one file of core/dns that knows OpenSSL stands behind this. A key is immutable: any thread may sign with it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "core/result.h"

struct evp_md_ctx_st;
struct evp_pkey_st;

namespace skerry::dns {

using Digest = std::array<char, 32>;

// SHA-256 of pieces. begin() starts anew with what the first one made, so a long-lived object hashes without
// allocation. One thread.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  void begin();
  void add(std::string_view);
  Digest end();

 private:
  struct Free {
    void operator()(evp_md_ctx_st*) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

class SigningKey {
 public:
  using Signature = std::array<char, 64>;  // r and s (RFC 6605 4)

  static std::shared_ptr<const SigningKey> generate();
  // A private key in PEM, without a passphrase. Errors: invalid_configuration, with what is wrong.
  static core::Result<std::shared_ptr<const SigningKey>> from_pem(std::string_view);
  // Errors: also not_found and permission_denied (everybody may read the file); the detail names the file.
  static core::Result<std::shared_ptr<const SigningKey>> read(const std::string& file);
  ~SigningKey();

  std::string to_pem() const;
  // Data of its DNSKEY record: a key for everything (flags 257), public point included (RFC 4034 2.1, RFC 6605 4).
  const std::string& dnskey() const { return dnskey_; }
  std::uint16_t tag() const { return tag_; }
  // Tells keys apart where tags, of 16 bits, may be alike.
  std::uint64_t id() const { return id_; }
  // False when OpenSSL can't: out of memory.
  bool sign(const Digest&, Signature&) const;

 private:
  struct Free {
    void operator()(evp_pkey_st*) const;
  };
  using Handle = std::unique_ptr<evp_pkey_st, Free>;
  SigningKey(Handle key, std::string public_point);

  const Handle key_;
  const std::string dnskey_;
  const std::uint16_t tag_;
  std::uint64_t id_ = 0;
};

}  // namespace skerry::dns
