// What operators ask to be purged: one URL or several in one call, and what they are told of it.
#include "edge/admin/purge_request.h"

#include <boost/test/unit_test.hpp>

#include "simulated_pop.h"

using namespace skerry;
using namespace skerry::edge;
using namespace skerry::edge::test;

namespace {

core::Result<std::vector<Purge>> purges_of_body(std::string_view body, const SimulatedPop& pop) {
  const auto request = parse_purge_request(body);
  if (!request.ok()) return request.error();
  return purges_of(*request, *pop.edges[0]->snapshot);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(purge_requests)

BOOST_AUTO_TEST_CASE(one_url_or_several_are_purged_by_their_keys) {
  SimulatedPop pop(1, 1);
  struct Row {
    const char* body;
    std::size_t purges;
    bool soft;
  };
  for (const Row& row : {
           Row{R"({"url": "https://www.example.com/a"})", 1, false},
           Row{R"({"url": "//www.example.com/a", "soft": true})", 2, true},
           Row{R"({"urls": ["https://www.example.com/a", "http://www.example.com/b"], "soft": true})", 2, true},
           Row{R"({"urls": ["//www.example.com/a", "http://www.example.com/b"]})", 3, false},
       }) {
    const auto purges = purges_of_body(row.body, pop);
    BOOST_TEST_REQUIRE(purges.ok(), row.body);
    BOOST_TEST(purges->size() == row.purges, row.body);
    for (const Purge& purge : *purges) BOOST_TEST(purge.soft == row.soft, row.body);
  }
}

BOOST_AUTO_TEST_CASE(lists_that_are_wrong_anywhere_purge_nothing) {
  SimulatedPop pop(2, 1);
  std::string many = R"({"urls": ["//www.example.com/a")";
  for (std::size_t i = 0; i < most_purged_urls; ++i) many += R"(, "//www.example.com/a")";
  for (const std::string& body : {
           std::string(""),
           std::string("[]"),
           std::string(R"({"soft": true})"),
           std::string(R"({"url": 1})"),
           std::string(R"({"url": ["https://www.example.com/a"]})"),
           std::string(R"({"urls": "https://www.example.com/a"})"),
           std::string(R"({"urls": []})"),
           std::string(R"({"urls": ["https://www.example.com/a", 1]})"),
           std::string(R"({"urls": ["https://www.example.com/a", "no URL"]})"),
           std::string(R"({"url": "https://www.example.com/a", "urls": ["https://www.example.com/a"]})"),
           std::string(R"({"url": "https://www.example.com/a", "soft": 1})"),
           std::string(R"({"url": "https://www.example.com/a", "tag": "x"})"),
           many + "]}",
       }) {
    BOOST_TEST(!purges_of_body(body, pop).ok(), body.substr(0, 80));
  }
  const auto wrong = purges_of_body(R"({"urls": ["https://www.example.com/a", "no URL"]})", pop);
  BOOST_TEST(wrong.error().detail.starts_with("no URL: "), wrong.error().detail);
}

BOOST_AUTO_TEST_CASE(whoever_missed_one_of_several_purges_is_named) {
  std::optional<PurgeOutcome> all;
  add_outcome(all, {5, {"edge-0", "edge-1"}, {"edge-2"}});
  add_outcome(all, {7, {"edge-0", "edge-1", "edge-2"}, {}});
  add_outcome(all, {6, {"edge-0"}, {"edge-1"}});
  BOOST_TEST(all->epoch == 7u);
  BOOST_TEST(all->applied_by == std::vector<std::string>{"edge-0"}, boost::test_tools::per_element());
  const std::vector<std::string> missed = {"edge-2", "edge-1"};
  BOOST_TEST(all->unreachable == missed, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()
