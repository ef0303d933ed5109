#include "core/http/list.h"

#include <boost/test/unit_test.hpp>
#include <vector>

#include "core/http/etag.h"

namespace skerry::http {
namespace {

std::vector<std::string> elements(std::string_view value) {
  std::vector<std::string> found;
  ListReader reader(value);
  while (const auto element = reader.next()) found.emplace_back(*element);
  return found;
}

using Strings = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(http_list)

BOOST_AUTO_TEST_CASE(empty_elements_and_blanks_are_skipped_rfc9110_5_6_1) {
  BOOST_TEST((elements("a, b ,\tc") == Strings{"a", "b", "c"}));
  BOOST_TEST((elements(" , ,a,,b, ") == Strings{"a", "b"}));
  BOOST_TEST(elements("").empty());
  BOOST_TEST(elements(" ,\t, ").empty());
}

BOOST_AUTO_TEST_CASE(commas_in_quoted_strings_do_not_separate) {
  BOOST_TEST((elements(R"(a="x, y", b)") == Strings{R"(a="x, y")", "b"}));
  BOOST_TEST((elements(R"(a="x\", y", b)") == Strings{R"(a="x\", y")", "b"}));
}

BOOST_AUTO_TEST_CASE(a_quote_that_never_ends_hides_nothing) {
  BOOST_TEST((elements(R"(a="x, no-store)") == Strings{R"(a="x)", "no-store"}));
  BOOST_TEST((elements(R"(a="\", no-store)") == Strings{R"(a="\")", "no-store"}));
}

BOOST_AUTO_TEST_CASE(a_hostile_value_is_read_in_linear_time) {
  std::string hostile;
  for (int i = 0; i < 500'000; ++i) hostile += "\"\\";
  BOOST_TEST(elements(hostile).size() <= 1U);
  std::string commas(1'000'000, ',');
  BOOST_TEST(elements(commas).empty());
}

BOOST_AUTO_TEST_CASE(arguments_are_tokens_or_quoted_strings) {
  BOOST_TEST(token_or_quoted("abc").value() == "abc");
  BOOST_TEST(token_or_quoted(R"("a \"b\" \\")").value() == R"(a "b" \)");
  BOOST_TEST(token_or_quoted("\"\"").value().empty());
  for (const char* text : {"", "'a b'", "\"a", "\"", "\"a\"b", "a b"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!token_or_quoted(text).has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(quality_values_follow_rfc9110_12_4_2) {
  BOOST_TEST(parse_quality("1").value() == 1000);
  BOOST_TEST(parse_quality("1.000").value() == 1000);
  BOOST_TEST(parse_quality("0.8").value() == 800);
  BOOST_TEST(parse_quality("0.").value() == 0);
  BOOST_TEST(parse_quality("0.123").value() == 123);
  for (const char* text : {"", "2", "1.001", "0.1234", ".5", "-1", "0,5", "1x"}) {
    BOOST_TEST_CONTEXT(text) {
      BOOST_TEST(!parse_quality(text).has_value());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(entity_tags)

BOOST_AUTO_TEST_CASE(the_comparison_table_of_rfc9110_8_8_3_2) {
  struct Row {
    const char *a, *b;
    bool strong, weak;
  };
  const std::vector<Row> rows = {
      {R"(W/"1")", R"(W/"1")", false, true},
      {R"(W/"1")", R"(W/"2")", false, false},
      {R"(W/"1")", R"("1")", false, true},
      {R"("1")", R"("1")", true, true},
      {R"("1")", R"("1 ")", false, false},
      {R"(w/"1")", R"("1")", false, false},
      {"", "", false, false},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.a << " and " << row.b) {
      BOOST_TEST(strong_match(row.a, row.b) == row.strong);
      BOOST_TEST(weak_match(row.a, row.b) == row.weak);
      BOOST_TEST(weak_match(row.b, row.a) == row.weak);
    }
  }
}

BOOST_AUTO_TEST_CASE(if_none_match_lists_are_searched_over_all_lines) {
  HeaderMap fields;
  fields.add(HeaderId::if_none_match, R"("a,b" , W/"c",)");
  fields.add(HeaderId::if_none_match, R"("d\", "e")");
  for (const char* tag : {R"("a,b")", R"("c")", R"(W/"c")", R"("d\")", R"("e")"}) {
    BOOST_TEST_CONTEXT(tag) {
      BOOST_TEST(any_weak_match(fields, HeaderId::if_none_match, tag));
    }
  }
  for (const char* tag : {R"("a")", R"("b")", "", R"("f")", "*"}) {
    BOOST_TEST_CONTEXT(tag) {
      BOOST_TEST(!any_weak_match(fields, HeaderId::if_none_match, tag));
    }
  }
  BOOST_TEST(any_strong_match(fields, HeaderId::if_none_match, R"("e")"));
  BOOST_TEST(!any_strong_match(fields, HeaderId::if_none_match, R"("c")"));
  HeaderMap star;
  star.add(HeaderId::if_none_match, " * ");
  BOOST_TEST(any_weak_match(star, HeaderId::if_none_match, R"("anything")"));
}

BOOST_AUTO_TEST_CASE(malformed_tags_end_the_search_without_a_match) {
  for (const char* list : {"\"", "W/", "W/\"", ",,,", "\"a", "a\"b"}) {
    HeaderMap fields;
    fields.add(HeaderId::if_none_match, list);
    BOOST_TEST_CONTEXT(list) {
      BOOST_TEST(!any_weak_match(fields, HeaderId::if_none_match, "\"x\""));
    }
  }
  BOOST_TEST(is_entity_tag(R"(W/"")"));
  BOOST_TEST(is_entity_tag("\"caf\xc3\xa9\""));
  BOOST_TEST(!is_entity_tag("abc"));
  BOOST_TEST(!is_entity_tag("\"a b\""));
  BOOST_TEST(!is_entity_tag("\"a\"b\""));
  BOOST_TEST(!is_entity_tag("\""));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::http
