// The caching functions against a model that never sees a header: a random response is drawn as plain facts, the model
// judges the facts by the sentences of RFC 9111, 5861 and 9213, and the functions judge the header text made of them.
#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <optional>
#include <random>
#include <set>

#include "edge/cacheability.h"
#include "tests/unit/edge/cache/heads.h"

namespace skerry::edge {
namespace {

using namespace testing;
using std::optional;

constexpr std::int64_t invalid = -1;  // of a max-age: text that is no number

// What one of the three control fields says.
struct Control {
  optional<std::int64_t> max_age, s_maxage, stale_while_revalidate, stale_if_error;
  bool no_store = false, no_cache = false, is_private = false, is_public = false;
  bool must_revalidate = false, proxy_revalidate = false;
};

struct Facts {
  Control control;
  optional<Control> cdn;
  bool cdn_is_malformed = false;
  optional<std::int64_t> date, expires, last_modified, age;  // dates relative to the start
  bool expires_is_garbage = false;
  bool etag = false, set_cookie = false, vary_any = false, authorization = false;
  int status = 200;
  bool is_head = false;
  std::int64_t requested = 0, received = 0, now = 0;
};

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}

  bool one_in(unsigned n) { return engine_() % n == 0; }
  std::int64_t from(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(engine_() % static_cast<std::uint64_t>(high - low + 1));
  }
  optional<std::int64_t> maybe(unsigned n, std::int64_t low, std::int64_t high) {
    if (!one_in(n)) return std::nullopt;
    return from(low, high);
  }
  int status() {
    constexpr int choices[] = {200, 200, 200, 203, 206, 299, 301, 302, 304, 404, 500, 503};
    return choices[engine_() % std::size(choices)];
  }

  Control control(bool may_be_invalid) {
    Control drawn;
    drawn.max_age = maybe(2, 0, 120);
    drawn.s_maxage = maybe(5, 0, 120);
    if (drawn.max_age && may_be_invalid && one_in(10)) drawn.max_age = invalid;
    drawn.stale_while_revalidate = maybe(6, 0, 60);
    drawn.stale_if_error = maybe(6, 0, 60);
    drawn.no_store = one_in(15);
    drawn.no_cache = one_in(10);
    drawn.is_private = one_in(15);
    drawn.is_public = one_in(6);
    drawn.must_revalidate = one_in(10);
    drawn.proxy_revalidate = one_in(15);
    return drawn;
  }

  Facts facts() {
    Facts drawn;
    drawn.control = control(true);
    if (one_in(4)) drawn.cdn = control(false);
    drawn.cdn_is_malformed = drawn.cdn && one_in(4);
    drawn.date = maybe(2, -50, 20);
    drawn.expires = maybe(3, -60, 120);
    drawn.expires_is_garbage = drawn.expires && one_in(6);
    drawn.last_modified = maybe(3, -2000, 10);
    drawn.age = maybe(4, 0, 130);
    drawn.etag = one_in(3);
    drawn.set_cookie = one_in(6);
    drawn.vary_any = one_in(15);
    drawn.authorization = one_in(5);
    drawn.status = status();
    drawn.is_head = one_in(15);
    drawn.requested = from(-5, 0);
    drawn.received = drawn.requested + from(0, 8);
    drawn.now = drawn.received + from(0, 200);
    return drawn;
  }

 private:
  std::mt19937_64 engine_;
};

// Header text. Order and spelling vary with the seed, meaning does not.
void add_directives(std::vector<std::string>& out, const Control& control, bool structured) {
  const auto number = [&](const char* name, const optional<std::int64_t>& value) {
    if (!value) return;
    const std::string text = *value == invalid ? "soon" : std::to_string(*value);
    out.push_back(std::string(name) + "=" + (!structured && *value % 3 == 0 ? '"' + text + '"' : text));
  };
  number("max-age", control.max_age);
  number("s-maxage", control.s_maxage);
  number("stale-while-revalidate", control.stale_while_revalidate);
  number("stale-if-error", control.stale_if_error);
  if (control.no_store) out.emplace_back("no-store");
  if (control.no_cache) out.emplace_back("no-cache");
  if (control.is_private) out.emplace_back("private");
  if (control.is_public) out.emplace_back(structured ? "public" : "PUBLIC");
  if (control.must_revalidate) out.emplace_back("must-revalidate");
  if (control.proxy_revalidate) out.emplace_back("proxy-revalidate");
}

