// Bodies larger than anything the edge may keep: they pass, with back-pressure, and memory stays where it was.
#include <boost/test/unit_test.hpp>
#include <cstring>
#include <thread>

#include "tests/support/pop.h"

using namespace skerry::testing;

namespace {

constexpr std::uint64_t mebibyte = 1 << 20;

// What skerry-origin generates below /_gen: splitmix64 from the FNV-1a hash of the path, eight bytes a step.
class Expected {
 public:
  explicit Expected(std::string_view path) {
    for (const char c : path) seed_ = (seed_ ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  }
  unsigned char at(std::uint64_t offset) const {
    std::uint64_t z = seed_ + (offset / 8 + 1) * 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    return static_cast<unsigned char>(z >> (offset % 8 * 8));
  }

 private:
  std::uint64_t seed_ = 0xcbf29ce484222325;
};

// Reads a body of `size` bytes, checks bytes of every piece, and rests for a moment after each `rest_every`: the pace
// of a slow reader is what this is about, not a wait for anything.
std::uint64_t read_slowly(HttpConnection& connection, const Expected& expected, std::uint64_t size,
                          std::uint64_t rest_every) {
  std::uint64_t received = 0, wrong = 0;
  while (received < size) {
    const std::string piece = connection.receive(65536);
    if (piece.empty()) break;
    for (const std::size_t i : {std::size_t{0}, piece.size() / 2, piece.size() - 1}) {
      wrong += static_cast<unsigned char>(piece[i]) != expected.at(received + i);
    }
    if ((received + piece.size()) / rest_every != received / rest_every) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    received += piece.size();
  }
  BOOST_TEST(wrong == 0u);
  return received;
}

struct BigBodies {
  TempDir folder;
  OriginProcess origin;

  std::unique_ptr<EdgeProcess> edge(bool with_store) {
    EdgeOptions options;
    options.origin = origin.url();
    options.memory = "64MiB";
    if (with_store) options.store = folder / "store";
    return std::make_unique<EdgeProcess>(folder, options);
  }

