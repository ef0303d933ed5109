// DNS cookies and the rate limit that they lift.
#include "routing/cookies.h"

#include <boost/test/unit_test.hpp>

#include "tests/unit/routing/asking.h"

namespace {

using namespace skerry;
using namespace skerry::routing;
using dns::Rcode;
using dns::Type;

std::string bytes(std::string_view hex) {
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    out.push_back(static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16)));
  }
  return out;
}
core::SipKey key(std::string_view hex) {
  core::SipKey key;
  const std::string raw = bytes(hex);
  std::copy(raw.begin(), raw.end(), key.begin());
  return key;
}
core::IpAddress ip(std::string_view text) {
  return core::IpAddress::parse(text).value();
}

const std::string zone = R"(
[[zone]]
name = "example.com"
ns = ["ns.example.net"]
[[zone.record]]
name = "www"
type = "A"
values = ["192.0.2.1"]
)";

struct CookieFixture : testing::Asking {
  CookieFixture() : Asking(zone) {
    routes.cookies = CookieSecrets{key("e5e973e5a6b2a43f48e7dc849e37bfcf"), std::nullopt};
    edns = dns::MessageWriter::Edns{};
    edns->cookie = client;
  }
  // The cookie in the response: the OPT record's last option.
  std::string given() const {
    return std::string(reinterpret_cast<const char*>(packet.data()) + packet.size() - sizeof(Cookie), sizeof(Cookie));
  }
  const std::string client = bytes("2464c4abcf10c957");
};

}  // namespace

BOOST_AUTO_TEST_SUITE(dns_cookies)

// RFC 9018 appendix A.
BOOST_AUTO_TEST_CASE(cookies_are_those_of_the_standard) {
  const struct {
    const char *secret, *client, *address, *cookie;
    std::uint32_t time;
  } table[] = {
      {"e5e973e5a6b2a43f48e7dc849e37bfcf", "2464c4abcf10c957", "198.51.100.100",
       "2464c4abcf10c957010000005cf79f111f8130c3eee29480", 1559731985},
      {"e5e973e5a6b2a43f48e7dc849e37bfcf", "2464c4abcf10c957", "198.51.100.100",
       "2464c4abcf10c957010000005cf7a871d4a564a1442aca77", 1559734385},
      {"e5e973e5a6b2a43f48e7dc849e37bfcf", "fc93fc62807ddb86", "203.0.113.203",
       "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e", 1559734700},
      {"dd3bdf9344b678b185a6f5cb60fca715", "22681ab97d52c298", "2001:db8:220:1:59de:d0f4:8769:82b8",
       "22681ab97d52c298010000005cf7c57926556bd0934c72f8", 1559741817},
      {"445536bcd2513298075a5d379663c962", "22681ab97d52c298", "2001:db8:220:1:59de:d0f4:8769:82b8",
       "22681ab97d52c298010000005cf7c609a6bb79d16625507a", 1559741961},
  };
  for (const auto& row : table) {
    const CookieSecrets secrets{key(row.secret), std::nullopt};
    const Cookie made = make_cookie(secrets, bytes(row.client), ip(row.address), row.time);
    BOOST_TEST(std::string(made.begin(), made.end()) == bytes(row.cookie), row.cookie);
    BOOST_TEST((check_cookie(secrets, bytes(row.cookie), ip(row.address), row.time) == CookieState::fresh));
  }
}