Fields fields_of(const Facts& facts, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  Fields fields;
  std::vector<std::string> directives;
  add_directives(directives, facts.control, false);
  directives.emplace_back("x=\"no-store, private\"");
  std::shuffle(directives.begin(), directives.end(), engine);
  for (const std::string& directive : directives) fields.emplace_back("Cache-Control", directive);
  if (facts.cdn) {
    directives.assign({"x"});
    add_directives(directives, *facts.cdn, true);
    if (facts.cdn_is_malformed) directives.emplace_back("Upper=1");
    for (const std::string& directive : directives) fields.emplace_back("CDN-Cache-Control", directive);
  }
  if (facts.date) fields.emplace_back("Date", date(*facts.date));
  if (facts.expires) fields.emplace_back("Expires", facts.expires_is_garbage ? "0" : date(*facts.expires));
  if (facts.last_modified) fields.emplace_back("Last-Modified", date(*facts.last_modified));
  if (facts.age) fields.emplace_back("Age", std::to_string(*facts.age));
  if (facts.etag) fields.emplace_back("ETag", "\"1\"");
  if (facts.set_cookie) fields.emplace_back("Set-Cookie", "a=b");
  if (facts.vary_any) fields.emplace_back("Vary", "Accept, *");
  std::shuffle(fields.begin(), fields.end(), engine);
  return fields;
}

struct Expected {
  std::int64_t lifetime = 0, initial_age = 0;
  bool is_known = false, is_explicit = false;  // a lifetime was given at all; by the origin in words
  bool fresh_on_arrival = false, store = false, share = false, never_stale = false;
  Reuse reuse = Reuse::validate;
  bool stale_when_silent = false, stale_on_error = false;
};

const Control& ruling(const Facts& facts) {
  return facts.cdn && !facts.cdn_is_malformed ? *facts.cdn : facts.control;
}

bool in(int status, const std::set<int>& statuses) {
  return statuses.count(status) == 1;
}

// RFC 9111 4.2.1 and 4.2.2.
void expect_lifetime(const Facts& facts, Expected& expected) {
  const Control& control = ruling(facts);
  const bool is_targeted = &control != &facts.control;
  const std::int64_t origin_clock = facts.date.value_or(facts.received);
  expected.is_known = expected.is_explicit = true;
  if (control.s_maxage) {
    expected.lifetime = *control.s_maxage;
  } else if (control.max_age) {
    expected.lifetime = *control.max_age == invalid ? 0 : *control.max_age;
  } else if (facts.expires && !is_targeted) {
    expected.lifetime = facts.expires_is_garbage ? 0 : std::max<std::int64_t>(0, *facts.expires - origin_clock);
  } else {
    expected.is_explicit = false;
    const bool may_guess =
        control.is_public || in(facts.status, {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501});
    expected.is_known = facts.last_modified && may_guess;
    if (expected.is_known) expected.lifetime = std::max<std::int64_t>(0, origin_clock - *facts.last_modified) / 10;
  }
}

// RFC 9111 4.2.3.
void expect_age(const Facts& facts, Expected& expected) {
  const std::int64_t apparent_age = std::max<std::int64_t>(0, facts.received - facts.date.value_or(facts.received));
  const std::int64_t corrected = facts.age.value_or(0) + facts.received - facts.requested;
  expected.initial_age = std::max(apparent_age, corrected);
  expected.fresh_on_arrival = !ruling(facts).no_cache && expected.lifetime > expected.initial_age;
}

// RFC 9111 3 and 3.5, and what we add: no use, no storing; cookies need an explicit lifetime or no-cache.
void expect_storing(const Facts& facts, Expected& expected) {
  const Control& control = ruling(facts);
  const bool authorized = !facts.authorization || control.is_public || control.must_revalidate || control.s_maxage;
  const bool permitted = !facts.is_head && facts.status != 206 && facts.status != 304 && !control.no_store &&
                         !control.is_private && !facts.vary_any && authorized &&
                         (!facts.set_cookie || expected.is_explicit || control.no_cache);
  const bool by_status = control.is_public || in(facts.status, {200, 203, 301, 404});
  const bool has_validator = facts.etag || facts.last_modified;
  const bool has_window = control.stale_while_revalidate.value_or(0) > 0 || control.stale_if_error.value_or(0) > 0;
  const bool useful_stale = facts.status < 500 && (expected.is_known || (control.no_cache && by_status)) &&
                            (has_validator || (has_window && !control.no_cache));
  expected.store = permitted && (expected.fresh_on_arrival || useful_stale);
  expected.share = permitted && expected.fresh_on_arrival;
}

