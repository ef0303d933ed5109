// What the server codec writes: framing by status, method and version, keep-alive, and what becomes of unread bodies.
#include <boost/test/unit_test.hpp>

#include "tests/support/codec_probe.h"

using namespace skerry;
using namespace skerry::http;
using skerry::testing::ServerCodecProbe;

namespace {

struct Answer {
  int status = 200;
  BodyLength length = BodyLength::none();
  std::string_view body = {};
};

// What is written in answer to `request`, without the status line's reason to read over.
std::string answer_to(std::string_view request, const Answer& answer, ServerCodecProbe& probe) {
  probe.answers = false;
  testing::feed(probe.codec, request);
  BOOST_REQUIRE(probe.codec.current() > 0);
  ResponseHead head;
  head.status = answer.status;
  const StreamId id = probe.codec.current();
  probe.codec.write_head(id, head, answer.length, nullptr);
  if (!answer.body.empty()) probe.codec.write_body(id, core::Chunk::copy_of(answer.body));
  probe.codec.write_end(id, nullptr);
  return testing::drain(probe.codec.output());
}

std::string answer_to(std::string_view request, const Answer& answer) {
  ServerCodecProbe probe;
  return answer_to(request, answer, probe);
}

constexpr std::string_view get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n";
constexpr std::string_view get_1_0 = "GET / HTTP/1.0\r\nHost: a\r\n\r\n";
constexpr std::string_view get_1_0_keep = "GET / HTTP/1.0\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";

}  // namespace

BOOST_AUTO_TEST_SUITE(h1_answer)

