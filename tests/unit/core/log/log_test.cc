#include "core/log/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/temp_dir.h"

using namespace skerry;

namespace {

// Everything logged while it lives, in a file.
class Captured {
 public:
  Captured(log::Level level, log::Format format)
      : descriptor_(::open((folder_ / "log").c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) {
    log::configure({level, format}, descriptor_);
  }
  ~Captured() {
    log::configure({});
    ::close(descriptor_);
  }
  std::string text() const { return testing::read_file(folder_ / "log"); }
  // Without what changes from run to run.
  std::string without_time() const {
    const std::string all = text();
    const std::size_t end = all.find('Z');
    return end == std::string::npos ? all : all.substr(end + 1);
  }

 private:
  testing::TempDir folder_;
  int descriptor_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(event_log)

BOOST_AUTO_TEST_CASE(a_text_line_is_time_level_event_and_fields) {
  Captured captured(log::Level::info, log::Format::text);
  log::warn("upstream_ejected", {{"upstream", "http://a"}, {"failures", 3}, {"fatal", false}, {"share", 0.5}});
  BOOST_TEST(captured.without_time() ==
             " warning upstream_ejected upstream=\"http://a\" failures=3 fatal=false share=0.5\n");
  BOOST_TEST(captured.text().size() > 25u);
  BOOST_TEST(captured.text()[4] == '-');
  BOOST_TEST(captured.text()[10] == 'T');
}

BOOST_AUTO_TEST_CASE(a_json_line_is_one_object) {
  Captured captured(log::Level::info, log::Format::json);
  log::info("started", {{"name", std::string("a\"b\n")}, {"workers", std::uint64_t{2}}, {"lag", -1}});
  BOOST_TEST(captured.text().starts_with("{\"time\":\"2"), captured.text());
  BOOST_TEST(captured.without_time() ==
             "\",\"level\":\"info\",\"event\":\"started\",\"name\":\"a\\\"b\\u000A\",\"workers\":2,\"lag\":-1}\n");
}

BOOST_AUTO_TEST_CASE(a_listener_is_told_in_words_or_as_json) {
  {
    const Captured captured(log::Level::error, log::Format::text);
    log::listening("client", "127.0.0.1:8080");
    BOOST_TEST(captured.text() == "listening on client 127.0.0.1:8080\n");
  }
  const Captured captured(log::Level::info, log::Format::json);
  log::listening("client", "127.0.0.1:8080");
  BOOST_TEST(captured.without_time() ==
             "\",\"level\":\"info\",\"event\":\"listening\",\"kind\":\"client\",\"address\":\"127.0.0.1:8080\"}\n");
}

BOOST_AUTO_TEST_CASE(lines_below_the_level_are_left_out) {
  Captured captured(log::Level::warn, log::Format::text);
  log::debug("a");
  log::info("b");
  log::error("c");
  BOOST_TEST(!log::enabled(log::Level::info));
  BOOST_TEST(captured.without_time() == " error c\n");
}

BOOST_AUTO_TEST_CASE(hostile_text_stays_on_its_line) {
  Captured captured(log::Level::info, log::Format::text);
  log::info("x", {{"host", "a\nb\x1b[2J\" y=\"%v"}});
  BOOST_TEST(captured.without_time() == " info x host=\"a\\x0Ab\\x1B[2J\\x22 y=\\x22%v\"\n");
}

BOOST_AUTO_TEST_SUITE_END()
