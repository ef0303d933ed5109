// SipHash-2-4 (Aumasson and Bernstein, 2012): a short keyed hash for tables and cookies that strangers feed. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace skerry::core {

using SipKey = std::array<std::uint8_t, 16>;
std::uint64_t siphash24(const SipKey&, std::string_view message);

}  // namespace skerry::core
