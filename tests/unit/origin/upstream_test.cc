#include "origin/upstream.h"

#include <boost/test/unit_test.hpp>

#include "origin/upstream_state.h"

namespace {

using namespace skerry;
using namespace std::chrono_literals;

origin::UpstreamConfig one(std::string url) {
  origin::UpstreamConfig config;
  config.urls = {std::move(url)};
  return config;
}

BOOST_AUTO_TEST_SUITE(upstream)

BOOST_AUTO_TEST_CASE(urls_become_scheme_host_and_port) {
  const auto plain = origin::parse_upstream_url("http://Origin.Example.com");
  BOOST_REQUIRE(plain.ok());
  BOOST_TEST(plain->host == "origin.example.com");
  BOOST_TEST(plain->port == 80);
  BOOST_TEST(plain->authority == "origin.example.com");
  BOOST_TEST(!plain->address.has_value());

  const auto secure = origin::parse_upstream_url("https://[2001:db8::1]:8443/");
  BOOST_REQUIRE(secure.ok());
  BOOST_TEST((secure->scheme == http::Scheme::https));
  BOOST_TEST(secure->host == "2001:db8::1");
  BOOST_TEST(secure->port == 8443);
  BOOST_TEST(secure->text == "https://[2001:db8::1]:8443");
  BOOST_TEST(secure->address.has_value());

  BOOST_TEST(origin::parse_upstream_url("https://10.0.0.1:443")->authority == "10.0.0.1");
}

BOOST_AUTO_TEST_CASE(urls_that_could_be_read_two_ways_are_refused_by_name) {
  for (const std::string_view url :
       {"origin.example.com", "ftp://a", "http://", "http://a:0", "http://a:65536", "http://a:80x", "http://a/b",
        "http://a?b", "http://a#b", "http://u@a", "http://[::1", "http://::1", "http://[10.0.0.1]", "http://a b",
        "http://.a", "http://a:", "http://a\r\nb", "http://[::1]80"}) {
    const auto parsed = origin::parse_upstream_url(url);
    BOOST_TEST_CONTEXT(url) {
      BOOST_REQUIRE(!parsed.ok());
      BOOST_TEST((parsed.error().code == core::ErrorCode::invalid_configuration));
      BOOST_TEST(parsed.error().detail.find(url) != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(group_refuses_limits_that_could_never_work) {
  BOOST_TEST(!origin::UpstreamGroup::create({}, 1).ok());
  auto none = one("http://a");
  none.connections = 0;
  BOOST_TEST(!origin::UpstreamGroup::create(none, 1).ok());
  auto hasty = one("http://a");
  hasty.connect_timeout = 0s;
  BOOST_TEST(!origin::UpstreamGroup::create(hasty, 1).ok());
  auto crowd = one("http://a");
  crowd.urls.assign(65, "http://a");
  BOOST_TEST(!origin::UpstreamGroup::create(crowd, 1).ok());
}

BOOST_AUTO_TEST_CASE(late_targets_are_known_until_they_are_removed) {
  origin::LateTargets targets;
  BOOST_TEST(!targets.has(7));
  targets.add(7);
  targets.add(7);
  targets.remove(7);
  BOOST_TEST(targets.has(7));  // another probe still waits for it
  targets.remove(7);
  BOOST_TEST(!targets.has(7));
  for (std::uint64_t target = 1; target <= 9; ++target) targets.add(target);
  BOOST_TEST(targets.has(9));  // in the place of the first
  BOOST_TEST(!targets.has(1));
  BOOST_TEST(targets.has(8));
}

BOOST_AUTO_TEST_CASE(status_names_every_upstream_in_order) {
  auto config = one("http://10.0.0.11:8090");
  config.urls.emplace_back("http://b.example");
  const auto group = origin::UpstreamGroup::create(config, 2);
  BOOST_REQUIRE(group.ok());
  const auto status = group.value()->status();
  BOOST_REQUIRE(status.size() == 2u);
  BOOST_TEST(status[0].url == "http://10.0.0.11:8090");
  BOOST_TEST(status[1].url == "http://b.example");
  BOOST_TEST(!group.value()->all_ejected(core::TimePoint()));
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
