// Entity tags and their two comparisons (RFC 9110 8.8.3).
//
// Pure; any thread. A tag is compared as received; one without quotes, as some origins send, is its own opaque text.
#pragma once

#include <string_view>

#include "core/http/head.h"

namespace skerry::http {

struct EntityTag {
  std::string_view opaque;  // with its quotes
  bool weak = false;
};

EntityTag entity_tag(std::string_view value);
// A well-formed tag: W/ or not, quoted, etagc only.
bool is_entity_tag(std::string_view value);

bool strong_match(std::string_view a, std::string_view b);
bool weak_match(std::string_view a, std::string_view b);

// If-None-Match and If-Match lists, all lines: "*" or a tag that matches by weak (strong) comparison.
bool any_weak_match(const HeaderMap&, HeaderId field, std::string_view tag);
bool any_strong_match(const HeaderMap&, HeaderId field, std::string_view tag);

}  // namespace skerry::http
