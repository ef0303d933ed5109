#include "origin/server/generated.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace skerry::origin {

namespace {

constexpr std::string_view prefix = "/_gen/";
constexpr std::uint64_t largest = std::uint64_t{16} << 40;

// Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014).
std::uint64_t splitmix64(std::uint64_t seed, std::uint64_t number) {
  std::uint64_t z = seed + number * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

std::optional<std::uint64_t> generated_size(std::string_view path) {
  if (!path.starts_with(prefix)) return std::nullopt;
  std::string_view text = path.substr(prefix.size());
  text = text.substr(0, text.find('/'));
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc()) return std::nullopt;
  const std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  constexpr std::string_view units = "kmgt";
  if (unit.size() > 1 || (unit.size() == 1 && units.find(unit[0]) == units.npos)) return std::nullopt;
  const int shift = unit.empty() ? 0 : 10 * static_cast<int>(units.find(unit[0]) + 1);
  if (size > (largest >> shift)) return std::nullopt;
  return size << shift;
}

std::uint64_t generated_seed(std::string_view path) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : path) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

void generate(std::uint64_t seed, std::uint64_t offset, std::span<std::byte> out) {
  while (!out.empty()) {
    const std::uint64_t word = splitmix64(seed, offset / 8 + 1);
    if (std::endian::native == std::endian::little && offset % 8 == 0 && out.size() >= 8) {
      std::memcpy(out.data(), &word, 8);
      out = out.subspan(8);
      offset += 8;
      continue;
    }
    std::byte bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(word >> (8 * i));
    const std::size_t from = offset % 8;
    const std::size_t n = std::min<std::size_t>(8 - from, out.size());
    std::memcpy(out.data(), bytes + from, n);
    out = out.subspan(n);
    offset += n;
  }
}

}  // namespace skerry::origin
