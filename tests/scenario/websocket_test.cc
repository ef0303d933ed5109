// Upgrades through the edge, as WebSockets use them (RFC 6455, RFC 9110 7.8): a tunnel of raw bytes both ways, or the
// origin's refusal.
#include <boost/test/unit_test.hpp>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

constexpr std::string_view handshake =
    "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

// A text frame as a client sends it: FIN, masked (RFC 6455 5.2).
std::string frame(std::string_view text) {
  std::string bytes = "\x81";
  bytes.push_back(static_cast<char>(0x80 | text.size()));
  const std::string mask = "\x01\x02\x03\x04";
  bytes += mask;
  for (std::size_t i = 0; i < text.size(); ++i) bytes.push_back(static_cast<char>(text[i] ^ mask[i % 4]));
  return bytes;
}

std::string receive(HttpConnection& connection, std::size_t size) {
  std::string bytes;
  while (bytes.size() < size) {
    const std::string more = connection.receive(size - bytes.size());
    if (more.empty()) break;
    bytes += more;
  }
  return bytes;
}

// An origin that sends back every byte after an upgrade, and an edge in front of it.
struct Upgrading {
  TempDir folder;
  OriginProcess origin;
  std::unique_ptr<EdgeProcess> edge;

  explicit Upgrading(const std::string& site_keys = "", const std::string& sections = "") {
    EdgeOptions options;
    options.origin = origin.url();
    options.site_keys = site_keys;
    options.sections = sections;
    edge = std::make_unique<EdgeProcess>(folder, options);
  }
  std::unique_ptr<HttpConnection> upgraded(const std::string& first_bytes = "") const {
    auto connection = std::make_unique<HttpConnection>(edge->port());
    connection->send(get_text("/_echo", handshake) + first_bytes);
    const Reply reply = connection->read_head();
    BOOST_REQUIRE(reply.status == 101);
    BOOST_TEST(reply.field("Upgrade") == "websocket");
    BOOST_TEST(reply.field("Connection") == "upgrade");
    BOOST_TEST(!reply.has("Content-Length"));
    BOOST_TEST(!reply.has("Transfer-Encoding"));
    return connection;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(websocket)

BOOST_AUTO_TEST_CASE(frames_go_both_ways_untouched) {
  Upgrading site;
  const auto connection = site.upgraded();
  for (const std::string_view text : {"hello", "", "GET / HTTP/1.1\r\n\r\n", "\r\n0\r\n\r\n"}) {
    connection->send(frame(text));
    BOOST_TEST(receive(*connection, frame(text).size()) == frame(text));
  }
  // More than any buffer holds at once.
  std::string large;
  for (int i = 0; i < 40'000; ++i) large += frame(std::to_string(i));
  std::string back;
  for (std::size_t at = 0; at < large.size(); at += 32 * 1024) {
    const std::string piece = large.substr(at, 32 * 1024);
    connection->send(piece);
    back += receive(*connection, piece.size());
  }
  BOOST_TEST((back == large));
}

BOOST_AUTO_TEST_CASE(bytes_right_behind_the_request_reach_the_origin) {
  Upgrading site;
  const auto connection = site.upgraded(frame("early"));
  BOOST_TEST(receive(*connection, frame("early").size()) == frame("early"));
}

BOOST_AUTO_TEST_CASE(tunnels_do_not_disturb_each_other_or_other_clients) {
  Upgrading site;
  std::vector<std::unique_ptr<HttpConnection>> connections;
  for (int i = 0; i < 20; ++i) connections.push_back(site.upgraded());
  for (std::size_t i = 0; i < connections.size(); ++i) connections[i]->send(frame(std::to_string(i)));
  BOOST_TEST(get(site.edge->port(), "/_gen/1k/other").status == 200);
  for (std::size_t i = 0; i < connections.size(); ++i) {
    const std::string expected = frame(std::to_string(i));
    BOOST_TEST(receive(*connections[i], expected.size()) == expected);
  }
}

BOOST_AUTO_TEST_CASE(client_that_has_nothing_more_to_send_still_gets_what_is_under_way) {
  Upgrading site;
  const auto connection = site.upgraded();
  connection->send(frame("last words"));
  connection->shut_down_writing();
  BOOST_TEST(connection->receive_all() == frame("last words"));
}

BOOST_AUTO_TEST_CASE(origin_that_dies_ends_the_tunnel) {
  Upgrading site;
  const auto connection = site.upgraded();
  connection->send(frame("hello"));
  BOOST_TEST(receive(*connection, frame("hello").size()) == frame("hello"));
  site.origin.process().kill();
  BOOST_TEST(connection->receive_all() == "");
}

BOOST_AUTO_TEST_CASE(silent_tunnel_is_ended_at_either_sides_deadline) {
  const std::pair<std::string, std::string> rows[] = {{"tunnel_timeout = \"300ms\"\n", ""},
                                                      {"", "[limits]\ntunnel_timeout = \"300ms\"\n"}};
  for (const auto& [site_keys, sections] : rows) {
    Upgrading site(site_keys, sections);
    const auto connection = site.upgraded();
    connection->send(frame("hello"));
    BOOST_TEST(receive(*connection, frame("hello").size()) == frame("hello"));
    BOOST_TEST(connection->receive_all() == "");
    BOOST_TEST(get(site.edge->port(), "/_gen/1k/other").status == 200);
  }
}

BOOST_AUTO_TEST_CASE(origin_that_refuses_the_upgrade_answers_as_it_likes) {
  Upgrading site;
  HttpConnection connection(site.edge->port());
  for (const auto& [path, status] : {std::pair("/_gen/1k/page", 200), std::pair("/_gen/1k/no?status=426", 426)}) {
    connection.send(get_text(path, handshake));
    const Reply reply = connection.read_reply();
    BOOST_TEST(reply.status == status);
    BOOST_TEST(reply.field("X-Cache") == "BYPASS");
    BOOST_TEST(!reply.has("Upgrade"));
  }
  // The connection is good for the next request.
  connection.send(get_text("/_gen/1k/page"));
  BOOST_TEST(connection.read_reply().body.size() == 1024u);
}

BOOST_AUTO_TEST_CASE(upgrade_to_http_2_and_lists_of_protocols_are_not_passed_on) {
  Upgrading site;
  for (const std::string_view protocol : {"h2c", "websocket, h2c"}) {
    HttpConnection connection(site.edge->port());
    connection.send(get_text("/_echo", "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\nUpgrade: " +
                                           std::string(protocol) + "\r\n"));
    const Reply reply = connection.read_reply();
    BOOST_TEST(reply.status == 200);
    BOOST_TEST(reply.body.find("pgrade") == std::string::npos, reply.body);
    BOOST_TEST(reply.body.find("HTTP2-Settings") == std::string::npos, reply.body);
  }
}

BOOST_AUTO_TEST_CASE(upgrade_at_a_dead_origin_is_an_error_with_its_reason) {
  Upgrading site;
  site.origin.process().kill();
  HttpConnection connection(site.edge->port());
  connection.send(get_text("/_echo", handshake));
  const Reply reply = connection.read_reply();
  BOOST_TEST(reply.status == 502);
  BOOST_TEST(reply.field("Proxy-Status").find("connection_refused") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
