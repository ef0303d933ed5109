#include "core/log/timestamp.h"

#include <boost/test/unit_test.hpp>

#include "core/random.h"

using namespace skerry;
using namespace std::chrono_literals;

namespace {

std::string stamp(core::WallTime time) {
  std::string out;
  log::append_timestamp(out, time);
  return out;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(timestamp)

BOOST_AUTO_TEST_CASE(times_are_written_as_rfc3339_has_them) {
  const core::WallTime epoch{};
  BOOST_TEST(stamp(epoch) == "1970-01-01T00:00:00.000Z");
  BOOST_TEST(stamp(epoch + 951'782'399'999'999'999ns) == "2000-02-28T23:59:59.999Z");
  BOOST_TEST(stamp(epoch + 951'782'400s) == "2000-02-29T00:00:00.000Z");
  BOOST_TEST(stamp(epoch - 1ms) == "1969-12-31T23:59:59.999Z");
}

BOOST_AUTO_TEST_CASE(the_calendar_is_the_c_librarys) {
  core::Random random(1);
  for (int i = 0; i < 10'000; ++i) {
    const auto seconds = static_cast<std::time_t>(random.below(9'000'000'000)) - 1'000'000'000;
    std::tm expected{};
    BOOST_REQUIRE(::gmtime_r(&seconds, &expected));
    const std::tm t = log::calendar(core::WallTime{} + std::chrono::seconds(seconds) + 999'999'999ns);
    const bool same = t.tm_year == expected.tm_year && t.tm_mon == expected.tm_mon && t.tm_mday == expected.tm_mday &&
                      t.tm_hour == expected.tm_hour && t.tm_min == expected.tm_min && t.tm_sec == expected.tm_sec;
    BOOST_TEST(same, seconds);
  }
}

BOOST_AUTO_TEST_SUITE_END()
