#include "core/log/record_ring.h"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <string>
#include <thread>

using skerry::log::RecordRing;

namespace {

bool put(RecordRing& ring, std::string_view text) {
  std::byte* const room = ring.reserve(text.size());
  if (!room) return false;
  std::memcpy(room, text.data(), text.size());
  ring.commit(text.size());
  return true;
}

std::string take(RecordRing& ring) {
  const auto record = ring.front();
  if (record.empty()) return {};
  std::string text(reinterpret_cast<const char*>(record.data()), record.size());
  ring.pop();
  return text;
}

// Sizes from 1 to `longest`, and content that tells the number.
std::string numbered(std::uint64_t number, std::size_t longest) {
  return std::to_string(number) + std::string(number * 7 % longest, static_cast<char>('a' + number % 26));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_ring)

BOOST_AUTO_TEST_CASE(records_come_out_as_they_went_in_over_many_rounds) {
  RecordRing ring(4096);
  std::uint64_t in = 0, out = 0;
  while (out < 20'000) {
    while (put(ring, numbered(in, 300))) ++in;
    for (std::uint64_t until = out + (in - out) / 2 + 1; out < until && out < in; ++out)
      BOOST_REQUIRE_EQUAL(take(ring), numbered(out, 300));
  }
  BOOST_TEST(in > 20'000u);
}

BOOST_AUTO_TEST_CASE(a_full_ring_refuses_and_takes_again_after_a_pop) {
  RecordRing ring(4096);
  std::size_t count = 0;
  while (put(ring, std::string(120, 'x'))) ++count;
  BOOST_TEST(count == 32u);
  BOOST_TEST(!put(ring, std::string(120, 'x')));
  BOOST_TEST(take(ring).size() == 120u);
  BOOST_TEST(put(ring, std::string(120, 'y')));
  BOOST_TEST(!put(ring, "y"));
}

BOOST_AUTO_TEST_CASE(a_record_too_large_for_the_ring_is_refused) {
  RecordRing ring(4096);
  BOOST_TEST(!put(ring, std::string(4000, 'x')));
  BOOST_TEST(ring.front().empty());
  BOOST_TEST(put(ring, std::string(2000, 'x')));
}

BOOST_AUTO_TEST_CASE(two_threads_pass_records_without_loss_or_mixing) {
  constexpr std::uint64_t count = 200'000;
  RecordRing ring(8192);
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < count; ++i) {
      while (!put(ring, numbered(i, 100))) std::this_thread::yield();
    }
  });
  std::uint64_t good = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string text;
    while ((text = take(ring)).empty()) std::this_thread::yield();
    if (text == numbered(i, 100)) ++good;
  }
  producer.join();
  BOOST_TEST(good == count);
  BOOST_TEST(ring.head() == ring.tail());
}

BOOST_AUTO_TEST_SUITE_END()
