// The router as other people's tools see it: record types, referrals, cookies, limits, DNS over TLS and HTTPS, and
// twenty thousand broken packets.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <csignal>
#include <sstream>

#include "core/dns/message.h"
#include "core/dns/writer.h"
#include "core/random.h"
#include "tests/support/certificates.h"
#include "tests/support/pop.h"

using namespace skerry;
using namespace skerry::testing;

namespace {

const char* const zone_file =
    "$TTL 5m\n"
    "@ SOA ns hostmaster 7 1h 15m 2w 30s\n"
    "@ NS ns\n"
    "@ MX 10 mail\n"
    "@ CAA 0 issue \"ca.example.net\"\n"
    "ns A 192.0.2.53\n"
    "mail A 192.0.2.25\n"
    "_sip._tcp SRV 1 2 5060 mail\n"
    "svc HTTPS 1 . alpn=\"h2,h3\" port=8443\n"
    "child NS ns.child\n"
    "ns.child A 192.0.2.99\n"
    "odd TYPE4711 \\# 3 010203\n"
    "big TXT ";

// A router with one edge that nobody probes.
struct Router {
  TempDir folder;
  std::uint16_t dns = free_port(), admin = free_port(), dot = free_port(), doh = free_port();
  std::string more, router_keys;
  std::unique_ptr<Process> process;

  explicit Router(std::string more_sections = {}, std::string keys = {})
      : more(std::move(more_sections)), router_keys(std::move(keys)) {
    write_zone("\"" + std::string(200, 'x') + "\"\n");
    process = std::make_unique<Process>(
        Command{{program("skerry-router"), "--config", folder.write("router.toml", config())}, {}, {}});
    process->wait_for_line("listening on admin");
  }

  void write_zone(const std::string& end) { folder.write("zone", zone_file + end); }

  std::string config() {
    const auto certificates = make_certificates(folder.path(), {"dns.example.com"});
    const auto address = [](std::uint16_t port) { return "\"127.0.0.1:" + std::to_string(port) + "\""; };
    return "[router]\nlisten = [" + address(dns) + "]\nadmin_listen = " + address(admin) + "\n" + router_keys +
           "workers = 2\n[probe]\nkind = \"none\"\n[tls]\ndot_listen = [" + address(dot) + "]\ndoh_listen = [" +
           address(doh) + "]\ncertificate = \"" + certificates.cert + "\"\nkey = \"" + certificates.key + "\"\n" +
           more + "[[zone]]\nname = \"example.com\"\nfile = \"" + folder.path() +
           "/zone\"\n[[zone.dynamic]]\nname = \"www\"\nttl = \"20s\"\nalpn = [\"h2\"]\n"
           "[[pop]]\nname = \"lon\"\n[[pop.edge]]\nname = \"lon-1\"\naddresses = [\"203.0.113.1\", \"2001:db8::1\"]\n";
  }

