// An edge behind a load balancer that speaks the PROXY protocol: the client's address in its header is what counts.
#include <boost/test/unit_test.hpp>

#include "tests/support/certificates.h"
#include "tests/support/pop.h"
#include "tests/support/proxy_headers.h"

using namespace skerry::testing;

namespace {

const std::string from_client_1 = "PROXY TCP4 192.0.2.1 198.51.100.1 4001 80\r\n";

// Three listeners for clients: one for balancers of this machine, one for balancers of elsewhere, and one for anybody;
// a fourth speaks TLS to balancers of this machine.
struct BalancedEdge {
  TempDir folder;
  OriginProcess origin;
  const std::uint16_t proxied = free_port(), elsewhere = free_port(), secure = free_port();
  TestCertificates certificates = make_certificates(folder.path(), {"www.example.com"});
  EdgeProcess edge{folder, options()};

  static std::string local(std::uint16_t port) { return "127.0.0.1:" + std::to_string(port); }
  EdgeOptions options() const {
    EdgeOptions options;
    options.origin = origin.url();
    options.address = local(proxied) + "\", \"" + local(elsewhere) + "\", \"127.0.0.1";
    options.edge_keys = "tls_listen = \"" + local(secure) + "\"\n";
    options.sections = "[[certificate]]\ncert = \"" + certificates.cert + "\"\nkey = \"" + certificates.key + "\"\n";
    for (const std::uint16_t port : {proxied, secure}) {
      options.sections += "[[proxy_protocol]]\nlisten = \"" + local(port) + "\"\nfrom = \"127.0.0.0/8\"\n";
    }
    options.sections += "[[proxy_protocol]]\nlisten = \"" + local(elsewhere) + "\"\nfrom = \"10.0.0.0/8\"\n";
    return options;
  }
  // What the origin is told, which its answer repeats.
  static std::string echo_of(std::uint16_t port, const std::string& header) {
    HttpConnection connection(port);
    connection.send(header + get_text("/_echo"));
    return connection.read_reply().body;
  }
  static std::string all_of(std::uint16_t port, const std::string& bytes) {
    HttpConnection connection(port);
    connection.send(bytes);
    return connection.receive_all();
  }
};

bool tells(const std::string& echo, const std::string& client) {
  return echo.find("X-Forwarded-For: " + client + "\n") != std::string::npos ||
         echo.find("X-Forwarded-For: " + client + "\r\n") != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(proxy_protocol)

BOOST_FIXTURE_TEST_CASE(clients_address_of_the_header_reaches_the_origin_and_the_log, BalancedEdge) {
  const std::string one = echo_of(proxied, from_client_1);
  BOOST_TEST(tells(one, "192.0.2.1"), one);
  const std::string two =
      echo_of(proxied, ProxyV2::with_checksum(0x21, 0x21, ProxyV2::tcp("2001:db8::2", "2001:db8::1", 4002, 80)));
  BOOST_TEST(tells(two, "2001:db8::2"), two);
  const std::string local_check = echo_of(proxied, ProxyV2::header(0x20, 0, ""));
  BOOST_TEST(tells(local_check, "127.0.0.1"), local_check);
  for (const std::string_view client : {"\"192.0.2.1\"", "\"2001:db8::2\"", "\"127.0.0.1\""}) {
    BOOST_TEST(edge.process().wait_for_line(client).find("/_echo") != std::string::npos);
  }
}

BOOST_FIXTURE_TEST_CASE(curl_in_the_balancers_place_is_understood_with_and_without_tls, BalancedEdge) {
  for (const std::string& url : {"http://www.example.com:" + std::to_string(proxied) + "/_echo",
                                 "https://www.example.com:" + std::to_string(secure) + "/_echo"}) {
    const Finished curl = run({{"curl", "-sS", "--max-time", "20", "--haproxy-protocol", "--noproxy", "*", "--cacert",
                                certificates.ca, "--connect-to", "::127.0.0.1:", url},
                               {},
                               {}});
    BOOST_TEST(curl.exit_code == 0, curl.output);
    BOOST_TEST(tells(curl.output, "127.0.0.1"), curl.output);
  }
}

BOOST_FIXTURE_TEST_CASE(connections_that_break_the_rule_are_closed_unanswered_and_counted, BalancedEdge) {
  BOOST_TEST(all_of(proxied, get_text("/_echo")) == "");
  BOOST_TEST(all_of(proxied, "PROXY TCP4 192.0.2.1 198.51.100.1 04001 80\r\n" + get_text("/_echo")) == "");
  BOOST_TEST(all_of(secure, get_text("/_echo")) == "");
  BOOST_TEST(all_of(elsewhere, from_client_1 + get_text("/_echo")) == "");
  BOOST_TEST(edge.metric("skerry_proxy_connections_refused_total") == 4);
  BOOST_TEST(origin.requests() == 0u);
  // Elsewhere the header is nothing but a malformed request.
  BOOST_TEST(all_of(edge.port(), from_client_1 + get_text("/_echo")).starts_with("HTTP/1.1 400 "));
  BOOST_TEST(get(edge.port(), "/_echo").status == 200);
  BOOST_TEST(tells(echo_of(proxied, from_client_1), "192.0.2.1"));
}

BOOST_AUTO_TEST_SUITE_END()
