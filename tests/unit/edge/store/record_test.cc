#include "edge/store/record.h"

#include <boost/test/unit_test.hpp>

#include "core/random.h"
#include "edge/store/index.h"
#include "edge/store/key_hasher.h"
#include "tests/unit/edge/store/store_harness.h"

using namespace skerry;
using namespace skerry::edge;
using namespace skerry::edge::testing;

namespace {

ObjectHead full_head() {
  ObjectHead head = head_for(url(3), 77);
  head.primary_key = "http://example.com/a";
  head.vary = "accept-encoding";
  head.status = 404;
  head.initial_age = std::chrono::seconds(5);
  head.stale_if_error = std::chrono::seconds(60);
  head.stale_while_revalidate = std::chrono::seconds(61);
  head.always_validate = true;
  head.never_stale = true;
  head.body_size = 1000;
  head.fields.add("X-Empty", "");
  return head;
}

std::string record_of(const ObjectHead& head) {
  return encode_head(head, 0) + body_for(1, head.body_size);
}

Contents full_contents() {
  Contents contents{9, 31, {}, {{{1, 2}, "accept-language"}}};
  for (std::uint32_t i = 0; i < 20; ++i) {
    contents.entries.push_back({{i, i + 1}, i, EntryKind::body_run, 10 * i, 5, 6, i, 3, 1ull << 41});
  }
  return contents;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(store_record)

BOOST_AUTO_TEST_CASE(a_head_comes_back_as_it_was) {
  const ObjectHead head = full_head();
  const auto stored = decode_head(record_of(head));
  BOOST_REQUIRE(stored.ok());
  const ObjectHead& back = stored->head;
  BOOST_TEST(back.key == head.key);
  BOOST_TEST(back.primary_key == head.primary_key);
  BOOST_TEST(back.host == head.host);
  BOOST_TEST(back.path == head.path);
  BOOST_TEST(back.vary == head.vary);
  BOOST_TEST(back.status == 404);
  BOOST_TEST(back.epoch == 77u);
  BOOST_TEST(back.body_size == 1000u);
  BOOST_TEST((back.received == head.received && back.requested == head.requested));
  BOOST_TEST((back.lifetime == head.lifetime && back.initial_age == head.initial_age));
  BOOST_TEST((back.stale_if_error == head.stale_if_error));
  BOOST_TEST((back.stale_while_revalidate == head.stale_while_revalidate));
  BOOST_TEST((back.always_validate && back.never_stale));
  BOOST_REQUIRE(back.fields.size() == head.fields.size());
  for (std::size_t i = 0; i < head.fields.size(); ++i) {
    BOOST_TEST(back.fields[i].name == head.fields[i].name);
    BOOST_TEST(back.fields[i].value == head.fields[i].value);
  }
}

BOOST_AUTO_TEST_CASE(any_changed_byte_of_a_head_is_corrupt_and_never_another_head) {
  const std::string good = encode_head(full_head(), 5);
  BOOST_REQUIRE(decode_head(good).ok());
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      const auto decoded = decode_head(bad);
      BOOST_REQUIRE(!decoded.ok());
      BOOST_REQUIRE(decoded.error().code == core::ErrorCode::corrupt);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_record_cut_anywhere_or_with_bytes_behind_it_is_corrupt) {
  const std::string good = record_of(full_head());
  for (std::size_t size = 0; size < good.size(); ++size) BOOST_REQUIRE(!decode_head(good.substr(0, size)).ok());
  BOOST_TEST(!decode_head(good + "x").ok());
  BOOST_TEST(!decode_head(encode_head(full_head(), 5) + "x").ok());
}

BOOST_AUTO_TEST_CASE(a_field_that_would_split_a_response_is_refused) {
  for (const char* value : {"a\r\nSet-Cookie: b", "a\nb", "a\rb"}) {
    ObjectHead head = full_head();
    head.fields.add("X-Split", value);
    BOOST_TEST(!decode_head(record_of(head)).ok());
  }
}

BOOST_AUTO_TEST_CASE(a_table_of_contents_comes_back_as_it_was) {
  const auto back = decode_contents(encode_contents(full_contents()));
  BOOST_REQUIRE(back.ok());
  BOOST_TEST(back->segment == 9u);
  BOOST_TEST(back->seed == 31u);
  BOOST_REQUIRE(back->entries.size() == 20u);
  BOOST_TEST((back->entries[7].hash == KeyHash{7, 8}));
  BOOST_TEST(back->entries[7].sequence == 7u);
  BOOST_TEST(back->entries[7].chunks == 3);
  BOOST_TEST(back->entries[7].body == 1ull << 41);
  BOOST_REQUIRE(back->varies.size() == 1u);
  BOOST_TEST(back->varies[0].list == "accept-language");
}

BOOST_AUTO_TEST_CASE(an_entry_of_a_table_of_contents_takes_48_bytes) {
  Contents one = full_contents(), two = one;
  two.entries.push_back(one.entries[0]);
  BOOST_TEST(encode_contents(two).size() - encode_contents(one).size() == 48u);
}

BOOST_AUTO_TEST_CASE(any_changed_or_missing_byte_of_a_table_of_contents_is_corrupt) {
  const std::string good = encode_contents(full_contents());
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    BOOST_REQUIRE(!decode_contents(bad).ok());
    BOOST_REQUIRE(!decode_contents(good.substr(0, at)).ok());
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(store_index)

BOOST_AUTO_TEST_CASE(a_hundred_thousand_entries_are_found_moved_and_erased) {
  Index index;
  const KeyHasher hasher(1);
  for (int n = 0; n < 100'000; ++n) {
    index.put({hasher(url(n)), static_cast<std::uint32_t>(n % 10), static_cast<std::uint32_t>(n), 0, 0, false, true});
  }
  BOOST_TEST(index.size() == 100'000u);
  for (int n = 0; n < 100'000; n += 2) {
    BOOST_REQUIRE(index.erase_at(hasher(url(n)), static_cast<std::uint64_t>(n % 10), static_cast<std::uint32_t>(n)));
  }
  BOOST_TEST(index.size() == 50'000u);
  for (int n = 0; n < 100'000; ++n) BOOST_REQUIRE(index.peek(hasher(url(n))).has_value() == (n % 2 == 1));
  BOOST_TEST(!index.erase_at(hasher(url(1)), 1, 2));
  BOOST_TEST(index.erase_segment(3) == 10'000u);
  BOOST_TEST(index.size() == 40'000u);
  BOOST_TEST(!index.peek(hasher(url(3))).has_value());
  BOOST_TEST(index.peek(hasher(url(5))).has_value());
}

BOOST_AUTO_TEST_CASE(an_object_costs_at_most_52_bytes) {
  Index index;
  const KeyHasher hasher(1);
  double worst = 0;
  for (std::size_t n = 1; n <= 300'000; ++n) {
    index.put({hasher(url(static_cast<int>(n))), 1, 1, 0, 0, false, true});
    if (n > 100'000 && n % 5'000 == 0) {
      worst = std::max(worst, static_cast<double>(index.memory_size()) / static_cast<double>(n));
    }
  }
  BOOST_TEST_MESSAGE("bytes an object " << worst);
  BOOST_TEST(worst <= 52.0);
}

BOOST_AUTO_TEST_SUITE_END()
