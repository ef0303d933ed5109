// DNS over HTTPS: which requests are queries, and what the answers say of their age.
#include "routing/doh.h"

#include <boost/test/unit_test.hpp>

using namespace skerry;

BOOST_AUTO_TEST_SUITE(doh_targets)

BOOST_AUTO_TEST_CASE(the_query_is_the_dns_parameter) {
  const std::pair<const char*, std::string> table[] = {
      {"/dns-query?dns=Zm9v", "foo"},
      {"/dns-query?a=b&dns=Zm9v&c", "foo"},
      {"/dns-query?dns=", ""},
      {"/dns-query?dns=Zm9v=", ""},
      {"/dns-query", ""},
      {"/dns-query?xdns=Zm9v", ""},
      {"/dns-query?dns=Zm9v&dns=YmFy", "foo"},
      {"/dns-query?", ""},
  };
  for (const auto& [target, expected] : table) BOOST_TEST(routing::query_in_target(target) == expected, target);
}

BOOST_AUTO_TEST_SUITE_END()
