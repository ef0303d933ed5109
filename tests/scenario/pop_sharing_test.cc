// Three edges, one PoP, one origin: consistent hashing makes them one cache (edge/README.md).
#include <atomic>
#include <boost/test/unit_test.hpp>
#include <random>
#include <thread>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

// One client of one edge: asks on until told to stop, counts what a user would call an error.
struct Client {
  unsigned requests_a_connection = 0;  // 0: it keeps the one it has
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> errors{0};
  std::string first_error;

  // `events` goes up with every answer and every error, so that somebody can wait for the next one.
  void run(std::uint16_t port, unsigned seed, const std::atomic<bool>& stop, std::atomic<std::uint64_t>& events) {
    std::minstd_rand random(seed);
    try {
      auto connection = std::make_unique<HttpConnection>(port);
      for (unsigned asked = 0; !stop; ++asked) {
        if (requests_a_connection != 0 && asked % requests_a_connection == 0)
          connection = std::make_unique<HttpConnection>(port);
        connection->send(get_text("/_gen/2k/" + std::to_string(random() % 500)));
        const Reply reply = connection->read_reply();
        if (reply.status == 200 && reply.body.size() == 2048) {
          ++answered;
        } else if (errors++ == 0) {
          first_error = "status " + std::to_string(reply.status) + " " + reply.field("Cache-Status");
        }
        ++events;
        events.notify_all();
      }
    } catch (const std::exception& lost) {
      if (errors++ == 0) first_error = lost.what();
    }
    ++events;
    events.notify_all();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(pop_sharing)

BOOST_AUTO_TEST_CASE(thousand_urls_asked_at_random_edges_are_a_thousand_origin_requests) {
  PopOfThree pop;
  std::minstd_rand random(1);
  std::array<std::unique_ptr<HttpConnection>, 3> connections;
  for (std::size_t i = 0; i < 3; ++i) connections[i] = std::make_unique<HttpConnection>(pop.edge(i).port());
  int wrong = 0;
  for (int round = 0; round < 3; ++round) {
    for (int url = 0; url < 1000; ++url) {
      HttpConnection& connection = *connections[random() % 3];
      connection.send(get_text("/_gen/1k/" + std::to_string(url)));
      const Reply reply = connection.read_reply();
      if (reply.status != 200 || reply.body.size() != 1024) ++wrong;
    }
  }
  BOOST_TEST(wrong == 0);
  BOOST_TEST(pop.origin().requests() == 1000u);
}

BOOST_AUTO_TEST_CASE(a_hit_through_another_edge_names_both_edges) {
  PopOfThree pop(PopOfThree::Tiers::memory_only);
  // Of three edges at least two are not the owner: whichever they are, one origin request serves all.
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(get(pop.edge(i).port(), "/_gen/1k/shared").status == 200);
  BOOST_TEST(pop.origin().requests() == 1u);
  int two_members = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    const Reply reply = get(pop.edge(i).port(), "/_gen/1k/shared");
    BOOST_TEST(reply.field("X-Cache") == "HIT");
    const std::string status = reply.field("Cache-Status");
    if (status.find(',') != std::string::npos) ++two_members;
    BOOST_TEST(status.find("edge-" + std::to_string(i + 1)) != std::string::npos);
  }
  BOOST_TEST(two_members == 2);
  BOOST_TEST(pop.origin().requests() == 1u);
}

BOOST_AUTO_TEST_CASE(killing_one_edge_under_load_costs_clients_of_the_others_nothing) {
  PopOfThree pop;
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> events{0};
  std::array<Client, 6> clients;  // two an edge: one keeps its connection, one opens a new one now and then
  for (const std::size_t i : {3, 4}) clients[i].requests_a_connection = 10;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    threads.emplace_back(
        [&, i] { clients[i].run(pop.edge(i % 3).port(), static_cast<unsigned>(i + 1), stop, events); });
  }
  const auto survivors_answered = [&] {
    return clients[0].answered + clients[1].answered + clients[3].answered + clients[4].answered;
  };
  const auto survivors_failed = [&] {
    return clients[0].errors + clients[1].errors + clients[3].errors + clients[4].errors;
  };
  const auto wait_until_answered = [&](std::uint64_t count) {
    for (std::uint64_t seen = events; survivors_answered() < count && survivors_failed() == 0; seen = events) {
      events.wait(seen);
    }
  };
  wait_until_answered(1000);
  pop.edge(2).kill();
  const std::uint64_t at_kill = survivors_answered();
  wait_until_answered(at_kill + 4000);
  stop = true;
  for (std::thread& thread : threads) thread.join();
  BOOST_TEST(survivors_answered() >= at_kill + 4000);
  for (const std::size_t survivor : {0, 1, 3, 4}) {
    BOOST_TEST(clients[survivor].errors == 0u, clients[survivor].first_error);
  }
  // Those of the killed edge saw their open connection break, and nothing else.
  BOOST_TEST(clients[2].errors == 1u);
  BOOST_TEST(clients[5].errors == 1u);
}

