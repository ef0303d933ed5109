// Ranges of objects that are not stored whole, against an origin whose bytes are known.
#include <boost/test/unit_test.hpp>

#include "edge/parts.h"
#include "simulated_pop.h"

using namespace skerry;
using namespace skerry::edge::test;

namespace {

constexpr std::size_t large = 18'000'000;  // four parts of 4 MiB and a short one

std::string bytes(std::uint64_t first, std::uint64_t last) {
  return "bytes=" + std::to_string(first) + "-" + std::to_string(last);
}

Answer get_range(SimulatedPop& pop, const std::string& path, const std::string& range, int edge = 0) {
  return pop.get(edge, path, {{"Range", range}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(ranges)

BOOST_AUTO_TEST_CASE(small_range_is_kept_and_answers_itself_and_what_lies_inside_rfc9111_3_3) {
  SimulatedPop pop(1, 1);
  const Answer first = get_range(pop, "/small", bytes(100, 299));
  BOOST_TEST(first.status == 206);
  const Answer again = get_range(pop, "/small", bytes(100, 299));
  const Answer inside = get_range(pop, "/small", bytes(150, 160));
  BOOST_TEST(again.body == pop.origin.content("/small").substr(100, 200));
  BOOST_TEST(inside.body == pop.origin.content("/small").substr(150, 11));
  BOOST_TEST(inside.fields.find("Content-Range").value_or("") == "bytes 150-160/2000");
  BOOST_TEST(inside.fields.count(http::HeaderId::content_range) == 1u);
  BOOST_TEST(inside.fields.find("X-Cache").value_or("") == "HIT");
  BOOST_TEST(pop.origin.total() == 1);
  BOOST_TEST(get_range(pop, "/small", bytes(0, 160)).body == pop.origin.content("/small").substr(0, 161));
  BOOST_TEST(pop.origin.total() == 2);
}

BOOST_AUTO_TEST_CASE(range_of_a_large_object_moves_only_the_parts_around_it) {
  SimulatedPop pop(2, 1);
  pop.origin.body_size = large;
  get_range(pop, "/large", bytes(10, 19));  // tells length and validator
  const std::uint64_t before = pop.origin.range_bytes;
  const Answer answer = get_range(pop, "/large", bytes(9'000'000, 9'000'099));
  BOOST_TEST(answer.status == 206);
  BOOST_TEST((answer.body == pop.origin.content("/large").substr(9'000'000, 100)));
  BOOST_TEST(pop.origin.range_bytes - before == edge::part_size);
  BOOST_TEST(pop.origin.heads.back().fields.find("If-Range").value_or("") == "\"/large\"");
  const int asked = pop.origin.total();
  const Answer neighbour = get_range(pop, "/large", bytes(8'500'000, 8'500'999));
  BOOST_TEST((neighbour.body == pop.origin.content("/large").substr(8'500'000, 1000)));
  BOOST_TEST(pop.origin.total() == asked);
}

BOOST_AUTO_TEST_CASE(gaps_are_filled_piece_by_piece) {
  SimulatedPop pop(3, 1);
  pop.origin.body_size = large;
  get_range(pop, "/large", bytes(0, 0));
  get_range(pop, "/large", bytes(5'000'000, 5'000'000));    // part 1
  get_range(pop, "/large", bytes(13'000'000, 13'000'000));  // part 3
  const int asked = pop.origin.total();
  const Answer across = get_range(pop, "/large", bytes(4'194'304, 16'777'215));
  BOOST_TEST((across.body == pop.origin.content("/large").substr(4'194'304, 12'582'912)));
  BOOST_TEST(pop.origin.total() - asked == 1);  // part 2
}

BOOST_AUTO_TEST_CASE(aligned_bytes_of_the_first_range_are_kept) {
  SimulatedPop pop(4, 1);
  pop.origin.body_size = large;
  get_range(pop, "/large", bytes(1000, 13'000'000));
  BOOST_TEST(pop.origin.total() == 1);
  const Answer kept = get_range(pop, "/large", bytes(4'194'304, 8'388'607));
  BOOST_TEST((kept.body == pop.origin.content("/large").substr(4'194'304, 4'194'304)));
  BOOST_TEST(pop.origin.total() == 1);
}

BOOST_AUTO_TEST_CASE(changed_validator_never_mixes_two_versions) {
  SimulatedPop pop(5, 1);
  pop.origin.body_size = large;
  get_range(pop, "/large", bytes(0, 0));
  get_range(pop, "/large", bytes(5'000'000, 5'000'000));
  pop.origin.version = "-2";
  const Answer other_part = get_range(pop, "/large", bytes(9'000'000, 9'000'099));
  BOOST_TEST(other_part.status == 206);
  BOOST_TEST((other_part.body == pop.origin.content("/large").substr(9'000'000, 100)));
  // The new version's outline rules now: the old part 1 is never used again.
  const Answer first_part = get_range(pop, "/large", bytes(5'000'000, 5'000'099));
  BOOST_TEST((first_part.body == pop.origin.content("/large").substr(5'000'000, 100)));
}

BOOST_AUTO_TEST_CASE(origin_without_ranges_still_works) {
  SimulatedPop pop(6, 1);
  pop.origin.ranges = false;
  const Answer answer = get_range(pop, "/plain", bytes(10, 19));
  BOOST_TEST(answer.status == 200);
  BOOST_TEST(answer.body == pop.origin.content("/plain"));
  // What it sent instead was kept: the next range is cut from it.
  const Answer cut = get_range(pop, "/plain", bytes(10, 19));
  BOOST_TEST(cut.status == 206);
  BOOST_TEST(cut.body == pop.origin.content("/plain").substr(10, 10));
  BOOST_TEST(pop.origin.total() == 1);
}

BOOST_AUTO_TEST_CASE(ranges_without_a_strong_validator_are_never_combined_rfc9111_3_4) {
  SimulatedPop pop(7, 1);
  pop.origin.body_size = large;
  pop.origin.etags = false;
  for (const std::uint64_t first : {0u, 5'000'000u, 9'000'000u}) {
    const Answer answer = get_range(pop, "/weak", bytes(first, first + 99));
    BOOST_TEST((answer.body == pop.origin.content("/weak").substr(first, 100)));
  }
  BOOST_TEST(pop.origin.total() == 3);
}

BOOST_AUTO_TEST_CASE(hundred_readers_of_one_part_make_one_origin_request) {
  SimulatedPop pop(8, 3, 2);
  pop.origin.body_size = large;
  get_range(pop, "/large", bytes(0, 0));
  const int asked = pop.origin.total();
  std::vector<Answer> answers(100);
  for (std::size_t i = 0; i < answers.size(); ++i)
    pop.ask(static_cast<int>(i % 3), "/large", answers, i,
            {{"Range", bytes(5'000'000 + 1000 * i, 5'000'000 + 1000 * i + 999)}});
  pop.simulation.run_for(std::chrono::seconds(30));
  std::size_t right = 0;
  for (std::size_t i = 0; i < answers.size(); ++i)
    right += answers[i].body == pop.origin.content("/large").substr(5'000'000 + 1000 * i, 1000);
  BOOST_TEST(right == answers.size());
  BOOST_TEST(pop.origin.total() - asked == 1);
}

BOOST_AUTO_TEST_CASE(part_that_turns_out_private_is_nobody_elses) {
  SimulatedPop pop(12, 1);
  pop.origin.body_size = large;
  get_range(pop, "/large", bytes(0, 0));
  pop.origin.fields = {{"Cache-Control", "private"}};
  const int asked = pop.origin.total();
  std::vector<Answer> answers(5);
  for (std::size_t i = 0; i < answers.size(); ++i)
    pop.ask(0, "/large", answers, i, {{"Range", bytes(5'000'000, 5'000'999)}});
  pop.simulation.run_for(std::chrono::seconds(30));
  for (const Answer& answer : answers)
    BOOST_TEST((answer.body == pop.origin.content("/large").substr(5'000'000, 1000)));
  BOOST_TEST(pop.origin.total() - asked == 5);
}

BOOST_AUTO_TEST_CASE(conditions_come_before_the_range_rfc9110_13_2_2) {
  SimulatedPop pop(13, 1);
  pop.origin.body_size = large;
  get_range(pop, "/large", bytes(0, 0));
  const Answer answer = pop.get(0, "/large", {{"Range", bytes(5, 9)}, {"If-None-Match", "\"/large\""}});
  BOOST_TEST(answer.status == 304);
}

BOOST_AUTO_TEST_CASE(part_that_breaks_off_is_continued) {
  SimulatedPop pop(9, 1);
  pop.origin.body_size = large;
  get_range(pop, "/large", bytes(0, 0));
  pop.origin.close_after = 100'000;
  const Answer answer = get_range(pop, "/large", bytes(4'200'000, 8'300'000));
  BOOST_TEST(answer.ok);
  BOOST_TEST((answer.body == pop.origin.content("/large").substr(4'200'000, 4'100'001)));
}

BOOST_AUTO_TEST_CASE(purge_of_the_url_takes_its_parts_along) {
  SimulatedPop pop(10, 1);
  pop.origin.body_size = large;
  get_range(pop, "/large", bytes(0, 0));
  get_range(pop, "/large", bytes(5'000'000, 5'000'000));
  const int asked = pop.origin.total();
  bool purged = false;
  pop.edges[0]->relay->purge({edge::PurgeKind::url, "http://www.example.com/large", false},
                             [&](core::Result<edge::PurgeOutcome> result) { purged = result.ok(); });
  pop.simulation.run_until([&] { return purged; }, std::chrono::seconds(10));
  get_range(pop, "/large", bytes(5'000'000, 5'000'000));
  BOOST_TEST(pop.origin.total() > asked);
}

BOOST_AUTO_TEST_CASE(several_ranges_of_a_stored_body_come_as_multipart_rfc9110_14_6) {
  SimulatedPop pop(11, 1);
  pop.get(0, "/whole");
  const Answer answer = get_range(pop, "/whole", "bytes=0-4,100-109,-3");
  BOOST_TEST(answer.status == 206);
  BOOST_TEST(answer.fields.count(http::HeaderId::content_range) == 0u);
  BOOST_TEST(answer.fields.count(http::HeaderId::content_type) == 1u);
  const std::string type(answer.fields.find("Content-Type").value_or(""));
  BOOST_REQUIRE(type.starts_with("multipart/byteranges; boundary="));
  const std::string boundary = type.substr(type.find('=') + 1);
  const std::string& body = pop.origin.content("/whole");
  const auto part = [&](std::size_t first, std::size_t size) {
    return "--" + boundary + "\r\nContent-Range: bytes " + std::to_string(first) + "-" +
           std::to_string(first + size - 1) + "/2000\r\n\r\n" + body.substr(first, size) + "\r\n";
  };
  BOOST_TEST(answer.body == part(0, 5) + part(100, 10) + part(1997, 3) + "--" + boundary + "--\r\n");
  BOOST_TEST(pop.origin.total() == 1);
}

// Whatever was asked before, and whichever parts were dropped or changed meanwhile: the bytes are the origin's.
void random_ranges(std::uint64_t seed, int edges, int requests) {
  SimulatedPop pop(seed, edges);
  core::Random random(seed);
  for (int i = 0; i < requests; ++i) {
    const std::string path = "/o" + std::to_string(random.below(3));
    pop.origin.body_size = path == "/o0" ? 3000 : path == "/o1" ? 8'388'608 : 10'000'000;
    const std::uint64_t first = random.below(pop.origin.body_size);
    const std::uint64_t longest = random.below(20) == 0 ? 6'000'000 : 3000;
    const std::uint64_t last = std::min<std::uint64_t>(first + random.below(longest), pop.origin.body_size - 1);
    const Answer answer = random.below(40) == 0
                              ? pop.get(static_cast<int>(random.below(edges)), path)
                              : get_range(pop, path, bytes(first, last), static_cast<int>(random.below(edges)));
    const std::string& content = pop.origin.content(path);
    const bool right = answer.status == 200
                           ? answer.body == content
                           : answer.status == 206 && answer.body == content.substr(first, last - first + 1);
    BOOST_REQUIRE_MESSAGE(right, "seed " << seed << " request " << i << ": " << path << " " << bytes(first, last)
                                         << " status " << answer.status << " got " << answer.body.size());
    if (random.below(200) == 0) pop.simulation.run_for(std::chrono::seconds(61));  // all of it goes stale
  }
  BOOST_TEST(pop.origin.total() < requests);
}

BOOST_AUTO_TEST_CASE(random_sequences_give_the_origins_bytes) {
  for (std::uint64_t seed = 20; seed < 40; ++seed) random_ranges(seed, seed % 2 == 0 ? 1 : 3, 100);
}

BOOST_AUTO_TEST_CASE(parts_of_one_variant_do_not_displace_each_other) {
  SimulatedPop pop(41, 1, 1, [](edge::EdgeConfig& config) { config.sites.front().handling.policy.max_variants = 1; });
  pop.origin.body_size = large;
  pop.origin.fields = {{"Cache-Control", "max-age=600"}, {"Vary", "X-Kind"}};
  get_range(pop, "/large", bytes(10, 19));  // tells length and validator
  for (const std::uint64_t first : {1'000'000u, 5'000'000u, 9'000'000u}) {
    BOOST_TEST(get_range(pop, "/large", bytes(first, first + 99)).status == 206);
  }
  pop.simulation.run_for(std::chrono::seconds(5));  // the parts arrive whole, for those who come next
  BOOST_TEST(pop.edges[0]->store->stats().memory_objects == 4u);
  const int asked = pop.origin.total();
  for (const std::uint64_t first : {1'000'100u, 5'000'100u, 9'000'100u}) {
    BOOST_TEST(get_range(pop, "/large", bytes(first, first + 99)).status == 206);
  }
  BOOST_TEST(pop.origin.total() == asked);
}

BOOST_AUTO_TEST_CASE(range_that_leaves_an_outline_displaces_no_variant) {
  SimulatedPop pop(42, 1, 1, [](edge::EdgeConfig& config) { config.sites.front().handling.policy.max_variants = 1; });
  pop.origin.fields = {{"Cache-Control", "max-age=600"}, {"Vary", "X-Kind"}};
  pop.get(0, "/v", {{"X-Kind", "a"}});
  BOOST_TEST(pop.get(0, "/v", {{"X-Kind", "b"}, {"Range", bytes(0, 99)}}).status == 206);
  BOOST_TEST(pop.get(0, "/v", {{"X-Kind", "a"}}).fields.find("X-Cache").value_or("") == "HIT");
}

BOOST_AUTO_TEST_CASE(interim_responses_on_the_way_to_a_later_part_come_too_late_rfc9110_15_2) {
  SimulatedPop pop(31, 1);
  pop.origin.body_size = large;
  get_range(pop, "/hints", bytes(10, 19));
  get_range(pop, "/hints", bytes(0, edge::part_size - 1));
  pop.origin.hints = true;
  const Answer answer =
      pop.get(0, "/hints", {{"Range", bytes(0, 2 * edge::part_size - 1)}, {"Expect", "100-continue"}});
  BOOST_TEST(answer.status == 206);
  BOOST_TEST((answer.body == pop.origin.content("/hints").substr(0, 2 * edge::part_size)));
  BOOST_TEST(!pop.origin.heads.back().fields.contains(http::HeaderId::expect));
}

BOOST_AUTO_TEST_SUITE_END()
