// Any bytes as a PROXY protocol header: nothing crashes, never more than a header is taken, and what is understood does
// not depend on how the bytes were cut.
#include <cstdint>
#include <string>

#include "core/check.h"
#include "core/net/proxy_header.h"

namespace {

using skerry::core::ProxyHeader;

struct Outcome {
  ProxyHeader::State state;
  std::optional<skerry::core::ProxiedAddresses> addresses;
  std::size_t taken;
  std::string problem;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

Outcome read(std::span<const std::byte> input, std::size_t cut) {
  ProxyHeader header;
  std::size_t at = 0;
  while (at < input.size() && header.state() == ProxyHeader::State::incomplete) {
    at += header.receive(input.subspan(at, std::min(cut, input.size() - at)));
  }
  CHECK(at <= ProxyHeader::largest_v2);
  CHECK(header.state() == ProxyHeader::State::complete || !header.addresses());
  CHECK(header.state() != ProxyHeader::State::malformed || !header.problem().empty());
  return {header.state(), header.addresses(), at, std::string(header.problem())};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span input(reinterpret_cast<const std::byte*>(data), size);
  const Outcome whole = read(input, size + 1);
  for (const std::size_t cut : {1u, 3u, 16u, 64u}) CHECK(read(input, cut) == whole);
  return 0;
}
