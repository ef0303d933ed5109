// Any bytes as HTTP/1.1 requests: nothing crashes, and what is understood doesn't depend on how the bytes were cut.
#include <cstdint>
#include <random>

#include "core/check.h"
#include "tests/support/codec_probe.h"

namespace {

std::string events_of(std::string_view input, std::span<const std::size_t> cuts, bool tight) {
  skerry::http::ServerLimits limits;
  if (tight) {
    limits.head_size = 200;
    limits.target_size = 20;
    limits.header_fields = 4;
    limits.requests_per_connection = 3;
  }
  skerry::testing::ServerCodecProbe probe(limits);
  CHECK(skerry::testing::feed(probe.codec, input, cuts).empty());
  probe.codec.receive_end();
  CHECK(probe.errors <= 1);
  return probe.notes.text() + skerry::testing::drain(probe.codec.output());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  std::minstd_rand random(static_cast<unsigned>(size * 2654435761u + (size ? data[size / 2] : 0)));
  std::size_t cuts[16];
  for (std::size_t& cut : cuts) cut = 1 + random() % (random() % 4 == 0 ? 100 : 5);
  const std::size_t single[] = {1};
  for (const bool tight : {false, true}) {
    const std::string whole = events_of(input, {}, tight);
    CHECK(events_of(input, cuts, tight) == whole);
    CHECK(events_of(input, single, tight) == whole);
  }
  return 0;
}
