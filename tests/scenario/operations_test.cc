// What operators use: health, metrics that Prometheus accepts, the ring, explain, and the skerry command.
#include <boost/test/unit_test.hpp>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

struct OnePop {
  PopOfThree pop{PopOfThree::Tiers::memory_only};

  Finished skerry(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), program("skerry"));
    return run({arguments, {}, {}});
  }
  std::string admin_of(std::size_t edge) { return "127.0.0.1:" + std::to_string(pop.edge(edge).admin_port()); }
};

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(operations)

BOOST_FIXTURE_TEST_CASE(prometheus_accepts_the_metrics, OnePop) {
  get(pop.edge(0).port(), "/_gen/1k/a");
  const TempDir folder;
  const Reply page = get(pop.edge(0).admin_port(), "/metrics");
  BOOST_TEST(page.status == 200);
  const std::string file = folder.write("metrics", page.body);
  const Finished checked = run({{"bash", "-c", "promtool check metrics <" + file}, {}, {}});
  BOOST_TEST(checked.exit_code == 0, checked.output);
  BOOST_TEST(pop.edge(0).metric("skerry_requests_total") >= 1);
}

BOOST_FIXTURE_TEST_CASE(a_running_edge_is_healthy_and_ready, OnePop) {
  BOOST_TEST(get(pop.edge(0).admin_port(), "/healthz").status == 200);
  BOOST_TEST(get(pop.edge(0).admin_port(), "/readyz").status == 200);
  BOOST_TEST(get(pop.edge(0).port(), "/.well-known/skerry/ready").status == 200);
}

BOOST_FIXTURE_TEST_CASE(all_members_name_the_same_owners_in_the_same_order, OnePop) {
  const auto owners = [&](std::size_t edge) {
    const std::string body = get(pop.edge(edge).admin_port(), "/ring?url=http://www.example.com/_gen/1k/a").body;
    std::string order;
    for (std::size_t at = 0; (at = body.find("edge-", at)) != std::string::npos; ++at) order += body[at + 5];
    return order;
  };
  BOOST_TEST(owners(0).size() >= 3u);
  BOOST_TEST(owners(0) == owners(1));
  BOOST_TEST(owners(0) == owners(2));
}

BOOST_FIXTURE_TEST_CASE(the_configuration_is_shown_without_its_secrets, OnePop) {
  const Reply shown = pop.edge(0).admin("GET", "/config");
  BOOST_TEST(contains(shown.body, "edge-1"), shown.body);
  BOOST_TEST(!contains(shown.body, EdgeProcess::token), shown.body);
  BOOST_TEST(!contains(shown.body, "a secret of this test"), shown.body);
}

BOOST_FIXTURE_TEST_CASE(explain_tells_how_a_url_is_answered, OnePop) {
  const Finished before = skerry({"explain", "--admin", admin_of(0), "http://www.example.com/_gen/1k/a"});
  BOOST_TEST(before.exit_code == 0, before.output);
  BOOST_TEST(contains(before.output, "miss"), before.output);
  for (std::size_t i = 0; i < 3; ++i) get(pop.edge(i).port(), "/_gen/1k/a");
  bool hit = false;
  for (std::size_t i = 0; i < 3; ++i) {
    hit =
        hit || contains(skerry({"explain", "--admin", admin_of(i), "http://www.example.com/_gen/1k/a"}).output, "hit");
  }
  BOOST_TEST(hit);
}

BOOST_FIXTURE_TEST_CASE(the_command_purges_on_all_members, OnePop) {
  for (std::size_t i = 0; i < 3; ++i) get(pop.edge(i).port(), "/_gen/1k/a");
  const Finished purged = skerry({"purge", "--admin", admin_of(1), "--token", std::string(EdgeProcess::token),
                                  "http://www.example.com/_gen/1k/a"});
  BOOST_TEST(purged.exit_code == 0, purged.output);
  for (std::size_t i = 0; i < 3; ++i) get(pop.edge(i).port(), "/_gen/1k/a");
  BOOST_TEST(pop.origin().requests() == 2u);
  // The owner had it, and tells what became of it.
  std::string told;
  for (std::size_t i = 0; i < 3; ++i) {
    told += skerry({"explain", "--admin", admin_of(i), "-H", "Accept: */*", "http://www.example.com/_gen/1k/a"}).output;
  }
  BOOST_TEST(contains(told, "by a hard purge of kind url"), told);
}

BOOST_AUTO_TEST_CASE(a_thousand_long_urls_are_purged_in_one_call) {
  TempDir folder;
  OriginProcess origin;
  EdgeOptions options;
  options.origin = origin.url();
  const EdgeProcess edge(folder, options);
  const std::string last = "/_gen/1k/999" + std::string(500, 'a');
  BOOST_TEST(get(edge.port(), last).status == 200);
  BOOST_TEST(get(edge.port(), last).field("X-Cache") == "HIT");
  std::string urls;
  for (int i = 0; i < 1000; ++i) {
    urls.append(i == 0 ? "" : ",").append("\"http://www.example.com/_gen/1k/").append(std::to_string(i));
    urls.append(500, 'a').append("\"");
  }
  const Reply purged = edge.admin("POST", "/purge", "{\"urls\": [" + urls + "]}");
  BOOST_TEST(purged.status == 200, purged.body);
  BOOST_TEST(get(edge.port(), last).field("X-Cache") == "MISS");
  const Reply refused = edge.admin("POST", "/purge", "{\"urls\": [" + urls + ",\"http://www.example.com/x\"]}");
  BOOST_TEST(refused.status == 400, refused.body);
  const std::string endless(3 << 20, 'x');
  BOOST_TEST(edge.admin("POST", "/purge", endless).status == 413);
  BOOST_TEST(request(edge.admin_port(), "POST", "/purge", "", endless).status == 401);
}

BOOST_FIXTURE_TEST_CASE(the_command_purges_several_urls_in_one_call, OnePop) {
  const std::vector<std::string> paths = {"/_gen/1k/a", "/_gen/1k/b", "/_gen/1k/c"};
  for (const std::string& path : paths) get(pop.edge(0).port(), path);
  const Finished purged = skerry({"purge", "--admin", admin_of(1), "--token", std::string(EdgeProcess::token),
                                  "http://www.example.com/_gen/1k/a", "//www.example.com/_gen/1k/b"});
  BOOST_TEST(purged.exit_code == 0, purged.output);
  for (const std::string& path : paths) get(pop.edge(0).port(), path);
  BOOST_TEST(pop.origin().requests("/_gen/1k/a") == 2u);
  BOOST_TEST(pop.origin().requests("/_gen/1k/b") == 2u);
  BOOST_TEST(pop.origin().requests("/_gen/1k/c") == 1u);
  const Finished refused = skerry({"purge", "--admin", admin_of(1), "--token", std::string(EdgeProcess::token),
                                   "http://www.example.com/_gen/1k/c", "nonsense"});
  BOOST_TEST(refused.exit_code != 0, refused.output);
  get(pop.edge(0).port(), "/_gen/1k/c");
  BOOST_TEST(pop.origin().requests("/_gen/1k/c") == 1u);
}

BOOST_FIXTURE_TEST_CASE(the_command_says_which_edge_it_could_not_reach, OnePop) {
  pop.edge(0).kill();
  const Finished told = skerry({"stat", "--admin", admin_of(0)});
  BOOST_TEST(told.exit_code != 0);
  BOOST_TEST(contains(told.output, admin_of(0)), told.output);
}

BOOST_AUTO_TEST_SUITE_END()
