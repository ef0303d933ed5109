// Small codes that other parts stand on: base64 and SipHash.
#include <boost/test/unit_test.hpp>
#include <numeric>

#include "core/base64.h"
#include "core/siphash.h"

using namespace skerry;

BOOST_AUTO_TEST_SUITE(codes)

BOOST_AUTO_TEST_CASE(base64_is_read_strictly_in_both_alphabets) {
  const std::tuple<const char*, core::Base64, const char*> table[] = {
      {"", core::Base64::url, ""},
      {"Zm9v", core::Base64::url, "foo"},
      {"Zm8", core::Base64::url, "fo"},
      {"Zg", core::Base64::url, "f"},
      {"Zm8=", core::Base64::standard, "fo"},
      {"Zg==", core::Base64::standard, "f"},
      {"_-8", core::Base64::url, "\xff\xef"},
      {"/+8=", core::Base64::standard, "\xff\xef"},
      {"Z", core::Base64::url, nullptr},
      {"Zg==", core::Base64::url, nullptr},
      {"Zg", core::Base64::standard, nullptr},
      {"Zg===", core::Base64::standard, nullptr},
      {"Zh", core::Base64::url, nullptr},  // bits left over
      {"Zm9v\n", core::Base64::url, nullptr},
      {"/+8", core::Base64::url, nullptr},
  };
  for (const auto& [text, alphabet, expected] : table) {
    std::string out;
    BOOST_TEST(core::decode_base64(text, alphabet, out) == (expected != nullptr), text);
    if (expected) BOOST_TEST(out == expected, text);
  }
}

// The reference implementation's vectors: key 00 … 0f, messages of the bytes 00, 01, ….
BOOST_AUTO_TEST_CASE(siphash_is_that_of_its_authors) {
  core::SipKey key;
  std::iota(key.begin(), key.end(), std::uint8_t{0});
  std::string message;
  const std::pair<std::size_t, std::uint64_t> table[] = {
      {0, 0x726fdb47dd0e0e31}, {1, 0x74f839c593dc67fd}, {8, 0x93f5f5799a932462}, {15, 0xa129ca6149be45e5}};
  for (const auto& [size, expected] : table) {
    while (message.size() < size) message.push_back(static_cast<char>(message.size()));
    BOOST_TEST(core::siphash24(key, message) == expected, size);
  }
}

BOOST_AUTO_TEST_SUITE_END()
