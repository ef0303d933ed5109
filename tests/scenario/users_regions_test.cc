// Content for several regions: two PoPs of two edges each, a router that sends everyone to their own, one origin far
// away.
#include <boost/test/unit_test.hpp>

#include "tests/support/dig.h"
#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

struct TwoRegions {
  struct Region {
    const char* name;
    const char* subnet;
    const char* place;
    std::vector<std::string> addresses;
    std::vector<std::unique_ptr<EdgeProcess>> edges;
  };
  TempDir folder;
  OriginProcess origin;
  std::vector<Region> regions;
  std::uint16_t dns = free_port();
  std::unique_ptr<Process> router;

  TwoRegions() {
    regions.push_back({"eu", "192.0.2.0/24", "latitude = 51.5\nlongitude = -0.1\n", {"127.0.0.1", "127.0.0.2"}, {}});
    regions.push_back(
        {"as", "198.51.100.0/24", "latitude = 35.7\nlongitude = 139.7\n", {"127.0.0.3", "127.0.0.4"}, {}});
    for (Region& region : regions) start(region);
    router = std::make_unique<Process>(
        Command{{program("skerry-router"), "--config", folder.write("router.toml", config())}, {}, {}});
    router->wait_for_line("listen");
  }

  void start(Region& region) {
    EdgeOptions options;
    options.origin = origin.url();
    for (int i = 0; i < 2; ++i) options.members.push_back({region.name + std::to_string(i), free_port()});
    for (std::size_t i = 0; i < 2; ++i) {
      options.name = options.members[i].name;
      options.address = "0.0.0.0";  // its own address and, for this test's clients, 127.0.0.1
      region.edges.push_back(std::make_unique<EdgeProcess>(folder, options));
    }
  }

  std::string config() const {
    std::string text = "[router]\nlisten = [\"127.0.0.1:" + std::to_string(dns) +
                       "\"]\nadmin_listen = \"127.0.0.1:" + std::to_string(free_port()) +
                       "\"\nworkers = 1\n[router.clients]\n\"192.0.2.0/24\" = \"eu,as\"\n"
                       "\"198.51.100.0/24\" = \"as,eu\"\n"
                       "[probe]\ninterval = \"400ms\"\ntimeout = \"300ms\"\nup = 1\ndown = 1\n"
                       "[[zone]]\nname = \"cdn.example\"\nns = [\"ns.example\"]\n"
                       "[[zone.dynamic]]\nname = \"www\"\n";
    for (const Region& region : regions) {
      text += std::string("[[pop]]\nname = \"") + region.name + "\"\n" + region.place;
      for (std::size_t i = 0; i < region.edges.size(); ++i) {
        text += "[[pop.edge]]\nname = \"" + region.edges[i]->options().name + "\"\naddresses = [\"" +
                region.addresses[i] + "\"]\nport = " + std::to_string(region.edges[i]->port()) + "\n";
      }
    }
    return text;
  }

  std::vector<std::string> sent_to(const char* subnet) const {
    return dig(dns, {std::string("+subnet=") + subnet, "www.cdn.example", "A"});
  }
  // Every look is a query of its own: probes change the answer, not time.
  bool becomes(const char* subnet, const std::vector<std::string>& addresses) const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (sent_to(subnet) != addresses && std::chrono::steady_clock::now() < deadline) {
    }
    return sent_to(subnet) == addresses;
  }
  // What clients of a region see when they ask each of the edges they were sent to.
  int served(const Region& region, int first, int last) const {
    int whole = 0;
    for (const auto& edge : region.edges) {
      HttpConnection connection(edge->port());
      for (int i = first; i < last; ++i) {
        connection.send(get_text("/_gen/10k/" + std::to_string(i)));
        whole += connection.read_reply().body.size() == 10 * 1024;
      }
    }
    return whole;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(users_regions)

BOOST_FIXTURE_TEST_CASE(each_region_is_sent_to_its_pop_and_each_pop_asks_the_origin_once, TwoRegions) {
  for (const Region& region : regions) BOOST_TEST(becomes(region.subnet, region.addresses));
  for (const Region& region : regions) {
    origin.reset_counts();
    BOOST_TEST(served(region, 0, 50) == 100);
    BOOST_TEST(origin.requests() == 50u);
  }
  origin.reset_counts();
  for (const Region& region : regions) BOOST_TEST(served(region, 0, 50) == 100);
  BOOST_TEST(origin.requests() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_region_that_is_lost_is_served_by_the_other_one, TwoRegions) {
  BOOST_TEST(becomes("192.0.2.0/24", {"127.0.0.1", "127.0.0.2"}));
  BOOST_TEST(served(regions[1], 0, 20) == 40);
  for (const auto& edge : regions[0].edges) edge->kill();
  BOOST_TEST(becomes("192.0.2.0/24", {"127.0.0.3", "127.0.0.4"}));
  origin.reset_counts();
  BOOST_TEST(served(regions[1], 0, 20) == 40);
  BOOST_TEST(origin.requests() == 0u);
  for (const auto& edge : regions[0].edges) edge->start();
  BOOST_TEST(becomes("192.0.2.0/24", {"127.0.0.1", "127.0.0.2"}));
}

BOOST_AUTO_TEST_SUITE_END()