BOOST_AUTO_TEST_CASE(framing_follows_length_status_method_and_version) {
  BOOST_TEST(answer_to(get, {200, BodyLength::known(2), "ab"}) == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab");
  BOOST_TEST(answer_to(get, {200, BodyLength::none(), ""}) == "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  BOOST_TEST(answer_to(get, {200, BodyLength::unknown(), "ab"}) ==
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n");
  BOOST_TEST(answer_to(get, {200, BodyLength::unknown(), ""}) ==
             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  BOOST_TEST(answer_to(get, {204, BodyLength::unknown(), "ab"}) == "HTTP/1.1 204 No Content\r\n\r\n");
  BOOST_TEST(answer_to(get, {304, BodyLength::known(2), "ab"}) == "HTTP/1.1 304 Not Modified\r\n\r\n");
  BOOST_TEST(answer_to(head, {200, BodyLength::known(2), "ab"}) == "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
  BOOST_TEST(answer_to(head, {200, BodyLength::known(7), ""}) == "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
  BOOST_TEST(answer_to(head, {200, BodyLength::unknown(), ""}) == "HTTP/1.1 200 OK\r\n\r\n");
  BOOST_TEST(answer_to(get_1_0, {200, BodyLength::unknown(), "ab"}) ==
             "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nab");
  BOOST_TEST(answer_to(get_1_0_keep, {200, BodyLength::unknown(), "ab"}) ==
             "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nab");
  BOOST_TEST(answer_to(get_1_0_keep, {200, BodyLength::known(2), "ab"}) ==
             "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nab");
}

BOOST_AUTO_TEST_CASE(connections_live_as_long_as_both_sides_want) {
  const auto closes = [](std::string_view request) {
    ServerCodecProbe probe;
    const std::string text = answer_to(request, {}, probe);
    BOOST_TEST((text.find("Connection: close") != std::string::npos) == probe.codec.wants_close());
    return probe.codec.wants_close();
  };
  BOOST_TEST(!closes(get));
  BOOST_TEST(closes("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n"));
  BOOST_TEST(closes(get_1_0));
  BOOST_TEST(!closes(get_1_0_keep));
  BOOST_TEST(closes("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"));
}

BOOST_AUTO_TEST_CASE(a_connection_ends_after_its_last_allowed_request) {
  ServerLimits limits;
  limits.requests_per_connection = 2;
  ServerCodecProbe probe(limits);
  testing::feed(probe.codec, std::string(get) + std::string(get) + std::string(get));
  const std::string text = testing::drain(probe.codec.output());
  BOOST_TEST(text == "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  BOOST_TEST(probe.codec.wants_close());
}

BOOST_AUTO_TEST_CASE(stored_fields_come_first_and_date_is_added_where_it_is_missing) {
  ServerCodecProbe probe;
  probe.answers = false;
  probe.date.refresh(core::WallTime(std::chrono::seconds(784111777)));
  HeaderMap stored;
  stored.add("etag", "\"x\"");
  stored.add("Content-Length", "99");
  stored.add("Connection", "close");
  auto rendered = std::make_shared<RenderedFields>(stored);
  ResponseHead own;
  own.fields.add("Age", "3");
  testing::feed(probe.codec, std::string(get) + std::string(get));
  probe.codec.write_head(1, own, BodyLength::none(), rendered);
  probe.codec.write_end(1, nullptr);
  BOOST_TEST(testing::drain(probe.codec.output()) ==
             "HTTP/1.1 200 OK\r\netag: \"x\"\r\nAge: 3\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: "
             "0\r\n\r\n");
  stored.add("Date", "then");
  rendered = std::make_shared<RenderedFields>(stored);
  testing::feed(probe.codec, get);
  probe.codec.write_head(2, own, BodyLength::none(), rendered);
  BOOST_TEST(testing::drain(probe.codec.output()) ==
             "HTTP/1.1 200 OK\r\netag: \"x\"\r\nDate: then\r\nAge: 3\r\nContent-Length: 0\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(chunks_and_trailers_are_written) {
  ServerCodecProbe probe;
  probe.answers = false;
  testing::feed(probe.codec, get);
  probe.codec.write_head(1, {}, BodyLength::unknown(), nullptr);
  probe.codec.write_body(1, core::Chunk::copy_of("hello"));
  probe.codec.write_body(1, core::Chunk());
  probe.codec.write_body(1, core::Chunk::copy_of(std::string(17, 'x')));
  HeaderMap trailers;
  trailers.add("Digest", "d");
  probe.codec.write_end(1, &trailers);
  const std::string text = testing::drain(probe.codec.output());
  BOOST_TEST(text.substr(text.find("\r\n\r\n") + 4) ==
             "5\r\nhello\r\n11\r\nxxxxxxxxxxxxxxxxx\r\n0\r\nDigest: d\r\n\r\n");
}

BOOST_AUTO_TEST_CASE(interim_responses_are_written_but_not_to_http_1_0) {
  for (const auto& [request, expected] :
       {std::pair{get, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"}, std::pair{get_1_0, ""}}) {
    ServerCodecProbe probe;
    probe.answers = false;
    testing::feed(probe.codec, request);
    ResponseHead hints;
    hints.status = 103;
    hints.fields.add("Link", "x");
    probe.codec.write_interim(1, hints);
    BOOST_TEST(testing::drain(probe.codec.output()) == expected);
  }
}

BOOST_AUTO_TEST_CASE(the_next_request_waits_for_the_answer) {
  ServerCodecProbe probe;
  probe.answers = false;
  const std::string second = "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string rest = testing::feed(probe.codec, std::string(get) + second);
  BOOST_TEST(rest == second);
  BOOST_TEST((probe.codec.input_state() == InputState::answer));
  probe.answer(1);
  BOOST_TEST(testing::feed(probe.codec, rest).empty());
  BOOST_TEST(probe.notes.text().ends_with("/2 1.1 none\nend\n"));
}

BOOST_AUTO_TEST_CASE(a_body_that_nobody_reads_is_skipped_up_to_a_bound) {
  const auto post = [](std::size_t size) {
    return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n";
  };
  ServerCodecProbe small;
  answer_to(post(1000), {}, small);
  BOOST_TEST(!small.codec.wants_close());
  BOOST_TEST(testing::feed(small.codec, std::string(1000, 'x') + std::string(get)).empty());
  BOOST_TEST(small.notes.text().ends_with("request GET http [a] / 1.1 none\nend\n"));
  BOOST_TEST(small.notes.text().find("body") == std::string::npos);

  ServerCodecProbe large;
  answer_to(post(1'000'000), {}, large);
  BOOST_TEST(large.codec.wants_close());
  BOOST_TEST(large.codec.wants_linger());

  ServerCodecProbe endless;
  answer_to("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", {}, endless);
  BOOST_TEST(!endless.codec.wants_close());
  testing::feed(endless.codec, "100000\r\n" + std::string(70'000, 'x'));
  BOOST_TEST(endless.codec.wants_close());
  BOOST_TEST(endless.notes.text().find("body") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_client_that_waits_for_100_is_told_or_the_connection_ends) {
  const std::string request = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
  ServerCodecProbe refused;
  BOOST_TEST(answer_to(request, {401}, refused).find("Connection: close") != std::string::npos);
  BOOST_TEST(refused.codec.wants_close());

  ServerCodecProbe wanted;
  testing::feed(wanted.codec, request);
  ResponseHead go_on;
  go_on.status = 100;
  wanted.codec.write_interim(1, go_on);
  testing::feed(wanted.codec, "hello");
  BOOST_TEST(testing::drain(wanted.codec.output()) == "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n");
  BOOST_TEST(!wanted.codec.wants_close());
}

BOOST_AUTO_TEST_CASE(a_full_window_pauses_the_body_until_it_is_consumed) {
  ServerLimits limits;
  limits.request_window = 10;
  ServerCodecProbe probe(limits);
  probe.consumes = false;
  testing::feed(probe.codec, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 15\r\n\r\n0123456789");
  BOOST_TEST((probe.codec.input_state() == InputState::answer));
  BOOST_TEST(testing::feed(probe.codec, "abcde") == "abcde");
  probe.codec.consume(1, 1);
  BOOST_TEST((probe.codec.input_state() == InputState::body));
  BOOST_TEST(testing::feed(probe.codec, "abcde").empty());
  BOOST_TEST(probe.notes.text().ends_with("body 0123456789abcde\nend\n"));
}

BOOST_AUTO_TEST_CASE(an_upgrade_carries_raw_bytes_both_ways) {
  ServerCodecProbe probe;
  probe.answers = false;
  const std::string rest =
      testing::feed(probe.codec, "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nGET raw");
  ResponseHead switching;
  switching.status = 101;
  switching.fields.add("Upgrade", "x");
  probe.codec.write_head(1, switching, BodyLength::none(), nullptr);
  probe.codec.become_tunnel(1);
  BOOST_TEST(testing::feed(probe.codec, rest).empty());
  probe.codec.write_body(1, core::Chunk::copy_of("down"));
  BOOST_TEST(testing::drain(probe.codec.output()) ==
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\ndown");
  probe.codec.write_end(1, nullptr);
  BOOST_TEST(probe.codec.wants_shutdown());
  BOOST_TEST(!probe.codec.wants_close());
  probe.codec.receive_end();
  BOOST_TEST(probe.codec.wants_close());
  BOOST_TEST(probe.notes.text().ends_with("end\nbody GET raw\nend\n"));
}

BOOST_AUTO_TEST_SUITE_END()
