// What the tests of HTTP's rules look at: fields of an answer, of what the origin was asked, and whether a copy was
// used.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "simulated_pop.h"

namespace skerry::edge::test {

inline std::string field(const Answer& answer, std::string_view name) {
  return answer.fields.find(name) ? answer.fields.joined(name) : "(absent)";
}

// Of the origin, last.
inline std::string asked(const SimulatedPop& pop, std::string_view name) {
  const http::HeaderMap& fields = pop.origin.heads.back().fields;
  return fields.find(name) ? fields.joined(name) : "(absent)";
}

inline bool hits(SimulatedPop& pop, const std::string& path,
                 const std::vector<std::pair<std::string, std::string>>& fields = {}) {
  return field(pop.get(0, path, fields), "X-Cache") == "HIT";
}

}  // namespace skerry::edge::test
