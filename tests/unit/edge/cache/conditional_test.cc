#include "edge/conditional.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/edge/cache/heads.h"

namespace skerry::edge {
namespace {

using namespace testing;

const Fields both = {{"ETag", "\"1\""}, {"Last-Modified", date(-100)}, {"Date", date(0)}};

bool not_modified(const Fields& asked, const Fields& stored = both, int status = 200) {
  return evaluate(request(asked), object(stored, status)) == ClientCondition::not_modified;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(conditional)

BOOST_AUTO_TEST_CASE(if_none_match_compares_weakly_rfc9110_13_1_2) {
  for (const char* value : {"\"1\"", "W/\"1\"", "\"0\", \"1\"", "*"}) {
    BOOST_TEST_CONTEXT(value) {
      BOOST_TEST(not_modified({{"If-None-Match", value}}));
    }
  }
  BOOST_TEST(not_modified({{"If-None-Match", "W/\"1\""}}, {{"ETag", "W/\"1\""}}));
  BOOST_TEST(!not_modified({{"If-None-Match", "\"2\""}}));
  BOOST_TEST(!not_modified({{"If-None-Match", "1"}}));
  BOOST_TEST(!not_modified({{"If-None-Match", "\"1\""}}, {}));
  BOOST_TEST(not_modified({{"If-None-Match", "*"}}, {}));
}

BOOST_AUTO_TEST_CASE(if_none_match_outranks_if_modified_since_rfc9110_13_2_2) {
  BOOST_TEST(!not_modified({{"If-None-Match", "\"2\""}, {"If-Modified-Since", date(0)}}));
  BOOST_TEST(not_modified({{"If-None-Match", "\"1\""}, {"If-Modified-Since", date(-500)}}));
}

BOOST_AUTO_TEST_CASE(if_modified_since_takes_all_three_date_forms_rfc9110_13_1_3) {
  const Fields old = {{"Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"}};
  for (const char* value : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                            "Sun Nov  6 08:49:37 1994", "Mon, 07 Nov 1994 08:49:37 GMT"}) {
    BOOST_TEST_CONTEXT(value) {
      BOOST_TEST(not_modified({{"If-Modified-Since", value}}, old));
    }
  }
  for (const char* value : {"Sun, 06 Nov 1994 08:49:36 GMT", "0", "", "Sun, 06 Nov 1994"}) {
    BOOST_TEST_CONTEXT(value) {
      BOOST_TEST(!not_modified({{"If-Modified-Since", value}}, old));
    }
  }
  BOOST_TEST(!not_modified({{"If-Modified-Since", date(0)}, {"If-Modified-Since", date(0)}}));
}

BOOST_AUTO_TEST_CASE(without_last_modified_the_date_is_compared_rfc9111_4_3_2) {
  BOOST_TEST(not_modified({{"If-Modified-Since", date(-10)}}, {{"Date", date(-10)}}));
  BOOST_TEST(!not_modified({{"If-Modified-Since", date(-11)}}, {{"Date", date(-10)}}));
}

BOOST_AUTO_TEST_CASE(other_conditions_statuses_and_methods_are_not_judged_here) {
  BOOST_TEST(!not_modified({{"If-Match", "\"2\""}}));
  BOOST_TEST(!not_modified({{"If-Unmodified-Since", date(-500)}}));
  BOOST_TEST(!not_modified({{"If-None-Match", "\"1\""}}, both, 404));
  BOOST_TEST(!not_modified({{"If-None-Match", "\"1\""}}, both, 301));
  BOOST_TEST(
      (evaluate(request({{"If-None-Match", "\"1\""}}, http::Method::post), object(both)) == ClientCondition::none));
  BOOST_TEST((evaluate(request({{"If-None-Match", "\"1\""}}, http::Method::head), object(both)) ==
              ClientCondition::not_modified));
}

BOOST_AUTO_TEST_CASE(validators_replace_the_clients_conditions_rfc9111_4_3_1) {
  http::RequestHead asked = request({{"If-None-Match", "\"mine\""},
                                     {"If-Modified-Since", "x"},
                                     {"If-Match", "\"m\""},
                                     {"If-Unmodified-Since", "y"},
                                     {"Accept", "a"}});
  BOOST_TEST(add_validators(asked, object({{"ETag", "W/\"1\""}, {"Last-Modified", "as it came"}})));
  BOOST_TEST(value_of(asked.fields, "If-None-Match") == "W/\"1\"");
  BOOST_TEST(value_of(asked.fields, "If-Modified-Since") == "as it came");
  BOOST_TEST(value_of(asked.fields, "If-Match") == "(absent)");
  BOOST_TEST(value_of(asked.fields, "If-Unmodified-Since") == "(absent)");
  BOOST_TEST(value_of(asked.fields, "Accept") == "a");
  BOOST_TEST(!add_validators(asked, object({})));
  BOOST_TEST(value_of(asked.fields, "If-None-Match") == "(absent)");
}

BOOST_AUTO_TEST_CASE(if_range_compares_strongly_rfc9110_13_1_5) {
  const auto holds = [](const char* value, const Fields& stored) {
    return if_range_holds(request({{"If-Range", value}}), object(stored));
  };
  BOOST_TEST(if_range_holds(request(), object({})));
  BOOST_TEST(holds("\"1\"", both));
  BOOST_TEST(!holds("\"2\"", both));
  BOOST_TEST(!holds("W/\"1\"", both));
  BOOST_TEST(!holds("W/\"1\"", {{"ETag", "W/\"1\""}}));
  BOOST_TEST(!holds("\"1\"", {}));
  BOOST_TEST(holds(date(-100).c_str(), both));
  BOOST_TEST(!holds(date(-99).c_str(), both));
  BOOST_TEST(!holds(date(0).c_str(), both));
  // Modified in the second in which it was sent: a weak validator (8.8.2.2).
  BOOST_TEST(!holds(date(0).c_str(), {{"Last-Modified", date(0)}, {"Date", date(0)}}));
  BOOST_TEST(!if_range_holds(request({{"If-Range", "\"1\""}, {"If-Range", "\"1\""}}), object(both)));
}

BOOST_AUTO_TEST_CASE(a_304_carries_what_rfc9110_15_4_5_lists) {
  const Fields stored = {{"ETag", "\"1\""},           {"Cache-Control", "max-age=60"}, {"Content-Location", "/b"},
                         {"Date", date(0)},           {"Expires", date(60)},           {"Vary", "a"},
                         {"Last-Modified", date(-1)}, {"Content-Type", "text/plain"},  {"Set-Cookie", "a=b"}};
  const http::HeaderMap sent = not_modified_fields(object(stored));
  for (const char* name : {"ETag", "Cache-Control", "Content-Location", "Date", "Expires", "Vary"}) {
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(sent.find(name).has_value());
    }
  }
  BOOST_TEST(sent.size() == 6U);
  BOOST_TEST(not_modified_fields(object({{"Last-Modified", date(-1)}})).find("Last-Modified").has_value());
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
