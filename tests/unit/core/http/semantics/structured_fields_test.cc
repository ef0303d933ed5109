#include "core/http/structured_fields.h"

#include <boost/test/unit_test.hpp>
#include <vector>

namespace skerry::http {
namespace {

using Type = BareItem::Type;

bool is_item(const char* text) {
  return parse_structured_item(text).has_value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(structured_fields)

BOOST_AUTO_TEST_CASE(bare_items_of_every_type_rfc8941_3_3) {
  struct Row {
    const char* text;
    Type type;
    std::int64_t number;
    const char* value;
  };
  const std::vector<Row> rows = {
      {"42", Type::integer, 42, ""},
      {"-999999999999999", Type::integer, -999999999999999, ""},
      {"007", Type::integer, 7, ""},
      {"4.5", Type::decimal, 4500, ""},
      {"-0.125", Type::decimal, -125, ""},
      {"123456789012.5", Type::decimal, 123456789012500, ""},
      {R"("a \"b\" \\ c")", Type::string, 0, R"(a "b" \ c)"},
      {R"("")", Type::string, 0, ""},
      {"foo123/456", Type::token, 0, "foo123/456"},
      {"*x:y", Type::token, 0, "*x:y"},
      {":aGVsbG8=:", Type::bytes, 0, "hello"},
      {":aGVsbG8:", Type::bytes, 0, "hello"},
      {"::", Type::bytes, 0, ""},
      {"?1", Type::boolean, 1, ""},
      {"?0", Type::boolean, 0, ""},
      {"  42  ", Type::integer, 42, ""},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const auto item = parse_structured_item(row.text);
      BOOST_REQUIRE(item);
      BOOST_TEST((item->value.type == row.type));
      BOOST_TEST(item->value.number == row.number);
      BOOST_TEST(item->value.text == row.value);
    }
  }
}

BOOST_AUTO_TEST_CASE(malformed_items_are_refused_rfc8941_4_2) {
  for (const char* text : {"",
                           "-",
                           "1234567890123456",
                           "1.",
                           "1.2345",
                           "1234567890123.1",
                           "1.2.3",
                           ".5",
                           "--1",
                           "\"a",
                           "\"a\\x\"",
                           "\"a\\",
                           "\"a\tb\"",
                           "\"caf\xc3\xa9\"",
                           ":a:",
                           ":aG Vs:",
                           ":aGVs",
                           "?",
                           "?2",
                           "?1x",
                           "1 2",
                           "@a",
                           "(1)",
                           "'a'"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!is_item(text));
    }
  }
}

BOOST_AUTO_TEST_CASE(parameters_belong_to_their_item) {
  const auto item = parse_structured_item(R"(text/html; q=0.5;a;b=?0;q=1)");
  BOOST_REQUIRE(item);
  BOOST_REQUIRE_EQUAL(item->parameters.size(), 3U);
  BOOST_TEST(item->parameters[0].first == "q");
  BOOST_TEST(item->parameters[0].second.number == 1);
  BOOST_TEST(item->parameters[1].second.number == 1);
  BOOST_TEST(item->parameters[2].second.number == 0);
  BOOST_TEST(!is_item("a;B=1"));
  BOOST_TEST(!is_item("a;=1"));
  BOOST_TEST(!is_item("a ;b"));
}

BOOST_AUTO_TEST_CASE(lists_hold_items_and_inner_lists) {
  const auto list = parse_structured_list(R"(a, ("b" c;x=1);y , 5)");
  BOOST_REQUIRE(list);
  BOOST_REQUIRE_EQUAL(list->size(), 3U);
  BOOST_TEST((*list)[1].is_inner_list);
  BOOST_REQUIRE_EQUAL((*list)[1].items.size(), 2U);
  BOOST_TEST((*list)[1].items[1].parameters[0].second.number == 1);
  BOOST_TEST((*list)[1].parameters[0].first == "y");
  BOOST_TEST((*list)[2].value.number == 5);
  BOOST_TEST(parse_structured_list("")->empty());
  for (const char* text : {"a,", ",a", "a,,b", "a b", "(a", "(a,b)", "((a))", "(a\"b\")"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!parse_structured_list(text).has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(dictionaries_keep_the_last_of_duplicate_keys_at_the_first_place) {
  const auto members = parse_structured_dictionary("a=1, b;x,\tc=?0 , a=2");
  BOOST_REQUIRE(members);
  BOOST_REQUIRE_EQUAL(members->size(), 3U);
  BOOST_TEST((*members)[0].key == "a");
  BOOST_TEST((*members)[0].value.number == 2);
  BOOST_TEST((*members)[1].value.number == 1);
  BOOST_TEST((*members)[1].parameters.size() == 1U);
  BOOST_TEST((*members)[2].value.number == 0);
  BOOST_TEST(parse_structured_dictionary("  ")->empty());
  for (const char* text : {"A=1", "a=", "a=1,", "a=1 b=2", "a =1", "a= 1", "1=a", "a=1,,b", "a=\"x"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!parse_structured_dictionary(text).has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(what_is_larger_than_the_rfc_asks_for_is_refused) {
  std::string members = "a0";
  for (int i = 1; i < 1024; ++i) members += ",a" + std::to_string(i);
  BOOST_TEST(parse_structured_dictionary(members)->size() == 1024U);
  BOOST_TEST(!parse_structured_dictionary(members + ",a1").has_value());
  BOOST_TEST(!parse_structured_list(members + ",x").has_value());
  std::string parameters = "a";
  for (int i = 0; i < 256; ++i) parameters += ";p=1";
  BOOST_TEST(is_item(parameters.c_str()));
  BOOST_TEST(!is_item((parameters + ";p").c_str()));
  std::string inner = "(";
  for (int i = 0; i < 257; ++i) inner += "a ";
  BOOST_TEST(!parse_structured_list(inner + ")").has_value());
}

BOOST_AUTO_TEST_CASE(names_are_written_as_tokens_where_they_can_be) {
  std::string out;
  append_token_or_string(out, "lon-1.example:80");
  out += ' ';
  append_token_or_string(out, "1st \"edge\"\n");
  out += ' ';
  append_token_or_string(out, "");
  BOOST_TEST(out == R"(lon-1.example:80 "1st \"edge\"?" "")");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::http
