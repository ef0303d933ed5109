// What one answer costs in allocations, counted: none, whatever is asked.
#include <boost/test/unit_test.hpp>

#include "tests/support/allocation_counter.h"
#include "tests/unit/routing/asking.h"

namespace {

using namespace skerry;
using namespace skerry::routing;
using dns::Type;

const std::string zone = R"(
[[zone]]
name = "example.com"
ns = ["ns.example.com"]
[[zone.record]]
name = "ns"
type = "A"
values = ["192.0.2.53"]
[[zone.record]]
name = "*.wild"
type = "TXT"
values = ["a"]
[[zone.record]]
name = "child"
type = "NS"
values = ["ns.example.com"]
[[zone.record]]
name = "alias"
type = "CNAME"
values = ["ns.example.com"]
[[zone.dynamic]]
name = "www"
alpn = ["h2"]
)";

std::string signed_zone(const testing::TempDir& folder) {
  return std::string(zone).insert(zone.find("ns = "), "dnssec_key = \"" + testing::write_zone_key(folder) + "\"\n");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(answer_cost)

// Their signatures once made.
BOOST_AUTO_TEST_CASE(signed_answers_allocate_nothing) {
  const testing::TempDir folder;
  testing::Asking asking(signed_zone(folder));
  dns::MessageWriter::Edns edns;
  edns.dnssec_ok = true;
  std::array<std::byte, 512> query;
  std::array<std::byte, 1232> response;
  for (const char* name : {"www.example.com", "x.wild.example.com", "a.child.example.com", "alias.example.com",
                           "nobody.example.com", "example.com"}) {
    for (Type type : {Type::a, Type::https, Type::txt, Type::any, Type::ns, Type::dnskey, Type::rrsig}) {
      dns::MessageWriter writer(query);
      writer.header(1, 0);
      BOOST_REQUIRE(writer.question(dns::Name::parse(name).value(), type, dns::Class::in));
      BOOST_REQUIRE(writer.opt(edns, dns::Rcode::no_error));
      const auto packet = std::span<const std::byte>(query).first(writer.finish());
      answer(asking.routes, packet, asking.asker, response);
      const std::size_t before = testing::allocations().count;
      const Answered answered = answer(asking.routes, packet, asking.asker, response);
      const std::size_t made = testing::allocations().count - before;
      BOOST_TEST(made == 0u, name << " " << dns::type_name(type));
      BOOST_TEST(answered.size > 0u);
    }
  }
}

BOOST_AUTO_TEST_CASE(answers_allocate_nothing) {
  testing::Asking asking(zone);
  asking.routes.cookies = CookieSecrets{};
  asking.routes.limiter = std::make_shared<RateLimiter>(RateLimits{}, core::SipKey{});
  dns::SubnetOption subnet;
  subnet.family = 1;
  subnet.source = 24;
  subnet.address = {192, 0, 2};
  dns::MessageWriter::Edns edns;
  edns.subnet = &subnet;
  edns.cookie = "12345678";
  std::array<std::byte, 512> query;
  std::array<std::byte, 1232> response;
  for (const char* name : {"www.example.com", "x.wild.example.com", "a.child.example.com", "alias.example.com",
                           "nobody.example.com", "example.com", "example.org"}) {
    for (Type type : {Type::a, Type::https, Type::txt, Type::any, Type::ns}) {
      dns::MessageWriter writer(query);
      writer.header(1, 0);
      BOOST_REQUIRE(writer.question(dns::Name::parse(name).value(), type, dns::Class::in));
      BOOST_REQUIRE(writer.opt(edns, dns::Rcode::no_error));
      const auto packet = std::span<const std::byte>(query).first(writer.finish());
      const std::size_t before = testing::allocations().count;
      asking.routes.limiter->over(asking.asker.source, core::TimePoint());
      const Answered answered = answer(asking.routes, packet, asking.asker, response);
      const std::size_t made = testing::allocations().count - before;
      BOOST_TEST(made == 0u, name << " " << dns::type_name(type));
      BOOST_TEST(answered.size > 0u);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
