#include "core/net/tls.h"

#include <boost/test/unit_test.hpp>

#include "core/loop/simulation.h"
#include "tests/support/certificates.h"
#include "tests/support/stream_probe.h"
#include "tests/support/temp_dir.h"

using namespace skerry::core;
using namespace skerry::testing;
using namespace std::chrono_literals;

namespace {

const IpAddress ip_a = IpAddress::v4({10, 0, 0, 1});
const IpAddress ip_b = IpAddress::v4({10, 0, 0, 2});

// Made once: openssl takes its time.
struct Certificates {
  TempDir first_dir, second_dir;
  TestCertificates first = make_certificates(first_dir.path(), {"www.example.com", "*.example.net", "10.0.0.2"});
  TestCertificates second = make_certificates(second_dir.path(), {"other.example.org"});
};
Certificates& certificates() {
  static Certificates made;
  return made;
}

std::shared_ptr<const TlsContext> server_context(TlsContext::ServerOptions options = {}) {
  const auto& made = certificates();
  if (options.certificates.empty()) options.certificates = {{made.first.cert, made.first.key}};
  auto context = TlsContext::server(options);
  BOOST_REQUIRE_MESSAGE(context.ok(), "server context");
  return *context;
}

std::shared_ptr<const TlsContext> client_context(TlsContext::ClientOptions options = {}) {
  if (options.ca_file.empty()) options.ca_file = certificates().first.ca;
  auto context = TlsContext::client(options);
  BOOST_REQUIRE_MESSAGE(context.ok(), "client context");
  return *context;
}

// A TLS client and server on two simulated hosts.
struct Pair {
  Simulation simulation{5, WallTime(std::chrono::seconds(1'700'000'000))};
  SimulatedHost& a = simulation.add_host("a", ip_a);
  SimulatedHost& b = simulation.add_host("b", ip_b);
  ListenerProbe server;
  StreamProbe client;
  std::unique_ptr<Listener> listener;

  explicit Pair(std::shared_ptr<const TlsContext> context) {
    server.wrap = [this, context](std::unique_ptr<Stream> transport, StreamProbe& probe) {
      return context ? tls_accept(b.worker().loop, std::move(transport), context, probe) : std::move(transport);
    };
    listener = std::move(b.worker().network.listen({ip_b, 443}, {}, server).value());
  }
  void connect(const std::shared_ptr<const TlsContext>& context, std::string_view name) {
    auto transport = a.worker().network.connect({ip_b, 443}, {}, client);
    client.stream = tls_connect(a.worker().loop, std::move(transport), context, name, client);
    simulation.run_for(1s);
  }
  StreamProbe& accepted() { return *server.accepted.at(0); }
};

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
    text += "0123456789abcdef"[static_cast<unsigned char>(byte) & 15];
  }
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tls)

BOOST_AUTO_TEST_CASE(handshake_settles_protocol_alpn_and_name_and_bytes_pass_both_ways) {
  Pair pair(server_context({.alpn = {"h2", "http/1.1"}}));
  pair.server.echo = true;
  pair.connect(client_context({.alpn = {"http/1.1", "h2"}}), "www.example.com");
  BOOST_REQUIRE(pair.client.connected);
  BOOST_TEST(pair.client.stream->tls()->protocol == "TLSv1.3");
  BOOST_TEST(pair.client.stream->tls()->alpn == "h2");
  BOOST_TEST(pair.accepted().stream->tls()->server_name == "www.example.com");
  BOOST_TEST(pair.accepted().stream->tls()->alpn == "h2");
  pair.client.send("hello");
  pair.simulation.run_for(1s);
  BOOST_TEST(pair.client.received == "hello");
  BOOST_CHECK(pair.client.stream->peer_address() == (Address{ip_b, 443}));
}

BOOST_AUTO_TEST_CASE(certificate_must_carry_the_name_that_was_asked_for) {
  const struct {
    std::string_view name;
    bool good;
  } rows[] = {{"www.example.com", true},  {"WWW.Example.COM", true},
              {"a.example.net", true},    {"10.0.0.2", true},
              {"example.net", false},     {"a.b.example.net", false},
              {"10.0.0.3", false},        {"test leaf", false},
              {"www.example.org", false}, {"", false}};
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.name) {
      Pair pair(server_context());
      pair.connect(client_context(), row.name);
      BOOST_TEST(pair.client.connected == row.good);
      if (row.good) continue;
      BOOST_REQUIRE(pair.client.failure.has_value());
      BOOST_CHECK(pair.client.failure->code == ErrorCode::tls_verify);
      BOOST_CHECK(pair.client.failure->source == ErrorSource::upstream);
    }
  }
}

BOOST_AUTO_TEST_CASE(certificate_of_an_unknown_ca_is_refused_unless_verification_is_off) {
  Pair pair(server_context());
  pair.connect(client_context({.ca_file = certificates().second.ca}), "www.example.com");
  BOOST_REQUIRE(pair.client.failure.has_value());
  BOOST_CHECK(pair.client.failure->code == ErrorCode::tls_verify);
  BOOST_REQUIRE(pair.accepted().failure.has_value());
  BOOST_CHECK(pair.accepted().failure->code == ErrorCode::tls_handshake);
  BOOST_CHECK(pair.accepted().failure->source == ErrorSource::client);
  Pair careless(server_context());
  careless.connect(client_context({.verify = false}), "anything.example");
  BOOST_TEST(careless.client.connected);
}

