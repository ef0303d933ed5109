// Any bytes as HTTP/1.1 responses: nothing crashes, and what is understood doesn't depend on how the bytes were cut.
//
// The first byte chooses the request's method.
#include <cstdint>
#include <random>

#include "core/check.h"
#include "tests/support/codec_probe.h"

namespace {

std::string events_of(std::string_view method, std::string_view input, std::span<const std::size_t> cuts, bool tight) {
  skerry::http::ClientLimits limits;
  if (tight) {
    limits.head_size = 200;
    limits.header_fields = 4;
  }
  skerry::testing::ClientCodecProbe probe(method, limits);
  if (method == "OPTIONS") probe.request.fields.add("Upgrade", "x");
  probe.start();
  const std::string rest = skerry::testing::feed(probe.codec, input, cuts);
  if (probe.responses == 1 && !rest.empty()) {
    probe.codec.become_tunnel(probe.stream);
    CHECK(skerry::testing::feed(probe.codec, rest).empty());
  }
  probe.codec.receive_end();
  CHECK(probe.responses <= 1 && probe.errors + probe.ends == 1);
  return probe.notes.text();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view methods[] = {"GET", "HEAD", "POST", "OPTIONS"};
  const std::string_view method = methods[data[0] % 4];
  const std::string_view input(reinterpret_cast<const char*>(data + 1), size - 1);
  std::minstd_rand random(static_cast<unsigned>(size * 2654435761u + data[size / 2]));
  std::size_t cuts[16];
  for (std::size_t& cut : cuts) cut = 1 + random() % (random() % 4 == 0 ? 100 : 5);
  const std::size_t single[] = {1};
  for (const bool tight : {false, true}) {
    const std::string whole = events_of(method, input, {}, tight);
    CHECK(events_of(method, input, cuts, tight) == whole);
    CHECK(events_of(method, input, single, tight) == whole);
  }
  return 0;
}
