// A web site behind one PoP: pages in two languages, their images, browsers that come back, and editors who purge.
#include <boost/test/unit_test.hpp>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

const std::string page = "/_gen/20k/index.html?header=Vary:Accept-Language";

std::string image(int number) {
  return "/_gen/50k/img/" + std::to_string(number) + ".jpg";
}

struct WebSite {
  static constexpr int images = 20;
  PopOfThree pop{PopOfThree::Tiers::memory_only};

  // One visitor of the page: everything on it, from the edge that the router sent them to. How many answers were whole.
  int visit(std::size_t edge, const char* language) {
    HttpConnection connection(pop.edge(edge).port());
    connection.send(get_text(page, std::string("Accept-Language: ") + language + "\r\n"));
    int whole = connection.read_reply().body.size() == 20 * 1024;
    for (int i = 0; i < images; ++i) {
      connection.send(get_text(image(i)));
      whole += connection.read_reply().body.size() == 50 * 1024;
    }
    return whole;
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(users_web)

BOOST_FIXTURE_TEST_CASE(every_page_and_image_is_asked_of_the_origin_once_for_all_visitors, WebSite) {
  int whole = 0;
  for (int round = 0; round < 3; ++round) {
    for (std::size_t edge = 0; edge < 3; ++edge) {
      for (const char* language : {"de", "en;q=0.8, fr"}) whole += visit(edge, language);
    }
  }
  BOOST_TEST(whole == 3 * 3 * 2 * (1 + images));
  BOOST_TEST(pop.origin().requests() == 2u + images);  // two languages of the page, each image once
}

BOOST_FIXTURE_TEST_CASE(a_browser_that_comes_back_gets_304_from_any_edge_rfc9111_4_3_2, WebSite) {
  visit(0, "de");
  const std::string etag = get(pop.edge(1).port(), image(3)).field("ETag");
  const std::uint64_t asked = pop.origin().requests();
  for (std::size_t edge = 0; edge < 3; ++edge) {
    const Reply reply = get(pop.edge(edge).port(), image(3), "If-None-Match: " + etag + "\r\n");
    BOOST_TEST(reply.status == 304);
    BOOST_TEST(reply.field("ETag") == etag);
    BOOST_TEST(reply.body.empty());
  }
  BOOST_TEST(pop.origin().requests() == asked);
}

BOOST_FIXTURE_TEST_CASE(one_purge_takes_all_variants_of_its_url_at_every_edge_and_nothing_else, WebSite) {
  const auto everybody_comes = [this] {
    for (std::size_t edge = 0; edge < 3; ++edge) {
      for (const char* language : {"de", "fr"}) visit(edge, language);
    }
  };
  const auto purge = [this](std::size_t edge, const std::string& path) {
    return pop.edge(edge).admin("POST", "/purge", R"({"url": "http://www.example.com)" + path + "\"}").status;
  };
  everybody_comes();
  pop.origin().reset_counts();
  BOOST_TEST(purge(1, page) == 200);
  everybody_comes();
  BOOST_TEST(pop.origin().requests() == 2u);  // the page's two languages, no image
  BOOST_TEST(purge(2, image(7)) == 200);
  everybody_comes();
  BOOST_TEST(pop.origin().requests() == 3u);
}

BOOST_AUTO_TEST_SUITE_END()
