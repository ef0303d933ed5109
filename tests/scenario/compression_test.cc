// Compressed answers as curl sees them, from the program, its threads and its disk.
#include <boost/test/unit_test.hpp>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

std::string page() {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "<p>Paragraph " + std::to_string(i * 7919 % 1000) + "</p>\n";
  return text;
}

struct Fetched {
  std::string head;
  std::string body;  // decoded by curl
};

Fetched fetch(const TempDir& folder, const EdgeProcess& edge, const std::string& codings) {
  std::vector<std::string> command = {"curl",          "-sS", "--max-time",    "20", "-D",
                                      folder / "head", "-o",  folder / "body", "-H", "Host: www.example.com"};
  if (!codings.empty()) {
    command.emplace_back("--compressed");
    command.emplace_back("-H");
    command.push_back("Accept-Encoding: " + codings);
  }
  command.push_back("http://127.0.0.1:" + std::to_string(edge.port()) + "/page.html");
  BOOST_REQUIRE(run({.arguments = command, .environment = {}, .directory = {}}).exit_code == 0);
  return {read_file(folder / "head"), read_file(folder / "body")};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(compression)

BOOST_AUTO_TEST_CASE(curl_gets_each_coding_and_a_restart_finds_them_again) {
  TempDir folder;
  folder.write("site/page.html", page());
  OriginProcess origin({"--root", folder / "site"});
  EdgeOptions options;
  options.origin = origin.url();
  options.store = folder / "store";
  options.site_keys = "compress = \"zstd, br, gzip\"\n";
  EdgeProcess edge(folder, options);
  const auto check = [&] {
    for (const std::string coding : {"zstd", "br", "gzip", ""}) {
      Fetched answer = fetch(folder, edge, coding);
      const std::string wanted = "Content-Encoding: " + coding + "\r\n";
      for (int i = 0; i < 200 && !coding.empty() && answer.head.find(wanted) == std::string::npos; ++i)
        answer = fetch(folder, edge, coding);
      BOOST_TEST((answer.body == page()), coding);
      BOOST_TEST((answer.head.find(wanted) != std::string::npos) == !coding.empty(), answer.head);
      BOOST_TEST(answer.head.find("Vary: Accept-Encoding\r\n") != std::string::npos);
    }
  };
  check();
  BOOST_TEST(edge.stop() == 0);
  edge.start();
  origin.reset_counts();
  check();
  BOOST_TEST(origin.requests() == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
