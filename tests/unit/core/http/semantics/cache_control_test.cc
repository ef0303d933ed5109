#include "core/http/cache_control.h"

#include <boost/test/unit_test.hpp>
#include <initializer_list>
#include <vector>

namespace skerry::http {
namespace {

using std::chrono::seconds;
using Strings = std::vector<std::string>;

HeaderMap lines(HeaderId id, std::initializer_list<std::string_view> values) {
  HeaderMap fields;
  for (const std::string_view value : values) fields.add(id, value);
  return fields;
}

CacheControl parse(std::initializer_list<std::string_view> values) {
  return parse_cache_control(lines(HeaderId::cache_control, values));
}

std::int64_t count(const std::optional<seconds>& value) {
  return value ? value->count() : -1;
}

std::optional<CacheControl> cdn(std::string_view value) {
  return parse_cdn_cache_control(lines(HeaderId::cdn_cache_control, {value}));
}

std::optional<CacheControl> surrogate(std::string_view value) {
  return parse_surrogate_control(lines(HeaderId::surrogate_control, {value}));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cache_control)

BOOST_AUTO_TEST_CASE(max_age_follows_rfc9111_1_2_2_and_5_2_2_1) {
  struct Row {
    const char* value;
    std::int64_t expected;  // -1: not given
  };
  const std::vector<Row> rows = {
      {"max-age=60", 60},
      {"MaX-AgE=60", 60},
      {"max-age=\"60\"", 60},
      {"max-age=0060", 60},
      {"max-age=2147483647", 2147483647},
      {"max-age=2147483648", 2147483648},
      {"max-age=99999999999", 2147483648},
      {"max-age=99999999999999999999999999999999", 2147483648},
      {"max-age='60'", 0},
      {"max-age=-60", 0},
      {"max-age=60.0", 0},
      {"max-age=60s", 0},
      {"max-age=60;x", 0},
      {"max-age=", 0},
      {"max-age", 0},
      {"max-age =60", 0},
      {"max-age= 60", 0},
      {"max-age=\"60", 0},
      {"max-age=\"\"", 0},
      {"max-age=60, max-age=5", 60},
      {"max-age=x, max-age=5", 0},
      {"foo, max-age=60, bar=baz", 60},
      {"x=\"max-age=5\", max-age=60", 60},
      {"x=\"max-age=5\"", -1},
      {"x=\"a, max-age=5, b\"", -1},
      {"max_age=5", -1},
      {"xmax-age=5", -1},
      {"", -1},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(row.value) {
      BOOST_TEST(count(parse({row.value}).max_age) == row.expected);
      BOOST_TEST(parse({row.value}).invalid_lifetime == (row.expected == 0));
    }
  }
}

BOOST_AUTO_TEST_CASE(directives_are_collected_over_all_lines) {
  const CacheControl control =
      parse({"public, s-maxage=1", "stale-while-revalidate=2,stale-if-error=\"3\"",
             "must-revalidate,PROXY-REVALIDATE,immutable", "must-understand, no-store,no-transform, only-if-cached"});
  BOOST_TEST(count(control.s_maxage) == 1);
  BOOST_TEST(count(control.stale_while_revalidate) == 2);
  BOOST_TEST(count(control.stale_if_error) == 3);
  BOOST_TEST(control.public_);
  BOOST_TEST(control.must_revalidate);
  BOOST_TEST(control.proxy_revalidate);
  BOOST_TEST(control.immutable);
  BOOST_TEST(control.must_understand);
  BOOST_TEST(control.no_store);
  BOOST_TEST(control.no_transform);
  BOOST_TEST(control.only_if_cached);
  BOOST_TEST(!control.no_cache);
  BOOST_TEST(!control.private_);
}

BOOST_AUTO_TEST_CASE(request_directives_of_rfc9111_5_2_1) {
  BOOST_TEST(count(parse({"min-fresh=5"}).min_fresh) == 5);
  BOOST_TEST(count(parse({"max-stale=5"}).max_stale) == 5);
  BOOST_TEST(!parse({"max-stale=5"}).max_stale_any);
  BOOST_TEST(parse({"max-stale"}).max_stale_any);
  BOOST_TEST(count(parse({"max-stale=x"}).max_stale) == -1);
  BOOST_TEST(!parse({"max-stale=x"}).max_stale_any);
}

BOOST_AUTO_TEST_CASE(invalid_stale_windows_are_left_out) {
  BOOST_TEST(count(parse({"stale-while-revalidate=x"}).stale_while_revalidate) == -1);
  BOOST_TEST(count(parse({"stale-if-error"}).stale_if_error) == -1);
}

BOOST_AUTO_TEST_CASE(no_cache_and_private_may_name_fields_rfc9111_5_2_2_4) {
  const CacheControl control = parse({"no-cache=\"Set-Cookie, X-A\", private=authorization, no-cache=x-b"});
  BOOST_TEST(!control.no_cache);
  BOOST_TEST(!control.private_);
  BOOST_TEST((control.no_cache_fields == Strings{"set-cookie", "x-a", "x-b"}));
  BOOST_TEST((control.private_fields == Strings{"authorization"}));
}

BOOST_AUTO_TEST_CASE(a_field_list_that_is_not_understood_restricts_the_whole_response) {
  for (const char* value : {"private", "private=", "private=\"\"", "private='x'", "private=\"a b\"", "private=\"a",
                            "private = x", "private=\",,\""}) {
    BOOST_TEST_CONTEXT(value) {
      BOOST_TEST(parse({value}).private_);
    }
  }
  std::string many = "no-cache=\"a";
  for (int i = 0; i < 100; ++i) many += ",b" + std::to_string(i);
  const CacheControl control = parse({many + "\""});
  BOOST_TEST(control.no_cache);
  BOOST_TEST(control.no_cache_fields.size() == max_qualified_fields);
}

BOOST_AUTO_TEST_CASE(no_store_is_seen_behind_broken_syntax) {
  for (const char* value : {"x=\"unclosed, no-store", "no-store = 1", "no-store=x", ",,no-store", "a b c, no-store"}) {
    BOOST_TEST_CONTEXT(value) {
      BOOST_TEST(parse({value}).no_store);
    }
  }
  BOOST_TEST(!parse({"x=\"no-store\""}).no_store);
  BOOST_TEST(!parse({"x-no-store"}).no_store);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(cdn_cache_control)

BOOST_AUTO_TEST_CASE(it_is_a_structured_dictionary_rfc9213_2_1) {
  const auto control = cdn("max-age=60, no-transform, must-revalidate=?1;x, foo=\"bar\", no-cache=\"A, b\"");
  BOOST_REQUIRE(control);
  BOOST_TEST(count(control->max_age) == 60);
  BOOST_TEST(control->must_revalidate);
  BOOST_TEST(!control->no_cache);
  BOOST_TEST((control->no_cache_fields == Strings{"a", "b"}));
  BOOST_TEST(!cdn("no-store=?0")->no_store);
  BOOST_TEST(cdn("foo").has_value());
}

BOOST_AUTO_TEST_CASE(a_syntax_error_or_a_wrong_type_makes_it_void) {
  for (const char* value : {"", "  ", "max-age=60,", "Max-Age=60", "max-age=60.0", "max-age=\"60\"", "max-age=sixty",
                            "max-age", "max-age=", "max-age = 60", "max-age=99999999999999999", "no-store=1",
                            "private=(a b)", "private=a", "max-age=60, x='y'", "stale-if-error=?1", "max-age=60; X"}) {
    BOOST_TEST_CONTEXT(value) {
      BOOST_TEST(!cdn(value).has_value());
    }
  }
  BOOST_TEST(!parse_cdn_cache_control(HeaderMap()).has_value());
}

BOOST_AUTO_TEST_CASE(numbers_saturate_and_negative_ones_are_stale_at_once) {
  BOOST_TEST(count(cdn("max-age=99999999999")->max_age) == 2147483648);
  BOOST_TEST(count(cdn("max-age=-1")->max_age) == 0);
  BOOST_TEST(cdn("max-age=-1")->invalid_lifetime);
}

BOOST_AUTO_TEST_CASE(lines_are_joined_before_they_are_parsed) {
  const HeaderMap fields = lines(HeaderId::cdn_cache_control, {"max-age=60", "no-store"});
  const auto control = parse_cdn_cache_control(fields);
  BOOST_REQUIRE(control);
  BOOST_TEST(control->no_store);
  BOOST_TEST(count(control->max_age) == 60);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(surrogate_control)

BOOST_AUTO_TEST_CASE(it_counts_only_where_it_says_how_to_cache) {
  BOOST_TEST(count(surrogate("content=\"ESI/1.0\", MAX-age=60")->max_age) == 60);
  BOOST_TEST(surrogate("no-store")->no_store);
  BOOST_TEST(surrogate("no-store-remote")->no_store);
  for (const char* value : {"", "foo", "content=\"ESI/1.0\"", "max-age=60;not-for-us", "stale-if-error=5"}) {
    BOOST_TEST_CONTEXT(value) {
      BOOST_TEST(!surrogate(value).has_value());
    }
  }
}

BOOST_AUTO_TEST_CASE(a_targeted_directive_leaves_the_others_in_force) {
  BOOST_TEST(count(surrogate("max-age=1;abc, max-age=60")->max_age) == 60);
  BOOST_TEST(surrogate("content=\"a;b\", no-store")->no_store);
}

BOOST_AUTO_TEST_CASE(the_second_number_of_max_age_is_a_stale_window) {
  const auto control = surrogate("max-age=60+30");
  BOOST_REQUIRE(control);
  BOOST_TEST(count(control->max_age) == 60);
  BOOST_TEST(count(control->stale_while_revalidate) == 30);
  BOOST_TEST(count(control->stale_if_error) == 30);
  BOOST_TEST(count(surrogate("max-age =60")->max_age) == 0);
}

BOOST_AUTO_TEST_CASE(surrogate_directives_count_for_everyone_or_for_the_one_they_are_aimed_at) {
  const auto aimed = [](std::string_view value) {
    return parse_surrogate_control(lines(HeaderId::surrogate_control, {value}), "skerry");
  };
  BOOST_REQUIRE(aimed("max-age=60;skerry"));
  BOOST_TEST(aimed("max-age=60;skerry")->max_age->count() == 60);
  BOOST_TEST(aimed("max-age=60 ; skerry")->max_age->count() == 60);
  BOOST_TEST(!aimed("max-age=60;other"));
  BOOST_TEST(!aimed("max-age=60;skerry2"));
  BOOST_TEST(!surrogate("max-age=60;skerry"));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::http
