// Rules of RFC 9111 3.5 and 4.4 and RFC 8586 that take a whole edge to show: who shares an answer, and what ends a
// copy.
#include <boost/test/unit_test.hpp>

#include "http_rules.h"

using namespace skerry;
using namespace skerry::edge::test;
using std::chrono::seconds;

BOOST_AUTO_TEST_SUITE(http_rules_of_invalidation)

BOOST_AUTO_TEST_CASE(unsafe_methods_drop_the_url_and_the_same_origin_locations_rfc9111_4_4) {
  for (const char* method : {"POST", "PUT", "DELETE", "PATCH", "UNHEARD-OF"}) {
    SimulatedPop pop(1, 3);
    const std::vector<std::string> paths = {"/doc", "/list", "/doc/2", "/other"};
    for (const std::string& path : paths) pop.get(0, path);
    pop.origin.fields = {{"Location", "/list"}, {"Content-Location", "http://www.example.com/doc/2"}};
    pop.get(1, "/doc", {}, method);
    pop.simulation.run_for(seconds(1));
    pop.origin.fields = {{"Cache-Control", "max-age=60"}};
    pop.origin.requests.clear();
    for (const std::string& path : paths) pop.get(2, path);
    BOOST_TEST(pop.origin.requests["/doc"] == 1);
    BOOST_TEST(pop.origin.requests["/list"] == 1);
    BOOST_TEST(pop.origin.requests["/doc/2"] == 1);
    BOOST_TEST(pop.origin.requests["/other"] == 0);
  }
}

BOOST_AUTO_TEST_CASE(it_drops_the_copies_of_all_headers_and_cookies_in_the_key_rfc9111_4_4) {
  SimulatedPop pop(14, 2, 1, [](edge::EdgeConfig& config) {
    config.sites.front().handling.key.headers = {"X-Tier"};
    config.sites.front().handling.key.cookies = {"lang"};
  });
  const std::vector<std::vector<std::pair<std::string, std::string>>> clients = {
      {}, {{"Cookie", "lang=de"}}, {{"Cookie", "lang=en"}, {"X-Tier", "gold"}}};
  const auto ask_all = [&] {
    for (const auto& client : clients) pop.get(0, "/k", client);
  };
  ask_all();
  ask_all();
  BOOST_TEST(pop.origin.total() == 3);
  pop.get(1, "/k", {{"Cookie", "lang=de"}}, "POST");
  pop.simulation.run_for(seconds(1));
  ask_all();
  BOOST_TEST(pop.origin.total() == 7, "one POST, three new copies");
}

