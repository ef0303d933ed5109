// Three regions of three edges each on hosts of their own (network namespaces): clients ask a resolver and fetch with
// curl, a region is cut off and healed, an edge is drained, and two routers agree all along.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <fstream>
#include <functional>
#include <sstream>

#include "core/random.h"
#include "tests/support/network.h"
#include "tests/support/pop.h"
#include "tests/support/unbound.h"

using namespace skerry;
using namespace skerry::testing;

namespace {

struct Region {
  const char* name;
  const char* place;
  std::string edges;    // their network's first three octets
  std::string clients;  // the same
  const char* order;    // where its clients go, nearest first
};

const std::vector<Region> regions = {
    {"eu", "latitude = 51.5\nlongitude = -0.1\n", "198.18.1", "198.18.101", "eu,us,ap"},
    {"us", "latitude = 40.7\nlongitude = -74.0\n", "198.18.2", "198.18.102", "us,eu,ap"},
    {"ap", "latitude = 1.35\nlongitude = 103.8\n", "198.18.3", "198.18.103", "ap,us,eu"},
};
const std::string origin_ip = "198.18.200.10", resolver_ip = "198.18.200.20";
const std::vector<std::string> router_ips = {"198.18.200.53", "198.18.200.54"};
constexpr const char* token = "the-operators-token";

std::string name_of(const Region& region, int edge) {
  return std::string(region.name) + "-" + std::to_string(edge);
}
std::string ip_of(const Region& region, int edge) {
  return region.edges + "." + std::to_string(10 + edge);
}

std::string edge_config(const Region& region, int edge) {
  std::string text = "[edge]\nname = \"" + name_of(region, edge) +
                     "\"\nlisten = [\"0.0.0.0:80\"]\nadmin_listen = \"127.0.0.1:9180\"\nworkers = 1\n"
                     "ready_allow = [\"198.18.200.0/24\"]\n[memory]\nsize = \"64MiB\"\n"
                     "[[site]]\nhosts = [\"www.cdn.example\"]\norigin = [\"http://" +
                     origin_ip + ":8000\"]\n[pop]\nname = \"" + region.name +
                     "\"\nsecret = \"a secret of this test's PoPs\"\npeer_listen = \"" + ip_of(region, edge) +
                     ":8090\"\n";
  for (int i = 1; i <= 3; ++i) {
    text += "[[pop.member]]\nname = \"" + name_of(region, i) + "\"\npeer = \"" + ip_of(region, i) + ":8090\"\n";
  }
  return text;
}

// Besides the clients of this test, the map knows half a world of others that only dig asks for.
std::string router_config() {
  std::string text =
      std::string("[router]\nlisten = [\"0.0.0.0:53\"]\nworkers = 1\nedges_per_answer = 2\nadmin_token = \"") + token +
      "\"\n[router.clients]\n\"20.0.0.0/8\" = \"48 11\"\n\"20.32.0.0/11\" = \"38 -120\"\n" +
      "\"20.100.0.0/14\" = \"35 139\"\n\"20.200.16.0/20\" = \"ap,eu\"\n";
  for (const Region& region : regions) text += "\"" + region.clients + ".0/24\" = \"" + region.order + "\"\n";
  text +=
      "[probe]\ninterval = \"1s\"\ntimeout = \"750ms\"\nup = 1\ndown = 2\nflap_doublings = 0\n[policy]\nttl_floor = "
      "\"1s\"\n"
      "[[zone]]\nname = \"cdn.example\"\nns = [\"ns1.example\", \"ns2.example\"]\n"
      "[[zone.dynamic]]\nname = \"www\"\nttl = \"2s\"\n";
  for (const Region& region : regions) {
    text += std::string("[[pop]]\nname = \"") + region.name + "\"\n" + region.place;
    for (int i = 1; i <= 3; ++i) {
      text += "[[pop.edge]]\nname = \"" + name_of(region, i) + "\"\naddresses = [\"" + ip_of(region, i) +
              "\"]\nport = 80\n";
    }
  }
  return text;
}

struct ThreeRegions {
  TempDir folder;
  std::unique_ptr<Network> network;
  std::map<std::string, std::unique_ptr<Process>> running;

