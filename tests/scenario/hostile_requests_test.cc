// Requests no honest client sends, against a real edge: each gets its status, the connection ends, the origin never
// sees it, and the next client is served (RFC 9112).
#include <boost/test/unit_test.hpp>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

struct Hostile {
  const char* what;
  std::string bytes;
  int status;
};

std::string with(std::string_view line) {
  return "GET / HTTP/1.1\r\nHost: www.example.com\r\n" + std::string(line) + "\r\n\r\n";
}
std::string post(std::string_view fields, std::string_view body) {
  return "POST / HTTP/1.1\r\nHost: www.example.com\r\n" + std::string(fields) + "\r\n\r\n" + std::string(body);
}

const std::vector<Hostile>& all_hostile() {
  using namespace std::string_literals;
  static const std::vector<Hostile> all = {
      {"no HTTP at all", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"s, 400},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"a version nobody knows", "GET / HTTP/9.9\r\nHost: www.example.com\r\n\r\n", 505},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two Hosts", with("Host: www.example.com"), 400},
      {"a malformed Host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"a host that is not served here", "GET / HTTP/1.1\r\nHost: www.example.org\r\nConnection: close\r\n\r\n", 421},
      {"a NUL in a field", with("X: a\0b"s), 400},
      {"a bare LF", "GET / HTTP/1.1\nHost: www.example.com\n\n", 400},
      {"a bare CR in a field", with("X: a\rb"), 400},
      {"a folded line", with("X: a\r\n b"), 400},
      {"a blank before the colon", with("X : a"), 400},
      {"a line without colon", with("nonsense"), 400},
      {"a field name that is no token", with("X(Y): a"), 400},
      {"length and chunks together", post("Content-Length: 3\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), 400},
      {"two lengths", post("Content-Length: 3\r\nContent-Length: 3", "abc"), 400},
      {"a list of lengths", post("Content-Length: 3, 3", "abc"), 400},
      {"a negative length", post("Content-Length: -1", ""), 400},
      {"a length with a sign", post("Content-Length: +3", "abc"), 400},
      {"a length beyond 2^63", post("Content-Length: 9223372036854775808", ""), 400},
      {"a transfer coding nobody knows", post("Transfer-Encoding: gzip, chunked", ""), 501},
      {"chunked twice", post("Transfer-Encoding: chunked, chunked", ""), 501},
      {"a chunk size with a sign", post("Transfer-Encoding: chunked", "+3\r\nabc\r\n0\r\n\r\n"), 400},
      {"a chunk size that is no number", post("Transfer-Encoding: chunked", "0x3\r\nabc\r\n0\r\n\r\n"), 400},
      {"HTTP/1.0 with chunks",
       "POST / HTTP/1.0\r\nHost: www.example.com\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"CONNECT", "CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com\r\n\r\n", 501},
      {"TRACE", "TRACE / HTTP/1.1\r\nHost: www.example.com\r\n\r\n", 501},
      {"an expectation nobody knows", with("Expect: a-miracle"), 417},
      {"a head that is too large", with("X: " + std::string(100'000, 'x')), 431},
      {"too many fields", with([] {
         std::string lines;
         for (int i = 0; i < 500; ++i) lines += "X" + std::to_string(i) + ": y\r\n";
         return lines + "Z: z";
       }()),
       431},
      {"a URL that is too long", "GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\nHost: www.example.com\r\n\r\n",
       414},
  };
  return all;
}

// A server may refuse before it has read everything: what can't be sent any more is no failure here.
void offer(HttpConnection& connection, std::string_view bytes) {
  try {
    connection.send(bytes);
  } catch (const ConnectionLost&) {
  }
}

// What comes until the edge closes; "still open" behind it if it does not.
std::string answer_to(HttpConnection& connection) {
  std::string answer;
  try {
    for (std::string bytes; !(bytes = connection.receive()).empty();) answer += bytes;
  } catch (const ConnectionLost& lost) {
    if (std::string_view(lost.what()).find("reset") == std::string_view::npos) answer += "still open";
  }
  return answer;
}

struct OneEdge {
  TempDir folder;
  OriginProcess origin;
  EdgeProcess edge{folder, [this] {
                     EdgeOptions options;
                     options.origin = origin.url();
                     return options;
                   }()};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(hostile_requests)

BOOST_FIXTURE_TEST_CASE(each_gets_its_status_and_the_connection_ends, OneEdge) {
  for (const Hostile& hostile : all_hostile()) {
    BOOST_TEST_CONTEXT(hostile.what) {
      HttpConnection connection(edge.port(), std::chrono::seconds(10));
      offer(connection, hostile.bytes);
      const std::string answer = answer_to(connection);
      BOOST_TEST(!answer.ends_with("still open"));
      BOOST_TEST(answer.substr(0, 12) == "HTTP/1.1 " + std::to_string(hostile.status));
      BOOST_TEST(answer.find("\r\nProxy-Status: edge-1; error=") != std::string::npos, answer);
    }
  }
  BOOST_TEST(get(edge.port(), "/_gen/1k/after").status == 200);
}

BOOST_FIXTURE_TEST_CASE(none_reaches_the_origin, OneEdge) {
  for (const Hostile& hostile : all_hostile()) {
    HttpConnection connection(edge.port(), std::chrono::seconds(10));
    offer(connection, hostile.bytes);
    connection.shut_down_writing();
    answer_to(connection);
  }
  BOOST_TEST(origin.requests() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_request_smuggled_behind_a_refused_one_is_not_answered, OneEdge) {
  HttpConnection connection(edge.port());
  connection.send(post("Content-Length: 0\r\nTransfer-Encoding: chunked", "0\r\n\r\n") + get_text("/_gen/1k/smuggled"));
  const std::string answer = connection.receive_all();
  BOOST_TEST(answer.starts_with("HTTP/1.1 400"));
  BOOST_TEST(answer.find("HTTP/1.1 200") == std::string::npos);
  BOOST_TEST(origin.requests() == 0u);
}

BOOST_FIXTURE_TEST_CASE(a_body_cut_short_is_no_request_that_counts, OneEdge) {
  HttpConnection connection(edge.port());
  connection.send(post("Content-Length: 100", "only this"));
  connection.shut_down_writing();
  const std::string answer = connection.receive_all();
  BOOST_TEST((answer.empty() || answer.starts_with("HTTP/1.1 400")), answer);
  BOOST_TEST(get(edge.port(), "/_gen/1k/after").status == 200);
}

BOOST_AUTO_TEST_SUITE_END()
