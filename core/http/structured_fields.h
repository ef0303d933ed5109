// Structured field values (RFC 8941): parsing of items, lists and dictionaries, and the two serialisations we need.
//
// Pure; any thread. One error makes the whole field void, as the RFC demands. Members, parameters and inner lists are
// bounded: what is larger is an error, too.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skerry::http {

struct BareItem {
  enum class Type : std::uint8_t { integer, decimal, string, token, bytes, boolean };
  Type type = Type::boolean;
  std::int64_t number = 0;  // integer; a decimal's thousandths; a boolean as 0 or 1
  std::string text;         // string (unescaped), token, bytes (decoded)
};

using Parameters = std::vector<std::pair<std::string, BareItem>>;

struct StructuredItem {
  BareItem value;
  Parameters parameters;
};

// A member of a list or dictionary: an item, or an inner list of items.
struct StructuredMember {
  std::string key;  // of a dictionary's member
  bool is_inner_list = false;
  BareItem value;                     // unless it is an inner list
  std::vector<StructuredItem> items;  // of an inner list
  Parameters parameters;
};

constexpr std::size_t max_structured_members = 1024;    // the RFC's minimum
constexpr std::size_t max_structured_parameters = 256;  // the RFC's minimum, per item
constexpr std::size_t max_inner_items = 256;            // the RFC's minimum

std::optional<StructuredItem> parse_structured_item(std::string_view);
std::optional<std::vector<StructuredMember>> parse_structured_list(std::string_view);
// Of duplicate keys the last value counts, at the first one's place. Empty text is an empty dictionary.
std::optional<std::vector<StructuredMember>> parse_structured_dictionary(std::string_view);

// An sf-string; characters it can't hold (outside 0x20–0x7e) become '?'.
void append_structured_string(std::string& out, std::string_view);
// An sf-token if the text is one, else an sf-string.
void append_token_or_string(std::string& out, std::string_view);

}  // namespace skerry::http
