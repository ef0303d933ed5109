#include "core/http/date.h"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace skerry::http {
namespace {

using std::chrono::seconds;

core::WallTime at(std::int64_t unix_seconds) {
  return core::WallTime(seconds(unix_seconds));
}

std::int64_t unix_seconds(core::WallTime time) {
  return std::chrono::duration_cast<seconds>(time.time_since_epoch()).count();
}

std::string text_of(std::int64_t time) {
  std::string text;
  append_http_date(text, at(time));
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(http_date)

BOOST_AUTO_TEST_CASE(the_three_forms_of_rfc9110_5_6_7_name_the_same_moment) {
  for (const char* text :
       {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"}) {
    BOOST_TEST_CONTEXT(text) {
      const auto time = parse_http_date(text);
      BOOST_REQUIRE(time);
      BOOST_TEST(unix_seconds(*time) == 784111777);
    }
  }
}

BOOST_AUTO_TEST_CASE(letter_case_is_the_only_deviation_that_is_accepted) {
  for (const char* text : {"SUN, 06 nov 1994 08:49:37 gMT", "sunday, 06-NOV-94 08:49:37 GMT",
                           "sun nov  6 08:49:37 1994", "Thu, 18 AUG 2050 02:01:18 GMT"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(parse_http_date(text).has_value());
    }
  }
  const std::vector<const char*> refused = {
      "",
      "0",
      "-1",
      "GMT",
      "Sun",
      "Thu, 18 Aug 2050 02:01:18 UTC",
      "Thu, 18 Aug 2050 02:01:18 AEST",
      "Thu, 18 Aug 2050 02:01:18 +0000",
      "Thu, 18 Aug 2050 02:01:18",
      "Thu, 18 Aug 50 02:01:18 GMT",
      "Thu 18 Aug 2050 02:01:18 GMT",
      "Thu, 18  Aug  2050 02:01:18 GMT",
      "Thu, 18-Aug-2050 02:01:18 GMT",
      "Thu, 18 Aug 2050 02.01.18 GMT",
      "Thu, 18 Aug 2050 2:01:18 GMT",
      "Thu, 8 Aug 2050 02:01:18 GMT",
      "Thu, 31 Feb 2050 02:01:18 GMT",
      "Thu, 00 Aug 2050 02:01:18 GMT",
      "Thu, 18 Aug 2050 24:01:18 GMT",
      "Thu, 18 Aug 2050 02:60:18 GMT",
      "Thu, 18 Aug 2050 02:01:61 GMT",
      "Xyz, 18 Aug 2050 02:01:18 GMT",
      "Thu, 18 Xyz 2050 02:01:18 GMT",
      "Thu, 18 Aug 2050 02:01:18 GMTX",
      " Thu, 18 Aug 2050 02:01:18 GMT",
      "Thu, 18 Aug 2050 02:01:18 GMT ",
      "Thursday, 18-Aug-2050 02:01:18 GMT",
      "Thu, 18-Aug-50 02:01:18 GMT",
      "Sun Nov 6 08:49:37 1994",
      "Sun Nov 06 08:49:37 94",
      "Sun Nov  6 08:49:37 1994 GMT",
  };
  for (const char* text : refused) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!parse_http_date(text).has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(dates_beyond_32_bits_and_beyond_the_clock_still_order) {
  BOOST_TEST(unix_seconds(*parse_http_date("Tue, 19 Jan 2038 03:14:08 GMT")) == 2147483648);
  BOOST_TEST(unix_seconds(*parse_http_date("Sun, 07 Feb 2106 06:28:16 GMT")) == 4294967296);
  const auto far = parse_http_date("Fri, 31 Dec 9999 23:59:59 GMT");
  BOOST_REQUIRE(far);
  BOOST_TEST((*far > *parse_http_date("Sun, 07 Feb 2106 06:28:16 GMT")));
  const auto early = parse_http_date("Sat, 01 Jan 0000 00:00:00 GMT");
  BOOST_REQUIRE(early);
  BOOST_TEST((*early < at(0)));
  BOOST_TEST(unix_seconds(*parse_http_date("Fri, 31 Dec 2016 23:59:60 GMT")) == 1483228800);
}

BOOST_AUTO_TEST_CASE(a_two_digit_year_is_at_most_50_years_ahead) {
  const core::WallTime year_2026 = at(1780000000);
  BOOST_TEST(text_of(unix_seconds(*parse_http_date("Thursday, 18-Aug-50 02:01:18 GMT", year_2026))) ==
             "Thu, 18 Aug 2050 02:01:18 GMT");
  BOOST_TEST(text_of(unix_seconds(*parse_http_date("Tuesday, 18-Aug-76 02:01:18 GMT", year_2026))).substr(12, 4) ==
             "2076");
  BOOST_TEST(text_of(unix_seconds(*parse_http_date("Thursday, 18-Aug-77 02:01:18 GMT", year_2026))).substr(12, 4) ==
             "1977");
  const core::WallTime year_2080 = at(3471292800);
  BOOST_TEST(text_of(unix_seconds(*parse_http_date("Friday, 18-Aug-06 02:01:18 GMT", year_2080))).substr(12, 4) ==
             "2106");
}

BOOST_AUTO_TEST_CASE(what_is_written_is_read_back) {
  BOOST_TEST(text_of(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT");
  BOOST_TEST(text_of(0) == "Thu, 01 Jan 1970 00:00:00 GMT");
  BOOST_TEST(text_of(-1) == "Wed, 31 Dec 1969 23:59:59 GMT");
  for (std::int64_t time = -4'000'000'000; time < 9'000'000'000; time += 7'654'321) {
    const auto read = parse_http_date(text_of(time));
    BOOST_REQUIRE(read);
    BOOST_REQUIRE_EQUAL(unix_seconds(*read), time);
  }
  std::string fraction;
  append_http_date(fraction, at(784111777) + std::chrono::milliseconds(999));
  BOOST_TEST(fraction == "Sun, 06 Nov 1994 08:49:37 GMT");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::http