BOOST_AUTO_TEST_CASE(errors_safe_methods_and_other_origins_drop_nothing_rfc9111_4_4) {
  struct Row {
    const char* method;
    int status;
    const char* location;
  };
  for (const Row& row : {Row{"POST", 404, "/doc"}, Row{"PUT", 500, "/doc"}, Row{"OPTIONS", 200, "/doc"},
                         Row{"POST", 200, "http://elsewhere.example/doc"}, Row{"POST", 201, "//www.example.com:81/doc"},
                         Row{"POST", 201, "https://www.example.com/doc"}}) {
    SimulatedPop pop(2, 1);
    pop.get(0, "/doc");
    pop.origin.status = row.status;
    pop.origin.fields = {{"Location", row.location}};
    pop.get(0, "/elsewhere", {}, row.method);
    pop.simulation.run_for(seconds(1));
    pop.origin.status = 200;
    BOOST_TEST(hits(pop, "/doc"));
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(http_rules_of_sharing)

BOOST_AUTO_TEST_CASE(authorized_answers_are_nobody_elses_unless_the_origin_says_so_rfc9111_3_5) {
  const std::vector<std::pair<std::string, std::string>> key = {{"Authorization", "Basic eDp5"}};
  for (const bool allowed : {false, true}) {
    SimulatedPop pop(1, 3);
    pop.origin.fields = {{"Cache-Control", allowed ? "max-age=60, public" : "max-age=60"}};
    for (int edge = 0; edge < 3; ++edge) pop.get(edge, "/a", key);
    BOOST_TEST(pop.origin.total() == (allowed ? 1 : 3));
    pop.get(0, "/a");
    BOOST_TEST(pop.origin.total() == (allowed ? 1 : 4));
    BOOST_TEST(asked(pop, "Authorization") == (allowed ? "Basic eDp5" : "(absent)"));
  }
}

BOOST_AUTO_TEST_CASE(uncacheable_keys_do_not_queue_until_a_cacheable_answer_comes) {
  SimulatedPop pop(2, 1);
  pop.origin.fields = {{"Cache-Control", "no-store"}};
  pop.get(0, "/n");
  std::vector<Answer> answers(10);
  for (std::size_t i = 0; i < answers.size(); ++i) pop.ask(0, "/n", answers, i);
  pop.simulation.run_for(seconds(2));
  for (const Answer& answer : answers) {
    BOOST_TEST(field(answer, "Cache-Status").find("collapsed") == std::string::npos);
    BOOST_TEST(field(answer, "Cache-Status").find("fwd=uri-miss") != std::string::npos);
  }
  BOOST_TEST(pop.origin.total() == 11);
  pop.origin.fields = {{"Cache-Control", "max-age=60"}};
  pop.get(0, "/n");
  BOOST_TEST(hits(pop, "/n"));
}

BOOST_AUTO_TEST_CASE(a_follower_that_waits_too_long_fetches_on_its_own) {
  SimulatedPop pop(3, 1);
  pop.origin.silent = true;
  std::vector<Answer> answers(2);
  pop.ask(0, "/slow", answers, 0);
  pop.simulation.run_for(seconds(1));
  pop.ask(0, "/slow", answers, 1);
  pop.simulation.run_for(seconds(2));
  pop.origin.silent = false;
  pop.simulation.run_for(seconds(5));
  BOOST_TEST(answers[1].status == 200);
  BOOST_TEST(field(answers[1], "Cache-Status").find("follower-timeout") != std::string::npos);
  BOOST_TEST(pop.origin.total() == 2);
}

// An edge keeps nothing of what another one owns, so nobody can begin where the first bytes have gone by.
BOOST_AUTO_TEST_CASE(who_comes_late_to_a_transfer_that_is_not_kept_shares_the_next_one_with_others) {
  SimulatedPop pop(5, 2);
  pop.origin.body_size = 8 << 20;
  std::vector<Answer> answers(40);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    for (int edge = 0; edge < 2; ++edge) {
      if (static_cast<int>(i % 2) == edge) pop.ask(edge, "/film", answers, i);
    }
    pop.simulation.run_for(std::chrono::microseconds(500));
  }
  pop.simulation.run_for(seconds(30));
  for (const Answer& answer : answers) BOOST_TEST((answer.ok && answer.body == pop.origin.content("/film")));
  BOOST_TEST(pop.origin.total() == 1);
  std::uint64_t asked_of_peers = 0;
  for (const auto& edge : pop.edges) asked_of_peers += edge->counters.peer_requests.value();
  BOOST_TEST(asked_of_peers > 1u);  // some did come too late for the first
  BOOST_TEST(asked_of_peers <= 8u, asked_of_peers);
}

BOOST_AUTO_TEST_CASE(an_edge_listed_in_cdn_loop_refuses_rfc8586_2) {
  SimulatedPop pop(4, 1);
  pop.get(0, "/l");
  const std::string own = asked(pop, "CDN-Loop");  // one entry, ours
  const std::string cluster = own.substr(0, own.find(';'));
  struct Row {
    std::string value;
    int status;
  };
  const std::string other = cluster + ";node=another-one";
  for (const Row& row : {
           Row{own, 508},
           Row{"cdn.example, \t" + own, 508},
           Row{own + " , cdn.example;a=\"x, y\"", 508},
           Row{cluster + " ; node=edge-0", 508},
           Row{"cdn.example;a=\"" + own + "\"", 200},
           Row{"cdn.example;a=\", " + own + ", \"", 200},
           Row{other, 200},
           Row{other + "," + other + "," + other + "," + other, 200},
           Row{other + "," + other + "," + other + "," + other + " ,\t" + cluster, 508},
           Row{"another.example, third.example", 200},
       }) {
    BOOST_TEST_CONTEXT(row.value) {
      const int before = pop.origin.total();
      const Answer answer = pop.get(0, "/l" + std::to_string(before), {{"CDN-Loop", row.value}});
      BOOST_TEST(answer.status == row.status);
      BOOST_TEST(pop.origin.total() == before + (row.status == 200));
      if (row.status == 200) BOOST_TEST(asked(pop, "CDN-Loop") == row.value + ", " + own);
      if (row.status == 508) BOOST_TEST(field(answer, "Cache-Control") == "no-store");
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
