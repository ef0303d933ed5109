// The cache of signatures, and the signer over it: bounded, and never a signature beside other data.
#include "routing/signer.h"

#include <boost/test/unit_test.hpp>
#include <cstring>

#include "core/random.h"
#include "tests/support/ecdsa.h"

namespace {

using namespace skerry;
using namespace skerry::routing;
using namespace std::chrono_literals;
using dns::Type;

dns::Digest digest_of(std::uint64_t number) {
  core::Random random(number);
  dns::Digest digest;
  for (std::size_t i = 0; i < digest.size(); i += 8) {
    const std::uint64_t bits = random.next();
    std::memcpy(digest.data() + i, &bits, sizeof bits);
  }
  return digest;
}

dns::SigningKey::Signature signature_of(std::uint64_t number) {
  dns::SigningKey::Signature signature{};
  std::memcpy(signature.data(), &number, sizeof number);
  return signature;
}

struct Signing {
  std::shared_ptr<const dns::SigningKey> key = dns::SigningKey::generate();
  dns::Name zone = dns::Name::parse("example.com").value();
  SetToSign set{dns::Name::parse("www.example.com").value(), Type::a, 300, {"\0\4\xc0\0\2\1", 6}};
  std::uint32_t now = 1'700'000'000, per_second = 1000;
  Signer signer{1024};

