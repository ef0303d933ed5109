// A hundred thousand broken packets through answer(), from one seed: nothing leaves its bounds, and what is well-formed
// is answered.
#include <boost/test/unit_test.hpp>

#include "core/random.h"
#include "tests/unit/routing/asking.h"

namespace {

using namespace skerry;
using namespace skerry::routing;
using dns::Type;

const std::string zone = R"(
[[zone]]
name = "example.com"
ns = ["ns.example.net"]
[[zone.record]]
name = "*.wild"
type = "TXT"
values = ["a", "b"]
[[zone.record]]
name = "child"
type = "NS"
values = ["ns.child.example.com"]
[[zone.record]]
name = "ns.child"
type = "A"
values = ["192.0.2.1"]
[[zone.record]]
name = "alias"
type = "CNAME"
values = ["www.example.com"]
[[zone.dynamic]]
name = "www"
alpn = ["h2"]
)";

// Signed, for those who ask for that.
std::string signed_zone(const testing::TempDir& folder) {
  return std::string(zone).insert(zone.find("ns = "), "dnssec_key = \"" + testing::write_zone_key(folder) + "\"\n");
}

struct Hostile : testing::Asking {
  Hostile() : Asking(signed_zone(testing::TempDir())) { routes.cookies = CookieSecrets{}; }

  // A query with a bit of everything.
  std::vector<std::byte> query() {
    static constexpr const char* names[] = {"www.example.com",   "x.wild.example.com", "a.child.example.com",
                                            "alias.example.com", "nobody.example.com", "example.org",
                                            "version.bind"};
    static constexpr Type types[] = {Type::a,  Type::aaaa, Type::https, Type::txt,   Type::any,
                                     Type::ds, Type::axfr, Type::nsec,  Type::rrsig, Type::nxname};
    std::array<std::byte, 512> buffer;
    dns::MessageWriter writer(buffer);
    writer.header(static_cast<std::uint16_t>(random.next()), 0);
    const auto klass = random.below(20) == 0 ? dns::Class::chaos : dns::Class::in;
    writer.question(dns::Name::parse(names[random.below(std::size(names))]).value(),
                    types[random.below(std::size(types))], klass);
    dns::SubnetOption subnet;
    subnet.family = 1;
    subnet.source = 24;
    subnet.address = {192, 0, 2};
    dns::MessageWriter::Edns options;
    options.subnet = random.below(2) ? &subnet : nullptr;
    options.cookie = random.below(2) ? std::string_view("12345678") : std::string_view();
    if (random.below(2)) options.keepalive = 1;
    options.dnssec_ok = random.below(2);
    options.compact_ok = random.below(2);
    if (random.below(4)) writer.opt(options, dns::Rcode::no_error);
    const std::size_t size = writer.finish();
    return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)};
  }

  void mutate(std::vector<std::byte>& packet) {
    for (std::uint64_t n = random.below(6); n-- > 0;) {
      packet[random.below(packet.size())] = static_cast<std::byte>(random.next());
    }
    if (random.below(4) == 0) packet.resize(random.below(packet.size() + 1));
    if (random.below(8) == 0) packet.resize(packet.size() + random.below(20), std::byte{0x29});
    packet.shrink_to_fit();
  }

  core::Random random{20'240'601};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(hostile_packets, Hostile)

BOOST_AUTO_TEST_CASE(no_packet_breaks_the_rules_and_every_well_formed_query_is_answered) {
  std::array<std::byte, 65535> buffer;
  std::size_t good = 0, ignored = 0, wrong = 0;
  for (int i = 0; i < 120'000; ++i) {
    auto packet = query();
    if (i % 10 != 0) mutate(packet);
    asker.transport = static_cast<Transport>(random.below(transports));
    asker.over_limit = random.below(16) == 0;
    const auto answered = answer(routes, packet, asker, buffer);
    dns::Query read;
    good += dns::read_query(packet, read) == dns::QueryKind::good;
    // What the code under test thinks of the packet does not count here.
    const bool no_query = packet.size() < 12 || (packet[2] & std::byte{0x80}) != std::byte{0};
    ignored += answered.size == 0;
    wrong += no_query != (answered.size == 0);
    if (answered.size == 0) continue;
    const auto response = std::span<const std::byte>(buffer).first(answered.size);
    const bool echoed = response[0] == packet[0] && response[1] == packet[1];
    const bool is_response = (std::to_integer<int>(response[2]) & 0x80) != 0;
    const bool fits = asker.transport != Transport::udp || answered.size <= 1232;
    const bool has_question = response[5] == std::byte{1};
    wrong += !echoed || !is_response || !fits || (has_question && !dns::read_response(response).ok());
  }
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(good > 20'000u);
  BOOST_TEST(ignored > 1'000u);
}

BOOST_AUTO_TEST_SUITE_END()