  ThreeRegions() {
    if (!Network::possible()) skip("network namespaces need root");
    network = std::make_unique<Network>(resolver_ip);
    network->add_host("origin", origin_ip);
    network->add_host("resolver", resolver_ip);
    start("origin", {program("skerry-origin"), "--listen", origin_ip + ":8000"});
    for (const Region& region : regions) {
      network->add_host(std::string("client-") + region.name, region.clients + ".10");
      for (int i = 1; i <= 3; ++i) {
        const std::string edge = name_of(region, i);
        network->add_host(edge, ip_of(region, i));
        start(edge, {program("skerry-edge"), "--config", folder.write(edge + ".toml", edge_config(region, i))});
      }
    }
    UnboundOptions options{resolver_ip + "@53", "cdn.example", {}, "198.18.200.0/24"};
    for (const std::string& ip : router_ips) {
      network->add_host(ip, ip);
      start(ip, {program("skerry-router"), "--config", folder.write("router.toml", router_config())});
      options.servers.push_back(ip + "@53");
    }
    start("resolver", unbound_command(folder.write("unbound.conf", unbound_config(options))));
    for (auto& [name, process] : running) process->wait_for_line(name == "resolver" ? "start of service" : "listening");
    for (const std::string& ip : router_ips) BOOST_REQUIRE(becomes([&] { return all_probed(ip); }));
  }

  void start(const std::string& host, const std::vector<std::string>& arguments) {
    running[host] = std::make_unique<Process>(network->on(host, arguments));
  }
  std::string output_on(const std::string& host, const std::vector<std::string>& arguments) const {
    return run(network->on(host, arguments)).output;
  }
  bool all_probed(const std::string& router) const {
    return output_on(router, {"curl", "-s", "http://127.0.0.1:9190/readyz"}).find("\"probed\": true") !=
           std::string::npos;
  }

  // Every look asks real processes: nothing is waited for but what they do.
  static bool becomes(const std::function<bool()>& wanted) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!wanted()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
    }
    return true;
  }

  // What the resolver tells a client of the region: addresses, one a line.
  std::string answer_for(const Region& region) const {
    return output_on(std::string("client-") + region.name, {"dig", "+short", "+tries=2", "www.cdn.example", "A"});
  }
  bool sent_to(const Region& clients, const Region& edges) const {
    std::istringstream lines(answer_for(clients));
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      if (!line.starts_with(edges.edges + ".")) return false;
    }
    return count == 2;
  }
  // curl resolves the name itself: the edge that it met and what it got, such as "198.18.1.11 200 10240".
  std::string fetch(const Region& region) const {
    return output_on(std::string("client-") + region.name,
                     {"curl", "-s", "-o", "/dev/null", "--max-time", "5", "-w",
                      "%{remote_ip} %{http_code} %{size_download}", "http://www.cdn.example/_gen/10k/1"});
  }
  bool is_served_by(const Region& clients, const Region& edges) const {
    const std::string got = fetch(clients);
    return got.starts_with(edges.edges + ".") && got.ends_with(" 200 10240");
  }

  // What a router answers to three hundred client networks, each with its two edges in order.
  std::string answers_of(const std::string& router) {
    std::string batch;
    core::Random random(9);
    for (int i = 0; i < 300; ++i) {
      const auto octet = [&] { return std::to_string(random.below(256)); };
      batch += "www.cdn.example A +subnet=20." + octet() + "." + octet() + ".0/24\n";
    }
    return output_on("resolver", {"dig", "@" + router, "+short", "+tries=2", "-f", folder.write("batch", batch)});
  }
  bool routers_agree() {
    const std::string answers = answers_of(router_ips[0]);
    return std::count(answers.begin(), answers.end(), '\n') == 600 && answers == answers_of(router_ips[1]);
  }
};

// A client that fetches one object after another, each on a connection of its own, until it is told to stop.
class Fetching {
 public:
  Fetching(const ThreeRegions& world, const Region& region)
      : stop_(world.folder / "stop"),
        process_(world.network->on(std::string("client-") + region.name, {"bash", "-c", script(stop_)})) {}

  void wait_for_more(int lines) {
    const int wanted = this->lines() + lines;
    BOOST_REQUIRE(ThreeRegions::becomes([&] { return this->lines() >= wanted; }));
  }
  int lines() {
    const std::string text = process_.output();
    return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
  }
  std::vector<std::string> end() {
    std::ofstream(stop_).put('\n');
    process_.wait();
    std::istringstream text(process_.output());
    std::vector<std::string> all;
    for (std::string line; std::getline(text, line);) all.push_back(line);
    return all;
  }

