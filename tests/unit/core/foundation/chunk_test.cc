#include "core/chunk.h"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <thread>
#include <vector>

using namespace skerry::core;

BOOST_AUTO_TEST_SUITE(chunk)

BOOST_AUTO_TEST_CASE(slices_share_the_block_and_are_clipped_to_the_chunk) {
  const Chunk whole = Chunk::copy_of("hello, world");
  const struct {
    std::size_t offset, length;
    std::string_view expected;
  } rows[] = {{0, 5, "hello"}, {7, 100, "world"}, {12, 1, ""}, {50, 1, ""}, {3, 0, ""}};
  for (const auto& row : rows) {
    const Chunk part = whole.slice(row.offset, row.length);
    BOOST_TEST(part.text() == row.expected);
    BOOST_TEST(part.pinned() == whole.pinned());
  }
  BOOST_CHECK(whole.slice(7, 5).data() == whole.data() + 7);
}

BOOST_AUTO_TEST_CASE(slice_outlives_the_chunk_it_was_cut_from) {
  Chunk part;
  {
    const Chunk whole = Chunk::copy_of(std::string(1000, 'a') + "tail");
    part = whole.slice(1000, 4);
  }
  BOOST_TEST(part.text() == "tail");
  part.remove_prefix(2);
  BOOST_TEST(part.text() == "il");
}

BOOST_AUTO_TEST_CASE(reader_may_append_behind_slices_given_out) {
  BlockRef block(Block::allocate(8));
  BOOST_TEST(block->unique());
  std::memcpy(block->data(), "abcd", 4);
  const Chunk first(block, block->data(), 4);
  BOOST_TEST(!block->unique());
  std::memcpy(block->data() + 4, "efgh", 4);
  const Chunk second(block, block->data() + 4, 4);
  BOOST_TEST(first.text() == "abcd");
  BOOST_TEST(second.text() == "efgh");
}

BOOST_AUTO_TEST_CASE(wrapped_memory_is_released_once_with_the_last_reference) {
  int released = 0;
  const std::string owned = "pinned elsewhere";
  {
    BlockRef block(Block::wrap(std::as_bytes(std::span(owned.data(), owned.size())), &released,
                               [](void* count) { ++*static_cast<int*>(count); }));
    Chunk chunk(block, block->data(), block->capacity());
    const Chunk copy = chunk;
    block = BlockRef();
    chunk = Chunk();
    BOOST_TEST(copy.text() == owned);
    BOOST_TEST(released == 0);
  }
  BOOST_TEST(released == 1);
}

BOOST_AUTO_TEST_CASE(references_may_come_and_go_on_several_threads) {
  std::atomic<int> released{0};
  const std::byte data[4] = {};
  {
    BlockRef block(Block::wrap(data, &released, [](void* count) { ++*static_cast<std::atomic<int>*>(count); }));
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([chunk = Chunk(block, block->data(), 4)] {
        for (int n = 0; n < 10'000; ++n) Chunk(chunk).slice(1, 2);
      });
    }
    for (auto& thread : threads) thread.join();
    BOOST_TEST(released == 0);
    BOOST_TEST(block->unique());
  }
  BOOST_TEST(released == 1);
}

BOOST_AUTO_TEST_CASE(empty_chunks_hold_nothing) {
  BOOST_TEST(Chunk().empty());
  BOOST_TEST(Chunk().pinned() == 0u);
  BOOST_TEST(Chunk::copy_of("").empty());
  BOOST_TEST(Chunk().slice(1, 2).empty());
}

BOOST_AUTO_TEST_SUITE_END()
