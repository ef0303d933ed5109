// DNS questions asked with Debian's dig, of a router on 127.0.0.1.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skerry::testing {

// The answers, sorted. Throws when dig fails.
std::vector<std::string> dig(std::uint16_t port, const std::vector<std::string>& question);

}  // namespace skerry::testing
