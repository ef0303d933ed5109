// HTTP/1.1 requests as bytes: what is taken and what is refused, rule by rule (RFC 9112).
#include <boost/test/unit_test.hpp>

#include "tests/support/codec_probe.h"

using namespace skerry;
using namespace skerry::http;
using core::ErrorCode;
using skerry::testing::ServerCodecProbe;

namespace {

std::string events_of(std::string_view input, std::span<const std::size_t> cuts = {}, const ServerLimits& limits = {}) {
  ServerCodecProbe probe(limits);
  testing::feed(probe.codec, input, cuts);
  return probe.notes.text();
}

void check_refused(std::string_view input, int status, ErrorCode code, const ServerLimits& limits = {}) {
  BOOST_TEST_CONTEXT(std::string(input.substr(0, 200))) {
    ServerCodecProbe probe(limits);
    testing::feed(probe.codec, input);
    BOOST_TEST(probe.errors == 1);
    BOOST_TEST(probe.last_status == status);
    BOOST_TEST(core::name(probe.last_error) == core::name(code));
    BOOST_TEST(probe.notes.text().find("request ") == std::string::npos);
    // What comes behind a refused request is never looked at.
    testing::feed(probe.codec, "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    BOOST_TEST(probe.notes.text().find("request ") == std::string::npos);
    BOOST_TEST(probe.errors == 1);
  }
}

std::string with_fields(std::string_view fields) {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

std::string with_host(std::string_view host) {
  return "GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(h1_request)

BOOST_AUTO_TEST_CASE(a_request_is_read_with_its_fields_in_order_and_case) {
  BOOST_TEST(
      events_of("GET /a?b=c HTTP/1.1\r\nHost: Example.COM:80\r\naccept: */*\r\nX-y:\t a  b \t\r\nEmpty:\r\n\r\n") ==
      "request GET http [example.com] /a?b=c 1.1 none\naccept: */*\nX-y: a  b\nEmpty: \nend\n");
}

BOOST_AUTO_TEST_CASE(bodies_are_framed_by_length_or_chunks) {
  BOOST_TEST(events_of(with_fields("Content-Length: 5\r\n") + "hello") ==
             "request POST http [a] / 1.1 5\nContent-Length: 5\nbody hello\nend\n");
  BOOST_TEST(events_of(with_fields("Content-Length: 0\r\n")) ==
             "request POST http [a] / 1.1 0\nContent-Length: 0\nend\n");
  BOOST_TEST(events_of(with_fields("Transfer-Encoding: Chunked\r\n") +
                       "5\r\nhello\r\n1;a=\"b;\";c\r\n!\r\n000\r\nDigest: x\r\nConnection: close\r\n\r\n") ==
             "request POST http [a] / 1.1 unknown\nTransfer-Encoding: Chunked\nbody hello!\nend\nDigest: x\n");
}

BOOST_AUTO_TEST_CASE(unknown_methods_pass) {
  BOOST_TEST(events_of("M-SEARCH / HTTP/1.1\r\nHost: a\r\n\r\n") == "request M-SEARCH http [a] / 1.1 none\nend\n");
}

BOOST_AUTO_TEST_CASE(connect_and_trace_are_refused) {
  check_refused("CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501, ErrorCode::bad_method);
  check_refused("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501, ErrorCode::bad_method);
  check_refused(std::string(65, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n", 501, ErrorCode::bad_method);
}

BOOST_AUTO_TEST_CASE(malformed_request_lines_are_refused) {
  for (const std::string_view line : {"GET  / HTTP/1.1",
                                      " GET / HTTP/1.1",
                                      "GET /  HTTP/1.1",
                                      "GET / HTTP/1.1 ",
                                      "GET\t/ HTTP/1.1",
                                      "GET / http/1.1",
                                      "GET / HTTP/1.1x",
                                      "GET / HTTP/11",
                                      "GET / HTTP/1,1",
                                      "GET / HTTP/a.1",
                                      "GET / XTTP/1.1",
                                      "GET /a b HTTP/1.1",
                                      "GET /",
                                      "GET",
                                      "GET / ",
                                      "G(T / HTTP/1.1",
                                      "GET a HTTP/1.1",
                                      "GET * HTTP/1.1",
                                      "GET /\x80 HTTP/1.1",
                                      "GET /\x01 HTTP/1.1",
                                      "GET /a#b HTTP/1.1",
                                      "GET /\x7f HTTP/1.1",
                                      "GET ftp://a/ HTTP/1.1",
                                      "GET http:/a HTTP/1.1",
                                      "GET /a\rb HTTP/1.1",
                                      "\rGET / HTTP/1.1",
                                      "GET //\v HTTP/1.1"}) {
    check_refused(std::string(line) + "\r\nHost: a\r\n\r\n", 400, ErrorCode::malformed_request_line);
  }
  check_refused(std::string("GET /\0a HTTP/1.1\r\nHost: a\r\n\r\n", 29), 400, ErrorCode::malformed_request_line);
  check_refused("GET / HTTP/1.1\nHost: a\r\n\r\n", 400, ErrorCode::malformed_request_line);
  check_refused("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, ErrorCode::malformed_request_line);
  check_refused("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, ErrorCode::malformed_request_line);
  check_refused("\x16\x03\x01\x02", 400, ErrorCode::malformed_request_line);
}

BOOST_AUTO_TEST_CASE(one_empty_line_before_a_request_is_skipped) {
  BOOST_TEST(events_of("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n") == "request GET http [a] / 1.1 none\nend\n");
}

BOOST_AUTO_TEST_CASE(other_versions_are_refused) {
  check_refused("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 400, ErrorCode::bad_version);
  check_refused("GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505, ErrorCode::bad_version);
  check_refused("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, ErrorCode::bad_version);
  check_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, ErrorCode::bad_version);
}

BOOST_AUTO_TEST_CASE(malformed_fields_are_refused) {
  for (const std::string_view field :
       {"A : b", "A\t: b", "A", "A b: c", ": b", " A: b", "\tA: b", "A(: b", "A: b\x01", "A: b\x7f", "A: b\rc", "A: \r",
        "A\x80: b", "A: b\x0b", "A\r: b", "=: b", "A: b\n c"}) {
    check_refused("GET / HTTP/1.1\r\nHost: a\r\n" + std::string(field) + "\r\n\r\n", 400, ErrorCode::malformed_field);
  }
  check_refused(std::string("GET / HTTP/1.1\r\nHost: a\r\nA: b\0c\r\n\r\n", 35), 400, ErrorCode::malformed_field);
  check_refused("GET / HTTP/1.1\r\nHost: a\nA: b\r\n\r\n", 400, ErrorCode::malformed_field);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nA: b\r\n c\r\n\r\n", 400, ErrorCode::malformed_field);  // obs-fold
  check_refused("GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, ErrorCode::malformed_field);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\n\n", 400, ErrorCode::malformed_field);
}

BOOST_AUTO_TEST_CASE(long_values_are_checked_to_their_last_byte) {
  for (std::size_t size = 1; size < 40; ++size) {
    std::string value(size, 'v');
    BOOST_TEST(events_of("GET / HTTP/1.1\r\nHost: a\r\nA: " + value + "\r\n\r\n").find("error") == std::string::npos);
    value.back() = '\x7f';
    check_refused("GET / HTTP/1.1\r\nHost: a\r\nA: " + value + "\r\n\r\n", 400, ErrorCode::malformed_field);
  }
  BOOST_TEST(
      events_of("GET / HTTP/1.1\r\nHost: a\r\nA: tab\tand \x80\xff are allowed in values\r\n\r\n").find("error") ==
      std::string::npos);
}

BOOST_AUTO_TEST_CASE(content_length_must_be_one_number) {
  for (const std::string_view value : {"", "+5", "-5", "5 5", "5,5", "5, 5", "0x5", "5a", "a", "1_0", "5;",
                                       "9223372036854775808", "18446744073709551621", "99999999999999999999999"}) {
    check_refused(with_fields("Content-Length: " + std::string(value) + "\r\n"), 400, ErrorCode::bad_content_length);
  }
  check_refused(with_fields("Content-Length: 5\r\nContent-Length: 5\r\n"), 400, ErrorCode::bad_content_length);
  check_refused(with_fields("Content-Length: 5\r\ncontent-length: 6\r\n"), 400, ErrorCode::bad_content_length);
}

BOOST_AUTO_TEST_CASE(two_framings_are_refused) {
  check_refused(with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), 400,
                ErrorCode::conflicting_framing);
  check_refused(with_fields("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"), 400,
                ErrorCode::conflicting_framing);
  check_refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, ErrorCode::conflicting_framing);
}

BOOST_AUTO_TEST_CASE(transfer_codings_other_than_one_chunked_are_refused) {
  for (const std::string_view value : {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "",
                                       "xchunked", "chunked;q=1", "\"chunked\"", "chunked,"}) {
    check_refused(with_fields("Transfer-Encoding: " + std::string(value) + "\r\n"), 501,
                  ErrorCode::unsupported_transfer_coding);
  }
  check_refused(with_fields("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 501,
                ErrorCode::unsupported_transfer_coding);
}

BOOST_AUTO_TEST_CASE(host_must_be_there_once_and_well_formed) {
  check_refused("GET / HTTP/1.1\r\n\r\n", 400, ErrorCode::bad_host);
  check_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, ErrorCode::bad_host);
  check_refused("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, ErrorCode::bad_host);
  for (const std::string_view host : {"",          "a b",
                                      "a,b",       "a/b",
                                      "user@a",    "a:",
                                      ":80",       "a:0",
                                      "a:080",     "a:65536",
                                      "a:+1",      "a:8a",
                                      "a::80",     "[::1",
                                      "[]",        "::1",
                                      "[::1]x",    "[1.2.3.4]",
                                      "[v1.a]",    "a..b",
                                      ".a",        "a%41",
                                      "a?b",       "a#b",
                                      "[::1]]:80", "[fe80::1%25eth0]",
                                      "\xc3\xa9"}) {
    if (host == "a:") continue;  // an empty port is the default one (RFC 3986 3.2.3)
    check_refused(with_host(host), 400, ErrorCode::bad_host);
  }
  check_refused(with_host(std::string(64, 'a')), 400, ErrorCode::bad_host);
}

BOOST_AUTO_TEST_CASE(authorities_are_normalised) {
  const auto authority = [](std::string_view host, Scheme scheme) {
    ServerCodecProbe probe({}, scheme);
    testing::feed(probe.codec, with_host(host));
    const std::string& text = probe.notes.text();
    return text.substr(text.find('['), text.rfind("] /") - text.find('[') + 1);
  };
  BOOST_TEST(authority("WWW.Example.com", Scheme::http) == "[www.example.com]");
  BOOST_TEST(authority("a:80", Scheme::http) == "[a]");
  BOOST_TEST(authority("a:", Scheme::http) == "[a]");
  BOOST_TEST(authority("a:80", Scheme::https) == "[a:80]");
  BOOST_TEST(authority("a:443", Scheme::https) == "[a]");
  BOOST_TEST(authority("a.:8080", Scheme::http) == "[a.:8080]");
  BOOST_TEST(authority("[2001:DB8::1]:80", Scheme::http) == "[[2001:db8::1]]");
  BOOST_TEST(authority("[::1]:81", Scheme::http) == "[[::1]:81]");
  BOOST_TEST(authority("a_b-c.d", Scheme::http) == "[a_b-c.d]");
}

BOOST_AUTO_TEST_CASE(http_1_0_needs_no_host) {
  BOOST_TEST(events_of("GET / HTTP/1.0\r\n\r\n") == "request GET http [] / 1.0 none\nend\n");
}

BOOST_AUTO_TEST_CASE(an_absolute_target_replaces_host) {
  BOOST_TEST(events_of("GET HTTP://B:80/x?y HTTP/1.1\r\nHost: a\r\n\r\n") ==
             "request GET http [b] /x?y 1.1 none\nend\n");
  BOOST_TEST(events_of("GET http://b?y HTTP/1.1\r\nHost: a\r\n\r\n") == "request GET http [b] /?y 1.1 none\nend\n");
  BOOST_TEST(events_of("GET http://b HTTP/1.1\r\nHost: a\r\n\r\n") == "request GET http [b] / 1.1 none\nend\n");
  BOOST_TEST(events_of("OPTIONS http://b HTTP/1.1\r\nHost: a\r\n\r\n") == "request OPTIONS http [b] * 1.1 none\nend\n");
  check_refused("GET http://b/ HTTP/1.1\r\n\r\n", 400, ErrorCode::bad_host);
  check_refused("GET http://b/ HTTP/1.1\r\nHost: a b\r\n\r\n", 400, ErrorCode::bad_host);
  check_refused("GET http://u@b/ HTTP/1.1\r\nHost: b\r\n\r\n", 400, ErrorCode::bad_host);
  check_refused("GET http:///x HTTP/1.1\r\nHost: b\r\n\r\n", 400, ErrorCode::bad_host);
  check_refused("GET https://b/ HTTP/1.1\r\nHost: b\r\n\r\n", 421, ErrorCode::misdirected);
}

BOOST_AUTO_TEST_CASE(options_may_ask_for_the_server) {
  BOOST_TEST(events_of("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n") == "request OPTIONS http [a] * 1.1 none\nend\n");
}

BOOST_AUTO_TEST_CASE(expectations_other_than_100_continue_are_refused) {
  check_refused(with_fields("Expect: 200-ok\r\n"), 417, ErrorCode::bad_expectation);
  check_refused(with_fields("Expect: 100-continue\r\nExpect: x\r\n"), 417, ErrorCode::bad_expectation);
  BOOST_TEST(events_of(with_fields("Expect: 100-Continue\r\n")).find("error") == std::string::npos);
  BOOST_TEST(events_of("GET / HTTP/1.0\r\nExpect: x\r\n\r\n").find("error") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(sizes_are_bounded) {
  ServerLimits limits;
  limits.head_size = 1000;
  limits.target_size = 300;
  limits.header_fields = 5;
  const auto target = [](std::size_t size) {
    return "GET /" + std::string(size - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  BOOST_TEST(events_of(target(300), {}, limits).find("error") == std::string::npos);
  check_refused(target(301), 414, ErrorCode::uri_too_long, limits);
  check_refused(target(5000), 414, ErrorCode::uri_too_long, limits);
  check_refused("GET /" + std::string(400, 'a'), 414, ErrorCode::uri_too_long, limits);  // no end needed

  const auto fields = [](int count) {
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 1; i < count; ++i) text += "A: b\r\n";
    return text + "\r\n";
  };
  BOOST_TEST(events_of(fields(5), {}, limits).find("error") == std::string::npos);
  check_refused(fields(6), 431, ErrorCode::head_too_large, limits);

  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nA: ";
  const auto head = [&](std::size_t size) { return start + std::string(size - start.size() - 4, 'a') + "\r\n\r\n"; };
  BOOST_TEST(events_of(head(1000), {}, limits).find("error") == std::string::npos);
  check_refused(head(1001), 431, ErrorCode::head_too_large, limits);
  check_refused(start + std::string(1000, 'a'), 431, ErrorCode::head_too_large, limits);
  std::string options = "Connection: a";
  for (int i = 0; i < 100; ++i) options += ",a";
  check_refused(with_fields(options + "\r\n"), 400, ErrorCode::malformed_field);
}

BOOST_AUTO_TEST_CASE(malformed_chunks_are_refused) {
  for (const std::string_view body : {"\r\n",
                                      "+5\r\nhello\r\n",
                                      "-5\r\n",
                                      " 5\r\nhello\r\n",
                                      "5 \r\nhello\r\n",
                                      "0x5\r\nhello\r\n",
                                      "5_0\r\n",
                                      "g\r\n",
                                      "5\nhello\r\n",
                                      "5\rhello\r\n",
                                      "5\r\r\n",
                                      "5\r\nhello\n",
                                      "5\r\nhello!\r\n",
                                      "5\r\nhell\r\n0\r\n\r\n",
                                      ";a\r\n",
                                      "5;a\nhello\r\n",
                                      "5;a\rb\r\n",
                                      "5;\x01\r\n",
                                      "8000000000000000\r\n",
                                      "ffffffffffffffff\r\n",
                                      "00000000000000005\r\nhello\r\n",
                                      "5\t\r\nhello\r\n"}) {
    ServerCodecProbe probe;
    testing::feed(probe.codec,
                  with_fields("Transfer-Encoding: chunked\r\n") + std::string(body) + "GET /x HTTP/1.1\r\n\r\n");
    BOOST_TEST_CONTEXT(std::string(body)) {
      BOOST_TEST(probe.errors == 1);
      BOOST_TEST(probe.last_status == 400);
      BOOST_TEST(core::name(probe.last_error) == "bad_chunk");
      BOOST_TEST(probe.notes.text().find("end") == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(chunk_extensions_are_bounded) {
  const std::string head = with_fields("Transfer-Encoding: chunked\r\n");
  BOOST_TEST(events_of(head + "1;" + std::string(1000, 'e') + "\r\nx\r\n0\r\n\r\n").ends_with("body x\nend\n"));
  BOOST_TEST(events_of(head + "1;" + std::string(2000, 'e')).ends_with("error 400 bad_chunk\n"));
  std::string many = head;
  for (int i = 0; i < 20; ++i) many += "1;" + std::string(1000, 'e') + "\r\nx\r\n";
  BOOST_TEST(events_of(many).ends_with("error 400 bad_chunk\n"));
}

BOOST_AUTO_TEST_CASE(trailers_are_checked_and_bounded) {
  const std::string head = with_fields("Transfer-Encoding: chunked\r\n") + "0\r\n";
  BOOST_TEST(events_of(head + "A : b\r\n\r\n").ends_with("error 400 malformed_field\n"));
  BOOST_TEST(events_of(head + "A: b\n\r\n").ends_with("error 400 malformed_field\n"));
  BOOST_TEST(events_of(head + " A: b\r\n\r\n").ends_with("error 400 malformed_field\n"));
  for (const std::string_view field : {"Content-Length: 1", "Transfer-Encoding: chunked", "Host: b"}) {
    BOOST_TEST(events_of(head + std::string(field) + "\r\n\r\n").ends_with("error 400 malformed_field\n"));
  }
  ServerLimits limits;
  limits.header_fields = 5;
  std::string many = head;
  for (int i = 0; i < 6; ++i) many += "A: b\r\n";
  BOOST_TEST(events_of(many, {}, limits).ends_with("error 431 head_too_large\n"));
  BOOST_TEST(events_of(head + "A: " + std::string(70'000, 'b')).ends_with("error 431 head_too_large\n"));
}

BOOST_AUTO_TEST_CASE(a_client_that_ends_in_the_middle_is_refused) {
  for (const std::string_view input : {"G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"}) {
    ServerCodecProbe probe;
    testing::feed(probe.codec, input);
    probe.codec.receive_end();
    BOOST_TEST(probe.notes.text() == "error 400 malformed_head\n");
  }
  ServerCodecProbe probe;
  testing::feed(probe.codec, with_fields("Content-Length: 5\r\n") + "hell");
  probe.codec.receive_end();
  BOOST_TEST(probe.notes.text().ends_with("body hell\nerror 400 body_cut_short\n"));
  ServerCodecProbe quiet;
  quiet.codec.receive_end();
  BOOST_TEST(quiet.notes.text().empty());
  BOOST_TEST(quiet.codec.wants_close());
}

BOOST_AUTO_TEST_CASE(events_do_not_depend_on_where_the_input_is_cut) {
  const std::string inputs[] = {
      "\r\nGET /a HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\nPOST /b HTTP/1.1\r\nHost: b\r\nContent-Length: 5\r\n\r\nhello"
      "PUT /c HTTP/1.1\r\nHost: c\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: "
      "u\r\n\r\n"
      "GET http://x:81/ HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.0\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n",
      with_fields("Content-Length: 5\r\nContent-Length: 5\r\n"),
      with_fields("A : b\r\n"),
      with_fields("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\nx\r\n",
      "GET / HTTP/1.1\nHost: a\r\n\r\n",
      "\x16\x03\x01\r\n\r\n"};
  for (const std::string& input : inputs) {
    const std::string whole = events_of(input);
    for (std::size_t at = 1; at < input.size(); ++at) {
      const std::size_t cuts[] = {at, input.size()};
      BOOST_TEST(events_of(input, cuts) == whole);
    }
    const std::size_t single[] = {1};
    BOOST_TEST(events_of(input, single) == whole);
  }
}

BOOST_AUTO_TEST_CASE(limits_do_not_depend_on_where_the_input_is_cut) {
  ServerLimits limits;
  limits.head_size = 300;
  limits.target_size = 60;
  for (std::size_t size = 20; size < 330; ++size) {
    for (const std::string& input : {"GET /" + std::string(size, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n",
                                     "GET / HTTP/1.1\r\nHost: a\r\nA: " + std::string(size, '\x01') + "\r\n\r\n"}) {
      const std::size_t cuts[] = {1};
      BOOST_TEST(events_of(input, cuts, limits) == events_of(input, {}, limits));
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