 private:
  static std::string script(const std::string& stop) {
    return "until [[ -e '" + stop +
           "' ]]; do curl -s -o /dev/null --max-time 10 -w '%{remote_ip} %{http_code} %{size_download}\\n' "
           "http://www.cdn.example/_gen/10k/$((i += 1)); done";
  }

  const std::string stop_;
  Process process_;
};

std::size_t failures(const std::vector<std::string>& lines) {
  return static_cast<std::size_t>(
      std::count_if(lines.begin(), lines.end(), [](const std::string& line) { return !line.ends_with(" 200 10240"); }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(regions_in_namespaces_slow)

BOOST_FIXTURE_TEST_CASE(clients_reach_the_edges_of_their_own_region_and_both_routers_agree, ThreeRegions) {
  for (const Region& region : regions) {
    BOOST_TEST(sent_to(region, region), region.name << ": " << answer_for(region));
    BOOST_TEST(is_served_by(region, region), region.name << ": " << fetch(region));
  }
  BOOST_TEST(routers_agree());
  for (const Region& region : regions) {
    BOOST_TEST(answers_of(router_ips[0]).find(region.edges + ".") != std::string::npos, region.name);
  }
}

BOOST_FIXTURE_TEST_CASE(clients_of_a_region_that_is_cut_off_move_to_the_next_one_and_return_when_it_is_back,
                        ThreeRegions) {
  const Region &eu = regions[0], &us = regions[1], &ap = regions[2];
  BOOST_TEST(is_served_by(eu, eu), fetch(eu));
  const std::string before = answers_of(router_ips[0]);
  Fetching elsewhere(*this, ap);
  network->cut(eu.edges + ".1");
  BOOST_TEST(becomes([&] { return is_served_by(eu, us); }), fetch(eu));
  BOOST_TEST(sent_to(eu, us), answer_for(eu));
  BOOST_TEST(becomes([&] { return routers_agree(); }));
  BOOST_TEST(answers_of(router_ips[1]).find(eu.edges + ".") == std::string::npos);
  network->heal(eu.edges + ".1");
  BOOST_TEST(becomes([&] { return is_served_by(eu, eu); }), fetch(eu));
  BOOST_TEST(becomes([&] { return routers_agree() && answers_of(router_ips[0]) == before; }));
  const auto fetched = elsewhere.end();
  BOOST_TEST(failures(fetched) == 0u, "clients of other regions notice nothing");
  BOOST_TEST(fetched.size() > 10u);
}

BOOST_FIXTURE_TEST_CASE(a_drained_edge_loses_its_clients_without_one_failed_request, ThreeRegions) {
  const Region& eu = regions[0];
  Fetching client(*this, eu);
  client.wait_for_more(5);
  const std::string ip = answer_for(eu).substr(0, ip_of(eu, 1).size());
  const std::string edge = "eu-" + ip.substr(ip.size() - 1);
  for (const std::string& router : router_ips) {
    const std::string done = output_on(
        router, {program("skerry"), "--admin", "127.0.0.1:9190", "--token", token, "set-state", "edge", edge, "drain"});
    BOOST_TEST(done.find("clients gone in") != std::string::npos, done);
  }
  // The resolver forgets the edge with its last answer's time to live; a fetch that had begun before may still end.
  BOOST_TEST(becomes([&] { return answer_for(eu).find(ip) == std::string::npos; }), answer_for(eu));
  client.wait_for_more(2);
  const int gone = client.lines();
  running[edge]->send(SIGTERM);
  BOOST_TEST(running[edge]->wait() == 0);
  client.wait_for_more(20);
  const auto fetched = client.end();
  BOOST_TEST(failures(fetched) == 0u);
  const auto meets = [&](const std::string& line) { return line.starts_with(ip + " "); };
  BOOST_TEST(std::any_of(fetched.begin(), fetched.begin() + gone, meets), "it had clients");
  BOOST_TEST(std::none_of(fetched.begin() + gone, fetched.end(), meets), "and lost them");
}

BOOST_AUTO_TEST_SUITE_END()
