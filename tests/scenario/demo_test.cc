// The tour that the README promises, run as a stranger would.
#include <boost/test/unit_test.hpp>
#include <memory>
#include <vector>

#include "tests/support/certificates.h"
#include "tests/support/pop.h"
#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using namespace skerry::testing;

namespace {

std::string programs() {
  return SKERRY_BINARY_DIR;
}
std::string demo() {
  return SKERRY_SOURCE_DIR "/tools/demo";
}

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++found;
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(demo_tour)

BOOST_AUTO_TEST_CASE(the_tour_shows_a_miss_two_hits_one_origin_request_and_ends_clean) {
  const Finished tour = run({{demo(), "--once", "--programs", programs()}, {}, {}}, std::chrono::seconds(100));
  BOOST_TEST_CONTEXT(tour.output) {
    BOOST_TEST(tour.exit_code == 0);
    BOOST_TEST(count(tour.output, "X-Cache: HIT") == 2u);
    BOOST_TEST(count(tour.output, "X-Cache: MISS") == 2u);  // the first request, and the one after the purge
    BOOST_TEST(tour.output.find("\"total\":1") != std::string::npos);
    BOOST_TEST(count(tour.output, "127.0.0.1\n") >= 1u);
    BOOST_TEST(tour.output.find("127.0.0.2") != std::string::npos);
    BOOST_TEST(tour.output.find("rror") == std::string::npos);
  }
}

// An edge with a certificate stands for the user's own https origin.
BOOST_AUTO_TEST_CASE(an_https_origin_of_the_users_own_is_asked_once_and_verified_by_the_ca_that_was_given) {
  const TempDir folder;
  const TestCertificates certificates = make_certificates(folder.path(), {"127.0.0.1"});
  folder.write("www/index.html", "<p>The user's own page.\n");
  const OriginProcess pages({"--root", folder / "www"});
  const std::string secure = "127.0.0.1:" + std::to_string(free_port());
  EdgeOptions options;
  options.name = "origin";  // not one of the demo's: it would find itself in CDN-Loop
  options.origin = pages.url();
  options.edge_keys = "tls_listen = [\"" + secure + "\"]";
  options.sections = "[[certificate]]\ncert = \"" + certificates.cert + "\"\nkey = \"" + certificates.key +
                     "\"\n[[site]]\nhosts = [\"127.0.0.1\"]\norigin = [\"" + pages.url() + "\"]\n";
  const EdgeProcess origin(folder, options);
  const std::vector<std::string> tour{demo(), "--once", "--programs", programs(), "https://" + secure};

  std::vector<std::string> with_ca = tour;
  with_ca.insert(with_ca.end(), {"--origin-ca", certificates.ca});
  const Finished verified = run({with_ca, {}, {}}, std::chrono::seconds(100));
  BOOST_TEST_CONTEXT(verified.output) {
    BOOST_TEST(verified.exit_code == 0);
    BOOST_TEST(count(verified.output, "HTTP/1.1 200") == 4u);
    BOOST_TEST(count(verified.output, "X-Cache: HIT") == 2u);
  }
  BOOST_TEST(pages.requests() == 1u);

  const Finished unverified = run({tour, {}, {}}, std::chrono::seconds(100));
  BOOST_TEST_CONTEXT(unverified.output) {
    // After three failures the origin is taken for down: 504 without asking it, unless its back-off is over by then.
    const std::size_t failures = count(unverified.output, "HTTP/1.1 502");
    BOOST_TEST(failures >= 3u);
    BOOST_TEST(failures + count(unverified.output, "HTTP/1.1 504") == 4u);
  }
}

// All look for free ports before any of them listens: who loses one looks again.
BOOST_AUTO_TEST_CASE(demos_that_start_at_once_find_ports_of_their_own) {
  std::vector<std::unique_ptr<Process>> tours;
  for (int i = 0; i < 4; ++i)
    tours.push_back(std::make_unique<Process>(Command{{demo(), "--once", "--programs", programs()}, {}, {}}));
  for (const auto& tour : tours) {
    BOOST_TEST(tour->wait(std::chrono::seconds(200)) == 0, tour->output());
    BOOST_TEST(count(tour->output(), "X-Cache: HIT") == 2u, tour->output());
  }
}

BOOST_AUTO_TEST_SUITE_END()
BOOST_AUTO_TEST_SUITE(demo_ctrl_c)

BOOST_AUTO_TEST_CASE(ctrl_c_stops_everything_it_started) {
  Process running({{demo(), "--programs", programs()}, {}, {}});
  const std::string line = running.wait_for_line("Configurations and logs: ");
  const std::string folder = line.substr(line.find("/"), line.find_last_not_of("\x1b[0m") + 1 - line.find("/"));
  running.send(2);
  BOOST_TEST(running.wait() == 0);
  const Finished left =
      run({{"bash", "-c", "pgrep -f -- '" + folder + "' | grep -v $$; ls -d '" + folder + "'"}, {}, {}});
  BOOST_TEST(left.output.find("No such file") != std::string::npos, left.output);
  BOOST_TEST(count(left.output, "\n") == 1u, left.output);
}

BOOST_AUTO_TEST_SUITE_END()