// RFC 9111 4.2.4 and RFC 5861.
void expect_reuse(const Facts& facts, Expected& expected) {
  const Control& control = ruling(facts);
  const std::int64_t swr = control.stale_while_revalidate.value_or(0), sie = control.stale_if_error.value_or(0);
  expected.never_stale = control.must_revalidate || control.proxy_revalidate ||
                         (control.s_maxage && !control.stale_while_revalidate && !control.stale_if_error);
  const std::int64_t stale_for = expected.initial_age + facts.now - facts.received - expected.lifetime;
  if (control.no_cache) {
    expected.reuse = Reuse::validate;
    return;
  }
  if (stale_for < 0) {
    expected.reuse = Reuse::fresh;
    expected.stale_when_silent = expected.stale_on_error = true;
    return;
  }
  if (expected.never_stale) return;
  if (stale_for < swr) expected.reuse = Reuse::stale_while_revalidate;
  expected.stale_when_silent = stale_for < std::max<std::int64_t>(sie, 100);
  expected.stale_on_error = stale_for < sie;
}

void compare(const Facts& facts, const Expected& expected, std::uint64_t seed) {
  CachePolicy policy;
  policy.max_stale = seconds(100);
  http::ResponseHead answer = response(fields_of(facts, seed), facts.status);
  const http::RequestHead asked = request(facts.authorization ? Fields{{"Authorization", "x"}} : Fields{},
                                          facts.is_head ? http::Method::head : http::Method::get);
  const Freshness found = freshness_of(answer, policy, at(facts.requested), at(facts.received));
  BOOST_REQUIRE_EQUAL(found.lifetime.count(), expected.lifetime);
  BOOST_REQUIRE_EQUAL(found.initial_age.count(), expected.initial_age);
  BOOST_REQUIRE_EQUAL(found.is_explicit(), expected.is_explicit);
  BOOST_REQUIRE_EQUAL(found.never_stale, expected.never_stale);
  BOOST_REQUIRE_EQUAL(found.fresh_on_arrival(), expected.fresh_on_arrival);
  const Storable storable = may_store(asked, answer, found, policy);
  BOOST_TEST_CONTEXT(name(storable.why)) {
    BOOST_REQUIRE_EQUAL(storable.store, expected.store);
  }
  BOOST_REQUIRE_EQUAL(is_shareable_for_followers(asked, answer, found, policy), expected.share);
  const ObjectHead stored =
      make_object_head(asked, std::move(answer), found, {at(facts.requested), at(facts.received), 1});
  BOOST_REQUIRE(judge(stored, asked, policy, at(facts.now)).reuse == expected.reuse);
  BOOST_REQUIRE_EQUAL(may_serve_stale(stored, policy, Failure::no_answer, at(facts.now)), expected.stale_when_silent);
  BOOST_REQUIRE_EQUAL(may_serve_stale(stored, policy, Failure::server_error, at(facts.now)), expected.stale_on_error);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(caching_model)

BOOST_AUTO_TEST_CASE(random_responses_are_judged_as_the_rfcs_say) {
  int stored = 0, fresh = 0, stale = 0;
  for (std::uint64_t seed = 1; seed <= 20'000; ++seed) {
    const Facts facts = Draw(seed).facts();
    Expected expected;
    expect_lifetime(facts, expected);
    expect_age(facts, expected);
    expect_storing(facts, expected);
    expect_reuse(facts, expected);
    BOOST_TEST_CONTEXT("seed " << seed) {
      compare(facts, expected, seed);
    }
    stored += expected.store;
    fresh += expected.reuse == Reuse::fresh;
    stale += expected.reuse == Reuse::stale_while_revalidate;
  }
  // The draw reaches every branch often enough to mean something.
  BOOST_TEST(stored > 2000);
  BOOST_TEST(fresh > 500);
  BOOST_TEST(stale > 100);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
