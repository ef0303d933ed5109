// Rules of RFC 9110 about what an intermediary answers itself, and which fields it makes its own, that take a whole
// edge to show.
#include <boost/test/unit_test.hpp>

#include "http_rules.h"

using namespace skerry;
using namespace skerry::edge::test;

BOOST_AUTO_TEST_SUITE(http_rules_of_forwarding)

BOOST_AUTO_TEST_CASE(options_with_no_forwards_left_is_answered_here_rfc9110_7_6_2) {
  SimulatedPop pop(1, 3);
  for (int edge = 0; edge < 3; ++edge) {
    for (const char* path : {"/doc", "*"}) {
      const Answer answer = pop.get(edge, path, {{"Max-Forwards", "0"}}, "OPTIONS");
      BOOST_TEST(answer.status == 204);
      BOOST_TEST(field(answer, "Allow") == "GET, HEAD, OPTIONS, POST, PUT, PATCH, DELETE");
      BOOST_TEST(field(answer, "Cache-Status").find("max-forwards") != std::string::npos);
    }
  }
  BOOST_TEST(pop.origin.total() == 0);
}

BOOST_AUTO_TEST_CASE(options_goes_on_with_one_forward_less_rfc9110_7_6_2) {
  struct Row {
    const char* given;
    const char* sent;
  };
  SimulatedPop pop(2, 1);
  for (const Row& row : {Row{"1", "0"}, Row{"10", "9"}, Row{"007", "6"}, Row{"4294967296", "4294967295"},
                         Row{"99999999999999999999999", "4294967295"}}) {
    BOOST_TEST(pop.get(0, "/doc", {{"Max-Forwards", row.given}}, "OPTIONS").status == 200);
    BOOST_TEST(asked(pop, "Max-Forwards") == row.sent);
  }
  pop.get(0, "/doc", {}, "OPTIONS");
  BOOST_TEST(asked(pop, "Max-Forwards") == "(absent)");
}

// How often it may still be forwarded can't be told: guessing too high could go round for ever.
BOOST_AUTO_TEST_CASE(options_with_a_malformed_max_forwards_is_refused_rfc9110_7_6_2) {
  SimulatedPop pop(3, 1);
  for (const char* given : {"", "-1", "+1", "1.0", "1, 0", "x", "0x1"}) {
    const Answer answer = pop.get(0, "/doc", {{"Max-Forwards", given}}, "OPTIONS");
    BOOST_TEST(answer.status == 400, given);
    BOOST_TEST(field(answer, "Cache-Status").find("bad-request") != std::string::npos);
  }
  BOOST_TEST(pop.get(0, "/doc", {{"Max-Forwards", "1"}, {"Max-Forwards", "1"}}, "OPTIONS").status == 400);
  BOOST_TEST(pop.origin.total() == 0);
}

BOOST_AUTO_TEST_CASE(other_methods_ignore_max_forwards_rfc9110_7_6_2) {
  SimulatedPop pop(4, 1);
  for (const char* method : {"POST", "DELETE", "GET"}) {
    BOOST_TEST(pop.get(0, std::string("/") + method, {{"Max-Forwards", "0"}}, method).status == 200);
    BOOST_TEST(asked(pop, "Max-Forwards") == "0");
  }
}

BOOST_AUTO_TEST_CASE(an_origins_own_x_cache_gives_way_to_ours) {
  for (const int edges : {1, 3}) {
    SimulatedPop pop(5, edges);
    pop.origin.fields = {{"Cache-Control", "max-age=60"}, {"X-Cache", "HIT from elsewhere"}, {"X-Cache", "again"}};
    BOOST_TEST(field(pop.get(0, "/x"), "X-Cache") == "MISS");
    BOOST_TEST(field(pop.get(0, "/x"), "X-Cache") == "HIT");
    BOOST_TEST(field(pop.get(0, "/x", {{"Range", "bytes=0-0, 5-6"}}), "X-Cache") == "HIT");
    BOOST_TEST(field(pop.get(0, "/x", {{"If-None-Match", "\"/x\""}}), "X-Cache") == "HIT");
    BOOST_TEST(field(pop.get(0, "/x", {}, "POST"), "X-Cache") == "BYPASS");
  }
}

BOOST_AUTO_TEST_SUITE_END()
