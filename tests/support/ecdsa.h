// ECDSA as OpenSSL judges it, apart from the code under test.
#pragma once

#include <string>
#include <string_view>

namespace skerry::testing {

// Whether a signature as DNSSEC has it (r and s, RFC 6605 4) over SHA-256 of `text` is that of the key in DNSKEY data.
bool ecdsa_verifies(std::string_view dnskey, std::string_view text, std::string_view signature);

// A fresh private key of another kind: ("EC", "P-384"), ("ED25519", "").
std::string private_key_pem(const std::string& kind, const std::string& curve);

}  // namespace skerry::testing
