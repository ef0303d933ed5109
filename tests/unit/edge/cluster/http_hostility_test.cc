// Absurd and hostile fields, in requests and in answers: bounded work, and the right body for each.
#include <boost/test/unit_test.hpp>

#include "http_rules.h"

using namespace skerry;
using namespace skerry::edge::test;

BOOST_AUTO_TEST_SUITE(http_rules_of_hostility)

BOOST_AUTO_TEST_CASE(hostile_requests_get_the_right_body) {
  SimulatedPop pop(1, 1);
  const std::string body = pop.get(0, "/h").body;
  std::string many = "bytes=0-0", overlapping = "bytes=0-", list = "\"0\"", names = "a";
  while (many.size() < 50'000) many += "," + std::to_string(many.size() % 2000) + "-";
  while (overlapping.size() < 50'000) overlapping += ",0-1999";
  while (list.size() < 50'000) list += ",W/\"x\"";
  while (names.size() < 20'000) names += ",x" + std::to_string(names.size());
  const std::vector<std::vector<std::pair<std::string, std::string>>> requests = {
      {{"Range", many}},
      {{"Range", overlapping}},
      {{"Range", "bytes=0-18446744073709551615,-18446744073709551615"}},
      {{"Range", "bytes=99999999999999999999999-5"}},
      {{"If-None-Match", list}},
      {{"If-None-Match", std::string(50'000, '"')}},
      {{"If-Modified-Since", std::string(50'000, '9')}},
      {{"Cache-Control", "max-stale=" + std::string(50'000, '9')}},
      {{"Connection", names}},
      {{"CDN-Loop", list}},
      {{"If-Range", list}, {"Range", "bytes=0-0"}},
  };
  for (const auto& fields : requests) {
    BOOST_TEST_CONTEXT(fields.front().first << ": " << fields.front().second.substr(0, 30)) {
      const Answer answer = pop.get(0, "/h", fields);
      BOOST_TEST(answer.status == 200);
      BOOST_TEST((answer.body == body));
    }
  }
}

BOOST_AUTO_TEST_CASE(hostile_responses_give_each_client_its_own_body) {
  std::string names = "x-kind";
  while (names.size() < 20'000) names += ",x" + std::to_string(names.size());
  const std::string nines(20'000, '9'), quotes(20'000, '"');
  const std::vector<std::vector<std::pair<std::string, std::string>>> responses = {
      {{"Cache-Control", "max-age=60"}, {"Vary", names}},
      {{"Cache-Control", "max-age=60"}, {"Vary", "x-kind," + std::string(20'000, ',')}},
      {{"Cache-Control", "max-age=60, private=\"" + names + "\""}},
      {{"Cache-Control", "max-age=" + nines + ", no-cache"}},
      {{"Cache-Control", "max-age=60"}, {"Age", nines}},
      {{"Cache-Control", quotes + ", no-store, max-age=60"}},
      {{"CDN-Cache-Control", names}, {"Cache-Control", "no-store"}},
  };
  for (const auto& fields : responses) {
    BOOST_TEST_CONTEXT(fields.back().first << ": " << fields.back().second.substr(0, 30)) {
      SimulatedPop pop(2, 1);
      pop.origin.fields = fields;
      pop.origin.etags = false;
      for (int i = 0; i < 6; ++i) {
        const std::string kind = std::to_string(i);
        pop.origin.body = "for " + kind;  // the origin makes another body for each
        const Answer answer = pop.get(0, "/h", {{"X-Kind", kind}});
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(answer.body == "for " + kind);
      }
      BOOST_TEST(pop.origin.total() == 6);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
