// Routing over HTTP: who is sent where, and that nobody is sent elsewhere.
#include "routing/http_router.h"

#include <boost/test/unit_test.hpp>
#include <map>

#include "core/http/client.h"
#include "core/loop/simulation.h"
#include "routing/net_map.h"

namespace {

using namespace skerry;
using namespace skerry::routing;
using namespace std::chrono_literals;

core::IpAddress ip(std::string_view text) {
  return core::IpAddress::parse(text).value();
}

struct Source final : HttpRoutingSource {
  std::vector<Pop> all = {{"lon", {51.5, -0.1}, 0}, {"sin", {1.35, 103.8}, 0}};
  AnswerTable table;
  HttpRoutingSettings settings;

  Source() {
    std::uint8_t host = 0;
    for (Pop& pop : all) {
      for (int i = 1; i <= 3; ++i) {
        Edge edge{pop.name + std::to_string(i), {core::IpAddress::v4({203, 0, 113, ++host})}};
        edge.url = "https://" + edge.name + ".example.net";
        pop.edges.push_back(std::move(edge));
      }
    }
    settings.hosts = {{"www.example.com", {"/video/*", "*.iso"}}};
    settings.trusted = {core::IpNetwork::parse("10.0.0.0/8").value()};
    select(EdgeStates(2, {true, true, true}));
  }
  void select(const EdgeStates& up) {
    std::vector<NetMapProblem> problems;
    NetMap map = parse_net_map("192.0.2.0/24 lon\n198.51.100.0/24 sin\n20.0.0.0/8 sin\ndefault lon\n", all, problems);
    table = AnswerTable::select(GeoMap::compile(std::move(map), all), all, up, 3);
  }
  const AnswerTable& answer_table() const override { return table; }
  const std::vector<Pop>& pops() const override { return all; }
  const HttpRoutingSettings& http_settings() const override { return settings; }
};

struct Fixture {
  core::Simulation simulation{3, core::WallTime{}};
  core::SimulatedHost& router = simulation.add_host("router", ip("10.0.0.1"));
  core::SimulatedHost& proxy = simulation.add_host("proxy", ip("10.0.0.2"));
  core::SimulatedHost& client = simulation.add_host("client", ip("20.1.2.3"));
  Source source;
  HttpRouter service{source};
  std::unique_ptr<http::Server> server =
      std::move(http::Server::listen(router.worker(), {router.ip(), 80}, {}, nullptr, service)).value();

