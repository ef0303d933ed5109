#include "core/result.h"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <set>

#include "core/units.h"

using namespace skerry::core;

BOOST_AUTO_TEST_SUITE(result)

BOOST_AUTO_TEST_CASE(result_holds_either_a_value_or_an_error) {
  Result<std::unique_ptr<int>> good = std::make_unique<int>(3);
  BOOST_REQUIRE(good.ok());
  BOOST_TEST(**good == 3);
  const auto taken = std::move(good).value();
  BOOST_TEST(*taken == 3);
  const Result<int> bad = Error{ErrorCode::reset, ErrorSource::upstream, true, "10.0.0.1:80"};
  BOOST_REQUIRE(!bad.ok());
  BOOST_CHECK(bad.error().code == ErrorCode::reset);
  BOOST_TEST(bad.error().retryable);
}

BOOST_AUTO_TEST_CASE(result_of_nothing_is_good_until_it_holds_an_error) {
  const Result<void> good;
  BOOST_TEST(good.ok());
  const Result<void> bad = Error{};
  BOOST_TEST(!bad.ok());
}

BOOST_AUTO_TEST_CASE(messages_carry_the_printable_code_and_the_detail_if_any) {
  BOOST_TEST((Error{ErrorCode::connect_refused, ErrorSource::upstream, true, "127.0.0.1:81"}.message()) ==
             "connect_refused: 127.0.0.1:81");
  BOOST_TEST((Error{ErrorCode::disk_full, ErrorSource::internal, false, ""}.message()) == "disk_full");
  BOOST_TEST(name(ErrorSource::client) == "client");
  BOOST_TEST(name(ErrorSource::upstream) == "upstream");
}

BOOST_AUTO_TEST_CASE(every_code_has_a_name_of_its_own) {
  std::set<std::string_view> names;
  std::size_t count = 0;
#define X(code)                        \
  names.insert(name(ErrorCode::code)); \
  ++count;
  SKERRY_ERROR_CODES(X)
#undef X
  BOOST_TEST(names.size() == count);
  BOOST_TEST(names.count("") == 0u);
}

BOOST_AUTO_TEST_CASE(sizes_carry_their_unit) {
  BOOST_TEST((64_KiB).count == 65536u);
  BOOST_CHECK(1_MiB == 512_KiB + 512_KiB);
  BOOST_CHECK(1_KiB * 3 / 2 == Bytes{1536});
  BOOST_CHECK(1_KiB < 1_MiB);
}

BOOST_AUTO_TEST_SUITE_END()
