#include "core/http/signed_url.h"

#include <boost/test/unit_test.hpp>

using namespace skerry;
using namespace skerry::http;

namespace {

const std::vector<SigningKey> keys = {{"new", "0123456789abcdef"}, {"old", "fedcba9876543210"}};
constexpr std::int64_t end_of_it = 1'800'000'000;

// "good /a?b" and the like.
std::string checked(std::string_view target, std::int64_t now = end_of_it) {
  constexpr const char* words[] = {"good", "missing", "unknown key", "wrong", "expired"};
  const SignedTarget found = check_signed_target(target, keys, now);
  return std::string(words[static_cast<int>(found.signature)]) + " " + found.target;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(signed_url)

// printf '%s\n%s' '/film.mp4?q=hd' 1800000000 | openssl dgst -sha256 -hmac 0123456789abcdef -binary |
//   basenc --base64url | tr -d =
BOOST_AUTO_TEST_CASE(signature_is_what_openssl_makes_of_the_documented_string) {
  BOOST_TEST(
      signed_target("/film.mp4?q=hd", keys[0], end_of_it) ==
      "/film.mp4?q=hd&sk-expires=1800000000&sk-key=new&sk-signature=5IycCKzQELoscsWfNRy6RyATDNQ75p8V3IT-1UukAnk");
}

BOOST_AUTO_TEST_CASE(what_was_signed_is_good_until_its_end_under_every_key) {
  for (const char* target : {"/", "/a", "/a?", "/a?b", "/a?b=c&d=%20e&", "/a?&&b", "/%2Fa/../b?x=?y"}) {
    for (const SigningKey& key : keys) {
      const std::string url = signed_target(target, key, end_of_it);
      BOOST_TEST(checked(url) == std::string("good ") + target);
      BOOST_TEST(checked(url, end_of_it + 1) == std::string("expired ") + target);
      BOOST_TEST(signed_target(url, key, end_of_it) == url);  // signing anew replaces the signature
    }
  }
}

BOOST_AUTO_TEST_CASE(parameters_may_stand_anywhere_in_the_query) {
  const std::string signature = "sk-signature=5IycCKzQELoscsWfNRy6RyATDNQ75p8V3IT-1UukAnk";
  BOOST_TEST(checked("/film.mp4?" + signature + "&sk-key=new&q=hd&sk-expires=1800000000") == "good /film.mp4?q=hd");
}

BOOST_AUTO_TEST_CASE(each_way_to_be_wrong_has_its_word) {
  const std::string ends = "&sk-expires=1800000000", by = "&sk-key=new";
  const std::string signature = "&sk-signature=5IycCKzQELoscsWfNRy6RyATDNQ75p8V3IT-1UukAnk";
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"/film.mp4?q=hd", "missing"},
      {"/film.mp4", "missing"},
      {"/film.mp4?q=hd" + ends + by, "missing"},
      {"/film.mp4?q=hd" + ends + signature, "missing"},
      {"/film.mp4?q=hd" + by + signature, "missing"},
      {"/film.mp4?q=hd" + ends + "&sk-key=none" + signature, "unknown key"},
      {"/film.mp4?q=hd" + ends + "&sk-key=" + signature, "unknown key"},
      {"/film.mp4?q=hd" + ends + "&sk-key" + signature, "unknown key"},
      {"/film.mp4?q=hd" + ends + "&sk-key=old" + signature, "wrong"},
      {"/film.mp4?q=sd" + ends + by + signature, "wrong"},
      {"/film.mp4?q=hd&more" + ends + by + signature, "wrong"},
      {"/other.mp4?q=hd" + ends + by + signature, "wrong"},
      {"/film.mp4?q=hd&sk-expires=1800000001" + by + signature, "wrong"},
      {"/film.mp4?q=hd&sk-expires=01800000000" + by + signature, "wrong"},
      {"/film.mp4?q=hd&sk-expires=never" + by + signature, "wrong"},
      {"/film.mp4?q=hd&sk-expires=99999999999999999999" + by + signature, "wrong"},
      {"/film.mp4?q=hd" + ends + by + signature + "A", "wrong"},
      {"/film.mp4?q=hd" + ends + by + "&sk-signature=", "wrong"},
      {"/film.mp4?q=hd" + ends + by + signature + signature, "wrong"},
      {"/film.mp4?q=hd" + ends + ends + by + signature, "wrong"},
      {"/film.mp4?q=hd" + ends + by + by + signature, "wrong"},
  };
  for (const auto& [target, word] : rows)
    BOOST_TEST(checked(target).starts_with(word + " "), target << checked(target));
}

BOOST_AUTO_TEST_CASE(end_that_is_no_number_is_wrong_even_if_it_was_signed) {
  // What a holder of the key could sign by mistake; "-1" would never have been good anyway.
  const std::string url = signed_target("/a", keys[0], -1);
  BOOST_TEST(checked(url).starts_with("wrong "));
}

BOOST_AUTO_TEST_CASE(keys_are_read_and_never_printed) {
  const auto read = parse_signing_keys(" a=0123456789abcdef,\nb-1.2_=x=y=z=0123456789\r\n");
  BOOST_TEST_REQUIRE(read.ok());
  BOOST_TEST_REQUIRE(read->size() == 2u);
  BOOST_TEST((*read)[1].id == "b-1.2_");
  BOOST_TEST((*read)[1].secret == "x=y=z=0123456789");
  BOOST_TEST(parse_signing_keys("")->empty());
  for (const char* text : {"0123456789abcdef", "a=short", "=0123456789abcdef", "a b=0123456789abcdef",
                           "ä=0123456789abcdef", "a=0123456789abcdef,a=fedcba9876543210"}) {
    const auto bad = parse_signing_keys(text);
    BOOST_TEST_REQUIRE(!bad.ok(), text);
    BOOST_TEST(bad.error().detail.find("0123456789") == std::string::npos);
  }
}

BOOST_AUTO_TEST_SUITE_END()
