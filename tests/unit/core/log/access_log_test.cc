#include "core/log/access_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>

#include "core/log/access_record.h"
#include "tests/support/temp_dir.h"

using namespace skerry;
using namespace std::chrono_literals;

namespace {

log::AccessRecord example() {
  log::AccessRecord record;
  record.time = core::WallTime(std::chrono::milliseconds(1'795'386'571'123));
  record.client = core::IpAddress::v4({192, 0, 2, 1});
  record.status = 200;
  record.bytes = 1234;
  record.duration = 1'500us;
  record.method = "GET";
  record.scheme = "https";
  record.host = "www.example.com";
  record.path = "/a?b=1";
  record.protocol = "HTTP/1.1";
  record.outcome = "hit";
  record.reason = "fresh";
  record.request_id = "id1";
  record.user_agent = "curl/8";
  return record;
}

std::string line(const log::AccessRecord& record, log::AccessFormat format) {
  std::string out;
  log::append_line(out, record, format);
  return out;
}

log::AccessLogOptions to(const std::string& path) {
  log::AccessLogOptions options;
  options.path = path;
  options.buffer = 64 * 1024;
  return options;
}

std::size_t lines_in(const std::string& path) {
  const std::string text = testing::read_file(path);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(access_log)

BOOST_AUTO_TEST_CASE(json_lines_hold_every_field) {
  BOOST_TEST(line(example(), log::AccessFormat::json) ==
             "{\"time\":\"2026-11-22T22:29:31.123Z\",\"client\":\"192.0.2.1\",\"method\":\"GET\",\"scheme\":\"https\","
             "\"host\":\"www.example.com\",\"path\":\"/a?b=1\",\"protocol\":\"HTTP/1.1\",\"status\":200,\"bytes\":1234,"
             "\"duration\":0.001500,\"outcome\":\"hit\",\"reason\":\"fresh\",\"upstream\":\"\",\"request_id\":\"id1\","
             "\"referer\":\"\",\"user_agent\":\"curl/8\"}\n");
}

BOOST_AUTO_TEST_CASE(combined_lines_are_what_log_tools_know_with_ours_behind) {
  BOOST_TEST(line(example(), log::AccessFormat::combined) ==
             "192.0.2.1 - - [22/Nov/2026:22:29:31 +0000] \"GET /a?b=1 HTTP/1.1\" 200 1234 \"-\" \"curl/8\" "
             "\"www.example.com\" 0.001500 \"hit\" \"fresh\" \"-\" \"id1\"\n");
}

BOOST_AUTO_TEST_CASE(nothing_a_client_sends_can_forge_a_line_or_a_field) {
  log::AccessRecord record = example();
  record.path = "/\n127.0.0.1 - - forged\r\x1b[2J\"\\\x00x";
  record.user_agent = "\",\"status\":500,\"x\":\"\xff\xc2\x85\xe2\x80\xa8\xc3\xa9";
  const std::string json = line(record, log::AccessFormat::json);
  BOOST_TEST(std::count(json.begin(), json.end(), '\n') == 1);
  BOOST_TEST(json.find("\\u000A127.0.0.1") != std::string::npos, json);
  BOOST_TEST(
      json.find("\"user_agent\":\"\\\",\\\"status\\\":500,\\\"x\\\":\\\"\xef\xbf\xbd\\u0085\\u2028\xc3\xa9\"}") !=
          std::string::npos,
      json);
  const std::string combined = line(record, log::AccessFormat::combined);
  BOOST_TEST(std::count(combined.begin(), combined.end(), '\n') == 1);
  BOOST_TEST(combined.find("\"GET /\\x0A127.0.0.1 - - forged\\x0D\\x1B[2J\\x22\\x5C") != std::string::npos, combined);
  for (const char c : combined.substr(0, combined.size() - 1)) BOOST_REQUIRE((c >= 0x20 && c < 0x7f));
}

BOOST_AUTO_TEST_CASE(a_packed_record_comes_back_clipped_to_its_bounds) {
  log::AccessRecord record = example();
  const std::string path(100'000, 'p'), agent(100'000, 'u');
  record.path = path;
  record.user_agent = agent;
  std::vector<std::byte> bytes(log::packed_size(record));
  BOOST_TEST(bytes.size() < 16u * 1024);
  log::pack(record, bytes.data());
  const log::AccessRecord again = log::unpack(bytes);
  BOOST_TEST(again.path.size() == 8192u);
  BOOST_TEST(again.user_agent.size() == 1024u);
  BOOST_TEST(again.host == record.host);
  BOOST_TEST(again.request_id == "id1");
  BOOST_TEST((again.time == record.time));
  BOOST_TEST((again.client == record.client));
}

BOOST_AUTO_TEST_CASE(records_of_all_workers_are_in_the_file_after_a_flush) {
  testing::TempDir folder;
  const std::string path = folder / "access.log";
  auto opened = log::AccessLog::open(to(path), 2);
  BOOST_TEST_REQUIRE(opened.ok());
  for (int i = 0; i < 100; ++i) (*opened)->record(i % 2, example());
  BOOST_TEST((*opened)->flush());
  BOOST_TEST(lines_in(path) == 100u);
  BOOST_TEST((*opened)->written() == 100u);
  BOOST_TEST((*opened)->dropped() == 0u);
}

BOOST_AUTO_TEST_CASE(what_is_recorded_before_the_end_is_written) {
  testing::TempDir folder;
  const std::string path = folder / "access.log";
  {
    auto opened = log::AccessLog::open(to(path), 1);
    BOOST_TEST_REQUIRE(opened.ok());
    for (int i = 0; i < 50; ++i) (*opened)->record(0, example());
  }
  BOOST_TEST(lines_in(path) == 50u);
}

// The other end of a FIFO that nobody reads: the writer stands still, the ring fills, the worker goes on.
BOOST_AUTO_TEST_CASE(a_full_ring_drops_and_counts_and_never_blocks_the_worker) {
  testing::TempDir folder;
  const std::string path = folder / "fifo";
  BOOST_TEST_REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int reader = ::open(path.c_str(), O_RDONLY | O_NONBLOCK);
  BOOST_TEST_REQUIRE(reader >= 0);
  constexpr std::uint64_t recorded = 20'000;
  {
    auto opened = log::AccessLog::open(to(path), 1);
    BOOST_TEST_REQUIRE(opened.ok());
    for (std::uint64_t i = 0; i < recorded; ++i) (*opened)->record(0, example());
    BOOST_TEST((*opened)->dropped() > 0u);
    std::uint64_t read = 0;
    std::array<char, 65536> buffer;
    while ((*opened)->written() + (*opened)->dropped() < recorded) {
      const ssize_t taken = ::read(reader, buffer.data(), buffer.size());
      for (ssize_t i = 0; i < taken; ++i) read += buffer[static_cast<std::size_t>(i)] == '\n';
    }
    for (ssize_t taken; (taken = ::read(reader, buffer.data(), buffer.size())) > 0;)
      for (ssize_t i = 0; i < taken; ++i) read += buffer[static_cast<std::size_t>(i)] == '\n';
    BOOST_TEST(read == (*opened)->written());
    BOOST_TEST(read + (*opened)->dropped() == recorded);
  }
  ::close(reader);
}

BOOST_AUTO_TEST_CASE(after_a_rotation_lines_go_to_the_new_file) {
  testing::TempDir folder;
  const std::string path = folder / "access.log";
  auto opened = log::AccessLog::open(to(path), 1);
  BOOST_TEST_REQUIRE(opened.ok());
  (*opened)->record(0, example());
  BOOST_TEST((*opened)->flush());
  std::filesystem::rename(path, path + ".1");
  (*opened)->record(0, example());
  BOOST_TEST((*opened)->flush());
  BOOST_TEST(lines_in(path + ".1") == 2u);  // until it is told, the writer keeps its file
  (*opened)->reopen();
  (*opened)->record(0, example());
  BOOST_TEST((*opened)->flush());
  BOOST_TEST(lines_in(path + ".1") == 2u);
  BOOST_TEST(lines_in(path) == 1u);
}

BOOST_AUTO_TEST_CASE(a_full_disk_is_counted_and_does_no_harm) {
  auto opened = log::AccessLog::open(to("/dev/full"), 1);
  BOOST_TEST_REQUIRE(opened.ok());
  for (int i = 0; i < 10; ++i) (*opened)->record(0, example());
  BOOST_TEST((*opened)->flush());
  BOOST_TEST((*opened)->dropped() == 10u);
  BOOST_TEST((*opened)->written() == 0u);
}

BOOST_AUTO_TEST_CASE(a_file_that_cannot_be_opened_is_named) {
  const auto opened = log::AccessLog::open(to("/nonexistent/access.log"), 1);
  BOOST_TEST_REQUIRE(!opened.ok());
  BOOST_TEST(opened.error().detail.find("/nonexistent/access.log") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
