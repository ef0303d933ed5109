#include "core/dns/resolver.h"

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <map>

#include "core/dns/resolver_files.h"
#include "core/dns/writer.h"
#include "core/loop/simulation.h"
#include "tests/support/temp_dir.h"

namespace {

using namespace skerry;
using namespace std::chrono_literals;
using dns::Section;
using dns::Type;

core::IpAddress ip(std::string_view text) {
  return core::IpAddress::parse(text).value();
}
dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

// A name server on a simulated host: it answers from a table, or misbehaves as told.
class NameServer final : core::DatagramEvents, core::ListenerEvents {
 public:
  struct Entry {
    std::vector<std::string> addresses;
    std::string alias;
    std::uint32_t ttl = 60;
  };

  explicit NameServer(core::SimulatedHost& host) {
    const core::Address here{host.ip(), 53};
    socket_ = std::move(host.worker().network.bind_datagram(here, *this)).value();
    listener_ = std::move(host.worker().network.listen(here, {}, *this)).value();
  }

  std::map<std::string, Entry> entries;  // "www.example.com. A"
  bool silent = false, truncate = false, wrong_case = false, forge = false;
  dns::Rcode failure = dns::Rcode::no_error;
  int udp_queries = 0, tcp_queries = 0;

 private:
  struct Connection final : core::StreamEvents {
    NameServer* server;
    std::unique_ptr<core::Stream> stream;
    std::vector<std::byte> received;
    void on_readable() override {
      std::byte buffer[2048];
      const auto result = stream->read(buffer);
      if (result.status != core::IoStatus::ok) return stream->watch(false, false);
      received.insert(received.end(), buffer, buffer + result.bytes);
      if (received.size() < 2) return;
      ++server->tcp_queries;
      auto answer = server->answer(std::span<const std::byte>(received).subspan(2), true);
      answer.insert(answer.begin(),
                    {static_cast<std::byte>(answer.size() >> 8), static_cast<std::byte>(answer.size())});
      const iovec part{answer.data(), answer.size()};
      stream->write({&part, 1});
    }
    void on_writable() override {}
  };

  void on_datagram(std::span<const std::byte> packet, const core::Address& from) override {
    ++udp_queries;
    if (silent) return;
    auto reply = answer(packet, false);
    if (forge) {  // another id, other addresses: first the forger, then the truth
      auto forged = reply;
      forged[0] ^= std::byte{1};
      forged.back() ^= std::byte{0xff};
      socket_->send(forged, from);
    }
    socket_->send(reply, from);
  }
  void on_accept(std::unique_ptr<core::Stream> stream) override {
    connections_.push_back(std::make_unique<Connection>());
    connections_.back()->server = this;
    connections_.back()->stream = std::move(stream);
    connections_.back()->stream->set_events(*connections_.back());
  }

  std::vector<std::byte> answer(std::span<const std::byte> packet, bool over_tcp) {
    dns::Query query;
    BOOST_REQUIRE((dns::read_query(packet, query) == dns::QueryKind::good));
    std::array<std::byte, 1232> buffer;
    dns::MessageWriter writer(buffer);
    writer.header(query.id, dns::flag_response);
    writer.question(wrong_case && !over_tcp ? query.name.lower() : query.name, query.type, query.klass);
    const auto found = entries.find(query.name.lower().to_string() + " " + dns::type_name(query.type));
    if (failure != dns::Rcode::no_error) writer.set_rcode(failure);
    const bool known = entries.contains(query.name.lower().to_string() + " A");
    if (failure == dns::Rcode::no_error && found == entries.end() && !known) writer.set_rcode(dns::Rcode::name_error);
    if (truncate && !over_tcp) writer.set_flag(dns::flag_truncated);
    if (found != entries.end() && !(truncate && !over_tcp)) write(writer, query.name, found->second);
    const std::size_t size = writer.finish();
    return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)};
  }
  static void write(dns::MessageWriter& writer, const dns::Name& owner, const Entry& entry) {
    if (!entry.alias.empty())
      writer.record(Section::answer, owner, dns::Type::cname, entry.ttl, name(entry.alias).wire());
    const dns::Name holder = entry.alias.empty() ? owner : name(entry.alias);
    for (const auto& address : entry.addresses) writer.address(Section::answer, holder, entry.ttl, ip(address));
  }

  std::unique_ptr<core::Datagram> socket_;
  std::unique_ptr<core::Listener> listener_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

