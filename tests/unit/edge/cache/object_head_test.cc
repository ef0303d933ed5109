#include "edge/object_head.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/edge/cache/heads.h"

namespace skerry::edge {
namespace {

using namespace testing;

ObjectHead updated(const ObjectHead& old, const Fields& not_modified, std::int64_t now = 100) {
  return updated_by_304(old, response(not_modified, 304), {}, {at(now), at(now), 7});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(object_head)

BOOST_AUTO_TEST_CASE(connection_fields_and_framing_are_not_stored_rfc9111_3_1) {
  const ObjectHead stored = object({{"Connection", "X-Hop, close"},
                                    {"X-Hop", "1"},
                                    {"Keep-Alive", "timeout=5"},
                                    {"Proxy-Authenticate", "Basic"},
                                    {"Proxy-Authentication-Info", "a"},
                                    {"Proxy-Authorization", "a"},
                                    {"Proxy-Connection", "a"},
                                    {"TE", "a"},
                                    {"Trailer", "X"},
                                    {"Transfer-Encoding", "chunked"},
                                    {"Upgrade", "h2c"},
                                    {"Content-Length", "5"},
                                    {"Age", "3"},
                                    {"Date", date(0)},
                                    {"Cache-Control", "max-age=60"},
                                    {"Set-Cookie", "a=b"},
                                    {"Set-Cookie", "c=d"},
                                    {"Content-MD5", "x"},
                                    {"Content-Range", "bytes 0-1/2"},
                                    {"Clear-Site-Data", "\"*\""}});
  Fields left;
  for (const auto field : stored.fields) left.emplace_back(field.name, field.value);
  const Fields expected = {
      {"Date", date(0)},    {"Cache-Control", "max-age=60"},  {"Set-Cookie", "a=b"},       {"Set-Cookie", "c=d"},
      {"Content-MD5", "x"}, {"Content-Range", "bytes 0-1/2"}, {"Clear-Site-Data", "\"*\""}};
  BOOST_TEST((left == expected));
  BOOST_TEST(stored.initial_age.count() == 3);
  BOOST_TEST(stored.lifetime.count() == 60);
  BOOST_TEST(stored.epoch == 1U);
}

BOOST_AUTO_TEST_CASE(fields_named_by_no_cache_and_private_are_kept_out_rfc9111_5_2_2_4) {
  const ObjectHead stored = object({{"Cache-Control", "max-age=60, no-cache=\"set-cookie, X-A\", private=\"x-b\""},
                                    {"Set-Cookie", "a=b"},
                                    {"x-a", "1"},
                                    {"X-B", "1"},
                                    {"X-C", "1"}});
  BOOST_TEST(value_of(stored.fields, "Set-Cookie") == "(absent)");
  BOOST_TEST(value_of(stored.fields, "X-A") == "(absent)");
  BOOST_TEST(value_of(stored.fields, "X-B") == "(absent)");
  BOOST_TEST(value_of(stored.fields, "X-C") == "1");
  BOOST_TEST(!stored.always_validate);
}

BOOST_AUTO_TEST_CASE(a_missing_date_is_added_and_an_existing_one_never_touched_rfc9110_6_6_1) {
  BOOST_TEST(value_of(object({{"Cache-Control", "max-age=60"}}).fields, "Date") == date(0));
  BOOST_TEST(value_of(object({{"Date", "nonsense"}}).fields, "Date") == "nonsense");
}

BOOST_AUTO_TEST_CASE(the_vary_list_is_taken_from_all_lines) {
  BOOST_TEST(object({{"Vary", "X-B, Accept"}, {"Vary", "x-a"}}).vary == "accept,x-a,x-b");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(update_by_304)

BOOST_AUTO_TEST_CASE(stored_fields_are_replaced_but_not_those_of_the_body_rfc9111_3_2) {
  ObjectHead old = object({{"Cache-Control", "max-age=60"},
                           {"ETag", "\"1\""},
                           {"X-Same", "old"},
                           {"X-Two", "a"},
                           {"X-Two", "b"},
                           {"Content-Type", "text/plain"},
                           {"Content-Range", "bytes 0-1/2"},
                           {"Set-Cookie", "old=1"}});
  old.vary = "accept";
  old.body_size = 42;
  const ObjectHead found = updated(old, {{"Cache-Control", "max-age=500"},
                                         {"X-Two", "c"},
                                         {"X-New", "1"},
                                         {"X-New", "2"},
                                         {"Set-Cookie", "new=1"},
                                         {"Content-Length", "999"},
                                         {"Content-Range", "bytes 5-6/7"},
                                         {"Connection", "X-Hop"},
                                         {"X-Hop", "1"},
                                         {"Transfer-Encoding", "chunked"},
                                         {"Date", date(100)}});
  BOOST_TEST(value_of(found.fields, "Cache-Control") == "max-age=500");
  BOOST_TEST(value_of(found.fields, "ETag") == "\"1\"");
  BOOST_TEST(value_of(found.fields, "X-Same") == "old");
  BOOST_TEST(value_of(found.fields, "X-Two") == "c");
  BOOST_TEST(value_of(found.fields, "X-New") == "1, 2");
  BOOST_TEST(value_of(found.fields, "Set-Cookie") == "new=1");
  BOOST_TEST(value_of(found.fields, "Content-Type") == "text/plain");
  BOOST_TEST(value_of(found.fields, "Content-Range") == "bytes 0-1/2");
  for (const char* name : {"Content-Length", "X-Hop", "Connection", "Transfer-Encoding"}) {
    BOOST_TEST_CONTEXT(name) {
      BOOST_TEST(value_of(found.fields, name) == "(absent)");
    }
  }
  BOOST_TEST(found.status == 200);
  BOOST_TEST(found.lifetime.count() == 500);
  BOOST_TEST(found.vary == "accept");
  BOOST_TEST(found.body_size == 42U);
  BOOST_TEST(found.key == old.key);
  BOOST_TEST(found.epoch == 7U);
  BOOST_TEST(current_age(found, at(103)).count() == 3);
}

BOOST_AUTO_TEST_CASE(the_stored_lifetime_starts_again_when_the_304_says_nothing) {
  const ObjectHead old = object({{"Cache-Control", "max-age=60"}, {"Date", date(0)}});
  const ObjectHead found = updated(old, {});
  BOOST_TEST(found.lifetime.count() == 60);
  BOOST_TEST(current_age(found, at(100)).count() == 0);
  BOOST_TEST(value_of(found.fields, "Date") == date(100));
}

BOOST_AUTO_TEST_CASE(the_age_of_the_304_counts_and_is_not_stored) {
  const ObjectHead found = updated(object({{"Cache-Control", "max-age=60"}}), {{"Age", "9"}, {"Date", date(95)}});
  BOOST_TEST(found.initial_age.count() == 9);
  BOOST_TEST(value_of(found.fields, "Age") == "(absent)");
}

BOOST_AUTO_TEST_CASE(a_304_that_forbids_storing_ends_reuse_without_validation) {
  const ObjectHead old = object({{"Cache-Control", "max-age=60"}});
  BOOST_TEST(updated(old, {{"Cache-Control", "no-store"}}).always_validate);
  BOOST_TEST(updated(old, {{"Cache-Control", "private"}}).always_validate);
  BOOST_TEST(!updated(old, {{"Cache-Control", "max-age=5"}}).always_validate);
}

BOOST_AUTO_TEST_CASE(a_304_selects_by_its_validator_rfc9111_4_3_4) {
  const std::string modified = "Sun, 06 Nov 1994 08:49:37 GMT";
  struct Row {
    Fields stored, answer;
    bool selected;
  };
  const std::vector<Row> rows = {
      {{{"ETag", "\"1\""}}, {{"ETag", "\"1\""}}, true},
      {{{"ETag", "\"1\""}}, {{"ETag", "\"2\""}}, false},
      {{{"ETag", "W/\"1\""}}, {{"ETag", "\"1\""}}, false},
      {{{"ETag", "\"1\""}}, {{"ETag", "W/\"1\""}}, true},
      {{{"ETag", "W/\"1\""}}, {{"ETag", "W/\"1\""}}, true},
      {{}, {{"ETag", "\"1\""}}, false},
      {{{"Last-Modified", modified}}, {{"Last-Modified", "Sunday, 06-Nov-94 08:49:37 GMT"}}, true},
      {{{"Last-Modified", modified}}, {{"Last-Modified", "Sun, 06 Nov 1994 08:49:38 GMT"}}, false},
      {{{"ETag", "\"1\""}}, {{"Last-Modified", modified}}, false},
      {{{"ETag", "\"1\""}}, {}, true},
      {{{"ETag", "\"1\""}, {"Vary", "A, b"}}, {{"ETag", "\"1\""}, {"Vary", "B,a"}}, true},
      {{{"ETag", "\"1\""}, {"Vary", "A"}}, {{"ETag", "\"1\""}}, true},
      {{{"ETag", "\"1\""}}, {{"ETag", "\"1\""}, {"Vary", "A"}}, false},
      {{{"ETag", "\"1\""}, {"Vary", "A"}}, {{"ETag", "\"1\""}, {"Vary", "*"}}, false},
  };
  for (const Row& row : rows) {
    BOOST_TEST_CONTEXT(&row - rows.data()) {
      BOOST_TEST(selects(object(row.stored), response(row.answer, 304)) == row.selected);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
