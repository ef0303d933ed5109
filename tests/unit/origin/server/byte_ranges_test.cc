#include "origin/server/byte_ranges.h"

#include <boost/test/unit_test.hpp>
#include <string>

namespace {

using namespace skerry;
using Kind = origin::RangeAnswer::Kind;

std::string show(std::string_view value, std::uint64_t size) {
  const auto answer = origin::parse_byte_ranges(value, size);
  if (answer.kind == Kind::whole) return "whole";
  if (answer.kind == Kind::unsatisfiable) return "unsatisfiable";
  std::string text;
  for (const auto& range : answer.ranges) text += std::to_string(range.first) + "-" + std::to_string(range.last) + " ";
  return text;
}

std::string spread_ranges(int count) {
  std::string value = "bytes=";
  for (int i = 0; i < count; ++i) value += std::to_string(i * 10) + "-" + std::to_string(i * 10 + 1) + ",";
  return value;
}

BOOST_AUTO_TEST_SUITE(origin_byte_ranges)

BOOST_AUTO_TEST_CASE(ranges_are_clipped_to_the_representation) {
  BOOST_TEST(show("bytes=0-0", 100) == "0-0 ");
  BOOST_TEST(show("bytes=10-", 100) == "10-99 ");
  BOOST_TEST(show("bytes=-10", 100) == "90-99 ");
  BOOST_TEST(show("bytes=-1000", 100) == "0-99 ");
  BOOST_TEST(show("bytes=90-99999999999999999999999", 100) == "90-99 ");
  BOOST_TEST(show("Bytes=1-2 , 5-6", 100) == "1-2 5-6 ");
  BOOST_TEST(show("bytes=1-2,200-", 100) == "1-2 ");
}

BOOST_AUTO_TEST_CASE(ranges_behind_the_end_are_unsatisfiable) {
  BOOST_TEST(show("bytes=100-", 100) == "unsatisfiable");
  BOOST_TEST(show("bytes=-0", 100) == "unsatisfiable");
  BOOST_TEST(show("bytes=0-", 0) == "unsatisfiable");
}

BOOST_AUTO_TEST_CASE(malformed_many_and_overlapping_ranges_are_ignored) {
  for (const std::string_view value : {"", "bytes", "bytes=", "bytes=,", "bytes=a-b", "bytes=5-4", "bytes=-", "bytes=1",
                                       "lines=1-2", "bytes=1-2x", "bytes=+1-2", "bytes=0-5,5-9", "bytes=0-,-1"}) {
    BOOST_TEST_CONTEXT(value) {
      BOOST_TEST(show(value, 100) == "whole");
    }
  }
  BOOST_TEST(show(spread_ranges(16), 1000) != "whole");
  BOOST_TEST(show(spread_ranges(17), 1000) == "whole");
}

BOOST_AUTO_TEST_CASE(if_range_needs_a_strong_match_or_the_very_date) {
  http::HeaderMap response;
  response.add(http::HeaderId::etag, "\"a\"");
  response.add(http::HeaderId::last_modified, "Mon, 01 Jan 2024 00:00:00 GMT");
  const auto kind = [&](std::string_view condition, http::Method method = http::Method::get) {
    http::RequestHead request;
    request.method = method;
    request.fields.add(http::HeaderId::range, "bytes=0-1");
    request.fields.add(http::HeaderId::if_range, condition);
    return origin::ranges_of(request, response, 10).kind;
  };
  BOOST_TEST((kind("\"a\"") == Kind::partial));
  BOOST_TEST((kind("Mon, 01 Jan 2024 00:00:00 GMT") == Kind::partial));
  BOOST_TEST((kind("\"b\"") == Kind::whole));
  BOOST_TEST((kind("W/\"a\"") == Kind::whole));
  BOOST_TEST((kind("Tue, 02 Jan 2024 00:00:00 GMT") == Kind::whole));
  BOOST_TEST((kind("rubbish") == Kind::whole));
  BOOST_TEST((kind("\"a\"", http::Method::head) == Kind::whole));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