struct Fixture {
  core::Simulation simulation{1, core::WallTime{}};
  core::SimulatedHost& client = simulation.add_host("client", ip("10.0.0.1"));
  core::SimulatedHost& first_host = simulation.add_host("ns1", ip("10.0.0.53"));
  core::SimulatedHost& second_host = simulation.add_host("ns2", ip("10.0.0.54"));
  NameServer first{first_host}, second{second_host};
  std::unique_ptr<dns::Resolver> resolver = make({"", "", {{ip("10.0.0.53"), 53}, {ip("10.0.0.54"), 53}}});

  std::unique_ptr<dns::Resolver> make(dns::Resolver::Options options) {
    return dns::Resolver::create(client.worker(), std::move(options));
  }
  // Resolves and waits: addresses joined by blanks, or the error's name.
  std::string resolve(std::string_view host, core::Duration at_most = 60s) {
    std::string text;
    const auto query = resolver->resolve(host, [&](core::Result<dns::Resolution> result) {
      if (!result.ok()) text = core::name(result.error().code);
      if (!result.ok()) return;
      for (const auto& address : result->addresses) text += (text.empty() ? "" : " ") + address.to_string();
      expires = result->expires;
    });
    BOOST_TEST(text.empty(), "never from inside resolve()");
    simulation.run_until([&] { return !text.empty(); }, at_most);
    return text;
  }
  core::TimePoint now() { return simulation.clock().now(); }
  core::TimePoint expires{};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(dns_resolver, Fixture)

BOOST_AUTO_TEST_CASE(both_families_are_asked_and_given) {
  first.entries["www.example.com. A"] = {{"192.0.2.1", "192.0.2.2"}, "", 30};
  first.entries["www.example.com. AAAA"] = {{"2001:db8::1"}, "", 90};
  BOOST_TEST(resolve("www.Example.com") == "192.0.2.1 192.0.2.2 2001:db8::1");
  BOOST_TEST((expires - now() <= 30s && expires - now() > 29s));
  BOOST_TEST(first.udp_queries == 2);
  BOOST_TEST(resolve("WWW.example.com") == "192.0.2.1 192.0.2.2 2001:db8::1");
  BOOST_TEST(first.udp_queries == 2, "from the cache");
  simulation.run_for(31s);
  resolve("www.example.com");
  BOOST_TEST(first.udp_queries == 4);
}

BOOST_AUTO_TEST_CASE(literals_localhost_and_nonsense_need_no_server) {
  BOOST_TEST(resolve("192.0.2.7") == "192.0.2.7");
  BOOST_TEST(resolve("2001:db8::7") == "2001:db8::7");
  BOOST_TEST(resolve("localhost") == "127.0.0.1 ::1");
  BOOST_TEST(resolve("a..b") == "dns_failed");
  BOOST_TEST(first.udp_queries == 0);
}

BOOST_AUTO_TEST_CASE(times_to_live_are_clamped) {
  first.entries["zero.example. A"] = {{"192.0.2.1"}, "", 0};
  first.entries["long.example. A"] = {{"192.0.2.1"}, "", 864000};
  resolve("zero.example");
  BOOST_TEST((expires - now() <= 1s && expires - now() > 900ms));
  resolve("long.example");
  BOOST_TEST((expires - now() <= 1h && expires - now() > 59min));
}

BOOST_AUTO_TEST_CASE(concurrent_questions_are_asked_once) {
  first.entries["www.example.com. A"] = {{"192.0.2.1"}, "", 30};
  int answers = 0;
  std::vector<std::unique_ptr<dns::Resolver::Query>> queries;
  for (int i = 0; i < 50; ++i) queries.push_back(resolver->resolve("www.example.com", [&](auto) { ++answers; }));
  simulation.run_for(1s);
  BOOST_TEST(answers == 50);
  BOOST_TEST(first.udp_queries == 2);
}

BOOST_AUTO_TEST_CASE(a_destroyed_query_is_never_answered) {
  first.entries["www.example.com. A"] = {{"192.0.2.1"}, "", 30};
  int answers = 0;
  auto query = resolver->resolve("www.example.com", [&](auto) { ++answers; });
  query.reset();
  auto literal = resolver->resolve("192.0.2.1", [&](auto) { ++answers; });
  literal.reset();
  simulation.run_for(1s);
  BOOST_TEST(answers == 0);
}

BOOST_AUTO_TEST_CASE(absence_is_an_error_that_is_remembered_for_a_second) {
  BOOST_TEST(resolve("missing.example") == "dns_nxdomain");
  const int asked = first.udp_queries;
  BOOST_TEST(resolve("missing.example") == "dns_nxdomain");
  BOOST_TEST(first.udp_queries == asked);
  simulation.run_for(1100ms);
  first.entries["missing.example. A"] = {{"192.0.2.1"}, "", 30};
  BOOST_TEST(resolve("missing.example") == "192.0.2.1");
}

BOOST_AUTO_TEST_CASE(a_cut_answer_is_asked_for_again_over_tcp) {
  first.truncate = true;
  first.entries["www.example.com. A"] = {{"192.0.2.1"}, "", 30};
  first.entries["www.example.com. AAAA"] = {{"2001:db8::1"}, "", 30};
  BOOST_TEST(resolve("www.example.com") == "192.0.2.1 2001:db8::1");
  BOOST_TEST(first.tcp_queries == 2);
}

BOOST_AUTO_TEST_CASE(an_answer_in_another_case_is_not_believed_over_udp) {
  first.wrong_case = true;
  first.entries["averyveryverylongname.example.com. A"] = {{"192.0.2.1"}, "", 30};
  BOOST_TEST(resolve("averyveryverylongname.example.com") == "192.0.2.1");
  BOOST_TEST(first.tcp_queries == 2);
}

BOOST_AUTO_TEST_CASE(a_forged_answer_with_another_id_is_ignored) {
  first.forge = true;
  first.entries["www.example.com. A"] = {{"192.0.2.1"}, "", 30};
  BOOST_TEST(resolve("www.example.com") == "192.0.2.1");
}

BOOST_AUTO_TEST_CASE(a_silent_or_failing_server_is_passed_over) {
  second.entries["www.example.com. A"] = {{"192.0.2.1"}, "", 30};
  first.silent = true;
  BOOST_TEST(resolve("www.example.com") == "192.0.2.1");
  simulation.run_for(31s);
  first.silent = false;
  first.failure = dns::Rcode::server_failure;
  BOOST_TEST(resolve("www.example.com") == "192.0.2.1");
  second.failure = dns::Rcode::refused;
  simulation.run_for(31s);
  BOOST_TEST(resolve("www.example.com") == "dns_failed");
  first.silent = second.silent = true;
  simulation.run_for(2s);
  const auto begin = now();
  BOOST_TEST(resolve("www.example.com") == "dns_timeout");
  BOOST_TEST((now() - begin >= 8s && now() - begin < 9s), "two servers, two rounds, two seconds each");
}

BOOST_AUTO_TEST_CASE(one_family_that_is_never_answered_does_not_hold_up_the_other) {
  struct OnlyA final : core::DatagramEvents {
    std::unique_ptr<core::Datagram> socket;
    void on_datagram(std::span<const std::byte> packet, const core::Address& from) override {
      dns::Query query;
      dns::read_query(packet, query);
      if (query.type != Type::a) return;
      std::array<std::byte, 512> buffer;
      dns::MessageWriter writer(buffer);
      writer.header(query.id, dns::flag_response);
      writer.question(query.name, query.type, query.klass);
      writer.address(Section::answer, query.name, 60, ip("192.0.2.9"));
      socket->send(std::span(buffer).first(writer.finish()), from);
    }
  } server;
  auto& host = simulation.add_host("ns3", ip("10.0.0.55"));
  server.socket = std::move(host.worker().network.bind_datagram({host.ip(), 53}, server)).value();
  resolver = make({"", "", {{ip("10.0.0.55"), 53}}});
  const auto begin = now();
  BOOST_TEST(resolve("www.example.com") == "192.0.2.9");
  BOOST_TEST((now() - begin < 500ms));
}

BOOST_AUTO_TEST_CASE(aliases_are_followed_also_out_of_the_answer_and_loops_end) {
  first.entries["www.example.com. A"] = {{"192.0.2.1"}, "edge.cdn.example", 20};
  first.entries["far.example.com. A"] = {{}, "www.example.com", 60};
  first.entries["loop1.example. A"] = {{}, "loop2.example", 60};
  first.entries["loop2.example. A"] = {{}, "loop1.example", 60};
  BOOST_TEST(resolve("www.example.com") == "192.0.2.1");
  BOOST_TEST(resolve("far.example.com") == "192.0.2.1");
  BOOST_TEST((expires - now() <= 20s), "the shortest of the chain");
  BOOST_TEST(resolve("loop1.example") == "dns_failed");
  BOOST_TEST(first.udp_queries < 40);
}

BOOST_AUTO_TEST_CASE(files_are_read_and_read_again) {
  const testing::TempDir dir;
  const std::string hosts = std::string(dir.path()) + "/hosts", conf = std::string(dir.path()) + "/resolv.conf";
  std::ofstream(hosts) << "192.0.2.10 origin.test Origin2.test # both\n2001:db8::10 origin.test\n";
  std::ofstream(conf) << "search corp.example\nnameserver 10.0.0.53\n";
  resolver = make({hosts, conf, {}});
  BOOST_TEST(resolve("ORIGIN.test") == "192.0.2.10 2001:db8::10");
  BOOST_TEST(resolve("origin2.test.") == "192.0.2.10");
  BOOST_TEST(first.udp_queries == 0);
  first.entries["db.corp.example. A"] = {{"192.0.2.20"}, "", 60};
  BOOST_TEST(resolve("db") == "192.0.2.20");
  BOOST_TEST(resolve("db.") == "dns_nxdomain", "absolute: no search list");
  simulation.run_for(2s);
  std::ofstream(hosts, std::ios::app) << "192.0.2.11 later.test\n";
  BOOST_TEST(resolve("later.test") == "192.0.2.11");
}

BOOST_AUTO_TEST_CASE(without_servers_the_answer_is_a_failure) {
  resolver = make({"", "", {}});
  BOOST_TEST(resolve("www.example.com") == "dns_failed");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(dns_resolver_files)

BOOST_AUTO_TEST_CASE(resolv_conf_is_read_as_libc_reads_it) {
  const auto conf = dns::parse_resolv_conf(
      "; comment\nnameserver 192.0.2.1 # first\nnameserver 2001:db8::1\nnameserver nonsense\nnameserver 192.0.2.2\n"
      "nameserver 192.0.2.3\ndomain old.example\nsearch a.example B.example.\noptions ndots:5 rotate timeout:1\n");
  BOOST_REQUIRE_EQUAL(conf.servers.size(), 3u);
  BOOST_TEST(conf.servers[1].to_string() == "[2001:db8::1]:53");
  BOOST_TEST(conf.search == (std::vector<std::string>{"a.example", "b.example"}), boost::test_tools::per_element());
  BOOST_TEST(conf.ndots == 5);
}

BOOST_AUTO_TEST_CASE(broken_hosts_lines_are_skipped) {
  const auto hosts = dns::parse_hosts("nonsense a\n192.0.2.1\n192.0.2.2 a A a\n\r\n#192.0.2.3 b\n192.0.2.4\tb\r\n");
  BOOST_TEST(hosts.size() == 2u);
  BOOST_TEST(hosts.at("a").size() == 1u);
  BOOST_TEST(hosts.at("b").front().to_string() == "192.0.2.4");
}

BOOST_AUTO_TEST_SUITE_END()
