// Bodies in another coding, over a whole edge: made once, found again, never wrong.
#include <boost/test/unit_test.hpp>

#include "edge/coding/transcode.h"
#include "simulated_pop.h"

using namespace skerry;
using namespace skerry::edge;
using namespace skerry::edge::test;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct CodingPop : SimulatedPop {
  explicit CodingPop(int edges, EdgeChange change = compressing) : SimulatedPop(7, edges, 1, change) {
    origin.fields = {{"Cache-Control", "max-age=60"}, {"Content-Type", "text/plain"}};
  }
  static void compressing(EdgeConfig& config) {
    config.sites.front().handling.coding.offered = {Coding::br, Coding::gzip};
  }
  // What a client that takes `codings` gets once the background has had its time.
  Answer settled(int edge, const std::string& path, const std::string& codings, Fields more = {}) {
    more.emplace_back("Accept-Encoding", codings);
    get(edge, path, more);
    simulation.run_for(std::chrono::seconds(1));
    return get(edge, path, more);
  }
};

std::string_view field(const Answer& answer, std::string_view name) {
  return answer.fields.find(name).value_or("");
}

std::string ungzip(const std::string& body) {
  const auto undone = ungzipped({core::Chunk::copy_of(std::string_view(body))}, 1 << 20);
  return undone.ok() ? std::string(undone.value().empty() ? "" : undone.value().front().text()) : "not gzip";
}

std::string gzip(const std::string& body) {
  const auto coded = encoded({core::Chunk::copy_of(std::string_view(body))}, Coding::gzip);
  std::string text;
  for (const core::Chunk& chunk : coded.value()) text += chunk.text();
  return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(coded_bodies)

BOOST_AUTO_TEST_CASE(one_origin_request_serves_every_coding) {
  for (const int edges : {1, 3}) {
    CodingPop pop(edges);
    const Answer zipped = pop.settled(0, "/page", "gzip");
    BOOST_TEST(field(zipped, "Content-Encoding") == "gzip");
    BOOST_TEST(field(zipped, "Content-Length") == std::to_string(zipped.body.size()));
    BOOST_TEST(zipped.body.size() < pop.origin.content("/page").size());
    BOOST_TEST(ungzip(zipped.body) == pop.origin.content("/page"));
    BOOST_TEST(field(zipped, "ETag").starts_with("W/\""));
    BOOST_TEST(field(zipped, "Vary") == "Accept-Encoding");
    BOOST_TEST(field(pop.settled(0, "/page", "gzip, br"), "Content-Encoding") == "br");
    const Answer plain = pop.get(0, "/page");
    BOOST_TEST(plain.body == pop.origin.content("/page"));
    BOOST_TEST(!plain.fields.contains(http::HeaderId::content_encoding));
    BOOST_TEST(field(plain, "ETag").starts_with("\""));
    BOOST_TEST(field(plain, "Vary") == "Accept-Encoding");
    BOOST_TEST(pop.origin.total() == 1);
  }
}

BOOST_AUTO_TEST_CASE(conditions_and_ranges_stay_those_of_the_origins_body) {
  CodingPop pop(1);
  const std::string etag(field(pop.settled(0, "/page", "gzip"), "ETag"));
  const Answer same = pop.get(0, "/page", {{"Accept-Encoding", "gzip"}, {"If-None-Match", etag}});
  BOOST_TEST(same.status == 304);
  BOOST_TEST(field(same, "ETag") == etag);
  BOOST_TEST(field(same, "Vary") == "Accept-Encoding");
  const Answer part = pop.get(0, "/page", {{"Accept-Encoding", "gzip"}, {"Range", "bytes=10-19"}});
  BOOST_TEST(part.status == 206);
  BOOST_TEST(part.body == pop.origin.content("/page").substr(10, 10));
  // A weak validator never joins bytes (RFC 9110 13.1.5).
  const Answer whole = pop.get(0, "/page", {{"Accept-Encoding", "gzip"}, {"Range", "bytes=10-19"}, {"If-Range", etag}});
  BOOST_TEST(whole.status == 200);
}

BOOST_AUTO_TEST_CASE(a_validated_page_takes_its_coded_copies_along) {
  CodingPop pop(1);
  const Answer before = pop.settled(0, "/page", "gzip");
  pop.simulation.run_for(std::chrono::seconds(120));
  pop.origin.fields[0].second = "max-age=600";
  const Answer after = pop.get(0, "/page", {{"Accept-Encoding", "gzip"}});
  BOOST_TEST(field(after, "Content-Encoding") == "gzip");
  BOOST_TEST(after.body == before.body);
  BOOST_TEST(field(after, "Cache-Control") == "max-age=600");
  BOOST_TEST(field(after, "Age") == "0");
  const Answer later = pop.get(0, "/page", {{"Accept-Encoding", "gzip"}});
  BOOST_TEST(field(later, "X-Cache") == "HIT");
  BOOST_TEST(field(later, "Cache-Control") == "max-age=600");
}

BOOST_AUTO_TEST_CASE(a_changed_page_is_coded_anew) {
  CodingPop pop(1);
  pop.settled(0, "/page", "gzip");
  pop.simulation.run_for(std::chrono::seconds(120));
  pop.origin.version = "-2";
  BOOST_TEST(ungzip(pop.settled(0, "/page", "gzip").body) == pop.origin.content("/page"));
}

BOOST_AUTO_TEST_CASE(gzip_of_the_origin_is_undone_for_who_cannot_take_it) {
  const std::string page = SimulatedOrigin::body_of("/page", 3000);
  for (const int edges : {1, 3}) {
    CodingPop pop(edges);
    pop.origin.body = gzip(page);
    pop.origin.fields.emplace_back("Content-Encoding", "gzip");
    // First of all, while it arrives.
    const Answer plain = pop.get(0, "/page");
    BOOST_TEST(plain.body == page);
    BOOST_TEST(!plain.fields.contains(http::HeaderId::content_encoding));
    BOOST_TEST(field(plain, "ETag").starts_with("W/\""));
    const Answer zipped = pop.get(0, "/page", {{"Accept-Encoding", "gzip"}});
    BOOST_TEST(zipped.body == *pop.origin.body);
    BOOST_TEST(field(zipped, "Content-Encoding") == "gzip");
    BOOST_TEST(pop.get(0, "/page").body == page);
    BOOST_TEST(pop.origin.total() == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_broken_gzip_body_passes_as_it_came) {
  CodingPop pop(1);
  pop.origin.body = gzip(SimulatedOrigin::body_of("/page", 3000)).substr(0, 100);
  pop.origin.fields.emplace_back("Content-Encoding", "gzip");
  for (int i = 0; i < 2; ++i) {
    const Answer answer = pop.get(0, "/page");
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.body == *pop.origin.body);
    BOOST_TEST(field(answer, "Content-Encoding") == "gzip");
  }
}

BOOST_AUTO_TEST_CASE(a_purge_takes_the_coded_copies_along) {
  CodingPop pop(1);
  pop.settled(0, "/page", "gzip");
  SimulatedEdge& edge = *pop.edges[0];
  edge.store->purge(edge.host.worker(), {PurgeKind::all, {}, false}, [](core::Result<Epoch>) {});
  pop.simulation.run_for(std::chrono::seconds(1));
  BOOST_TEST(pop.get(0, "/page", {{"Accept-Encoding", "gzip"}}).body == pop.origin.content("/page"));
  BOOST_TEST(pop.origin.total() == 2);
}

BOOST_AUTO_TEST_SUITE_END()