  // What memory grew by, at its highest, while a body of `size` went to a slow reader.
  std::uint64_t growth_for(EdgeProcess& edge, const std::string& path, std::uint64_t size) {
    get(edge.port(), "/_gen/1k/warm");
    const std::uint64_t before = resident_memory(edge.process().pid());
    reset_peak_memory(edge.process().pid());
    HttpConnection connection(edge.port());
    connection.limit_receive_buffer(256 * 1024);
    connection.send(get_text(path));
    BOOST_TEST(connection.read_head().status == 200);
    const std::string_view without_query = std::string_view(path).substr(0, path.find('?'));
    BOOST_TEST(read_slowly(connection, Expected(without_query), size, size / 128) == size);
    return peak_memory(edge.process().pid()) - before;
  }
};

bool sanitized() {
  return std::string_view(SKERRY_SANITIZE) != "";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bodies)

BOOST_FIXTURE_TEST_CASE(a_response_that_is_not_kept_arrives_whole_at_a_slow_reader, BigBodies) {
  const auto one = edge(false);
  const std::uint64_t growth = growth_for(*one, "/_gen/256m/passing?header=Cache-Control:no-store", 256 * mebibyte);
  if (!sanitized()) BOOST_TEST(growth <= 32 * mebibyte);
}

BOOST_FIXTURE_TEST_CASE(a_response_without_length_arrives_whole, BigBodies) {
  const auto one = edge(false);
  const Reply reply = get(one->port(), "/_gen/3m/chunked?no-length=1");
  BOOST_TEST(reply.body.size() == 3 * mebibyte);
}

// With a strong validator the edge asks for the rest; with a weak one there is no telling that it is the same body.
BOOST_FIXTURE_TEST_CASE(a_body_cut_short_by_the_origin_is_continued_under_its_strong_validator, BigBodies) {
  const auto one = edge(false);
  // A reset takes along what the origin's kernel still holds because the receiver's window was full: then fewer bytes
  // than asked for come before it. Pieces as small as these always fit the window of a new connection (64 KiB).
  BOOST_TEST(get(one->port(), "/_gen/64k/continued?close=20000").body.size() == 65536u);
  BOOST_TEST(origin.requests() == 4u);
}

BOOST_FIXTURE_TEST_CASE(a_body_cut_short_by_the_origin_never_looks_complete, BigBodies) {
  const auto one = edge(false);
  for (int i = 0; i < 2; ++i) {
    HttpConnection connection(one->port());
    connection.send(get_text("/_gen/1m/cut?close=300000&header=ETag:W/%22weak%22"));
    BOOST_CHECK_THROW(connection.read_reply(), ConnectionLost);
  }
  BOOST_TEST(origin.requests() >= 2u);  // nothing of it was kept
}

BOOST_FIXTURE_TEST_CASE(an_upload_reaches_the_origin_whole, BigBodies) {
  const auto one = edge(false);
  const Reply reply = request(one->port(), "POST", "/_echo", "", std::string(5 * mebibyte, 'u'));
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(reply.body.find("length: 5242880\n") != std::string::npos, reply.body);
}

BOOST_FIXTURE_TEST_CASE(a_chunked_upload_reaches_the_origin_whole, BigBodies) {
  const auto one = edge(false);
  HttpConnection connection(one->port());
  connection.send("POST /_echo HTTP/1.1\r\nHost: www.example.com\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 100; ++i) connection.send("2710\r\n" + std::string(10000, 'c') + "\r\n");
  connection.send("0\r\n\r\n");
  const Reply reply = connection.read_reply();
  BOOST_TEST(reply.status == 200);
  BOOST_TEST(reply.body.find("length: 1000000\n") != std::string::npos, reply.body);
}

BOOST_FIXTURE_TEST_CASE(a_client_that_asks_first_is_told_to_go_on, BigBodies) {
  const auto one = edge(false);
  HttpConnection connection(one->port());
  connection.send("POST /_echo HTTP/1.1\r\nHost: www.example.com\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  BOOST_TEST(connection.read_reply().status == 100);
  connection.send("hello");
  BOOST_TEST(connection.read_reply().status == 200);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(big_bodies_slow)

BOOST_FIXTURE_TEST_CASE(four_gib_that_are_not_kept_pass_to_a_slow_reader_within_32_mib, BigBodies) {
  const auto one = edge(false);
  const std::uint64_t growth = growth_for(*one, "/_gen/4g/passing?header=Cache-Control:no-store", 4096 * mebibyte);
  if (!sanitized()) BOOST_TEST(growth <= 32 * mebibyte);
}

BOOST_FIXTURE_TEST_CASE(four_gib_that_could_be_kept_pass_to_a_slow_reader_within_32_mib, BigBodies) {
  const auto one = edge(true);
  const std::uint64_t growth = growth_for(*one, "/_gen/4g/kept", 4096 * mebibyte);
  if (!sanitized()) BOOST_TEST(growth <= 32 * mebibyte);
}

BOOST_FIXTURE_TEST_CASE(one_gib_upload_passes_within_32_mib, BigBodies) {
  const auto one = edge(false);
  get(one->port(), "/_gen/1k/warm");
  const std::uint64_t before = resident_memory(one->process().pid());
  reset_peak_memory(one->process().pid());
  HttpConnection connection(one->port());
  connection.send("POST /_echo HTTP/1.1\r\nHost: www.example.com\r\nContent-Length: 1073741824\r\n\r\n");
  const std::string piece(mebibyte, 'u');
  for (int i = 0; i < 1024; ++i) connection.send(piece);
  BOOST_TEST(connection.read_reply().body.find("length: 1073741824\n") != std::string::npos);
  if (!sanitized()) BOOST_TEST(peak_memory(one->process().pid()) - before <= 32 * mebibyte);
}

BOOST_AUTO_TEST_SUITE_END()
