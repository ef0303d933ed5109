#include "edge/range.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/edge/cache/heads.h"

namespace skerry::edge {
namespace {

using Ranges = std::vector<ByteRange>;

}  // namespace

BOOST_AUTO_TEST_SUITE(byte_ranges)

BOOST_AUTO_TEST_CASE(satisfiable_ranges_of_rfc9110_14_1_2) {
  struct Row {
    const char* value;
    Ranges expected;
  };
  const std::vector<Row> rows = {
      {"bytes=0-0", {{0, 0}}},
      {"bytes=0-499", {{0, 499}}},
      {"BYTES=500-", {{500, 999}}},
      {"bytes=-1", {{999, 999}}},
      {"bytes=-5000", {{0, 999}}},
      {"bytes=900-99999999999999999999999", {{900, 999}}},
      {"bytes=0-0,-1", {{0, 0}, {999, 999}}},
      {"bytes= 500-600 ,\t0-9 ", {{500, 600}, {0, 9}}},
      {"bytes=0-9,,10-19", {{0, 9}, {10, 19}}},
      {"bytes=0-9, 2000-3000", {{0, 9}}},
      {"bytes=0-9, -0", {{0, 9}}},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.value) {
      const RangeSet found = parse_range(row.value, 1000);
      BOOST_TEST((found.kind == RangeKind::satisfiable));
      BOOST_TEST((found.ranges == row.expected));
    }
  }
}

BOOST_AUTO_TEST_CASE(ranges_beyond_the_end_are_unsatisfiable) {
  for (const char* value :
       {"bytes=1000-", "bytes=5000-6000", "bytes=-0", "bytes=1000-,2000-", "bytes=18446744073709551615-"}) {
    BOOST_TEST_CONTEXT(value) {
      BOOST_TEST((parse_range(value, 1000).kind == RangeKind::unsatisfiable));
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_malformed_greedy_or_overlapping_is_ignored) {
  for (const char* value :
       {"",          "bytes",      "bytes=",      "bytes=,",        "bytes 0-1",    "bytes =0-1",    "items=0-1",
        "bytes=1",   "bytes=-",    "bytes=5-1",   "bytes=a-b",      "bytes=0x0-1",  "bytes=+1-2",    "bytes=1-2-3",
        "bytes=--1", "bytes=0 -1", "bytes=0-9,x", "bytes=0-9,9-10", "bytes=0-,5-6", "bytes=-5,990-", "bytes=0-0,0-0"}) {
    BOOST_TEST_CONTEXT(value) {
      BOOST_TEST((parse_range(value, 1000).kind == RangeKind::none));
    }
  }
  std::string many = "bytes=0-0";
  for (int i = 1; i < 16; ++i) many += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  BOOST_TEST(parse_range(many, 1000).ranges.size() == 16U);
  BOOST_TEST((parse_range(many + ",900-901", 1000).kind == RangeKind::none));
  BOOST_TEST((parse_range(many + ",5000-", 1000).kind == RangeKind::none));
  BOOST_TEST((parse_range("bytes=0-", 0).kind == RangeKind::none));
}

BOOST_AUTO_TEST_CASE(only_one_range_line_of_a_get_counts) {
  using testing::request;
  BOOST_TEST((requested_range(request({{"Range", "bytes=0-1"}}), 10).kind == RangeKind::satisfiable));
  BOOST_TEST((requested_range(request(), 10).kind == RangeKind::none));
  BOOST_TEST((requested_range(request({{"Range", "bytes=0-1"}, {"Range", "bytes=0-1"}}), 10).kind == RangeKind::none));
  BOOST_TEST((requested_range(request({{"Range", "bytes=0-1"}}, http::Method::head), 10).kind == RangeKind::none));
}

BOOST_AUTO_TEST_CASE(content_range_is_read_strictly_rfc9110_14_4) {
  const auto known = parse_content_range("bytes 42-1233/1234");
  BOOST_REQUIRE(known);
  BOOST_TEST((known->range == ByteRange{42, 1233}));
  BOOST_TEST(known->size.value() == 1234U);
  BOOST_TEST(fits_body(*known, 1192));
  BOOST_TEST(!fits_body(*known, 1191));
  BOOST_TEST(!parse_content_range("bytes 0-0/*")->size.has_value());
  for (const char* value :
       {"", "bytes */1234", "bytes 0-1", "bytes 1-0/5", "bytes 0-5/5", "bytes 0-5/", "items 0-1/2", "bytes=0-1/2",
        "bytes 0-1/2/3", "bytes a-1/2", "bytes 0-1/-2", "bytes /-", "bytes 0-18446744073709551615/*"}) {
    BOOST_TEST_CONTEXT(value) {
      BOOST_TEST(!parse_content_range(value).has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(content_range_is_written) {
  std::string out;
  append_content_range(out, {42, 1233}, 1234);
  out += '|';
  append_unsatisfied_range(out, 1234);
  BOOST_TEST(out == "bytes 42-1233/1234|bytes */1234");
}

BOOST_AUTO_TEST_CASE(multipart_framing_is_as_long_as_announced_rfc9110_14_6) {
  const std::string body = "0123456789";
  const Ranges ranges = {{7, 8}, {0, 0}};
  for (const char* type : {"text/plain", ""}) {
    const MultipartFormat format{"SEP", type, body.size()};
    std::string out;
    for (const ByteRange& range : ranges) {
      format.append_part_head(out, range, out.empty());
      out += body.substr(range.first, range.size());
    }
    format.append_end(out);
    const std::string line = *type ? std::string("Content-Type: ") + type + "\r\n" : "";
    BOOST_TEST(out == "--SEP\r\n" + line + "Content-Range: bytes 7-8/10\r\n\r\n78\r\n--SEP\r\n" + line +
                          "Content-Range: bytes 0-0/10\r\n\r\n0\r\n--SEP--\r\n");
    BOOST_TEST(format.length(ranges) == out.size());
    BOOST_TEST(format.media_type() == "multipart/byteranges; boundary=SEP");
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
