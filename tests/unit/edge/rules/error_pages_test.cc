#include "edge/rules/error_pages.h"

#include <boost/test/unit_test.hpp>
#include <filesystem>

#include "tests/support/temp_dir.h"

using namespace skerry;
using namespace skerry::edge;

BOOST_AUTO_TEST_SUITE(error_pages)

BOOST_AUTO_TEST_CASE(status_counts_before_its_class) {
  testing::TempDir folder;
  const std::string page = folder.write("404.html", "<p>gone"), any = folder.write("4xx.json", "{}");
  ErrorPageFiles files;
  const auto pages = ErrorPages::make({{{"404", page}, {"4xx", any}, {"503", page}}, false}, files);
  BOOST_TEST_REQUIRE(pages.ok());
  BOOST_TEST(pages->find(404)->body.text() == "<p>gone");
  BOOST_TEST(pages->find(404)->content_type == "text/html; charset=utf-8");
  BOOST_TEST(pages->find(403)->content_type == "application/json");
  BOOST_TEST(pages->find(503) != nullptr);
  for (const int status : {200, 304, 500, 502, 600, 0}) BOOST_TEST(pages->find(status) == nullptr);
  BOOST_TEST(pages->find_for_origin(503) == nullptr);
  BOOST_TEST(ErrorPages().find(404) == nullptr);
}

BOOST_AUTO_TEST_CASE(origins_own_errors_are_replaced_where_asked_for_and_only_5xx) {
  testing::TempDir folder;
  const std::string page = folder.write("e.html", "e");
  ErrorPageFiles files;
  const auto pages = ErrorPages::make({{{"4xx", page}, {"5xx", page}}, true}, files);
  BOOST_TEST_REQUIRE(pages.ok());
  BOOST_TEST(pages->find_for_origin(500) != nullptr);
  BOOST_TEST(pages->find_for_origin(404) == nullptr);
}

BOOST_AUTO_TEST_CASE(files_are_held_once_however_many_sites_and_statuses_name_them) {
  testing::TempDir folder;
  const std::string page = folder.write("e.html", "e");
  ErrorPageFiles files;
  const auto site = ErrorPages::make({{{"404", page}, {"5xx", page}}, false}, files);
  const auto route = ErrorPages::make({{{"503", page}}, true}, files);
  BOOST_TEST_REQUIRE((site.ok() && route.ok()));
  const void* held = site->find(404)->body.text().data();
  BOOST_TEST((held == site->find(500)->body.text().data()));
  BOOST_TEST((held == route->find(503)->body.text().data()));
  BOOST_TEST(!files.read("200", page).ok());
}

BOOST_AUTO_TEST_CASE(pages_that_can_not_be_served_are_refused) {
  testing::TempDir folder;
  const std::string good = folder.write("a.html", "a");
  const std::string large = folder.write("b.html", std::string(largest_error_page + 1, 'x'));
  const std::string largest = folder.write("c.html", std::string(largest_error_page, 'x'));
  std::filesystem::create_directory(folder / "d.html");
  const std::vector<std::array<std::string, 3>> rows = {
      {"404", good, ""},
      {"404", largest, ""},
      {"404", large, "too large"},
      {"404", folder / "none.html", "cannot read"},
      {"404", folder / "d.html", "cannot read"},
      {"404", folder / "a.php", "must end in"},
      {"399", good, "must be a status"},
      {"600", good, "must be a status"},
      {"3xx", good, "must be a status"},
      {"40x", good, "must be a status"},
      {"4040", good, "must be a status"},
  };
  for (const auto& [status, path, problem] : rows) {
    const auto page = read_error_page(status, path);
    BOOST_TEST(page.ok() == problem.empty(), status << " " << path);
    if (!page.ok()) BOOST_TEST(page.error().detail.find(problem) != std::string::npos, page.error().detail);
  }
}

BOOST_AUTO_TEST_SUITE_END()
