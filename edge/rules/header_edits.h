// Header fields that a site adds, sets and removes: on what its origin is asked, and on what its clients get.
//
// Names and values are the operator's own constants, so no edit can carry a client's input past the cache key. Made
// with the configuration, immutable then; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/http/head.h"
#include "core/result.h"

namespace skerry::edge {

// As the configuration has it: "Name: value", and names alone for `remove`.
struct HeaderEditsConfig {
  std::vector<std::string> set, add, remove;
};

enum class EditedHead : std::uint8_t { request, response };

struct FieldLine {
  std::string name, value;
};

// Errors say what is wrong with it: no field line, or a field that only the edge may speak of. Those are framing and
// hop-by-hop fields (RFC 9110 7.6.1), what describes the bytes of the body, and on requests what the cache's own
// questions are made of.
core::Result<FieldLine> parse_field_line(std::string_view line, EditedHead);
core::Result<std::string> parse_field_name(std::string_view name, EditedHead);

class HeaderEdits {
 public:
  static core::Result<HeaderEdits> make(const HeaderEditsConfig&, EditedHead);
  bool empty() const { return set_.empty() && add_.empty() && remove_.empty(); }
  // Removes, then sets, then adds. Allocates nothing once the map has the capacity.
  void apply(http::HeaderMap&) const;

 private:
  std::vector<FieldLine> set_, add_;
  std::vector<std::string> remove_;
};

}  // namespace skerry::edge
