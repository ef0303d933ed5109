// A configuration text turned into routes, and questions put to answer(): for tests of what a zone answers.
#pragma once

#include <sys/stat.h>

#include <boost/test/unit_test.hpp>

#include "core/dns/rdata.h"
#include "core/dns/writer.h"
#include "routing/answer.h"
#include "routing/config.h"
#include "tests/support/temp_dir.h"

namespace skerry::testing {

inline constexpr std::string_view two_pops = R"(
[router.clients]
"192.0.2.0/24" = "sin"
"0.0.0.0/0" = "lon"
"::/0" = "lon"
[[pop]]
name = "lon"
[[pop.edge]]
name = "lon-1"
addresses = ["203.0.113.1", "2001:db8::1"]
[[pop.edge]]
name = "lon-2"
addresses = ["203.0.113.2"]
[[pop]]
name = "sin"
[[pop.edge]]
name = "sin-1"
addresses = ["203.0.113.3"]
)";

// A fresh key in a file that only its owner may read.
inline std::string write_zone_key(const TempDir& folder,
                                  const std::string& pem = dns::SigningKey::generate()->to_pem()) {
  const std::string file = folder.write("zone.key", pem);
  BOOST_REQUIRE(::chmod(file.c_str(), 0600) == 0);
  return file;
}

// What is wrong with a configuration, line by line; empty: nothing.
inline std::string problems_of(const std::string& zones) {
  auto loaded = config::load_text(routing::router_table(), std::string(two_pops) + zones, "router.toml", {});
  routing::plan_of(loaded.config, loaded.report);
  std::string all;
  for (const auto& line : loaded.report.lines()) all.append(line).append("\n");
  return all;
}

class Asking {
 public:
  // Every edge is up; no answer with one lives longer than `ttl_limit` seconds.
  explicit Asking(const std::string& zones, std::uint32_t ttl_limit = 0xffffffff) {
    auto loaded = config::load_text(routing::router_table(), std::string(two_pops) + zones, "router.toml", {});
    const routing::RouterPlan plan = routing::plan_of(loaded.config, loaded.report);
    for (const auto& line : loaded.report.lines()) BOOST_TEST_MESSAGE(line);
    BOOST_REQUIRE(loaded.ok());
    routes.zones = plan.zones;
    routing::PolicyState up;
    for (const routing::Pop& pop : plan.pops) {
      up.push_back({std::vector(pop.edges.size(), routing::Availability::up), 0, ttl_limit});
    }
    routes.table = routing::AnswerTable::select(plan.map, plan.pops, up, 3);
    asker.signer = &signer;
  }

  dns::Response ask(std::string_view name, dns::Type type, dns::Class klass = dns::Class::in) {
    dns::MessageWriter writer(query_);
    writer.header(0xbeef, 0);
    BOOST_REQUIRE(writer.question(dns::Name::parse(name).value(), type, klass));
    if (edns) BOOST_REQUIRE(writer.opt(*edns, dns::Rcode::no_error));
    return send(std::span<const std::byte>(query_).first(writer.finish()));
  }

  dns::Response send(std::span<const std::byte> query) {
    query_size = query.size();
    last = routing::answer(routes, query, asker, buffer_);
    packet = std::span<const std::byte>(buffer_).first(last.size);
    const auto read = dns::read_response(packet);
    BOOST_REQUIRE(read.ok());
    return read.value();
  }

  // "NAME TTL TYPE DATA" of one record, data in the form of RFC 3597.
  std::string text(const dns::Record& record) const {
    std::string hex;
    for (std::byte byte : packet.subspan(record.data_at, record.data_size)) {
      constexpr char digits[] = "0123456789abcdef";
      hex.push_back(digits[std::to_integer<int>(byte) >> 4]);
      hex.push_back(digits[std::to_integer<int>(byte) & 15]);
    }
    return record.name.to_string() + " " + std::to_string(record.ttl) + " " + dns::type_name(record.type) + " " + hex;
  }

  // How many records the additional section has, OPT apart.
  int additional() const {
    const auto count = std::to_integer<int>(packet[10]) << 8 | std::to_integer<int>(packet[11]);
    return edns ? count - 1 : count;
  }
  // They themselves, OPT apart, with what names in them refer to in `packet`.
  std::vector<dns::Record> additional_records() const {
    std::vector<std::byte> moved(packet.begin(), packet.end());
    const auto authority = std::to_integer<int>(packet[8]) << 8 | std::to_integer<int>(packet[9]);
    const int all = authority + additional();
    moved[8] = static_cast<std::byte>(all >> 8), moved[9] = static_cast<std::byte>(all & 255);
    moved[10] = moved[11] = std::byte{0};
    const auto read = dns::read_response(moved);
    BOOST_REQUIRE(read.ok());
    return {read->authority.begin() + authority, read->authority.end()};
  }
  bool holds(std::string_view bytes) const {
    return std::string_view(reinterpret_cast<const char*>(packet.data()), packet.size()).find(bytes) !=
           std::string_view::npos;
  }

  routing::Routes routes;
  routing::Signer signer{1024};
  routing::Asker asker{core::IpAddress::v4({8, 8, 8, 8}), routing::Transport::udp, 1'700'000'000, false};
  std::optional<dns::MessageWriter::Edns> edns;
  routing::Answered last;
  std::span<const std::byte> packet;
  std::size_t query_size = 0;

 private:
  std::array<std::byte, 1024> query_;
  std::array<std::byte, 65535> buffer_;
};

}  // namespace skerry::testing