  http::SimpleResponse ask(core::SimulatedHost& from, const std::string& host, const std::string& path,
                           const std::string& forwarded_for = {}, const char* method = "GET") {
    http::SimpleRequest request;
    request.address = {router.ip(), 80};
    request.head.method = http::method_of(method);
    request.head.method_text = method;
    request.head.authority = host;
    request.head.path = path;
    if (!forwarded_for.empty()) request.head.fields.add("X-Forwarded-For", forwarded_for);
    std::optional<http::SimpleResponse> answer;
    const auto call = http::SimpleCall::start(from.worker(), std::move(request), [&](auto response) {
      answer = response.ok() ? std::move(response).value() : http::SimpleResponse{};
    });
    simulation.run_until([&] { return answer.has_value(); }, 10s);
    BOOST_REQUIRE(answer.has_value());
    return *answer;
  }
  static std::string location(const http::SimpleResponse& response) {
    return std::string(response.head.fields.find(http::HeaderId::location).value_or(""));
  }
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(http_routing, Fixture)

BOOST_AUTO_TEST_CASE(a_client_is_redirected_to_an_edge_of_its_pop_with_path_and_query) {
  const auto answer = ask(client, "www.example.com", "/a/b?c=%20d");
  BOOST_TEST(answer.head.status == 302);
  BOOST_TEST(location(answer).starts_with("https://sin"), location(answer));
  BOOST_TEST(location(answer).ends_with(".example.net/a/b?c=%20d"), location(answer));
  BOOST_TEST(answer.head.fields.find(http::HeaderId::cache_control).value_or("") == "private, max-age=30");
  BOOST_TEST(ask(client, "www.example.com:8080", "/", {}, "HEAD").head.status == 302);
  BOOST_TEST(ask(client, "www.example.com", "/", {}, "POST").head.status == 307, "method and body are kept");
  BOOST_TEST(service.counts().redirected == 3u);
}

// DNS gives all three edges of the PoP to everybody of 0.0.0.0/1; a redirect leads to one of them.
BOOST_AUTO_TEST_CASE(clients_of_one_wide_block_are_shared_out_over_the_edges) {
  std::map<std::string, int> given;
  for (int i = 0; i < 240; ++i) {
    const auto client = core::IpAddress::v4({20, static_cast<std::uint8_t>(i), 1, 1});
    BOOST_TEST(source.table.locate(client).block < AnswerTable::capped_v4);
    const auto decision = decide_http(source.table, source.all, client, "/", false);
    BOOST_REQUIRE(decision.edge);
    BOOST_TEST(decision.scope == AnswerTable::capped_v4);
    ++given[decision.edge->name];
  }
  BOOST_TEST(given.size() == 3u);
  for (const auto& [name, count] : given) BOOST_TEST((count > 50 && count < 110), name << ": " << count);
}

BOOST_AUTO_TEST_CASE(nobody_is_sent_to_a_host_that_is_not_configured) {
  for (const char* path : {"//evil.example/", "/\\evil.example", "/@evil.example/", "/%0d%0aLocation:%20x"}) {
    const auto answer = ask(client, "www.example.com", path);
    BOOST_TEST(answer.head.status == 302);
    BOOST_TEST(location(answer).starts_with("https://sin"), location(answer));
    BOOST_TEST(location(answer).find(".example.net/") != std::string::npos, location(answer));
  }
  for (const char* host : {"evil.example", "www.example.com.evil.example", "xwww.example.com"}) {
    const auto answer = ask(client, host, "/");
    BOOST_TEST(answer.head.status == 421, host);
    BOOST_TEST(location(answer).empty());
  }
  BOOST_TEST(service.counts().misdirected == 3u);
}

BOOST_AUTO_TEST_CASE(x_forwarded_for_counts_from_trusted_networks_only) {
  BOOST_TEST(location(ask(client, "www.example.com", "/", "192.0.2.1")).starts_with("https://sin"), "not trusted");
  BOOST_TEST(location(ask(proxy, "www.example.com", "/", "192.0.2.1")).starts_with("https://lon"));
  BOOST_TEST(location(ask(proxy, "www.example.com", "/", "198.51.100.1")).starts_with("https://sin"));
  const struct {
    const char* forwarded_for;
    const char* client;
  } rows[] = {{"", "10.0.0.2"},
              {"192.0.2.1", "192.0.2.1"},
              {"1.1.1.1, 192.0.2.1", "192.0.2.1"},
              {"192.0.2.1, 10.9.9.9", "192.0.2.1"},
              {"10.1.1.1,10.9.9.9", "10.1.1.1"},
              {"192.0.2.1, nonsense", "10.0.0.2"},
              {"nonsense, 10.9.9.9", "10.9.9.9"},
              {"::ffff:192.0.2.1", "192.0.2.1"},
              {" , ,", "10.0.0.2"}};
  for (const auto& row : rows) {
    const auto found = client_behind(ip("10.0.0.2"), row.forwarded_for, source.settings.trusted);
    BOOST_TEST(found.to_string() == row.client, row.forwarded_for);
  }
}

BOOST_AUTO_TEST_CASE(a_large_object_goes_to_one_edge_of_the_pop_and_mostly_to_the_one_that_owns_it) {
  std::map<std::string, int> given;
  int own = 0;
  for (int i = 0; i < 300; ++i) {
    const std::string path = "/video/" + std::to_string(i) + ".mp4";
    const auto one = decide_http(source.table, source.all, ip("20.1.2.3"), path, true);
    const auto two = decide_http(source.table, source.all, ip("198.51.100.77"), path, true);
    BOOST_REQUIRE(one.edge && two.edge);
    BOOST_TEST(one.location == two.location, "everybody of the PoP");
    ++given[one.edge->name];
    std::vector<ring::Member> members;
    for (const Edge& edge : source.all[1].edges) members.push_back({edge.name, edge.weight});
    const ring::Ring ring(members);
    std::array<std::uint16_t, 1> owner;
    ring.ordered(ring::Ring::hash_key(one.location), owner);
    own += ring.member(owner[0]).name == one.edge->name;
  }
  BOOST_TEST(given.size() == 3u);
  for (const auto& [name, count] : given) BOOST_TEST((count > 60 && count < 140), name << ": " << count);
  BOOST_TEST(own > 180, own << " of 300; two thirds and a bit are expected of three edges");
  ask(client, "www.example.com", "/files/big.iso");
  BOOST_TEST(service.counts().to_owner == 1u);
}

BOOST_AUTO_TEST_CASE(a_lost_edge_is_not_sent_to) {
  source.select({{true, true, true}, {false, true, false}});
  for (int i = 0; i < 20; ++i) {
    const std::string path = "/video/" + std::to_string(i);
    BOOST_TEST(location(ask(client, "www.example.com", path)) == "https://sin2.example.net" + path);
    BOOST_TEST(location(ask(client, "www.example.com", "/")) == "https://sin2.example.net/");
  }
}

BOOST_AUTO_TEST_CASE(route_tells_as_json_where_a_client_would_be_sent) {
  const auto own = ask(client, "10.0.0.1", "/route?url=http%3a%2f%2fwww.example.com%2fa");
  BOOST_TEST(own.head.status == 200, own.body);
  BOOST_TEST(own.body.find(R"("pop": "sin")") != std::string::npos, own.body);
  BOOST_TEST(own.body.find("\"scope\":") != std::string::npos, own.body);
  const auto other = ask(proxy, "10.0.0.1", "/route?ip=192.0.2.7&url=http://www.example.com/a");
  BOOST_TEST(other.body.find(R"("pop": "lon")") != std::string::npos, other.body);
  const struct {
    const char* path;
    int status;
  } rows[] = {{"/route?ip=192.0.2.7&url=http://www.example.com/", 403},
              {"/route?ip=20.1.2.3&url=http://www.example.com/", 200},
              {"/route?ip=nobody&url=http://www.example.com/", 400},
              {"/route", 400},
              {"/route?", 400},
              {"/route?url=", 400},
              {"/route?url=ftp://www.example.com/", 400},
              {"/route?url=http://evil.example/", 404},
              {"/route?url=%", 400},
              {"/route?url=%2", 400},
              {"/routes", 421}};
  for (const auto& row : rows) BOOST_TEST(ask(client, "10.0.0.1", row.path).head.status == row.status, row.path);
  BOOST_TEST(ask(client, "10.0.0.1", "/route?url=http://www.example.com/", {}, "DELETE").head.status == 405);
}

BOOST_AUTO_TEST_CASE(patterns_match_with_any_number_of_stars) {
  const struct {
    const char* pattern;
    const char* path;
    bool matches;
  } rows[] = {{"/video/*", "/video/a/b?c", true},
              {"/video/*", "/video/", true},
              {"/video/*", "/videos/", false},
              {"*.iso", "/a/b.iso", true},
              {"*.iso", "/a.iso?x", false},
              {"*", "", true},
              {"", "", true},
              {"", "/", false},
              {"/a*b*c", "/aXXbYYbZc", true},
              {"/a*b*c", "/aXXbYYbZ", false},
              {"***", "/anything", true},
              {"/a", "/a", true},
              {"/a", "/ab", false}};
  for (const auto& row : rows) BOOST_TEST(matches_pattern(row.pattern, row.path) == row.matches, row.pattern);
}

BOOST_AUTO_TEST_SUITE_END()
