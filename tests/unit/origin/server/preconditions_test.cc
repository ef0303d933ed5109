#include "origin/server/preconditions.h"

#include <boost/test/unit_test.hpp>

namespace {

using namespace skerry;
using http::HeaderId;

struct Row {
  HeaderId field;
  std::string_view value;
  int get, post;
};

int judge(http::Method method, std::initializer_list<std::pair<HeaderId, std::string_view>> fields) {
  http::RequestHead request;
  request.method = method;
  for (const auto& [id, value] : fields) request.fields.add(id, value);
  http::HeaderMap response;
  response.add(HeaderId::etag, "\"a\"");
  response.add(HeaderId::last_modified, "Mon, 01 Jan 2024 00:00:00 GMT");
  return origin::evaluate_preconditions(request, response);
}

BOOST_AUTO_TEST_SUITE(origin_preconditions)

BOOST_AUTO_TEST_CASE(each_condition_alone) {
  const Row rows[] = {
      {HeaderId::if_none_match, "\"a\"", 304, 412},
      {HeaderId::if_none_match, "W/\"a\"", 304, 412},
      {HeaderId::if_none_match, "*", 304, 412},
      {HeaderId::if_none_match, "\"b\", \"a\"", 304, 412},
      {HeaderId::if_none_match, "\"b\"", 200, 200},
      {HeaderId::if_modified_since, "Mon, 01 Jan 2024 00:00:00 GMT", 304, 200},
      {HeaderId::if_modified_since, "Tue, 02 Jan 2024 00:00:00 GMT", 304, 200},
      {HeaderId::if_modified_since, "Sun, 31 Dec 2023 00:00:00 GMT", 200, 200},
      {HeaderId::if_modified_since, "yesterday", 200, 200},
      {HeaderId::if_match, "\"a\"", 200, 200},
      {HeaderId::if_match, "W/\"a\"", 412, 412},
      {HeaderId::if_match, "\"b\"", 412, 412},
      {HeaderId::if_unmodified_since, "Sun, 31 Dec 2023 00:00:00 GMT", 412, 412},
      {HeaderId::if_unmodified_since, "Mon, 01 Jan 2024 00:00:00 GMT", 200, 200},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(http::name(row.field) << ": " << row.value) {
      BOOST_TEST(judge(http::Method::get, {{row.field, row.value}}) == row.get);
      BOOST_TEST(judge(http::Method::post, {{row.field, row.value}}) == row.post);
    }
  }
}

BOOST_AUTO_TEST_CASE(tags_outrank_dates) {
  BOOST_TEST(judge(http::Method::get, {{HeaderId::if_none_match, "\"b\""},
                                       {HeaderId::if_modified_since, "Tue, 02 Jan 2024 00:00:00 GMT"}}) == 200);
  BOOST_TEST(judge(http::Method::get, {{HeaderId::if_match, "\"a\""},
                                       {HeaderId::if_unmodified_since, "Sun, 31 Dec 2023 00:00:00 GMT"}}) == 200);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
