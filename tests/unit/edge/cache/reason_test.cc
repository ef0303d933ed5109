#include "edge/reason.h"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "core/http/list.h"

namespace skerry::edge {
namespace {

using Names = std::vector<std::pair<std::string_view, std::string_view>>;

void check_names(const Names& names) {
  std::set<std::string_view> seen;
  for (const auto& [found, expected] : names) {
    BOOST_TEST(found == expected);
    BOOST_TEST(http::is_token(found));
    BOOST_TEST(seen.insert(found).second);
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(reasons)

BOOST_AUTO_TEST_CASE(every_reason_and_outcome_has_a_name_of_its_own_that_is_a_token) {
#define X(id, text) {name(Reason::id), text},
  check_names({SKERRY_REASONS(X)});
#undef X
#define X(id, text) {name(Outcome::id), text},
  check_names({SKERRY_OUTCOMES(X)});
#undef X
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
