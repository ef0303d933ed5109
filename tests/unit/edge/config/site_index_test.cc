#include "edge/site_index.h"

#include <boost/test/unit_test.hpp>

using skerry::edge::SiteIndex;

BOOST_AUTO_TEST_SUITE(site_index)

BOOST_AUTO_TEST_CASE(exact_names_win_over_the_longest_wildcard_and_that_over_any) {
  SiteIndex index;
  BOOST_TEST(index.add("*", 0));
  BOOST_TEST(index.add("*.example.com", 1));
  BOOST_TEST(index.add("*.eu.example.com", 2));
  BOOST_TEST(index.add("www.example.com", 3));
  BOOST_TEST(index.add("[::1]", 4));
  const std::vector<std::pair<std::string_view, std::size_t>> rows = {
      {"www.example.com", 3},
      {"WWW.Example.COM:8080", 3},
      {"www.example.com.", 3},
      {"www.example.com.:443", 3},
      {"img.example.com", 1},
      {"a.b.example.com", 1},
      {"a.eu.example.com", 2},
      {"eu.example.com", 1},
      {"example.com", 0},
      {".example.com", 0},
      {"notexample.com", 0},
      {"[::1]:80", 4},
      {"", 0},
  };
  for (const auto& [host, site] : rows) BOOST_TEST((index.find(host) == site), host);
}

BOOST_AUTO_TEST_CASE(without_a_star_other_hosts_are_not_found) {
  SiteIndex index;
  BOOST_TEST(index.add("a.example", 0));
  for (const char* host : {"b.example", "a.example.org", "xa.example", "", ":80", "*", "[::1"})
    BOOST_TEST(!index.find(host).has_value(), host);
}

BOOST_AUTO_TEST_CASE(a_host_has_one_spelling_and_a_port_counts_only_where_no_name_was_configured) {
  SiteIndex index;
  for (const char* pattern : {"www.example.com", "*.example.net", "[::1]"}) BOOST_TEST(index.add(pattern, 0));
  const std::vector<std::pair<std::string, std::string>> rows = {
      {"www.example.com", "www.example.com"},
      {"www.example.com.", "www.example.com"},
      {"www.example.com:8080", "www.example.com"},
      {"www.example.com.:8080", "www.example.com"},
      {"img.example.net:8080", "img.example.net"},
      {"[::1]:8080", "[::1]"},
      {"other.example:8080", "other.example:8080"},
      {"other.example.", "other.example"},
      {"other.example.:8080", "other.example:8080"},
      {"[::2]:8080", "[::2]:8080"},
      {"[::2]", "[::2]"},
      {"", ""},
      {"other.example.:80", "other.example"},
      {"other.example:443", "other.example"},
      {"other.example:4430", "other.example:4430"},
      {".", "."},
      {":81", ":81"},
  };
  for (const auto& [given, one] : rows) {
    std::string authority = given;
    index.unify(authority);
    BOOST_TEST(authority == one, given);
  }
}

BOOST_AUTO_TEST_CASE(a_host_is_added_once) {
  SiteIndex index;
  BOOST_TEST(index.add("a.example", 0));
  BOOST_TEST(!index.add("a.example", 1));
  BOOST_TEST(index.add("*", 0));
  BOOST_TEST(!index.add("*", 1));
  BOOST_TEST(index.add("*.example", 2));
  BOOST_TEST(!index.add("*.example", 2));
}

BOOST_AUTO_TEST_CASE(what_is_no_host_pattern_is_refused) {
  using skerry::edge::is_host_pattern;
  for (const char* good : {"*", "*.example.net", "www.example.com", "localhost", "192.0.2.1", "[::1]", "a_b.example"})
    BOOST_TEST(is_host_pattern(good), good);
  for (const char* bad :
       {"", "*.", "*example.com", "a.*.com", "http://a", "a/b", "a:80", "a..b", ".a", "a.", "A.example", "a b"})
    BOOST_TEST(!is_host_pattern(bad), bad);
}

BOOST_AUTO_TEST_SUITE_END()
