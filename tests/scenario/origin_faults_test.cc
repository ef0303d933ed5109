// Origins that hang, lie, break off or vanish: each gives its status and its reason, nothing wrong is kept, and other
// sites don't notice.
#include <boost/test/unit_test.hpp>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

struct Fault {
  const char* what;
  const char* path;
  int status;
};

struct ImpatientEdge {
  TempDir folder;
  OriginProcess origin;
  std::unique_ptr<EdgeProcess> edge = std::make_unique<EdgeProcess>(folder, options(origin.url()));

  static EdgeOptions options(const std::string& url) {
    EdgeOptions options;
    options.origin = url;
    options.site_keys = "first_byte_timeout = \"500ms\"\nidle_timeout = \"500ms\"\nconnect_timeout = \"500ms\"\n";
    return options;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(origin_faults)

BOOST_FIXTURE_TEST_CASE(each_fault_has_its_status_and_is_not_kept, ImpatientEdge) {
  const Fault faults[] = {
      {"no answer ever", "/_gen/1k/hang?hang=1", 504},
      {"a head that is no HTTP", "/_gen/1k/garbage?garbage=1", 502},
      {"an error of the origin's own passes", "/_gen/1k/error?status=503&header=Cache-Control:no-store", 503},
  };
  for (const Fault& fault : faults) {
    BOOST_TEST_CONTEXT(fault.what) {
      const Reply first = get(edge->port(), fault.path);
      BOOST_TEST(first.status == fault.status);
      const std::uint64_t asked = origin.requests();
      BOOST_TEST(get(edge->port(), fault.path).status == fault.status);
      BOOST_TEST(origin.requests() > asked);
    }
  }
  BOOST_TEST(get(edge->port(), "/_gen/1k/fine").status == 200);
}

BOOST_FIXTURE_TEST_CASE(a_length_that_lies_never_looks_complete, ImpatientEdge) {
  for (int i = 0; i < 2; ++i) {
    HttpConnection connection(edge->port());
    connection.send(get_text("/_gen/1k/lies?wrong-length=1"));
    BOOST_CHECK_THROW(connection.read_reply(), ConnectionLost);
  }
}

BOOST_AUTO_TEST_CASE(an_origin_that_is_not_there_is_a_502_that_says_so) {
  TempDir folder;
  EdgeProcess edge(folder, ImpatientEdge::options("http://127.0.0.1:" + std::to_string(free_port())));
  const Reply reply = get(edge.port(), "/a");
  BOOST_TEST(reply.status == 502);
  BOOST_TEST(reply.field("Proxy-Status").find("connection_refused") != std::string::npos, reply.field("Proxy-Status"));
}

BOOST_AUTO_TEST_CASE(an_origin_whose_name_does_not_exist_is_a_502_that_says_so) {
  TempDir folder;
  EdgeProcess edge(folder, ImpatientEdge::options("http://no-such-host.invalid"));
  const Reply reply = get(edge.port(), "/a");
  BOOST_TEST((reply.status == 502 || reply.status == 504), reply.status);
  BOOST_TEST(reply.field("Proxy-Status").find("dns_") != std::string::npos, reply.field("Proxy-Status"));
}

BOOST_FIXTURE_TEST_CASE(an_origin_that_died_leaves_what_is_fresh_served, ImpatientEdge) {
  BOOST_TEST(get(edge->port(), "/_gen/1k/kept").status == 200);
  origin.process().kill();
  const Reply reply = get(edge->port(), "/_gen/1k/kept");
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(reply.field("X-Cache") == "HIT");
  BOOST_TEST(get(edge->port(), "/_gen/1k/other").status == 502);
}

BOOST_AUTO_TEST_CASE(of_two_origins_the_dead_one_is_skipped) {
  TempDir folder;
  OriginProcess alive;
  EdgeOptions options =
      ImpatientEdge::options("http://127.0.0.1:" + std::to_string(free_port()) + "\", \"" + alive.url());
  EdgeProcess edge(folder, options);
  int good = 0;
  for (int i = 0; i < 40; ++i) good += get(edge.port(), "/_gen/1k/" + std::to_string(i)).status == 200;
  BOOST_TEST(good == 40);
  BOOST_TEST(alive.requests() == 40u);
}

BOOST_FIXTURE_TEST_CASE(a_hundred_clients_of_one_missing_url_are_one_origin_request, ImpatientEdge) {
  std::vector<std::unique_ptr<HttpConnection>> clients;
  for (int i = 0; i < 100; ++i) {
    clients.push_back(std::make_unique<HttpConnection>(edge->port()));
    clients.back()->send(get_text("/_gen/100k/wanted?delay=300"));
  }
  int good = 0;
  for (const auto& client : clients) good += client->read_reply().body.size() == 100 * 1024;
  BOOST_TEST(good == 100);
  BOOST_TEST(origin.requests() == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
