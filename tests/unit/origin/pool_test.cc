// Connections as a shared, bounded resource: limits, queues, idle ones, names, TLS.
#include "origin/pool.h"

#include "core/net/tls.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/origin/fetch_fixture.h"

namespace {

using namespace skerry;
using namespace skerry::testing;
using core::ErrorCode;

BOOST_AUTO_TEST_SUITE(pool)

BOOST_AUTO_TEST_CASE(fetch_over_the_limit_waits_and_gets_the_connection_of_the_one_before) {
  FetchWorld world;
  world.config.connections = 1;
  FetchProbe first, second;
  world.start(first);
  world.start(second);
  BOOST_TEST(world.status().waiting == 1u);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.has_request(0, 0, 2));
  BOOST_TEST(first.ended);
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return second.ended; }));
  BOOST_TEST(world.origin().connections() == 1u);
}

BOOST_AUTO_TEST_CASE(waiting_fetch_opens_its_own_connection_when_the_one_before_cannot_be_reused) {
  FetchWorld world;
  world.config.connections = 1;
  FetchProbe first, second;
  world.start(first);
  world.start(second);
  BOOST_REQUIRE(world.has_request(0, 0));
  first.fetch.reset();
  BOOST_REQUIRE(world.has_request(0, 1));
  BOOST_TEST(world.status().connections == 1u);
}

BOOST_AUTO_TEST_CASE(waiting_fetches_are_served_in_order_and_cancelled_ones_skipped) {
  FetchWorld world;
  world.config.connections = 1;
  FetchProbe first, second, third;
  world.start(first, FetchWorld::get("/1"));
  world.start(second, FetchWorld::get("/2"));
  world.start(third, FetchWorld::get("/3"));
  second.fetch.reset();
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.has_request(0, 0, 2));
  BOOST_TEST(world.origin().connection().received.find("GET /3") != std::string::npos);
  BOOST_TEST(world.origin().connection().received.find("GET /2") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(full_queue_refuses_at_once) {
  FetchWorld world;
  world.config.connections = 1;
  world.config.queue = 1;
  FetchProbe first, second, third;
  world.start(first);
  world.start(second);
  world.start(third);
  world.simulation.run_until_idle();
  BOOST_TEST((third.code() == ErrorCode::overloaded));
  BOOST_TEST((third.error->source == core::ErrorSource::internal));
  BOOST_TEST(!second.over());
  BOOST_TEST(world.status().overloaded == 1u);
  BOOST_TEST(!world.status().ejected);
}

BOOST_AUTO_TEST_CASE(wait_in_the_queue_has_a_deadline) {
  FetchWorld world;
  world.config.connections = 1;
  FetchProbe first, second;
  world.start(first);
  world.start(second);
  world.simulation.run_for(4900ms);
  BOOST_TEST(!second.over());
  world.simulation.run_for(200ms);
  BOOST_TEST((second.code() == ErrorCode::overloaded));
  BOOST_TEST(world.status().waiting == 0u);
  BOOST_TEST(!first.over());
}

BOOST_AUTO_TEST_CASE(idle_connection_of_another_worker_makes_room_for_a_waiting_fetch) {
  FetchWorld world;
  world.config.connections = 1;
  FetchProbe first, second;
  world.start(first, FetchWorld::get(), 0);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return first.ended; }));
  BOOST_TEST(world.status().idle == 1u);
  world.start(second, FetchWorld::get(), 1);
  BOOST_REQUIRE(world.has_request(0, 1));
  BOOST_TEST(world.status().connections == 1u);
}

BOOST_AUTO_TEST_CASE(connection_finished_on_one_worker_is_given_up_for_a_fetch_waiting_on_another) {
  FetchWorld world;
  world.config.connections = 1;
  FetchProbe first, second;
  world.start(first, FetchWorld::get(), 0);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.start(second, FetchWorld::get(), 1);
  BOOST_TEST(world.status().waiting == 1u);
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.has_request(0, 1));
  BOOST_TEST(first.ended);
}