BOOST_AUTO_TEST_CASE(server_chooses_the_certificate_by_the_name_asked_for) {
  const auto& made = certificates();
  TlsContext::ServerOptions options;
  options.certificates = {{made.first.cert, made.first.key}, {made.second.cert, made.second.key}};
  const auto context = server_context(options);
  Pair pair(context);
  pair.connect(client_context({.ca_file = made.second.ca}), "other.example.org");
  BOOST_TEST(pair.client.connected);
  BOOST_TEST(pair.client.stream->tls()->alpn == "http/1.1");
  Pair wildcard(context);
  wildcard.connect(client_context(), "x.example.net");
  BOOST_TEST(wildcard.client.connected);
}

BOOST_AUTO_TEST_CASE(end_without_close_notify_is_an_error_and_with_it_an_end) {
  for (const bool truncated : {false, true}) {
    BOOST_TEST_CONTEXT("truncated " << truncated) {
      Pair pair(server_context());
      // The server's transport is kept within reach, to end it under TLS's feet.
      Stream* transport = nullptr;
      const auto wrap = pair.server.wrap;
      pair.server.wrap = [&](std::unique_ptr<Stream> stream, StreamProbe& probe) {
        transport = stream.get();
        return wrap(std::move(stream), probe);
      };
      pair.connect(client_context(), "www.example.com");
      BOOST_REQUIRE(pair.client.connected);
      pair.accepted().send("a part of the message");
      truncated ? transport->shutdown_write() : pair.accepted().stream->shutdown_write();
      pair.simulation.run_for(1s);
      BOOST_TEST(pair.client.received == "a part of the message");
      BOOST_TEST(pair.client.ended == !truncated);
      BOOST_REQUIRE(pair.client.failure.has_value() == truncated);
      if (!truncated) continue;
      BOOST_CHECK(pair.client.failure->code == ErrorCode::closed);
      BOOST_TEST(pair.client.failure->retryable);
    }
  }
}

