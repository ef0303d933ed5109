#include "core/dns/signing_key.h"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "core/check.h"
#include "core/dns/dnssec.h"
#include "core/net/tls.h"

namespace skerry::dns {
namespace {

constexpr std::size_t coordinate_size = 32;
constexpr std::size_t largest_file = 64 * 1024;

template <class T, void (*free)(T*)>
struct Freed {
  void operator()(T* object) const { free(object); }
};
using Number = std::unique_ptr<BIGNUM, Freed<BIGNUM, BN_free>>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, EVP_PKEY_CTX_free>>;
using Pair = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG, ECDSA_SIG_free>>;
struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;

core::Error invalid(std::string what) {
  ERR_clear_error();
  return {core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false, std::move(what)};
}

// Without it OpenSSL would ask for a passphrase on the terminal.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

bool append_coordinate(const EVP_PKEY* key, const char* which, std::string& point) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, which, &raw) != 1) return false;
  const Number number(raw);
  unsigned char bytes[coordinate_size];
  if (BN_bn2binpad(number.get(), bytes, coordinate_size) != coordinate_size) return false;
  point.append(reinterpret_cast<const char*>(bytes), coordinate_size);
  return true;
}

bool is_on_p256(const EVP_PKEY* key) {
  char group[32];
  std::size_t size = 0;
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_EC &&
         EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group, &size) == 1 &&
         std::strcmp(group, "prime256v1") == 0;
}

// A pipe or a device in the file's place must not hold up the start.
struct File {
  explicit File(const std::string& name) : fd(::open(name.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC)) {}
  ~File() {
    if (fd >= 0) ::close(fd);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  const int fd;
};

// Up to the end of the file or of `buffer`. Returns the size.
std::size_t read_all(int fd, std::string& buffer) {
  std::size_t size = 0;
  while (size < buffer.size()) {
    const ssize_t got = ::read(fd, buffer.data() + size, buffer.size() - size);
    if (got <= 0) break;
    size += static_cast<std::size_t>(got);
  }
  return size;
}

}  // namespace

void Sha256::Free::operator()(evp_md_ctx_st* context) const {
  EVP_MD_CTX_free(context);
}

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
  CHECK(context_ && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1);
}
Sha256::~Sha256() = default;

void Sha256::begin() {
  CHECK(EVP_DigestInit_ex(context_.get(), nullptr, nullptr) == 1);
}

void Sha256::add(std::string_view piece) {
  CHECK(EVP_DigestUpdate(context_.get(), piece.data(), piece.size()) == 1);
}

Digest Sha256::end() {
  Digest digest;
  CHECK(EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) == 1);
  return digest;
}

void SigningKey::Free::operator()(evp_pkey_st* key) const {
  EVP_PKEY_free(key);
}

SigningKey::SigningKey(Handle key, std::string public_point)
    : key_(std::move(key)), dnskey_(dnskey_data(public_point)), tag_(key_tag(dnskey_)) {
  const std::string digest = core::sha256(public_point);
  std::memcpy(&id_, digest.data(), sizeof id_);
}

SigningKey::~SigningKey() = default;

std::shared_ptr<const SigningKey> SigningKey::generate() {
  Handle key(EVP_EC_gen("P-256"));
  std::string point;
  CHECK(key && append_coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, point) &&
        append_coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, point));
  return std::shared_ptr<const SigningKey>(new SigningKey(std::move(key), std::move(point)));
}

core::Result<std::shared_ptr<const SigningKey>> SigningKey::from_pem(std::string_view text) {
  const Bio bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  CHECK(bio != nullptr);
  Handle key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr));
  if (!key) return invalid("holds no private key in PEM without a passphrase");
  if (!is_on_p256(key.get())) return invalid("must be an ECDSA key on the curve P-256");
  // A public half that belongs to another key would make signatures that nobody believes.
  const Context check(EVP_PKEY_CTX_new(key.get(), nullptr));
  if (!check || EVP_PKEY_check(check.get()) != 1) return invalid("the key's halves do not belong together");
  std::string point;
  if (!append_coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_X, point) ||
      !append_coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y, point)) {
    return invalid("the key's public half can't be read");
  }
  return std::shared_ptr<const SigningKey>(new SigningKey(std::move(key), std::move(point)));
}

core::Result<std::shared_ptr<const SigningKey>> SigningKey::read(const std::string& file) {
  const auto fail = [&](core::ErrorCode code, std::string_view what) {
    return core::Error{code, core::ErrorSource::internal, false, "\"" + file + "\" " + std::string(what)};
  };
  const File in(file);
  struct stat status {};
  if (in.fd < 0 || ::fstat(in.fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(core::ErrorCode::not_found, "can't be read");
  }
  if (status.st_mode & S_IRWXO) {
    return fail(core::ErrorCode::permission_denied, "is open to everybody on this machine: chmod o-rwx");
  }
  if (status.st_mode & S_IWGRP) {
    return fail(core::ErrorCode::permission_denied, "may be written by its group: chmod g-w");
  }
  std::string text(largest_file + 1, '\0');
  const std::size_t size = read_all(in.fd, text);
  auto key = from_pem(std::string_view(text).substr(0, size));
  OPENSSL_cleanse(text.data(), text.size());
  if (size > largest_file) return fail(core::ErrorCode::invalid_configuration, "is too long for a key");
  if (!key.ok()) return fail(key.error().code, key.error().detail);
  return key;
}

std::string SigningKey::to_pem() const {
  const Bio bio(BIO_new(BIO_s_mem()));
  CHECK(bio && PEM_write_bio_PrivateKey(bio.get(), key_.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

bool SigningKey::sign(const Digest& digest, Signature& signature) const {
  const Context context(EVP_PKEY_CTX_new(key_.get(), nullptr));
  unsigned char der[80];  // a sequence of two numbers of up to 33 bytes
  std::size_t size = sizeof der;
  if (!context || EVP_PKEY_sign_init(context.get()) != 1 ||
      EVP_PKEY_sign(context.get(), der, &size, reinterpret_cast<const unsigned char*>(digest.data()), digest.size()) !=
          1) {
    ERR_clear_error();
    return false;
  }
  const unsigned char* at = der;
  const Pair pair(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  auto* out = reinterpret_cast<unsigned char*>(signature.data());
  const bool made =
      pair && BN_bn2binpad(ECDSA_SIG_get0_r(pair.get()), out, coordinate_size) == coordinate_size &&
      BN_bn2binpad(ECDSA_SIG_get0_s(pair.get()), out + coordinate_size, coordinate_size) == coordinate_size;
  if (!made) ERR_clear_error();  // the queue is the thread's: TLS would take it for its own
  return made;
}

}  // namespace skerry::dns
