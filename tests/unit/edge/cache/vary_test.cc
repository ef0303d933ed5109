#include "edge/vary.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/edge/cache/heads.h"

namespace skerry::edge {
namespace {

using namespace testing;

VaryRule rule(std::initializer_list<const char*> lines) {
  http::HeaderMap fields;
  for (const char* line : lines) fields.add(http::HeaderId::vary, line);
  return vary_of(fields);
}

std::string variant(std::string_view list, const Fields& fields) {
  std::string key = "K";
  BOOST_TEST(append_variant(key, list, map_of(fields)));
  return key;
}

bool same(const char* name, const char* a, const char* b) {
  return variant(name, {{name, a}}) == variant(name, {{name, b}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(vary)

BOOST_AUTO_TEST_CASE(names_of_all_lines_are_lower_case_sorted_and_unique_rfc9110_12_5_5) {
  BOOST_TEST(rule({"Foo, BAR", " baz ,,foo"}).list == "bar,baz,foo");
  BOOST_TEST(rule({}).list.empty());
  BOOST_TEST(!rule({""}).any);
}

BOOST_AUTO_TEST_CASE(a_star_anywhere_or_a_name_that_is_none_never_matches) {
  BOOST_TEST(rule({"*"}).any);
  BOOST_TEST(rule({"foo, *"}).any);
  BOOST_TEST(rule({"*, foo"}).any);
  BOOST_TEST(rule({"foo", ", *"}).any);
  BOOST_TEST(rule({"foo bar"}).any);
  std::string many = "a";
  for (int i = 0; i < 40; ++i) many += ",b" + std::to_string(i);
  BOOST_TEST(rule({many.c_str()}).any);
  BOOST_TEST(!rule({"**"}).any);
}

BOOST_AUTO_TEST_CASE(lines_are_joined_and_blanks_trimmed_rfc9111_4_1) {
  BOOST_TEST(variant("foo", {{"Foo", "1, 2"}}) == variant("foo", {{"foo", " 1"}, {"FOO", "2 "}}));
  BOOST_TEST(variant("foo", {{"Foo", "1,2"}}) == variant("foo", {{"Foo", " 1 ,\t2 "}}));
  BOOST_TEST(variant("foo", {{"Foo", "\"1,2\""}}) != variant("foo", {{"Foo", "\"1, 2\""}}));
  BOOST_TEST(variant("foo", {{"Foo", "\"\\\", 2\""}}) != variant("foo", {{"Foo", "\"\\\",2\""}}));
  BOOST_TEST(variant("foo", {{"Foo", "1 2"}}) != variant("foo", {{"Foo", "12"}}));
  BOOST_TEST(variant("foo", {{"Foo", "a"}}) != variant("foo", {{"Foo", "A"}}));
  BOOST_TEST(variant("foo", {{"Foo", "1"}, {"Bar", "x"}}) == variant("foo", {{"Foo", "1"}, {"Bar", "y"}}));
  BOOST_TEST(variant("", {{"Foo", "1"}}) == "K");
}

BOOST_AUTO_TEST_CASE(an_absent_field_differs_from_an_empty_one) {
  BOOST_TEST(variant("foo", {}) != variant("foo", {{"Foo", ""}}));
  BOOST_TEST(variant("accept-encoding", {}) != variant("accept-encoding", {{"Accept-Encoding", ""}}));
  BOOST_TEST(variant("foo", {}) == variant("foo", {{"Bar", "1"}}));
}

BOOST_AUTO_TEST_CASE(values_of_several_names_cannot_be_confused) {
  BOOST_TEST(variant("a,b", {{"A", "1"}, {"B", "2"}}) != variant("a,b", {{"A", "2"}, {"B", "1"}}));
  BOOST_TEST(variant("a,b", {{"A", "1:b"}}) != variant("a,b", {{"A", "1"}, {"B", ""}}));
}

BOOST_AUTO_TEST_CASE(preferences_have_one_normal_form) {
  BOOST_TEST(same("accept-language", "en, de", "de, en"));
  BOOST_TEST(same("accept-language", "en, de", "eN, De"));
  BOOST_TEST(same("accept-language", "en, de", " en ,   de"));
  BOOST_TEST(same("accept-language", "fr;q=0.5, de;q=1.0", "de,fr; q=0.500"));
  BOOST_TEST(same("accept-encoding", "gzip, br;Q=0.80", "br;q=0.8,gzip;q=1,gzip"));
  BOOST_TEST(!same("accept-language", "fr;q=0.5, de", "fr, de;q=0.5"));
  BOOST_TEST(!same("accept-language", "en", "en, de"));
  BOOST_TEST(!same("accept-encoding", "gzip;q=0", "gzip"));
  BOOST_TEST(!same("accept-encoding", "*", "gzip"));
  // What is not understood is compared as it came.
  BOOST_TEST(!same("accept-encoding", "gzip;q=2", "gzip"));
  BOOST_TEST(!same("accept-encoding", "gzip;level=1", "gzip"));
  BOOST_TEST(same("accept-encoding", "gzip;q=2", " gzip;q=2 "));
}

BOOST_AUTO_TEST_CASE(a_variant_that_is_too_long_matches_nothing_and_leaves_the_key_alone) {
  std::string key = "K";
  BOOST_TEST(!append_variant(key, "a,b", map_of({{"A", "1"}, {"B", std::string(max_variant_text, 'x')}})));
  BOOST_TEST(key == "K");
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
