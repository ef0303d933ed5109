// Content that needs no file: /_gen/SIZE with pseudo-random bytes that follow from path and offset alone, so that a
// test can say what byte 3,000,000,000 must be.
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace skerry::origin {

// The size that a path such as "/_gen/1k", "/_gen/300" or "/_gen/4g/anything" asks for (k, m, g, t: powers of 1024).
// Nothing if it isn't one, or over 16 TiB.
std::optional<std::uint64_t> generated_size(std::string_view path);

// Which sequence a path has (without its query): FNV-1a, 64 bits.
std::uint64_t generated_seed(std::string_view path);

// Bytes [offset, offset + out.size()) of the sequence: byte i is byte i % 8, lowest first, of splitmix64's output
// number i / 8 + 1 from `seed`.
void generate(std::uint64_t seed, std::uint64_t offset, std::span<std::byte> out);

}  // namespace skerry::origin
