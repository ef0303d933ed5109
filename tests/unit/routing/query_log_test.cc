// The query log: what a line says, and that every so many-th query has one.
#include "routing/query_log.h"

#include <boost/test/unit_test.hpp>
#include <fstream>

#include "core/dns/writer.h"
#include "tests/support/temp_dir.h"

namespace {

using namespace skerry;
using namespace skerry::routing;

std::vector<std::byte> query(std::string_view name, bool subnet) {
  std::array<std::byte, 512> buffer;
  dns::MessageWriter writer(buffer);
  writer.header(1, 0);
  writer.question(dns::Name::parse(name).value(), dns::Type::https, dns::Class::in);
  dns::SubnetOption option;
  option.family = 1;
  option.source = 24;
  option.address = {192, 0, 2};
  dns::MessageWriter::Edns edns;
  edns.subnet = subnet ? &option : nullptr;
  writer.opt(edns, dns::Rcode::no_error);
  const std::size_t size = writer.finish();
  return {buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size)};
}

QueryRecord record() {
  Answered answered;
  answered.size = 77;
  answered.outcome = Outcome::dynamic;
  answered.scope = 20;
  return {core::WallTime(std::chrono::milliseconds(1'700'000'000'123)), core::IpAddress::v4({203, 0, 113, 5}),
          Transport::tls, answered};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(query_log)

BOOST_AUTO_TEST_CASE(a_line_says_who_asked_what_and_what_became_of_it) {
  std::string line;
  append_line(line, record(), query("www.example.com", true));
  BOOST_TEST(line ==
             "{\"time\":\"2023-11-14T22:13:20.123Z\",\"client\":\"203.0.113.5\",\"transport\":\"tls\","
             "\"name\":\"www.example.com.\",\"type\":\"HTTPS\",\"subnet\":\"192.0.2.0/24\",\"scope\":20,"
             "\"outcome\":\"dynamic\",\"size\":77,\"truncated\":false,\"cookie\":false}\n");
  line.clear();
  append_line(line, record(), query("a\\\"b\\010c.example", false));
  BOOST_TEST(line.find("\"name\":\"a\\\\\\\"b\\\\010c.example.\"") != std::string::npos, line);
  line.clear();
  append_line(line, record(), std::span<const std::byte>());
  BOOST_TEST(line.find("\"transport\":\"tls\",\"outcome\":") != std::string::npos, line);
}

BOOST_AUTO_TEST_CASE(every_so_many_th_query_of_a_thread_is_written) {
  testing::TempDir folder;
  QueryLogOptions options;
  options.path = folder.path() + "/queries";
  options.sample = 10;
  auto opened = QueryLog::open(options, 2);
  BOOST_REQUIRE(opened.ok());
  const auto packet = query("www.example.com", false);
  const QueryRecord noted = record();
  const QueryLane lanes[] = {{opened->get(), 0}, {opened->get(), 1}, {}};
  for (int i = 0; i < 100; ++i) {
    for (const QueryLane& lane : lanes) {
      lane.note(noted.time, {noted.client, noted.transport}, noted.answered, packet);
    }
  }
  BOOST_TEST((*opened)->flush());
  BOOST_TEST((*opened)->written() == 20u);
  BOOST_TEST((*opened)->dropped() == 0u);
  std::ifstream in(options.path);
  int lines = 0;
  for (std::string line; std::getline(in, line); ++lines) BOOST_TEST(line.starts_with("{\"time\":"));
  BOOST_TEST(lines == 20);
  options.path = folder.path() + "/missing/queries";
  BOOST_TEST(!QueryLog::open(options, 1).ok());
}

BOOST_AUTO_TEST_SUITE_END()