BOOST_AUTO_TEST_CASE(connection_used_last_is_used_first_and_the_rest_expire) {
  FetchWorld world;
  FetchProbe first, second, third;
  world.start(first, FetchWorld::get("/1"));
  world.start(second, FetchWorld::get("/2"));
  BOOST_REQUIRE(world.has_request(0, 0));
  BOOST_REQUIRE(world.has_request(0, 1));
  world.origin().connection(0).send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return first.ended; }));
  world.simulation.run_for(20s);
  world.origin().connection(1).send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return second.ended; }));
  BOOST_TEST(world.status().idle == 2u);
  world.start(third, FetchWorld::get("/3"));
  BOOST_REQUIRE(world.has_request(0, 1, 2));
  BOOST_TEST(world.origin().connection(0).received.find("/3") == std::string::npos);
  world.simulation.run_for(29s);
  BOOST_TEST(world.status().idle == 1u);
  world.simulation.run_for(2s);
  BOOST_TEST(world.status().idle == 0u);
  BOOST_TEST(world.origin().connection(0).ended);
}

BOOST_AUTO_TEST_CASE(idle_connections_over_the_cap_are_closed) {
  FetchWorld world;
  world.config.idle_connections = 1;
  FetchProbe first, second;
  world.start(first);
  world.start(second);
  BOOST_REQUIRE(world.has_request(0, 0));
  BOOST_REQUIRE(world.has_request(0, 1));
  world.origin().connection(0).send(ok_hello);
  world.origin().connection(1).send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return first.ended && second.ended; }));
  BOOST_TEST(world.status().idle == 1u);
  BOOST_TEST(world.status().connections == 1u);
}

BOOST_AUTO_TEST_CASE(idle_connection_closed_by_the_upstream_is_forgotten) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
  world.origin().connection().stream.reset();
  BOOST_TEST(world.run_until([&] { return world.status().idle == 0; }));
  BOOST_TEST(world.status().connections == 0u);
  BOOST_TEST(!world.status().ejected);
}

BOOST_AUTO_TEST_CASE(unasked_bytes_on_an_idle_connection_end_it) {
  FetchWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
  world.origin().connection().send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  BOOST_TEST(world.run_until([&] { return world.status().idle == 0; }));
}

// --- Names -----------------------------------------------------------------------------------------------------------

struct NamedWorld : FetchWorld {
  NameTable names{edge.worker()};
  explicit NamedWorld(std::size_t count = 1) : FetchWorld(count) { config.urls = {"http://origin.example.com"}; }
  void resolves_to(std::vector<core::IpAddress> addresses) {
    names.answer = dns::Resolution{std::move(addresses), edge.worker().loop.now() + 60s};
  }
};

BOOST_AUTO_TEST_CASE(name_is_resolved_when_a_connection_is_opened) {
  NamedWorld world;
  world.resolves_to({world.origin().host.ip()});
  FetchProbe probe, reuse;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  BOOST_TEST(probe.fetch->upstream() == "http://origin.example.com (10.0.1.1:80)");
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
  world.start(reuse);
  BOOST_REQUIRE(world.has_request(0, 0, 2));
  BOOST_TEST(world.names.asked == 1);
}

BOOST_AUTO_TEST_CASE(addresses_are_tried_in_turn_and_the_one_that_worked_comes_first_next_time) {
  NamedWorld world(2);
  world.origin(0).listener.reset();
  world.resolves_to({world.origin(0).host.ip(), world.origin(1).host.ip()});
  FetchProbe first, second;
  world.start(first);
  BOOST_REQUIRE(world.has_request(1, 0));
  BOOST_TEST(first.fetch->attempts() == 1);
  BOOST_TEST(world.status().failures == 0u);
  world.simulation.partition(world.edge, world.origin(0).host);  // asking it again would now take seconds
  world.start(second);
  BOOST_REQUIRE(world.has_request(1, 1));
}

BOOST_AUTO_TEST_CASE(silent_address_takes_its_share_of_the_connect_timeout) {
  NamedWorld world(2);
  world.simulation.partition(world.edge, world.origin(0).host);
  world.resolves_to({world.origin(0).host.ip(), world.origin(1).host.ip()});
  FetchProbe probe;
  world.start(probe);
  world.simulation.run_for(2400ms);
  BOOST_TEST(world.origin(1).connections() == 0u);
  world.simulation.run_for(200ms);
  BOOST_TEST(world.origin(1).connections() == 1u);
}