  std::string sign() { return std::string(signer.sign(set, {*key, zone, 7 * 24h, per_second, now})); }
  SignatureTotals totals() const {
    SignatureTotals totals;
    signer.add_to(totals);
    return totals;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(signature_cache)

BOOST_AUTO_TEST_CASE(what_was_put_in_is_found_by_its_digest_and_key) {
  SignatureCache cache(64);
  BOOST_TEST(cache.find(digest_of(1), 7) == nullptr);
  cache.insert(digest_of(1), 7, signature_of(1));
  BOOST_REQUIRE(cache.find(digest_of(1), 7));
  BOOST_TEST((*cache.find(digest_of(1), 7) == signature_of(1)));
  BOOST_TEST(cache.find(digest_of(2), 7) == nullptr);
  BOOST_TEST(cache.find(digest_of(1), 8) == nullptr);
}

BOOST_AUTO_TEST_CASE(it_holds_no_more_than_its_capacity) {
  SignatureCache cache(1000);
  BOOST_TEST(cache.capacity() == 1024u);
  for (std::uint64_t i = 0; i < 10'000; ++i) cache.insert(digest_of(i), 7, signature_of(i));
  std::size_t found = 0;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    const auto* kept = cache.find(digest_of(i), 7);
    if (!kept) continue;
    ++found;
    BOOST_REQUIRE((*kept == signature_of(i)));
  }
  BOOST_TEST(found == 1024u);
}

BOOST_AUTO_TEST_CASE(a_flood_of_names_asked_once_leaves_what_is_asked_again_and_again) {
  SignatureCache cache(4096);  // so roomy that no group has as many hot ones as ways, whatever the secret is
  constexpr std::uint64_t hot = 200;
  std::size_t lost = 0;
  for (std::uint64_t i = 0; i < hot; ++i) cache.insert(digest_of(i), 7, signature_of(i));
  for (std::uint64_t flood = 0; flood < 100'000; ++flood) {
    const std::uint64_t asked = flood % hot;
    if (!cache.find(digest_of(asked), 7)) ++lost, cache.insert(digest_of(asked), 7, signature_of(asked));
    cache.insert(digest_of(1000 + flood), 7, signature_of(flood));
  }
  BOOST_TEST(lost < 1000u);  // of 100,000
}

// What a digest is made of is public: who looks for some that begin alike must not thereby empty one group.
BOOST_AUTO_TEST_CASE(digests_that_begin_alike_are_kept_apart) {
  SignatureCache cache(4096);
  std::size_t kept = 0;
  const auto alike = [](std::uint64_t number) {
    dns::Digest digest = digest_of(number);
    std::fill_n(digest.begin(), 8, 'x');
    return digest;
  };
  for (std::uint64_t i = 0; i < 100; ++i) cache.insert(alike(i), 7, signature_of(i));
  for (std::uint64_t i = 0; i < 100; ++i) kept += cache.find(alike(i), 7) ? 1 : 0;
  BOOST_TEST(kept > 90u);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(signer, Signing)

BOOST_AUTO_TEST_CASE(a_signature_is_made_once_and_good) {
  const std::string first = sign();
  const std::string text =
      first.substr(0, first.size() - 64) + std::string("\3www\7example\3com\0\0\1\0\1\0\0\1\x2c\0\4\xc0\0\2\1", 31);
  BOOST_TEST(testing::ecdsa_verifies(key->dnskey(), text, std::string_view(first).substr(first.size() - 64)));
  BOOST_TEST(sign() == first);
  BOOST_TEST(totals().made == 1u);
  BOOST_TEST(totals().cached == 1u);
}

BOOST_AUTO_TEST_CASE(whatever_differs_is_signed_anew) {
  std::vector<std::string> made = {sign()};
  set.original_ttl = 301;
  made.push_back(sign());
  set.records = {"\0\4\xc0\0\2\2", 6};
  made.push_back(sign());
  set.type = Type::txt;
  made.push_back(sign());
  set.owner = dns::Name::parse("w.example.com").value();
  made.push_back(sign());
  now += 7 * 86400 / 4;  // the next step of its times
  made.push_back(sign());
  key = dns::SigningKey::generate();
  made.push_back(sign());
  std::sort(made.begin(), made.end());
  BOOST_TEST((std::unique(made.begin(), made.end()) == made.end()));
  BOOST_TEST(totals().made == made.size());
}

BOOST_AUTO_TEST_CASE(new_signatures_are_bounded_by_the_second_and_kept_ones_are_not) {
  per_second = 3;
  for (std::uint32_t ttl = 1; ttl <= 5; ++ttl) {
    set.original_ttl = ttl;
    BOOST_TEST(sign().empty() == (ttl > 3), ttl);
  }
  set.original_ttl = 2;
  BOOST_TEST(!sign().empty());
  BOOST_TEST(totals().refused == 2u);
  ++now;
  set.original_ttl = 5;
  BOOST_TEST(!sign().empty());
}

BOOST_AUTO_TEST_CASE(sets_of_one_name_are_due_at_different_times) {
  std::vector<std::string> times;
  for (const Type type : {Type::a, Type::aaaa, Type::txt}) {
    set.type = type;
    times.push_back(sign().substr(8, 4));  // expiration
  }
  set.records = {"\0\4\xc0\0\2\2", 6};
  times.push_back(sign().substr(8, 4));
  std::sort(times.begin(), times.end());
  BOOST_TEST((std::unique(times.begin(), times.end()) == times.end()));
}

BOOST_AUTO_TEST_CASE(beyond_the_budget_the_signature_before_is_told_while_it_is_good) {
  std::vector<std::string> before;
  for (std::uint32_t ttl = 1; ttl <= 3; ++ttl) {
    set.original_ttl = ttl;
    before.push_back(sign());
  }
  per_second = 1;
  now += 7 * 86400 / 4;  // all are due
  for (std::uint32_t ttl = 1; ttl <= 3; ++ttl) {
    set.original_ttl = ttl;
    BOOST_TEST((sign() == before[ttl - 1]) == (ttl > 1), ttl);
  }
  BOOST_TEST(totals().made == 4u);
  BOOST_TEST(totals().refused == 0u);
  now += 7 * 86400 / 4;  // those of two steps ago are let go
  set.original_ttl = 4;
  BOOST_TEST(!sign().empty());
  set.original_ttl = 3;
  BOOST_TEST(sign().empty());
}

BOOST_AUTO_TEST_SUITE_END()