BOOST_AUTO_TEST_CASE(closing_sends_what_was_written_and_then_close_notify) {
  Pair pair(server_context());
  pair.connect(client_context(), "www.example.com");
  pair.client.pause_reading(true);
  // More than the network takes at once: the rest leaves after the stream's owner has gone.
  std::string sent(64 * 1024, 'z');
  sent += "the end";
  std::size_t written = 0;
  while (written < sent.size()) {
    const iovec part{sent.data() + written, sent.size() - written};
    const auto result = pair.accepted().stream->write({&part, 1});
    if (result.status != IoStatus::ok) break;
    written += result.bytes;
  }
  BOOST_TEST(written > 60'000u);
  pair.accepted().stream.reset();
  pair.simulation.run_for(1s);
  pair.client.pause_reading(false);
  pair.simulation.run_for(1s);
  BOOST_TEST(pair.client.received.size() == written);
  BOOST_TEST(pair.client.ended);
}

BOOST_AUTO_TEST_CASE(abort_is_never_taken_for_an_end) {
  Pair pair(server_context());
  pair.connect(client_context(), "www.example.com");
  pair.accepted().send("part");
  pair.accepted().stream->abort();
  pair.accepted().stream.reset();
  pair.simulation.run_for(1s);
  BOOST_TEST(!pair.client.ended);
  BOOST_REQUIRE(pair.client.failure.has_value());
  BOOST_CHECK(pair.client.failure->code == ErrorCode::reset);
}

BOOST_AUTO_TEST_CASE(megabytes_pass_in_both_directions_at_once_with_small_and_large_parts) {
  Pair pair(server_context());
  pair.server.echo = true;
  pair.connect(client_context(), "www.example.com");
  std::string sent;
  Random random(3);
  while (sent.size() < 3'000'000)
    sent += std::string(1 + random.below(40'000), static_cast<char>('a' + random.below(26)));
  for (std::size_t at = 0; at < sent.size(); at += 300'000)
    pair.client.send(std::string_view(sent).substr(at, 300'000));
  pair.simulation.run_for(60s);
  BOOST_CHECK(pair.client.received == sent);
}

BOOST_AUTO_TEST_CASE(parts_of_one_write_arrive_as_one_message) {
  Pair pair(server_context());
  pair.connect(client_context(), "www.example.com");
  std::string head = "HTTP/1.1 200 OK\r\n\r\n", body(1024, 'b');
  const iovec parts[] = {{head.data(), head.size()}, {nullptr, 0}, {body.data(), body.size()}};
  const auto result = pair.client.stream->write(parts);
  BOOST_TEST(result.bytes == head.size() + body.size());
  const std::size_t before = pair.accepted().reads;
  pair.simulation.run_for(1s);
  BOOST_TEST(pair.accepted().received == head + body);
  BOOST_TEST(pair.accepted().reads == before + 1);
}

BOOST_AUTO_TEST_CASE(plain_text_on_either_side_fails_the_handshake) {
  Pair to_plain(nullptr);
  to_plain.server.echo = true;  // a server that answers a ClientHello with something else
  to_plain.connect(client_context(), "www.example.com");
  BOOST_REQUIRE(to_plain.client.failure.has_value());
  BOOST_CHECK(to_plain.client.failure->code == ErrorCode::tls_handshake);

  Pair from_plain(server_context());
  StreamProbe plain;
  plain.stream = from_plain.a.worker().network.connect({ip_b, 443}, {}, plain);
  plain.send("GET / HTTP/1.1\r\n\r\n");
  from_plain.simulation.run_for(1s);
  BOOST_REQUIRE(from_plain.accepted().failure.has_value());
  BOOST_CHECK(from_plain.accepted().failure->code == ErrorCode::tls_handshake);
  BOOST_CHECK(from_plain.accepted().failure->source == ErrorSource::client);
}

BOOST_AUTO_TEST_CASE(refused_connect_is_told_through_tls) {
  Pair pair(server_context());
  pair.listener.reset();
  pair.connect(client_context(), "www.example.com");
  BOOST_REQUIRE(pair.client.failure.has_value());
  BOOST_CHECK(pair.client.failure->code == ErrorCode::connect_refused);
}

BOOST_AUTO_TEST_CASE(client_certificate_is_required_where_a_client_ca_is_set) {
  const auto& made = certificates();
  const auto context = server_context({.client_ca_file = made.first.ca});
  Pair without(context);
  without.connect(client_context(), "www.example.com");
  BOOST_REQUIRE(without.accepted().failure.has_value());
  BOOST_CHECK(without.accepted().failure->code == ErrorCode::tls_verify);
  Pair with(context);
  with.connect(client_context({.certificate_file = made.first.cert, .key_file = made.first.key}), "www.example.com");
  BOOST_TEST(with.accepted().connected);
  Pair foreign(context);
  foreign.connect(client_context({.certificate_file = made.second.cert, .key_file = made.second.key}),
                  "www.example.com");
  BOOST_REQUIRE(foreign.accepted().failure.has_value());
  BOOST_CHECK(foreign.accepted().failure->code == ErrorCode::tls_verify);
}

BOOST_AUTO_TEST_CASE(no_common_protocol_fails_the_handshake) {
  Pair pair(server_context({.alpn = {"h2"}}));
  pair.connect(client_context({.alpn = {"http/1.1"}}), "www.example.com");
  BOOST_TEST(!pair.client.connected);
  BOOST_REQUIRE(pair.client.failure.has_value());
}

BOOST_AUTO_TEST_CASE(stream_may_be_destroyed_inside_its_own_callbacks) {
  Pair pair(server_context());
  bool connected = false;
  pair.client.changed = [&] {
    connected = pair.client.connected;
    pair.client.stream.reset();
  };
  pair.connect(client_context(), "www.example.com");
  BOOST_TEST(connected);
  BOOST_TEST(pair.accepted().ended);
}

BOOST_AUTO_TEST_CASE(bad_files_are_named_with_the_reason) {
  const auto& made = certificates();
  const auto missing = TlsContext::server({.certificates = {{"/nonexistent/cert.pem", made.first.key}}});
  BOOST_REQUIRE(!missing.ok());
  BOOST_CHECK(missing.error().code == ErrorCode::not_found);
  BOOST_TEST(missing.error().detail.find("/nonexistent/cert.pem") != std::string::npos);
  const auto mismatch = TlsContext::server({.certificates = {{made.first.cert, made.second.key}}});
  BOOST_REQUIRE(!mismatch.ok());
  BOOST_CHECK(mismatch.error().code == ErrorCode::invalid_configuration);
  BOOST_TEST(mismatch.error().detail.find(made.second.key) != std::string::npos);
  const auto no_pem = TlsContext::client({.ca_file = made.first.key});
  BOOST_REQUIRE(!no_pem.ok());
  BOOST_CHECK(no_pem.error().code == ErrorCode::invalid_configuration);
  BOOST_TEST(!TlsContext::server({}).ok());
}

BOOST_AUTO_TEST_CASE(hashes_agree_with_published_vectors) {
  // FIPS 180-4's "abc" and RFC 4231 test case 2.
  BOOST_TEST(hex(sha256("abc")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  BOOST_TEST(hex(sha256({})) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  BOOST_TEST(hex(hmac_sha256("Jefe", "what do ya want for nothing?")) ==
             "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  BOOST_TEST(hmac_sha256({}, {}).size() == 32u);
  BOOST_TEST(equal_in_constant_time("same", "same"));
  BOOST_TEST(!equal_in_constant_time("same", "sane"));
  BOOST_TEST(!equal_in_constant_time("same", "sam"));
  BOOST_TEST(secure_random_bytes(32) != secure_random_bytes(32));
}

BOOST_AUTO_TEST_SUITE_END()
