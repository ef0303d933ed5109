// Field values made to be expensive: as large as a head may be, contradictory, endless. What is kept of them has
// bounds, and what they cost is counted, not timed.
#include <boost/test/unit_test.hpp>

#include "core/http/structured_fields.h"
#include "edge/cacheability.h"
#include "edge/conditional.h"
#include "edge/range.h"
#include "edge/vary.h"
#include "tests/support/allocation_counter.h"
#include "tests/unit/edge/cache/heads.h"

namespace skerry::edge {
namespace {

using namespace testing;

constexpr std::size_t largest_head = 64 * 1024;

// `unit` again and again, up to what a head may hold.
std::string endless(std::string_view unit, std::size_t size = largest_head) {
  std::string text;
  while (text.size() + unit.size() <= size) text += unit;
  return text;
}

std::string numbered(const std::string& before, const std::string& behind, int count) {
  std::string text;
  for (int i = 0; i < count; ++i) text += before + std::to_string(i) + behind;
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile_fields)

BOOST_AUTO_TEST_CASE(numbers_lists_and_names_without_end_are_cut_at_their_bounds) {
  const std::string nines = endless("9");
  BOOST_TEST(freshness(response({{"Cache-Control", "max-age=" + nines}})).lifetime == http::max_delta_seconds);
  const Freshness old = freshness(response({{"Cache-Control", "max-age=60"}, {"Age", nines}}));
  BOOST_TEST(old.initial_age == http::max_delta_seconds);
  BOOST_TEST(!old.fresh_on_arrival());

  const http::CacheControl named = http::parse_cache_control(
      map_of({{"Cache-Control", "max-age=60, no-cache=\"" + numbered("x", ",", 10'000) + "\""}}));
  BOOST_TEST(named.no_cache);  // too many names: all of the response
  BOOST_TEST(named.no_cache_fields.size() <= http::max_qualified_fields);

  BOOST_TEST(
      !http::parse_cdn_cache_control(map_of({{"CDN-Cache-Control", numbered("k", "=1,", 5'000) + "max-age=60"}})));
  BOOST_TEST(!http::parse_structured_dictionary("a=(" + endless("1 ") + ")").has_value());

  BOOST_TEST(vary_of(map_of({{"Vary", numbered("x-", ",", 10'000)}})).any);
  BOOST_TEST(vary_of(map_of({{"Vary", endless("a,")}})).list == "a");
  std::string key;
  BOOST_TEST(!append_variant(key, "accept-language", map_of({{"Accept-Language", endless("de;q=0.5,")}})));
  BOOST_TEST(key.empty());
}

BOOST_AUTO_TEST_CASE(ten_thousand_ranges_are_none) {
  const std::string spaced = "bytes=" + numbered("", "-,", 10'000);
  BOOST_TEST((parse_range(spaced, 1'000'000).kind == RangeKind::none));
  BOOST_TEST((parse_range("bytes=" + endless("0-9,"), 10).kind == RangeKind::none));
  BOOST_TEST((parse_range("bytes=" + endless("99-,"), 10).kind == RangeKind::none));
  BOOST_TEST((parse_range("bytes=" + endless(",") + "0-1", 10).kind == RangeKind::satisfiable));
}

BOOST_AUTO_TEST_CASE(what_a_hostile_value_costs_does_not_grow_with_it) {
  // Bytes allocated by all decisions about one response and one request, whose fields all hold the same text.
  const auto cost = [](const std::string& text) {
    http::ResponseHead answer = response({{"Cache-Control", text},
                                          {"CDN-Cache-Control", text},
                                          {"Surrogate-Control", text},
                                          {"Vary", text},
                                          {"Age", text},
                                          {"Expires", text},
                                          {"Date", text},
                                          {"Last-Modified", text},
                                          {"ETag", text}});
    const http::RequestHead asked = request({{"Range", text},
                                             {"If-None-Match", text},
                                             {"If-Modified-Since", text},
                                             {"If-Range", text},
                                             {"Cache-Control", text}});
    const ObjectHead stored = object({{"ETag", "\"1\""}});
    const std::size_t before = skerry::testing::allocated_bytes;
    const Freshness known = freshness(answer);
    static_cast<void>(may_store(asked, answer, known, {}));
    static_cast<void>(judge(stored, asked, {}, at(1)));
    static_cast<void>(evaluate(asked, stored));
    static_cast<void>(if_range_holds(asked, stored));
    static_cast<void>(requested_range(asked, 1'000'000));
    static_cast<void>(vary_of(answer.fields));
    return skerry::testing::allocated_bytes - before;
  };
  for (const std::string& text :
       {endless("9"), endless(","), endless("a,"), endless("a=1,"), endless("\""), endless("\"\\"),
        "bytes=" + endless("0-9,"), "no-cache=\"" + endless("x,"), "no-cache=\"" + endless("x,") + "\"",
        endless("W/\"1\","), "max-age=" + endless("9"), endless("max-age=1;skerry,"), endless("private=\"a\",")}) {
    BOOST_TEST_CONTEXT(text.substr(0, 20)) {
      // A copy of the value for each field that is joined before it is parsed, and what the bounds above allow.
      BOOST_TEST(cost(text) <= 16 * largest_head);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