BOOST_AUTO_TEST_CASE(unknown_name_is_an_error_of_the_upstream) {
  NamedWorld world;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
  BOOST_TEST((probe.code() == ErrorCode::dns_nxdomain));
  BOOST_TEST((probe.error->source == core::ErrorSource::upstream));
}

BOOST_AUTO_TEST_CASE(resolver_that_never_answers_meets_the_deadline) {
  NamedWorld world;
  world.names.silent = true;
  FetchProbe probe;
  world.start(probe);
  world.simulation.run_for(5100ms);
  BOOST_TEST((probe.code() == ErrorCode::dns_timeout));
}

BOOST_AUTO_TEST_CASE(failing_resolver_leaves_the_addresses_known_before) {
  NamedWorld world;
  world.config.idle_connections = 0;
  world.resolves_to({world.origin().host.ip()});
  FetchProbe before, after;
  world.start(before);
  BOOST_REQUIRE(world.has_request(0, 0));
  world.names.answer = core::Error{ErrorCode::dns_timeout, core::ErrorSource::upstream, true, {}};
  world.start(after);
  BOOST_REQUIRE(world.has_request(0, 1));
  BOOST_TEST(world.status().stale_addresses == 1u);
}

BOOST_AUTO_TEST_CASE(name_without_a_resolver_is_an_error_of_ours) {
  FetchWorld world;
  world.config.urls = {"http://origin.example.com"};
  FetchProbe probe;
  world.start(probe);
  world.simulation.run_until_idle();
  BOOST_TEST((probe.code() == ErrorCode::dns_failed));
  BOOST_TEST((probe.error->source == core::ErrorSource::internal));
  BOOST_TEST(!world.status().ejected);
}

// --- TLS -------------------------------------------------------------------------------------------------------------

struct TlsWorld : NamedWorld {
  TempDir folder;
  TestCertificates made = make_certificates(folder.path(), {"origin.example.com"});

  TlsWorld() {
    core::TlsContext::ServerOptions options;
    options.certificates = {{made.cert, made.key}};
    auto context = core::TlsContext::server(options);
    BOOST_REQUIRE(context.ok());
    origins.clear();
    origins.emplace_back(simulation.add_host("tls", core::IpAddress::v4({10, 0, 2, 1})), 443);
    auto& host = origin().host;
    origin().probe.wrap = [&host, context = *context](std::unique_ptr<core::Stream> transport, StreamProbe& probe) {
      return core::tls_accept(host.worker().loop, std::move(transport), context, probe);
    };
    config.ca_file = made.ca;
    resolves_to({host.ip()});
  }
};

BOOST_AUTO_TEST_CASE(https_upstream_is_asked_by_its_name_and_verified) {
  TlsWorld world;
  world.config.urls = {"https://origin.example.com"};
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
  BOOST_REQUIRE(world.origin().connection().stream->tls() != nullptr);
  BOOST_TEST(world.origin().connection().stream->tls()->server_name == "origin.example.com");
  world.origin().connection().send(ok_hello);
  BOOST_REQUIRE(world.run_until([&] { return probe.ended; }));
}

BOOST_AUTO_TEST_CASE(certificate_for_another_name_is_refused_before_anything_is_sent) {
  TlsWorld world;
  world.config.urls = {"https://elsewhere.example.com"};
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.run_until([&] { return probe.over(); }));
  BOOST_TEST((probe.code() == ErrorCode::tls_verify));
  BOOST_TEST((probe.error->source == core::ErrorSource::upstream));
  BOOST_TEST(world.status().requests == 0u);
  BOOST_TEST(world.origin().connection().received.empty());
}

BOOST_AUTO_TEST_CASE(verification_can_be_switched_off_for_a_site) {
  TlsWorld world;
  world.config.urls = {"https://elsewhere.example.com"};
  world.config.ca_file.clear();
  world.config.verify = false;
  FetchProbe probe;
  world.start(probe);
  BOOST_REQUIRE(world.has_request(0, 0));
}

BOOST_AUTO_TEST_CASE(missing_ca_file_is_named_when_the_group_is_made) {
  origin::UpstreamConfig config;
  config.urls = {"https://origin.example.com"};
  config.ca_file = "/nonexistent/ca.pem";
  const auto group = origin::UpstreamGroup::create(config, 1);
  BOOST_REQUIRE(!group.ok());
  BOOST_TEST(group.error().message().find("/nonexistent/ca.pem") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace
