// The router through Debian's own tools (dig, kdig): who is sent where, over UDP and TCP, and without dead edges.
#include <boost/test/unit_test.hpp>
#include <csignal>

#include "tests/support/dig.h"
#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

std::string dig_all(std::uint16_t port, std::vector<std::string> more) {
  std::vector<std::string> arguments = {"dig", "+tries=2", "+time=5", "-p", std::to_string(port), "@127.0.0.1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run({arguments, {}, {}}).output;
}

using boost::test_tools::per_element;
const std::vector<std::string> near = {"127.0.0.1"}, far = {"127.0.0.2"};

// Two PoPs of one edge each; the net map sends one documentation range to each, everybody else to the nearest.
struct TwoPops {
  TempDir folder;
  OriginProcess origin;
  std::unique_ptr<EdgeProcess> near_edge, far_edge;
  std::uint16_t dns = free_port();
  std::uint16_t admin = free_port();
  std::unique_ptr<Process> router;

  TwoPops() {
    EdgeOptions options;
    options.origin = origin.url();
    options.name = "near-1";
    near_edge = std::make_unique<EdgeProcess>(folder, options);
    options.name = "far-1";
    options.address = "127.0.0.2";  // all of 127.0.0.0/8 is loopback: two addresses, one machine
    far_edge = std::make_unique<EdgeProcess>(folder, options);
    router = std::make_unique<Process>(
        Command{{program("skerry-router"), "--config", folder.write("router.toml", config())}, {}, {}});
    router->wait_for_line("listen");
  }

  std::string pop(const char* name, const char* place, const EdgeProcess& edge, const char* address) const {
    return std::string("[[pop]]\nname = \"") + name + "\"\n" + place + "[[pop.edge]]\nname = \"" + name +
           "-1\"\naddresses = [\"" + address + "\"]\nport = " + std::to_string(edge.port()) + "\n";
  }

  std::string config() const {
    return "[router]\nlisten = [\"127.0.0.1:" + std::to_string(dns) +
           "\"]\nadmin_listen = \"127.0.0.1:" + std::to_string(admin) +
           "\"\nworkers = 1\nadmin_token = \"router-token\"\n[router.clients]\n\"192.0.2.0/24\" = "
           "\"near,far\"\n\"198.51.100.0/24\" = \"far,near\"\n"
           "[probe]\ninterval = \"400ms\"\ntimeout = \"300ms\"\nup = 1\ndown = 1\n"
           "[[zone]]\nname = \"cdn.example\"\nns = [\"ns.example\"]\n"
           "[[zone.dynamic]]\nname = \"www\"\n" +
           pop("near", "latitude = 51.5\nlongitude = -0.1\n", *near_edge, "127.0.0.1") +
           pop("far", "latitude = 35.7\nlongitude = 139.7\n", *far_edge, "127.0.0.2");
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(dns)

BOOST_FIXTURE_TEST_CASE(each_client_subnet_gets_its_own_pop, TwoPops) {
  BOOST_TEST(dig(dns, {"+subnet=192.0.2.0/24", "www.cdn.example", "A"}) == near, per_element());
  BOOST_TEST(dig(dns, {"+subnet=198.51.100.0/24", "www.cdn.example", "A"}) == far, per_element());
}

BOOST_FIXTURE_TEST_CASE(udp_and_tcp_answer_alike, TwoPops) {
  BOOST_TEST(dig(dns, {"www.cdn.example", "A"}) == near, per_element());
  BOOST_TEST(dig(dns, {"+tcp", "www.cdn.example", "A"}) == near, per_element());
}

BOOST_FIXTURE_TEST_CASE(the_answer_says_for_whom_it_is_good, TwoPops) {
  const std::string answer = dig_all(dns, {"+subnet=192.0.2.0/24", "www.cdn.example", "A"});
  // The scope is the widest block around the client with the same answer: not the world (0), not longer than needed.
  BOOST_TEST(answer.find("CLIENT-SUBNET: 192.0.2.0/24/") != std::string::npos, answer);
  BOOST_TEST(answer.find("CLIENT-SUBNET: 192.0.2.0/24/0") == std::string::npos, answer);
}

BOOST_FIXTURE_TEST_CASE(names_that_are_not_ours_are_refused_and_missing_ones_denied, TwoPops) {
  BOOST_TEST(dig_all(dns, {"www.example.org", "A"}).find("status: REFUSED") != std::string::npos);
  const std::string missing = dig_all(dns, {"nobody.cdn.example", "A"});
  BOOST_TEST(missing.find("status: NXDOMAIN") != std::string::npos, missing);
  BOOST_TEST(missing.find("SOA") != std::string::npos, missing);
}

BOOST_FIXTURE_TEST_CASE(kdig_sees_a_well_formed_edns_answer, TwoPops) {
  const Finished answer =
      run({{"kdig", "-p", std::to_string(dns), "@127.0.0.1", "+edns", "www.cdn.example", "A"}, {}, {}});
  BOOST_TEST(answer.output.find("status: NOERROR") != std::string::npos, answer.output);
  BOOST_TEST(answer.output.find("Version: 0") != std::string::npos, answer.output);
  BOOST_TEST(answer.output.find("malformed") == std::string::npos, answer.output);
}

BOOST_FIXTURE_TEST_CASE(a_pop_whose_edge_died_is_left_out_and_comes_back, TwoPops) {
  const auto asked = [&] { return dig(dns, {"+subnet=192.0.2.0/24", "www.cdn.example", "A"}); };
  // The probes notice within some hundred milliseconds; every look is a query of its own.
  const auto becomes = [&](const std::vector<std::string>& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (asked() != wanted && std::chrono::steady_clock::now() < deadline) {
    }
    return asked() == wanted;
  };
  BOOST_TEST(becomes(near));
  near_edge->kill();
  BOOST_TEST(becomes(far));
  near_edge->start();
  BOOST_TEST(becomes(near));
}

BOOST_FIXTURE_TEST_CASE(nonsense_is_dropped_or_refused_and_the_router_lives_on, TwoPops) {
  const Finished sent =
      run({{"bash", "-c",
            "for i in 1 2 3; do head -c $((i * 9)) /dev/urandom >/dev/udp/127.0.0.1/" + std::to_string(dns) +
                "; done; head -c 400 /dev/urandom >/dev/tcp/127.0.0.1/" + std::to_string(dns)},
           {},
           {}});
  BOOST_TEST(sent.exit_code == 0, sent.output);
  BOOST_TEST(dig(dns, {"www.cdn.example", "A"}) == near, per_element());
}

BOOST_FIXTURE_TEST_CASE(queries_under_way_while_the_map_is_reloaded_are_all_answered, TwoPops) {
  std::string batch;
  for (int i = 0; i < 400; ++i) batch += "www.cdn.example A +subnet=192.0.2.0/24\n";
  Process asking(Command{{"dig", "+short", "+tries=1", "+time=10", "-p", std::to_string(dns), "@127.0.0.1", "-f",
                          folder.write("batch", batch)},
                         {},
                         {}});
  asking.wait_for_line("127.0.0.1");
  for (int i = 0; i < 5; ++i) {
    folder.write("router.toml", config() + (i % 2 ? "# again\n" : "[[pop]]\nname = \"far\"\n"));  // every other is bad
    router->send(SIGHUP);
    router->wait_for_line(i % 2 ? "reloaded" : "reload_refused", i / 2);
  }
  BOOST_TEST(asking.wait() == 0);
  std::istringstream lines(asking.output());
  int answered = 0;
  for (std::string line; std::getline(lines, line);) answered += line == "127.0.0.1";
  BOOST_TEST(answered == 400, asking.output());
}

BOOST_FIXTURE_TEST_CASE(a_pop_is_drained_and_given_back_at_the_admin_port, TwoPops) {
  const auto asked = [&] { return dig(dns, {"+subnet=192.0.2.0/24", "www.cdn.example", "A"}); };
  const auto set = [&](const char* state, const char* token) {
    return run({{program("skerry"), "--admin", "127.0.0.1:" + std::to_string(admin), "--token", token, "set-state",
                 "pop", "near", state},
                {},
                {}});
  };
  BOOST_TEST(asked() == near, per_element());
  BOOST_TEST(set("drain", "guessed").exit_code == 1);
  BOOST_TEST(asked() == near, per_element());
  const Finished drained = set("drain", "router-token");
  BOOST_TEST(drained.exit_code == 0, drained.output);
  BOOST_TEST(drained.output.find("clients gone in") != std::string::npos, drained.output);
  BOOST_TEST(asked() == far, per_element());
  BOOST_TEST(set("auto", "router-token").exit_code == 0);
  BOOST_TEST(asked() == near, per_element());
  const Finished why =
      run({{program("skerry"), "--admin", "127.0.0.1:" + std::to_string(admin), "explain-ip", "192.0.2.9"}, {}, {}});
  BOOST_TEST(why.output.find("choice    near") != std::string::npos, why.output);
}

BOOST_AUTO_TEST_SUITE_END()