BOOST_AUTO_TEST_CASE(a_member_is_taken_out_and_put_back_by_a_reload_of_all) {
  PopOfThree pop(PopOfThree::Tiers::memory_only);
  const auto reload_with = [&](const std::vector<Member>& members, std::size_t edges) {
    for (std::size_t i = 0; i < edges; ++i) {
      EdgeOptions options = pop.edge(i).options();
      options.members = members;
      pop.edge(i).rewrite(options);
      BOOST_TEST(pop.edge(i).admin("POST", "/reload").status == 200);
    }
  };
  const auto owners = [&](std::size_t edge, const std::string& path) {
    const std::string body = get(pop.edge(edge).admin_port(), "/ring?url=http://www.example.com" + path).body;
    std::vector<std::string> names;
    for (std::size_t at = body.find("edge-", body.find("\"owners\"")); at != std::string::npos;
         at = body.find("edge-", at + 1))
      names.push_back(body.substr(at, 6));
    return names;
  };
  const std::vector<Member> three = pop.edge(0).options().members;
  const std::vector<Member> two(three.begin(), three.begin() + 2);

  reload_with(two, 2);
  for (int i = 0; i < 20; ++i) {
    const std::string path = "/_gen/1k/two" + std::to_string(i);
    BOOST_TEST(owners(0, path) == owners(1, path));
    BOOST_TEST(owners(0, path).size() == 2u);
    for (const std::size_t edge : {0, 1}) BOOST_TEST(get(pop.edge(edge).port(), path).status == 200);
  }
  BOOST_TEST(pop.origin().requests() == 20u);

  reload_with(three, 2);
  bool third_owns = false;
  for (int i = 0; i < 20; ++i) {
    const std::string path = "/_gen/1k/three" + std::to_string(i);
    BOOST_TEST(owners(0, path) == owners(2, path));
    third_owns = third_owns || owners(0, path).front() == "edge-3";
    for (const std::size_t edge : {0, 1, 2}) BOOST_TEST(get(pop.edge(edge).port(), path).status == 200);
  }
  BOOST_TEST(third_owns);
  BOOST_TEST(pop.origin().requests() == 40u);
}

BOOST_AUTO_TEST_CASE(a_request_of_http_1_0_without_a_host_is_400_and_troubles_no_member) {
  EdgeOptions options;
  options.sections = "[[site]]\nhosts = [\"*\"]\norigin = [\"http://127.0.0.1:9\"]\n";
  PopOfThree pop(PopOfThree::Tiers::memory_only, options);
  for (std::size_t i = 0; i < 3; ++i) {
    HttpConnection connection(pop.edge(i).port());
    connection.send("GET /_gen/1k/old HTTP/1.0\r\n\r\n");
    const Reply reply = connection.read_reply();
    BOOST_TEST(reply.status == 400);
    BOOST_TEST(reply.body.find("Host is missing") != std::string::npos, reply.body);
    BOOST_TEST(pop.edge(i).metric("skerry_peer_failures_total") == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_purge_at_one_edge_reaches_all_before_it_is_answered) {
  PopOfThree pop(PopOfThree::Tiers::memory_only);
  for (std::size_t i = 0; i < 3; ++i) get(pop.edge(i).port(), "/_gen/1k/purged");
  BOOST_TEST(pop.origin().requests() == 1u);
  const Reply purge = pop.edge(0).admin("POST", "/purge", R"({"url": "http://www.example.com/_gen/1k/purged"})");
  BOOST_TEST(purge.status == 200, purge.body);
  for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(get(pop.edge(i).port(), "/_gen/1k/purged").status == 200);
  BOOST_TEST(pop.origin().requests() == 2u);
}

BOOST_AUTO_TEST_CASE(a_purge_names_the_member_it_could_not_reach) {
  PopOfThree pop(PopOfThree::Tiers::memory_only);
  pop.edge(2).kill();
  const Reply purge = pop.edge(0).admin("POST", "/purge", R"({"url": "http://www.example.com/_gen/1k/x"})");
  const std::size_t unreachable = purge.body.find("unreachable");
  BOOST_REQUIRE(unreachable != std::string::npos);
  BOOST_TEST(purge.body.find("edge-3", unreachable) != std::string::npos, purge.body);
  BOOST_TEST(purge.body.find("edge-2", unreachable) == std::string::npos, purge.body);
}

BOOST_AUTO_TEST_SUITE_END()