BOOST_AUTO_TEST_CASE(a_cookie_is_good_for_one_address_and_one_hour) {
  const CookieSecrets secrets{key("00112233445566778899aabbccddeeff"), std::nullopt};
  const CookieSecrets changed{key("ffeeddccbbaa99887766554433221100"), secrets.current};
  const CookieSecrets forgotten{changed.current, std::nullopt};
  const auto home = ip("198.51.100.1"), away = ip("198.51.100.2");
  constexpr std::uint32_t made_at = 0xffffff00;  // close to the end of 32 bits: times are serial numbers
  const Cookie made = make_cookie(secrets, "12345678", home, made_at);
  const std::string_view cookie(made.data(), made.size());
  std::string other(cookie);
  other[10] = 1;  // reserved bytes are covered, too
  const std::tuple<const char*, CookieSecrets, std::string_view, core::IpAddress, std::uint32_t, CookieState> table[] =
      {
          {"at once", secrets, cookie, home, made_at, CookieState::fresh},
          {"half an hour later", secrets, cookie, home, made_at + 1800, CookieState::fresh},
          {"later", secrets, cookie, home, made_at + 1801, CookieState::aging},
          {"after an hour", secrets, cookie, home, made_at + 3600, CookieState::aging},
          {"too late", secrets, cookie, home, made_at + 3601, CookieState::none},
          {"a clock five minutes behind", secrets, cookie, home, made_at - 300, CookieState::fresh},
          {"a clock further behind", secrets, cookie, home, made_at - 301, CookieState::none},
          {"another address", secrets, cookie, away, made_at, CookieState::none},
          {"changed", secrets, other, home, made_at, CookieState::none},
          {"only the client's part", secrets, cookie.substr(0, 8), home, made_at, CookieState::none},
          {"made with the previous secret", changed, cookie, home, made_at, CookieState::aging},
          {"made with a forgotten secret", forgotten, cookie, home, made_at, CookieState::none},
      };
  for (const auto& [what, with, presented, from, now, state] : table) {
    BOOST_TEST((check_cookie(with, presented, from, now) == state), what);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_FIXTURE_TEST_SUITE(cookie_answers, CookieFixture)

BOOST_AUTO_TEST_CASE(a_client_that_sends_its_part_gets_ours) {
  BOOST_TEST(ask("www.example.com", Type::a).answers.size() == 1u);
  BOOST_TEST(!last.with_cookie);
  const std::string cookie = given();
  BOOST_TEST(cookie.substr(0, 8) == client);
  edns->cookie = cookie;
  ask("www.example.com", Type::a);
  BOOST_TEST(last.with_cookie);
  BOOST_TEST(given() == cookie, "a fresh one is given back");
  asker.now += 2000;
  ask("www.example.com", Type::a);
  BOOST_TEST(last.with_cookie);
  BOOST_TEST(given() != cookie, "an aging one is replaced");
  routes.cookies.reset();
  ask("www.example.com", Type::a);
  BOOST_TEST(!holds(client), "switched off");
}

BOOST_AUTO_TEST_CASE(a_cookie_of_the_wrong_length_is_a_format_error) {
  for (std::size_t size : {1u, 7u, 9u, 15u, 41u}) {
    const std::string cookie(size, 'x');
    std::array<std::byte, 512> query, response;
    dns::MessageWriter writer(query);
    writer.header(1, 0);
    writer.question(dns::Name::parse("www.example.com").value(), Type::a, dns::Class::in);
    edns->cookie = cookie;
    writer.opt(*edns, Rcode::no_error);
    const auto answered = answer(routes, std::span<const std::byte>(query).first(writer.finish()), asker, response);
    BOOST_TEST((answered.outcome == Outcome::malformed), size);
    BOOST_TEST((std::to_integer<int>(response[3]) & 15) == 1, size);
  }
  const std::string longest(40, 'x');
  edns->cookie = longest;
  BOOST_TEST((ask("www.example.com", Type::a).rcode == Rcode::no_error));
}

// RFC 7873 5.4.
BOOST_AUTO_TEST_CASE(a_query_without_a_question_gets_a_cookie_or_hears_whether_its_own_is_good) {
  std::array<std::byte, 1232> buffer;
  // The whole response code: four bits of the header, eight in the OPT record, which begins behind the header.
  const auto rcode = [&] { return std::to_integer<int>(buffer[17]) << 4 | (std::to_integer<int>(buffer[3]) & 15); };
  const auto present = [&](const std::string& cookie) {
    std::string query = bytes("beef0000000000000000000100002904d00000000000");
    query.append({static_cast<char>(cookie.size() + 4), 0, 10, 0, static_cast<char>(cookie.size())}).append(cookie);
    return answer(routes, std::as_bytes(std::span(query)), asker, buffer);
  };
  const auto half = present(client);
  BOOST_TEST((half.outcome == Outcome::cookie));
  BOOST_TEST(half.size == 12u + 11u + 4u + 24u);
  BOOST_TEST(rcode() == 0);
  const std::string given(reinterpret_cast<const char*>(buffer.data()) + half.size - 24, 24);
  BOOST_TEST((present(given).with_cookie && rcode() == 0), "a good one is confirmed");
  const auto wrong = present(client + std::string(16, 'x'));
  BOOST_TEST((wrong.outcome == Outcome::cookie));
  BOOST_TEST(rcode() == 23, "BADCOOKIE");
  BOOST_TEST(wrong.size == half.size, "and the right one comes with it");
  routes.cookies.reset();
  BOOST_TEST((present(client).outcome == Outcome::malformed), "without cookies it is a query without a question");
  BOOST_TEST(rcode() == 1);
}

BOOST_AUTO_TEST_CASE(over_the_limit_only_a_good_cookie_is_answered_in_full) {
  ask("www.example.com", Type::a);
  const std::string good = given();
  asker.over_limit = true;
  ask("www.example.com", Type::a);
  BOOST_TEST((last.outcome == Outcome::limited));
  BOOST_TEST((std::to_integer<int>(packet[3]) & 15) == 7, "BADCOOKIE is 23: its lower four bits");
  BOOST_TEST(given().substr(0, 8) == client, "and the right one comes with it");
  edns->cookie = good;
  BOOST_TEST(ask("www.example.com", Type::a).answers.size() == 1u);
  edns.reset();
  const auto cut = ask("www.example.com", Type::a);
  BOOST_TEST((cut.truncated() && cut.answers.empty()));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(rate_limiter)

BOOST_AUTO_TEST_CASE(a_network_gets_its_share_and_no_more) {
  RateLimits limits;
  limits.per_second = 100;
  RateLimiter limiter(limits, {});
  core::TimePoint now{std::chrono::hours(5)};
  const auto granted = [&](std::string_view from, int asked) {
    int count = 0;
    for (int i = 0; i < asked; ++i) count += !limiter.over(ip(from), now);
    return count;
  };
  BOOST_TEST(granted("192.0.2.1", 150) == 100, "one second's worth at once");
  BOOST_TEST(granted("192.0.2.200", 10) == 0, "the same /24");
  BOOST_TEST(granted("198.51.100.1", 150) == 100, "another one");
  BOOST_TEST(granted("2001:db8:0:1::1", 150) == 100);
  BOOST_TEST(granted("2001:db8:0:99::1", 10) == 0, "the same /56");
  now += std::chrono::milliseconds(100);
  BOOST_TEST(granted("192.0.2.1", 150) == 10, "a tenth of a second's worth");
  now += std::chrono::hours(24 * 30);
  BOOST_TEST(granted("192.0.2.1", 150) == 100, "after the clock's 40 bits have wrapped");
}

BOOST_AUTO_TEST_CASE(days_of_silence_are_no_debt) {
  RateLimits limits;
  limits.per_second = 100;
  for (int days = 1; days <= 30; ++days) {
    RateLimiter limiter(limits, {});
    core::TimePoint now{std::chrono::hours(5)};
    for (int i = 0; i < 100; ++i) BOOST_TEST(!limiter.over(ip("192.0.2.1"), now));
    BOOST_TEST(limiter.over(ip("192.0.2.1"), now));
    now += std::chrono::hours(24 * days);
    BOOST_TEST(!limiter.over(ip("192.0.2.1"), now), days << " days later");
  }
}

// Threads look at the clock once a batch, so one is a little behind another.
BOOST_AUTO_TEST_CASE(a_clock_that_is_a_little_behind_forgives_nothing) {
  RateLimits limits;
  limits.per_second = 100;
  RateLimiter limiter(limits, {});
  const core::TimePoint now{std::chrono::hours(5)};
  for (int i = 0; i < 100; ++i) BOOST_TEST(!limiter.over(ip("192.0.2.1"), now));
  BOOST_TEST(limiter.over(ip("192.0.2.1"), now - std::chrono::milliseconds(3)));
}

BOOST_AUTO_TEST_CASE(strangers_cannot_fill_the_table) {
  RateLimits limits;
  limits.per_second = 10;
  limits.slots = 64;
  RateLimiter limiter(limits, {7});
  const core::TimePoint now{std::chrono::hours(1)};
  const auto client = ip("192.0.2.1");
  for (int i = 0; i < 10; ++i) BOOST_TEST(!limiter.over(client, now));
  // 10,000 networks that ask once each: the one that asks most keeps its slot, for its debt is the largest.
  for (int i = 0; i < 10'000; ++i) {
    const auto high = static_cast<std::uint8_t>(i >> 8), low = static_cast<std::uint8_t>(i);
    limiter.over(core::IpAddress::v4({10, high, low, 1}), now);
  }
  BOOST_TEST(limiter.over(client, now));
}

BOOST_AUTO_TEST_CASE(slip_says_how_many_go_out_cut) {
  for (const auto& [slip, expected] : {std::pair(0u, 0), std::pair(1u, 12), std::pair(2u, 6), std::pair(4u, 3)}) {
    RateLimits limits;
    limits.slip = slip;
    RateLimiter limiter(limits, {});
    int count = 0;
    for (int i = 0; i < 12; ++i) count += limiter.slips();
    BOOST_TEST(count == expected, slip);
  }
}

BOOST_AUTO_TEST_SUITE_END()
