// Hashes and random bytes from OpenSSL, for secrets.
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>

#include "core/net/tls.h"

namespace skerry::core {
namespace {

const unsigned char* octets(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string secure_random_bytes(std::size_t count) {
  std::string bytes(count, '\0');
  CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) == 1);
  return bytes;
}

std::string sha256(std::string_view message) {
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  SHA256(octets(message), message.size(), reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

std::string hmac_sha256(std::string_view key, std::string_view message) {
  std::string code(SHA256_DIGEST_LENGTH, '\0');
  unsigned size = 0;
  // OpenSSL takes a null key for "the one before".
  const char* key_bytes = key.empty() ? "" : key.data();
  CHECK(HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()), octets(message), message.size(),
             reinterpret_cast<unsigned char*>(code.data()), &size) != nullptr);
  return code;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace skerry::core
