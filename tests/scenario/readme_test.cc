// The README's examples, followed to the letter: every command of its `console` blocks is run from the top of the tree
// while a demo runs, must succeed, and must say what the README shows where that does not change from run to run.
#include <boost/test/unit_test.hpp>
#include <csignal>
#include <map>
#include <sstream>

#include "tests/support/process.h"
#include "tests/support/temp_dir.h"

using namespace skerry::testing;

namespace {

struct Example {
  std::string command;
  std::vector<std::string> shown;
};

// "$ command" and the lines below it, in ```console blocks, down to the heading that begins the next part.
std::vector<Example> examples_of(const std::string& readme) {
  std::vector<Example> examples;
  std::istringstream lines(readme);
  bool console = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      console = line == "```console";
    } else if (console && line.starts_with("$ ")) {
      examples.push_back({line.substr(2), {}});
    } else if (console && !examples.empty()) {
      examples.back().shown.push_back(line);
    }
  }
  return examples;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

std::vector<std::string> ports_in(const std::string& line) {
  std::vector<std::string> ports;
  for (std::size_t at = 0; (at = line.find("127.0.0.1:", at)) != std::string::npos;) {
    at += 10;
    ports.push_back(line.substr(at, line.find_first_not_of("0123456789", at) - at));
  }
  return ports;
}

// A demo that runs, and how it differs from the one that the README shows: others may have the documented ports.
class Demo {
 public:
  Demo() : process_({{SKERRY_SOURCE_DIR "/tools/demo", "--programs", SKERRY_BINARY_DIR}, {}, {}}) {
    process_.wait_for_line("Running until Ctrl-C");
    use({"8081", "8082", "8083"}, "  edges   http");
    use({"9181", "9182", "9183", "9190"}, "  admin   edges ");
    use({"8000", "8001"}, "   counts http");
    const std::string dns = process_.wait_for_line("  DNS     dig -p ");
    const std::size_t port = dns.find("-p ") + 3;
    ports_["5353"] = dns.substr(port, dns.find(' ', port) - port);
    const std::string exported = process_.wait_for_line("export SKERRY_ADMIN_TOKEN=");
    token_ = exported.substr(exported.find('=') + 1);
    process_.wait_for_line("  load    ");
  }
  ~Demo() {
    process_.send(SIGINT);
    process_.wait();
  }

  Finished follow(std::string command) {
    // Two steps: a port that takes another's place is not to be replaced again.
    for (const auto& [documented, actual] : ports_) replace_all(command, documented, "<" + documented + ">");
    for (const auto& [documented, actual] : ports_) replace_all(command, "<" + documented + ">", actual);
    replace_all(command, ".build/release/bin/", SKERRY_BINARY_DIR "/");
    Finished done = run({{"bash", "-c", command}, {{"SKERRY_ADMIN_TOKEN", token_}}, SKERRY_SOURCE_DIR});
    std::erase(done.output, '\r');  // of HTTP heads
    return done;
  }

 private:
  void use(const std::vector<std::string>& documented, const std::string& line) {
    const std::vector<std::string> actual = ports_in(process_.wait_for_line(line));
    BOOST_TEST_REQUIRE(actual.size() == documented.size());
    for (std::size_t i = 0; i < actual.size(); ++i) ports_[documented[i]] = actual[i];
  }

  Process process_;
  std::map<std::string, std::string> ports_;
  std::string token_;
};

// What must be said word for word: numbers of seconds, bytes and requests are not among it.
bool stays(const std::string& line) {
  for (const char* start : {"HTTP/1.1 ", "X-Cache: ", "owners ", "choice ", "ready"})
    if (line.starts_with(start)) return true;
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(readme)

BOOST_AUTO_TEST_CASE(its_commands_do_what_it_shows) {
  const std::vector<Example> examples = examples_of(read_file(SKERRY_SOURCE_DIR "/README.md"));
  Demo demo;
  std::size_t followed = 0, compared = 0;
  for (const Example& example : examples) {
    const Finished done = demo.follow(example.command);
    BOOST_TEST_CONTEXT(example.command << "\n" << done.output) {
      BOOST_TEST(done.exit_code == 0);
      for (const std::string& line : example.shown) {
        if (!stays(line)) continue;
        BOOST_TEST((done.output.find(line + "\n") != std::string::npos), line);
        ++compared;
      }
    }
    ++followed;
  }
  BOOST_TEST(followed >= 10u);
  BOOST_TEST(compared >= 8u);
}

BOOST_AUTO_TEST_SUITE_END()
