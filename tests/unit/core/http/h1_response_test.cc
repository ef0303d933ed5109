// HTTP/1.1 responses from upstreams as bytes, and requests to them (RFC 9112).
#include <boost/test/unit_test.hpp>

#include "tests/support/codec_probe.h"

using namespace skerry;
using namespace skerry::http;
using core::ErrorCode;
using skerry::testing::ClientCodecProbe;

namespace {

std::string events_of(std::string_view input, std::span<const std::size_t> cuts = {}, std::string_view method = "GET") {
  ClientCodecProbe probe(method);
  probe.start();
  testing::feed(probe.codec, input, cuts);
  return probe.notes.text();
}

void check_refused(std::string_view input, ErrorCode code, std::string_view method = "GET") {
  BOOST_TEST_CONTEXT(std::string(input.substr(0, 200))) {
    ClientCodecProbe probe(method);
    probe.start();
    testing::feed(probe.codec, input);
    BOOST_TEST(probe.errors == 1);
    BOOST_TEST(core::name(probe.last_error) == core::name(code));
    BOOST_TEST(probe.ends == 0);
    BOOST_TEST(!probe.codec.reusable());
  }
}

std::string with_fields(std::string_view fields) {
  return "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(h1_response)

BOOST_AUTO_TEST_CASE(bodies_are_framed_by_length_chunks_or_close) {
  BOOST_TEST(events_of(with_fields("Content-Length: 5\r\nX : y\r\n") + "hello") ==
             "response 200 (OK) 5\nContent-Length: 5\nX: y\nbody hello\nend\n");
  BOOST_TEST(events_of(with_fields("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\nT : u\r\n\r\n") ==
             "response 200 (OK) unknown\nTransfer-Encoding: chunked\nbody abc\nend\nT: u\n");
  ClientCodecProbe probe;
  probe.start();
  testing::feed(probe.codec, "HTTP/1.1 200 OK\r\n\r\nto the end");
  probe.codec.receive_end();
  BOOST_TEST(probe.notes.text() == "response 200 (OK) unknown\nbody to the end\nend\n");
  BOOST_TEST(!probe.reusable);
}

BOOST_AUTO_TEST_CASE(responses_to_head_and_some_statuses_have_no_body) {
  BOOST_TEST(events_of(with_fields("Content-Length: 5\r\n"), {}, "HEAD") ==
             "response 200 (OK) none\nContent-Length: 5\nend\n");
  BOOST_TEST(events_of(with_fields("Transfer-Encoding: chunked\r\n"), {}, "HEAD").ends_with("end\n"));
  BOOST_TEST(events_of("HTTP/1.1 204 No Content\r\n\r\n") == "response 204 (No Content) none\nend\n");
  BOOST_TEST(events_of("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n") ==
             "response 304 (Not Modified) none\nContent-Length: 5\nend\n");
}

BOOST_AUTO_TEST_CASE(interim_responses_come_before_the_final_one) {
  BOOST_TEST(events_of("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
                       "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n") ==
             "interim 100\ninterim 103\nLink: a\nresponse 200 () 0\nContent-Length: 0\nend\n");
  std::string endless;
  for (int i = 0; i < 33; ++i) endless += "HTTP/1.1 102 Processing\r\n\r\n";
  check_refused(endless, ErrorCode::limit_exceeded);
}

BOOST_AUTO_TEST_CASE(malformed_status_lines_are_refused) {
  for (const std::string_view line : {"HTTP/1.1  200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000 OK", "HTTP/1.1 2a0 OK",
                                      "HTTP/1.1 099 OK", "HTTP/1.1 600 OK", "HTTP/1.1", "HTTP/1.1 ", "HTTP/1.1200 OK",
                                      "http/1.1 200 OK", "HTTP/1.1 200 O\x01K", "HTTP/1.1 200\tOK", "HTTP/1 200 OK",
                                      "ICY 200 OK", "", " HTTP/1.1 200 OK", "HTTP/1.1 200 O\rK", "HTTP/1.1 -20 OK"}) {
    check_refused(std::string(line) + "\r\nContent-Length: 0\r\n\r\n", ErrorCode::malformed_status_line);
  }
  check_refused("HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", ErrorCode::malformed_status_line);
  check_refused("HTTP/2.0 200 OK\r\n\r\n", ErrorCode::bad_version);
  check_refused("HTTP/1.2 200 OK\r\n\r\n", ErrorCode::bad_version);
}

BOOST_AUTO_TEST_CASE(malformed_fields_are_refused) {
  for (const std::string_view field :
       {"A", "A b: c", ": b", " A: b", "A: b\x01", "A: b\rc", "A: b\r\n c", "A: b\x7f"}) {
    check_refused(with_fields(std::string(field) + "\r\nContent-Length: 0\r\n"), ErrorCode::malformed_field);
  }
  check_refused("HTTP/1.1 200 OK\r\nA: b\nContent-Length: 0\r\n\r\n", ErrorCode::malformed_field);
}

BOOST_AUTO_TEST_CASE(ambiguous_framing_is_refused) {
  check_refused(with_fields("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"), ErrorCode::conflicting_framing);
  check_refused("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", ErrorCode::conflicting_framing);
  check_refused("HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n", ErrorCode::conflicting_framing);
  check_refused("HTTP/1.1 100 Continue\r\nTransfer-Encoding: chunked\r\n\r\n", ErrorCode::conflicting_framing);
  check_refused(with_fields("Content-Length: 5\r\nContent-Length: 5\r\n"), ErrorCode::bad_content_length);
  check_refused(with_fields("Content-Length: 5\r\nContent-Length: 5\r\n"), ErrorCode::bad_content_length, "HEAD");
  for (const std::string_view value : {"", "-1", "+1", "5, 5", "a", "1 ,", "9223372036854775808"}) {
    check_refused(with_fields("Content-Length: " + std::string(value) + "\r\n"), ErrorCode::bad_content_length);
  }
  for (const std::string_view value : {"gzip", "gzip, chunked", "chunked, chunked", "identity", "chunked;a=b"}) {
    check_refused(with_fields("Transfer-Encoding: " + std::string(value) + "\r\n"),
                  ErrorCode::unsupported_transfer_coding);
  }
}

BOOST_AUTO_TEST_CASE(malformed_chunks_are_refused) {
  for (const std::string_view body :
       {"+5\r\n", "5\nhello", "5 \r\n", "x\r\n", "5\r\nhello!\r\n", "ffffffffffffffff\r\n"}) {
    check_refused(with_fields("Transfer-Encoding: chunked\r\n") + std::string(body), ErrorCode::bad_chunk);
  }
}

BOOST_AUTO_TEST_CASE(heads_are_bounded) {
  check_refused(with_fields("A: " + std::string(70'000, 'a') + "\r\n"), ErrorCode::head_too_large);
  std::string many;
  for (int i = 0; i < 501; ++i) many += "A: b\r\n";
  check_refused(with_fields(many), ErrorCode::head_too_large);
}

BOOST_AUTO_TEST_CASE(a_response_that_is_cut_short_never_ends) {
  const auto cut = [](std::string_view input) {
    ClientCodecProbe probe;
    probe.start();
    testing::feed(probe.codec, input);
    probe.codec.receive_end();
    BOOST_TEST(probe.ends == 0);
    BOOST_TEST(probe.errors == 1);
    return core::name(probe.last_error);
  };
  BOOST_TEST(cut("") == "closed");
  BOOST_TEST(cut("HTTP/1.1 200 OK\r\n") == "closed");
  BOOST_TEST(cut(with_fields("Content-Length: 5\r\n") + "hell") == "body_cut_short");
  BOOST_TEST(cut(with_fields("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\n") == "body_cut_short");
  BOOST_TEST(cut(with_fields("Transfer-Encoding: chunked\r\n") + "0\r\n") == "body_cut_short");
}

BOOST_AUTO_TEST_CASE(connections_are_reused_only_when_nothing_is_in_doubt) {
  const auto reusable_after = [](std::string_view input) {
    ClientCodecProbe probe;
    probe.start();
    testing::feed(probe.codec, input);
    BOOST_TEST(probe.ends == 1);
    return probe.codec.reusable();
  };
  BOOST_TEST(reusable_after(with_fields("Content-Length: 0\r\n")));
  BOOST_TEST(reusable_after(with_fields("Transfer-Encoding: chunked\r\n") + "0\r\n\r\n"));
  BOOST_TEST(reusable_after("HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n"));
  BOOST_TEST(!reusable_after("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
  BOOST_TEST(!reusable_after(with_fields("Connection: x, Close\r\nContent-Length: 0\r\n")));
  BOOST_TEST(!reusable_after(with_fields("Content-Length: 0\r\n") + "HTTP/1.1 200 OK\r\n"));  // unsolicited
  BOOST_TEST(!reusable_after("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"));
}

BOOST_AUTO_TEST_CASE(a_response_that_overtakes_its_request_ends_the_connection) {
  ClientCodecProbe probe("POST");
  probe.start(BodyLength::known(5));
  testing::feed(probe.codec, with_fields("Content-Length: 0\r\n"));
  BOOST_TEST(probe.ends == 1);
  BOOST_TEST(!probe.reusable);
}

BOOST_AUTO_TEST_CASE(requests_are_written_with_this_hops_own_framing) {
  const auto written = [](std::string_view method, BodyLength length, std::string_view body) {
    ClientCodecProbe probe(method);
    probe.request.path = "/a?b";
    probe.request.fields.add("x-Y", "z");
    probe.request.fields.add("Content-Length", "77");
    probe.request.fields.add("Transfer-Encoding", "gzip");
    probe.request.fields.add("Host", "other");
    probe.request.fields.add("Connection", "x-Y");
    probe.start(length);
    if (!body.empty()) probe.codec.write_body(probe.stream, core::Chunk::copy_of(body));
    probe.codec.write_end(probe.stream, nullptr);
    return testing::drain(probe.codec.output());
  };
  BOOST_TEST(written("GET", BodyLength::none(), "") == "GET /a?b HTTP/1.1\r\nHost: example.com\r\nx-Y: z\r\n\r\n");
  BOOST_TEST(written("POST", BodyLength::none(), "") ==
             "POST /a?b HTTP/1.1\r\nHost: example.com\r\nx-Y: z\r\nContent-Length: 0\r\n\r\n");
  BOOST_TEST(written("PUT", BodyLength::known(5), "hello") ==
             "PUT /a?b HTTP/1.1\r\nHost: example.com\r\nx-Y: z\r\nContent-Length: 5\r\n\r\nhello");
  BOOST_TEST(
      written("PUT", BodyLength::unknown(), "hello") ==
      "PUT /a?b HTTP/1.1\r\nHost: example.com\r\nx-Y: z\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(an_upgrade_becomes_a_tunnel) {
  ClientCodecProbe probe;
  probe.request.fields.add("Upgrade", "websocket");
  probe.start();
  BOOST_TEST(testing::drain(probe.codec.output()).ends_with("Upgrade: websocket\r\nConnection: upgrade\r\n\r\n"));
  const std::string waiting = testing::feed(
      probe.codec, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n\x81raw");
  BOOST_TEST(waiting == "\x81raw");
  probe.codec.become_tunnel(probe.stream);
  BOOST_TEST(testing::feed(probe.codec, waiting).empty());
  probe.codec.write_body(probe.stream, core::Chunk::copy_of("up"));
  BOOST_TEST(testing::drain(probe.codec.output()) == "up");
  probe.codec.write_end(probe.stream, nullptr);
  BOOST_TEST(probe.codec.wants_shutdown());
  probe.codec.receive_end();
  BOOST_TEST(probe.notes.text().ends_with("body \x81raw\nend\n"));
  check_refused("HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
                ErrorCode::malformed_head);  // not asked for
}

BOOST_AUTO_TEST_CASE(events_do_not_depend_on_where_the_input_is_cut) {
  const std::string inputs[] = {
      "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + with_fields("Transfer-Encoding: chunked\r\n") +
          "5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nT: u\r\n\r\n",
      with_fields("Content-Length: 5\r\n") + "hello", with_fields("Content-Length: 5\r\nContent-Length: 5\r\n"),
      with_fields("") + "until the end", with_fields("Transfer-Encoding: chunked\r\n") + "5\r\nhello\r\nx\r\n"};
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

BOOST_AUTO_TEST_SUITE_END()
