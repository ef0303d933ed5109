// Zone files (RFC 1035 5.1): $ORIGIN, $TTL, relative and inherited owners, parentheses, \# data (RFC 3597).
//
// $INCLUDE and $GENERATE are refused: one zone is one file that says what it says. Start-up and reload; any thread.
#pragma once

#include <functional>

#include "core/dns/rdata.h"

namespace skerry::dns {

struct MasterRecord {
  Name owner;
  Type type = Type::a;
  std::uint32_t ttl = 0;
  std::string data;
  TextPlace place;
};

constexpr std::size_t most_text_problems = 100;

// Gives every record that could be read to `take`, and adds what is wrong to `problems`, in the order of the file, at
// most most_text_problems of them.
void read_master_file(std::string_view text, const Name& origin, const std::function<void(const MasterRecord&)>& take,
                      std::vector<TextProblem>& problems);

}  // namespace skerry::dns
