// An API behind an edge: lifetimes of a second, bursts of the same question, services of their own behind each route,
// and errors that are nobody's to keep.
#include <boost/test/unit_test.hpp>

#include "tests/support/crowd.h"
#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

struct Services {
  TempDir folder;
  OriginProcess web, orders, prices;
  std::unique_ptr<EdgeProcess> edge;

  Services() {
    EdgeOptions options;
    options.origin = web.url();
    options.workers = 2;
    options.sections = "[[site.route]]\npath = \"/_gen/1k/orders/*\"\norigin = [\"" + orders.url() +
                       "\"]\n[[site.route]]\npath = \"/_gen/1k/prices/*\"\norigin = [\"" + prices.url() +
                       "\"]\nttl = \"1s\"\n";
    edge = std::make_unique<EdgeProcess>(folder, options);
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(users_api)

BOOST_FIXTURE_TEST_CASE(each_route_has_its_own_service, Services) {
  BOOST_TEST(get(edge->port(), "/_gen/1k/index").status == 200);
  BOOST_TEST(get(edge->port(), "/_gen/1k/orders/7").status == 200);
  BOOST_TEST(get(edge->port(), "/_gen/1k/prices/7").status == 200);
  for (const OriginProcess* service : {&web, &orders, &prices}) BOOST_TEST(service->requests() == 1u);
}

BOOST_FIXTURE_TEST_CASE(a_burst_of_one_question_is_one_request_and_its_answer_lasts_a_second, Services) {
  const std::string question = "/_gen/1k/prices/all?delay=200";
  const std::string body = get(prices.port(), "/_gen/1k/prices/all").body;
  for (int burst = 0; burst < 3; ++burst) {
    // Begins when the last answer is too old: the origin is asked again, by one of whoever comes.
    prices.reset_counts();
    while (prices.requests() == 0) {
      Crowd crowd(body);
      for (int i = 0; i < 60; ++i) crowd.add({.port = edge->port(), .request = get_text(question)});
      crowd.run();
      BOOST_TEST(crowd.whole() == 60u);
    }
    BOOST_TEST(prices.requests() == 1u);
  }
}

BOOST_FIXTURE_TEST_CASE(an_error_passes_with_its_status_and_is_asked_again, Services) {
  for (const int status : {400, 403, 404, 429, 500, 503}) {
    const std::string path = "/_gen/1k/orders/x?status=" + std::to_string(status);
    const std::uint64_t before = orders.requests();
    for (int i = 0; i < 2; ++i) BOOST_TEST(get(edge->port(), path).status == status);
    BOOST_TEST(orders.requests() == before + 2);
  }
}

BOOST_FIXTURE_TEST_CASE(a_write_reaches_its_service_and_drops_what_was_read_before_rfc9111_4_4, Services) {
  get(edge->port(), "/_gen/1k/index");
  BOOST_TEST(get(edge->port(), "/_gen/1k/index").field("X-Cache") == "HIT");
  request(edge->port(), "PUT", "/_gen/1k/index", "", "{}");
  BOOST_TEST(web.requests() == 2u);
  // The origin takes no PUT (405): what is stored stays. An answer that says it did drops it.
  BOOST_TEST(get(edge->port(), "/_gen/1k/index").field("X-Cache") == "HIT");
  request(edge->port(), "PUT", "/_gen/1k/index", "Skerry-Origin-Fault: status=204\r\n", "{}");
  BOOST_TEST(get(edge->port(), "/_gen/1k/index").field("X-Cache") == "MISS");
}

BOOST_FIXTURE_TEST_CASE(a_service_that_is_down_costs_only_its_own_route, Services) {
  prices.process().kill();
  BOOST_TEST(get(edge->port(), "/_gen/1k/prices/7").status == 502);
  BOOST_TEST(get(edge->port(), "/_gen/1k/orders/7").status == 200);
  BOOST_TEST(get(edge->port(), "/_gen/1k/index").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()