  // Output of dig, kdig or drill for a question.
  std::string ask(const std::string& tool, std::vector<std::string> arguments, std::uint16_t port = 0) const {
    std::vector<std::string> command = {tool, "-p", std::to_string(port ? port : dns), "@127.0.0.1"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run({command, {}, {}}).output;
  }

  std::string metrics() const {
    HttpConnection connection(admin);
    connection.send("GET /metrics HTTP/1.1\r\nHost: router\r\n\r\n");
    return connection.read_reply().body;
  }
};

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

std::string query_bytes(core::Random& random) {
  static constexpr const char* names[] = {"www.example.com", "big.example.com", "a.child.example.com", "example.org"};
  static constexpr dns::Type types[] = {dns::Type::a, dns::Type::https, dns::Type::any, dns::Type::txt};
  std::array<std::byte, 512> buffer;
  dns::MessageWriter writer(buffer);
  writer.header(static_cast<std::uint16_t>(random.next()), 0);
  writer.question(dns::Name::parse(names[random.below(4)]).value(), types[random.below(4)], dns::Class::in);
  dns::MessageWriter::Edns edns;
  edns.cookie = "12345678";
  if (random.below(4)) writer.opt(edns, dns::Rcode::no_error);
  std::string packet(reinterpret_cast<const char*>(buffer.data()), writer.finish());
  for (std::uint64_t n = random.below(5); n-- > 0;)
    packet[random.below(packet.size())] = static_cast<char>(random.next());
  if (random.below(5) == 0) packet.resize(random.below(packet.size() + 1));
  return packet;
}

// Whatever has a header and is not a response itself.
bool must_be_answered(const std::string& packet) {
  return packet.size() >= 12 && (packet[2] & 0x80) == 0;
}

class UdpSocket {
 public:
  explicit UdpSocket(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_DGRAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    BOOST_REQUIRE(::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0);
  }
  ~UdpSocket() { ::close(socket_); }
  void send(const std::string& packet) { BOOST_REQUIRE(::send(socket_, packet.data(), packet.size(), 0) >= 0); }
  // Empty: nothing came for ten seconds.
  std::string receive() {
    pollfd waiting{socket_, POLLIN, 0};
    char buffer[4096];
    if (::poll(&waiting, 1, 10'000) <= 0) return {};
    const auto size = ::recv(socket_, buffer, sizeof buffer, 0);
    return size > 0 ? std::string(buffer, static_cast<std::size_t>(size)) : std::string();
  }

 private:
  int socket_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(dns_protocol)

BOOST_AUTO_TEST_CASE(dig_kdig_and_drill_read_every_record_type) {
  const Router router;
  const std::tuple<const char*, const char*, const char*> table[] = {
      {"example.com", "MX", "10 mail.example.com."},
      {"example.com", "CAA", "0 issue \"ca.example.net\""},
      {"_sip._tcp.example.com", "SRV", "1 2 5060 mail.example.com."},
      {"svc.example.com", "HTTPS", "1 . alpn=\"h2,h3\" port=8443"},
      {"www.example.com", "HTTPS", "1 . alpn=\"h2\" ipv4hint=203.0.113.1 ipv6hint=2001:db8::1"},
      {"odd.example.com", "TYPE4711", "\\# 3 010203"},
      {"example.com", "ANY", "\"RFC8482\" \"\""},
  };
  for (const auto& [name, type, data] : table) {
    const std::string answer = router.ask("dig", {"+notcp", name, type});
    BOOST_TEST(has(answer, data), answer);
    BOOST_TEST(!has(answer, "malformed"), answer);
    const std::string kdig = router.ask("kdig", {name, type});
    BOOST_TEST((has(kdig, "status: NOERROR") && has(kdig, "ANSWER: 1;") && !has(kdig, "WARNING")), kdig);
  }
  const std::string drill = router.ask("drill", {"example.com", "MX"});
  BOOST_TEST((has(drill, "10 mail.example.com.") && has(drill, "mail.example.com.\t300\tIN\tA\t192.0.2.25")), drill);
}

BOOST_AUTO_TEST_CASE(a_delegated_name_is_referred_with_glue) {
  const Router router;
  const std::string answer = router.ask("dig", {"a.child.example.com", "A"});
  BOOST_TEST(has(answer, "ANSWER: 0, AUTHORITY: 1, ADDITIONAL: 2"), answer);
  BOOST_TEST(!has(answer, "flags: qr aa"), answer);
  BOOST_TEST(has(answer, "ns.child.example.com.\t300\tIN\tA\t192.0.2.99"), answer);
}

BOOST_AUTO_TEST_CASE(cookies_are_given_and_known_again) {
  const Router router;
  const std::string answer = router.ask("dig", {"+cookie=0123456789abcdef", "+qr", "www.example.com", "A"});
  BOOST_TEST(has(answer, "(good)"), answer);
  BOOST_TEST(has(answer, "COOKIE: 0123456789abcdef01000000"), answer);
  const std::size_t at = answer.rfind("COOKIE: ") + 8;
  const std::string cookie = answer.substr(at, 48);
  router.ask("dig", {"+cookie=" + cookie, "www.example.com", "A"});
  BOOST_TEST(has(router.metrics(), "skerry_dns_cookies_total 1\n"));
}

BOOST_AUTO_TEST_CASE(a_flood_from_one_network_is_told_to_use_tcp) {
  const Router router("[rate_limit]\nper_second = 5\n");
  UdpSocket socket(router.dns);
  const std::string query("\1\2\0\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1", 33);
  int cut = 0;
  for (int i = 0; i < 100; ++i) {
    socket.send(query);
    const std::string answer = socket.receive();
    BOOST_REQUIRE(answer.size() >= query.size());
    const bool truncated = (answer[2] & 2) != 0;
    cut += truncated;
    if (truncated) BOOST_TEST(answer.size() == query.size());
  }
  BOOST_TEST(cut > 10);
  const std::string answer = router.ask("dig", {"+nocookie", "www.example.com", "A"});
  BOOST_TEST(has(answer, "203.0.113.1"), "dig has come back over TCP: " + answer);
}

BOOST_AUTO_TEST_CASE(kdig_and_dig_are_answered_over_tls) {
  const Router router;
  const std::string kdig = router.ask("kdig", {"+tls", "www.example.com", "A"}, router.dot);
  BOOST_TEST((has(kdig, "203.0.113.1") && has(kdig, "TLS1.3")), kdig);
  const std::string dig = router.ask("dig", {"+tls", "+keepalive", "www.example.com", "AAAA"}, router.dot);
  BOOST_TEST((has(dig, "2001:db8::1") && has(dig, "TCP KEEPALIVE: 10.0 secs")), dig);
  BOOST_TEST(has(router.metrics(), "skerry_dns_queries_total{transport=\"tls\",outcome=\"dynamic\"} 2\n"));
}

BOOST_AUTO_TEST_CASE(curl_is_answered_over_https) {
  Router router;
  const std::string query("\0\0\0\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1", 33);
  const std::string file = router.folder.write("query", query), reply = router.folder.path() + "/reply";
  const std::string url = "https://127.0.0.1:" + std::to_string(router.doh) + "/dns-query";
  const auto curl = [&](std::vector<std::string> arguments) {
    std::vector<std::string> command = {"curl", "--silent",      "--insecure", "--http1.1", "--max-time",
                                        "20",   "--dump-header", "-",          "--output",  reply};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run({command, {}, {}}).output;
  };
  const std::string post =
      curl({"--header", "Content-Type: application/dns-message", "--data-binary", "@" + file, url});
  BOOST_TEST((has(post, "200 OK") && has(post, "max-age=20") && has(post, "application/dns-message")), post);
  const Finished bytes = run({{"od", "-An", "-tx1", "-w200", reply}, {}, {}});
  BOOST_TEST(has(bytes.output, "cb 00 71 01"), bytes.output);
  const std::string get = curl({url + "?dns=AAAAAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB"});
  BOOST_TEST((has(get, "200 OK") && has(get, "max-age=20")), get);
  BOOST_TEST(has(curl({url}), "400"));
  BOOST_TEST(has(curl({url + "?dns=!"}), "400"));
  BOOST_TEST(has(curl({"--data-binary", "@" + file, url}), "415"));
  BOOST_TEST(has(curl({url + "s"}), "404"));
  BOOST_TEST(has(curl({"--request", "PUT", url}), "405"));
}

BOOST_AUTO_TEST_CASE(a_broken_zone_file_leaves_the_old_zone_serving) {
  Router router;
  router.write_zone("\"new\"\nbroken A 192.0.2.300\n");
  router.process->send(SIGHUP);
  const std::string line = router.process->wait_for_line("reload_refused");
  BOOST_TEST(has(line, "/zone:14:10: "), line);
  BOOST_TEST(has(router.ask("dig", {"big.example.com", "TXT"}), "xxxx"));
  router.write_zone("\"new\"\n");
  router.process->send(SIGHUP);
  router.process->wait_for_line("reloaded");
  // Threads see new routes with their next batch; the first query may still be of the old one.
  bool seen = false;
  for (int i = 0; i < 100 && !seen; ++i) seen = has(router.ask("dig", {"big.example.com", "TXT"}), "\"new\"");
  BOOST_TEST(seen);
}

BOOST_AUTO_TEST_CASE(queries_over_udp_and_tcp_while_zones_are_reloaded_are_all_answered) {
  Router router;
  std::string batch;
  for (int i = 0; i < 300; ++i) batch += "mail.example.com A\n";
  const std::string file = router.folder.write("batch", batch);
  const auto asking = [&](const char* transport) {
    return std::make_unique<Process>(Command{{"dig", "+short", transport, "+tries=1", "+time=10", "-p",
                                              std::to_string(router.dns), "@127.0.0.1", "-f", file},
                                             {},
                                             {}});
  };
  const auto udp = asking("+notcp"), tcp = asking("+tcp");
  udp->wait_for_line("192.0.2.25");
  tcp->wait_for_line("192.0.2.25");
  for (int i = 0; i < 6; ++i) {
    const bool good = i % 2 == 0;
    router.write_zone(good ? "\"" + std::to_string(i) + "\"\n" : "\"x\"\nmail CNAME www\n");
    router.process->send(SIGHUP);
    router.process->wait_for_line(good ? "reloaded" : "reload_refused", i / 2);
  }
  for (Process* process : {udp.get(), tcp.get()}) {
    BOOST_TEST(process->wait() == 0);
    std::istringstream lines(process->output());
    int answered = 0;
    for (std::string line; std::getline(lines, line);) answered += line == "192.0.2.25";
    BOOST_TEST(answered == 300, process->output());
  }
}

BOOST_AUTO_TEST_CASE(a_router_that_drains_is_not_ready_and_still_answers_until_it_is_told_twice) {
  Router router({}, "drain_time = \"60s\"\n");
  const auto ready = [&] {
    HttpConnection connection(router.admin);
    connection.send("GET /readyz HTTP/1.1\r\nHost: router\r\n\r\n");
    return connection.read_reply().status;
  };
  BOOST_TEST(ready() == 200);
  router.process->send(SIGTERM);
  router.process->wait_for_line("draining");
  BOOST_TEST(ready() == 503);
  BOOST_TEST(has(router.ask("dig", {"+short", "mail.example.com", "A"}), "192.0.2.25"));
  BOOST_TEST(has(router.ask("dig", {"+short", "+tcp", "mail.example.com", "A"}), "192.0.2.25"));
  router.process->send(SIGTERM);
  BOOST_TEST(router.process->wait() == 0);
}

BOOST_AUTO_TEST_CASE(
    after_a_reload_connections_are_told_the_silence_they_are_allowed_and_not_what_a_restart_would_bring) {
  Router router;
  router.router_keys = "tcp_idle_timeout = \"3s\"\n";
  router.folder.write("router.toml", router.config());
  router.process->send(SIGHUP);
  router.process->wait_for_line("reloaded");
  const std::string dig = router.ask("dig", {"+tcp", "+keepalive", "www.example.com", "A"});
  BOOST_TEST(has(dig, "TCP KEEPALIVE: 10.0 secs"), dig);
}

BOOST_AUTO_TEST_CASE(queries_are_logged_as_json_when_that_is_wanted) {
  const TempDir logs;
  const std::string file = logs.path() + "/queries";
  Router router("[query_log]\npath = \"" + file + "\"\nsample = 1\n");
  router.ask("dig", {"+subnet=192.0.2.0/24", "www.example.com", "A"});
  router.ask("dig", {"+tcp", "nobody.example.com", "MX"});
  router.process->send(SIGTERM);
  BOOST_TEST(router.process->wait() == 0);
  const std::string lines = run({{"cat", file}, {}, {}}).output;
  BOOST_TEST(
      has(lines, "\"transport\":\"udp\",\"name\":\"www.example.com.\",\"type\":\"A\",\"subnet\":\"192.0.2.0/24\""),
      lines);
  BOOST_TEST(
      has(lines, "\"transport\":\"tcp\",\"name\":\"nobody.example.com.\",\"type\":\"MX\",\"outcome\":\"nxdomain\""),
      lines);
}

BOOST_AUTO_TEST_CASE(ten_thousand_broken_packets_over_udp_leave_no_query_unanswered) {
  Router router;
  core::Random random(7);
  UdpSocket socket(router.dns);
  std::size_t wrong = 0, answered = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string packet = query_bytes(random);
    socket.send(packet);
    if (!must_be_answered(packet)) continue;
    const std::string answer = socket.receive();
    ++answered;
    wrong += answer.size() < 12 || answer.substr(0, 2) != packet.substr(0, 2);
  }
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(answered > 5'000u);
  BOOST_TEST(router.process->running());
}

BOOST_AUTO_TEST_CASE(ten_thousand_broken_messages_over_tcp_leave_no_query_unanswered) {
  Router router;
  core::Random random(8);
  HttpConnection connection(router.dns);
  std::string received;
  std::size_t wrong = 0, answered = 0;
  for (int batch = 0; batch < 100; ++batch) {
    std::string all;
    std::vector<std::string> expected;
    for (int i = 0; i < 100; ++i) {
      const std::string packet = query_bytes(random);
      all.append({static_cast<char>(packet.size() >> 8), static_cast<char>(packet.size())}).append(packet);
      if (must_be_answered(packet)) expected.push_back(packet.substr(0, 2));
    }
    connection.send(all);
    for (const std::string& id : expected) {
      const auto size = [&] {
        return 2u + (static_cast<unsigned char>(received[0]) << 8 | static_cast<unsigned char>(received[1]));
      };
      while (received.size() < 2 || received.size() < size()) {
        const std::string more = connection.receive();
        BOOST_REQUIRE(!more.empty());
        received += more;
      }
      wrong += received.substr(2, 2) != id;
      ++answered;
      received.erase(0, size());
    }
  }
  BOOST_TEST(wrong == 0u);
  BOOST_TEST(answered > 5'000u);
  BOOST_TEST(router.process->running());
}

BOOST_AUTO_TEST_SUITE_END()
