// Debian's unbound, caching by client subnet, between clients of many networks and the router: everyone gets the PoP
// that the map says, and the router hears no more than its scopes make necessary.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <sstream>

#include "core/net/ip_network.h"
#include "core/random.h"
#include "tests/support/pop.h"
#include "tests/support/unbound.h"

using namespace skerry;
using namespace skerry::testing;

namespace {

struct Network24 {
  std::string subnet;  // "20.1.2.0/24"
  core::IpAddress ip;
  int scope;            // of the router's answer
  std::string address;  // in it
};

struct ResolverAndRouter {
  TempDir folder;
  const std::uint16_t dns = free_port(), admin = free_port(), resolver = free_port();
  std::unique_ptr<Process> router, unbound;

  ResolverAndRouter() {
    router = std::make_unique<Process>(
        Command{{program("skerry-router"), "--config", folder.write("router.toml", config())}, {}, {}});
    router->wait_for_line("listening on admin");
    const std::string at = "127.0.0.1@";
    const UnboundOptions options{at + std::to_string(resolver), "cdn.example", {at + std::to_string(dns)}, "127.0.0.1"};
    unbound = std::make_unique<Process>(
        Command{unbound_command(folder.write("unbound.conf", unbound_config(options))), {}, {}});
    unbound->wait_for_line("start of service");
  }

  // Coordinates and PoPs in blocks of many sizes, nested, with a hole in the middle of 20.128.0.0/9.
  std::string config() const {
    std::string text = "[router]\nlisten = [\"127.0.0.1:" + std::to_string(dns) +
                       "\"]\nadmin_listen = \"127.0.0.1:" + std::to_string(admin) +
                       "\"\nworkers = 1\n[probe]\nkind = \"none\"\n[router.clients]\n"
                       "\"20.0.0.0/9\" = \"51 0\"\n\"20.64.0.0/12\" = \"sin\"\n\"20.66.0.0/15\" = \"40 -74\"\n"
                       "\"20.128.0.0/10\" = \"nyc\"\n\"20.192.0.0/18\" = \"lon\"\n\"20.200.7.0/24\" = \"sin,lon\"\n"
                       "[[zone]]\nname = \"cdn.example\"\nns = [\"ns.example\"]\n"
                       "[[zone.dynamic]]\nname = \"www\"\nttl = \"1h\"\n";
    const std::tuple<const char*, const char*, const char*> pops[] = {
        {"lon", "latitude = 51.5\nlongitude = -0.1\n", "203.0.113.1"},
        {"nyc", "latitude = 40.7\nlongitude = -74.0\n", "203.0.113.2"},
        {"sin", "latitude = 1.35\nlongitude = 103.8\n", "203.0.113.3"}};
    for (const auto& [name, place, address] : pops) {
      text += std::string("[[pop]]\nname = \"") + name + "\"\n" + place + "[[pop.edge]]\nname = \"" + name +
              "-1\"\naddresses = [\"" + address + "\"]\n";
    }
    return text;
  }

  // One dig for all of them, of the router or of the resolver.
  std::string ask(std::uint16_t port, const std::vector<Network24>& clients, const char* format) const {
    std::string batch;
    for (const Network24& client : clients) batch += "www.cdn.example A +subnet=" + client.subnet + "\n";
    const Finished asked = run({{"dig", format, "+tries=2", "+time=5", "-p", std::to_string(port), "@127.0.0.1", "-f",
                                 folder.write("batch", batch)},
                                {},
                                {}});
    BOOST_REQUIRE_MESSAGE(asked.exit_code == 0, asked.output);
    return asked.output;
  }

  // What the router says to them when it is asked without a resolver.
  void locate(std::vector<Network24>& clients) const {
    std::istringstream lines(ask(dns, clients, "+nostats"));
    std::size_t at = 0;
    for (std::string line; std::getline(lines, line);) {
      if (const auto option = line.find("CLIENT-SUBNET: "); option != std::string::npos) {
        clients.at(at).scope = std::atoi(line.c_str() + line.rfind('/') + 1);
      }
      const auto record = line.find("\tA\t");
      if (record != std::string::npos && line[0] != ';') clients.at(at++).address = line.substr(record + 3);
    }
    BOOST_REQUIRE_EQUAL(at, clients.size());
  }

  double queries() const {
    std::istringstream page(get(admin, "/metrics").body);
    double sum = 0;
    for (std::string line; std::getline(page, line);) {
      if (line.starts_with("skerry_dns_queries_total{")) sum += std::strtod(line.c_str() + line.rfind(' '), nullptr);
    }
    return sum;
  }

  static std::vector<Network24> some_clients(int count) {
    std::vector<Network24> clients;
    core::Random random(4);
    for (int i = 0; i < count; ++i) {
      const auto octet = [&] { return static_cast<std::uint8_t>(random.below(256)); };
      // Every fourth from a small part of the map, where a scope cut too short or too wide would show.
      const std::uint8_t second = i % 4 ? octet() : static_cast<std::uint8_t>(64 + random.below(4));
      const auto ip = core::IpAddress::v4({20, second, octet(), 0});
      clients.push_back({ip.to_string() + "/24", ip, -1, {}});
    }
    return clients;
  }

  // Queries that a resolver needs that keeps each answer for everybody inside its scope.
  static int needed(const std::vector<Network24>& clients) {
    std::vector<core::IpNetwork> kept;
    int asked = 0;
    for (const Network24& client : clients) {
      const bool covered =
          std::any_of(kept.begin(), kept.end(), [&](const auto& net) { return net.contains(client.ip); });
      if (covered) continue;
      ++asked;
      kept.push_back({client.ip, std::min(client.scope, 24)});
    }
    return asked;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ecs_resolver)

BOOST_FIXTURE_TEST_CASE(every_client_behind_unbound_gets_its_own_pop_for_the_queries_that_the_scopes_promise,
                        ResolverAndRouter) {
  std::vector<Network24> clients = some_clients(400);
  locate(clients);
  std::string expected;
  for (const Network24& client : clients) expected += client.address + "\n";
  for (const char* address : {"203.0.113.1\n", "203.0.113.2\n", "203.0.113.3\n"}) {
    BOOST_TEST(expected.find(address) != std::string::npos, "every PoP is somebody's");
  }
  const int promised = needed(clients);
  BOOST_TEST((promised >= 6 && promised < 40), promised << " queries for 400 clients");
  const double before = queries();
  BOOST_TEST((ask(resolver, clients, "+short") == expected));
  BOOST_TEST(queries() - before == promised);
  BOOST_TEST((ask(resolver, clients, "+short") == expected), "the same out of the resolver's cache");
  BOOST_TEST(queries() - before == promised);
}

BOOST_AUTO_TEST_SUITE_END()
