// The key of a signed zone: made, written, read, refused, and what it signs judged by OpenSSL itself.
#include "core/dns/signing_key.h"

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "core/base64.h"
#include "core/dns/dnssec.h"
#include "tests/support/ecdsa.h"
#include "tests/support/temp_dir.h"

namespace {

using namespace skerry;

std::string problem_of(std::string_view pem) {
  const auto key = dns::SigningKey::from_pem(pem);
  BOOST_REQUIRE(!key.ok());
  return key.error().detail;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(signing_key)

BOOST_AUTO_TEST_CASE(a_key_is_the_same_after_it_was_written_and_read) {
  const auto key = dns::SigningKey::generate();
  const auto again = dns::SigningKey::from_pem(key->to_pem());
  BOOST_REQUIRE(again.ok());
  BOOST_TEST((*again)->dnskey() == key->dnskey());
  BOOST_TEST((*again)->tag() == key->tag());
  BOOST_TEST((*again)->id() == key->id());
  BOOST_TEST(key->dnskey().size() == 68u);
  BOOST_TEST(key->dnskey().substr(0, 4) == std::string("\1\1\3\15", 4));
  BOOST_TEST(dns::SigningKey::generate()->dnskey() != key->dnskey());
}

BOOST_AUTO_TEST_CASE(signatures_are_good_for_what_was_signed_and_nothing_else) {
  const auto key = dns::SigningKey::generate();
  dns::Sha256 hash;
  for (const std::string text : {"", "a", "the same object hashes again and again"}) {
    hash.begin();
    for (const char c : text) hash.add({&c, 1});
    dns::Digest digest = hash.end();
    dns::SigningKey::Signature signature;
    BOOST_REQUIRE(key->sign(digest, signature));
    BOOST_TEST(testing::ecdsa_verifies(key->dnskey(), text, {signature.data(), signature.size()}));
    BOOST_TEST(!testing::ecdsa_verifies(key->dnskey(), text + "b", {signature.data(), signature.size()}));
  }
}

// RFC 6605 6.1: what is hashed here is what was signed there.
BOOST_AUTO_TEST_CASE(the_signature_of_rfc6605_6_1_belongs_to_the_bytes_that_we_would_sign) {
  std::string point, signature;
  BOOST_REQUIRE(
      core::decode_base64("GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA==",
                          core::Base64::standard, point));
  BOOST_REQUIRE(
      core::decode_base64("qx6wLYqmh+l9oCKTN6qIc+bw6ya+KJ8oMz0YP107epXAyGmt+3SNruPFKG7tZoLBLlUzGGus7ZwmwWep666VCw==",
                          core::Base64::standard, signature));
  const auto owner = dns::Name::parse("www.example.net").value(), zone = dns::Name::parse("example.net").value();
  std::array<char, dns::longest_signature_head> head;
  // 2010-08-12 10:04:39 to 2010-09-09 10:04:39
  const std::size_t size =
      dns::write_signature_head({dns::Type::a, owner, zone, 3600, {1281607479, 1284026679}, 55648}, head.data());
  const std::string text = std::string(head.data(), size)
                               .append(owner.wire())
                               .append(std::string_view("\0\1\0\1\0\0\x0e\x10\0\4\xc0\0\2\1", 14));
  BOOST_TEST(testing::ecdsa_verifies(dns::dnskey_data(point), text, signature));
}

BOOST_AUTO_TEST_CASE(what_is_no_key_of_ours_is_refused_with_the_reason) {
  const std::string pem = dns::SigningKey::generate()->to_pem();
  BOOST_TEST(problem_of("").find("no private key") != std::string::npos);
  BOOST_TEST(problem_of("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").find("no private key") !=
             std::string::npos);
  BOOST_TEST(problem_of(pem.substr(0, pem.size() / 2)).find("no private key") != std::string::npos);
  BOOST_TEST(problem_of(testing::private_key_pem("EC", "P-384")).find("P-256") != std::string::npos);
  BOOST_TEST(problem_of(testing::private_key_pem("ED25519", "")).find("P-256") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_key_file_that_its_group_may_write_or_that_is_a_pipe_is_refused) {
  testing::TempDir folder;
  const std::string file = folder.write("zone.key", dns::SigningKey::generate()->to_pem());
  ::chmod(file.c_str(), 0660);
  BOOST_TEST((dns::SigningKey::read(file).error().code == core::ErrorCode::permission_denied));
  const std::string pipe = file + ".pipe";
  BOOST_REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  BOOST_TEST((dns::SigningKey::read(pipe).error().code == core::ErrorCode::not_found));
}

BOOST_AUTO_TEST_CASE(a_key_file_that_everybody_may_read_is_refused) {
  testing::TempDir folder;
  const std::string file = folder.write("zone.key", dns::SigningKey::generate()->to_pem());
  ::chmod(file.c_str(), 0640);
  BOOST_TEST(dns::SigningKey::read(file).ok());
  ::chmod(file.c_str(), 0644);
  const auto open = dns::SigningKey::read(file);
  BOOST_REQUIRE(!open.ok());
  BOOST_TEST((open.error().code == core::ErrorCode::permission_denied));
  BOOST_TEST(open.error().detail.find(file) != std::string::npos);
  for (const std::string& missing : {folder.path() + "/nothing", folder.path()}) {
    const auto none = dns::SigningKey::read(missing);
    BOOST_REQUIRE(!none.ok());
    BOOST_TEST((none.error().code == core::ErrorCode::not_found));
  }
}

BOOST_AUTO_TEST_SUITE_END()
