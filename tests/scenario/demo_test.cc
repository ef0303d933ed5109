// The tour that the README promises, run as a stranger would.
#include <boost/test/unit_test.hpp>

#include "tests/support/process.h"

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
  BOOST_TEST_INFO(tour.output);
  BOOST_TEST(tour.exit_code == 0);
  BOOST_TEST(count(tour.output, "X-Cache: HIT") == 2u);
  BOOST_TEST(count(tour.output, "X-Cache: MISS") == 2u);  // the first request, and the one after the purge
  BOOST_TEST(tour.output.find("\"total\":1") != std::string::npos);
  BOOST_TEST(count(tour.output, "127.0.0.1\n") >= 1u);
  BOOST_TEST(tour.output.find("127.0.0.2") != std::string::npos);
  BOOST_TEST(tour.output.find("rror") == std::string::npos);
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
