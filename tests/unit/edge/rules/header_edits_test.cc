#include "edge/rules/header_edits.h"

#include <boost/test/unit_test.hpp>

using namespace skerry;
using namespace skerry::edge;

namespace {

std::string text_of(const http::HeaderMap& fields) {
  std::string text;
  for (const http::HeaderMap::Field field : fields) text.append(field.name).append("=").append(field.value).append(";");
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(header_edits)

BOOST_AUTO_TEST_CASE(fields_are_removed_then_set_then_added) {
  const auto edits = HeaderEdits::make(
      {{"Server: ours", "X-New:1"}, {"Link: </b>", "Set-Cookie: a=1", "Set-Cookie: b=2"}, {"x-powered-by", "Link"}},
      EditedHead::response);
  BOOST_TEST_REQUIRE(edits.ok());
  http::HeaderMap fields;
  fields.add("Server", "theirs");
  fields.add("X-Powered-By", "engine");
  fields.add("SERVER", "again");
  fields.add("Link", "</a>");
  fields.add("ETag", "\"1\"");
  edits->apply(fields);
  BOOST_TEST(text_of(fields).find("theirs") == std::string::npos);
  BOOST_TEST(fields.joined("Server") == "ours");
  BOOST_TEST(fields.joined("Link") == "</b>");
  BOOST_TEST(fields.joined("X-New") == "1");
  BOOST_TEST(fields.joined("Set-Cookie") == "a=1, b=2");
  BOOST_TEST(fields.joined("ETag") == "\"1\"");
  BOOST_TEST(!fields.find("X-Powered-By"));
}

BOOST_AUTO_TEST_CASE(field_lines_are_validated) {
  struct Row {
    std::string line;
    std::string problem;  // empty: fine
  };
  const std::vector<Row> rows = {
      {"X-A: b", ""},
      {"X-A:", ""},
      {"X-A: a: b, \"c\"", ""},
      {"X-A", "must be \"Name: value\""},
      {": b", "not a field name"},
      {"X A: b", "not a field name"},
      {"X-A: b\r\nX-B: c", "control characters"},
      {std::string("X-A: b\0", 7), "control characters"},
      {"X-A: \x7f", "control characters"},
      {"Connection: close", "the edge's own"},
      {"transfer-encoding: chunked", "the edge's own"},
      {"Content-Length: 5", "the edge's own"},
      {"Content-Encoding: gzip", "the edge's own"},
      {"Upgrade: h2c", "the edge's own"},
      {"Skerry-Peer: x", "the edge's own"},
      {"Host: other", "the edge's own"},
  };
  for (const Row& row : rows) {
    for (const EditedHead head : {EditedHead::request, EditedHead::response}) {
      const auto parsed = parse_field_line(row.line, head);
      BOOST_TEST(parsed.ok() == row.problem.empty(), row.line);
      if (!parsed.ok()) BOOST_TEST(parsed.error().detail.find(row.problem) != std::string::npos, row.line);
    }
  }
}

BOOST_AUTO_TEST_CASE(some_fields_are_the_edges_own_on_one_side_only) {
  for (const char* name : {"If-None-Match", "Range", "Via", "CDN-Loop", "X-Forwarded-Host", "Forwarded"}) {
    BOOST_TEST(!parse_field_name(name, EditedHead::request).ok(), name);
    BOOST_TEST(parse_field_name(name, EditedHead::response).ok(), name);
  }
  BOOST_TEST(!parse_field_name("Age", EditedHead::response).ok());
  BOOST_TEST(parse_field_name("Authorization", EditedHead::request).ok());
}

BOOST_AUTO_TEST_SUITE_END()
