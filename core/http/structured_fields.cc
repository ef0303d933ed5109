#include "core/http/structured_fields.h"

#include <algorithm>
#include <array>

#include "core/http/list.h"

namespace skerry::http {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_lower_alpha(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_alpha(char c) {
  return is_lower_alpha(lower(c));
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

// The parser of RFC 8941 4.2: each function consumes what it names and returns false if it isn't there.
class StructuredParser {
 public:
  explicit StructuredParser(std::string_view text) : rest_(text) { skip_spaces(); }

  bool at_end() {
    skip_spaces();
    return rest_.empty();
  }

  bool item(StructuredItem& out) { return bare_item(out.value) && parameters(out.parameters); }

  bool list(std::vector<StructuredMember>& out) {
    while (!rest_.empty()) {
      if (out.size() == max_structured_members) return false;
      StructuredMember member;
      if (!item_or_inner_list(member)) return false;
      out.push_back(std::move(member));
      if (!separator()) return rest_.empty() && !trailing_comma_;
    }
    return true;
  }

  bool dictionary(std::vector<StructuredMember>& out) {
    // Duplicates count as members, too: what is looked up stays bounded.
    for (std::size_t count = 0; !rest_.empty(); ++count) {
      if (count == max_structured_members) return false;
      StructuredMember member;
      if (!key(member.key)) return false;
      if (take('=')) {
        if (!item_or_inner_list(member)) return false;
      } else {
        member.value.number = 1;  // a key alone is true
        if (!parameters(member.parameters)) return false;
      }
      const auto same = std::find_if(out.begin(), out.end(), [&](const auto& old) { return old.key == member.key; });
      if (same != out.end()) {
        *same = std::move(member);
      } else {
        out.push_back(std::move(member));
      }
      if (!separator()) return rest_.empty() && !trailing_comma_;
    }
    return true;
  }

 private:
  bool take(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void skip_spaces() {
    while (take(' ')) {
    }
  }
  void skip_blanks() {
    while (take(' ') || take('\t')) {
    }
  }

  // A comma that something follows. False at the end, at anything else, and at a trailing comma.
  bool separator() {
    skip_blanks();
    if (!take(',')) return false;
    skip_blanks();
    trailing_comma_ = rest_.empty();
    return !trailing_comma_;
  }

  bool item_or_inner_list(StructuredMember& out) {
    if (take('(')) {
      out.is_inner_list = true;
      return inner_list(out.items) && parameters(out.parameters);
    }
    return bare_item(out.value) && parameters(out.parameters);
  }

  bool inner_list(std::vector<StructuredItem>& out) {
    while (!rest_.empty()) {
      skip_spaces();
      if (take(')')) return true;
      if (out.size() == max_inner_items) return false;
      StructuredItem next;
      if (!item(next)) return false;
      out.push_back(std::move(next));
      if (rest_.empty() || (rest_.front() != ' ' && rest_.front() != ')')) return false;
    }
    return false;
  }

  bool parameters(Parameters& out) {
    for (std::size_t count = 0; take(';'); ++count) {
      if (count == max_structured_parameters) return false;
      skip_spaces();
      std::pair<std::string, BareItem> parameter;
      if (!key(parameter.first)) return false;
      parameter.second.number = 1;
      if (take('=') && !bare_item(parameter.second)) return false;
      const auto same =
          std::find_if(out.begin(), out.end(), [&](const auto& old) { return old.first == parameter.first; });
      if (same != out.end()) {
        same->second = std::move(parameter.second);
      } else {
        out.push_back(std::move(parameter));
      }
    }
    return true;
  }

  bool key(std::string& out) {
    if (rest_.empty() || (!is_lower_alpha(rest_.front()) && rest_.front() != '*')) return false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (!is_lower_alpha(c) && !is_digit(c) && c != '_' && c != '-' && c != '.' && c != '*') break;
      out.push_back(c);
      rest_.remove_prefix(1);
    }
    return true;
  }

  bool bare_item(BareItem& out) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    if (c == '-' || is_digit(c)) return number(out);
    if (c == '"') return string(out);
    if (c == '*' || is_alpha(c)) return token(out);
    if (c == ':') return bytes(out);
    return c == '?' && boolean(out);
  }

  // At most 15 digits, or 12 before and 3 behind the point (RFC 8941 4.2.4).
  bool number(BareItem& out) {
    const bool negative = take('-');
    std::size_t before = 0, behind = 0;
    std::int64_t value = 0;
    bool decimal = false;
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (is_digit(c)) {
        value = value * 10 + (c - '0');
        ++(decimal ? behind : before);
      } else if (c == '.' && !decimal && before > 0) {
        if (before > 12) return false;
        decimal = true;
      } else {
        break;
      }
      if (before > 15 || behind > 3) return false;
      rest_.remove_prefix(1);
    }
    if (before == 0 || (decimal && behind == 0)) return false;
    for (; decimal && behind < 3; ++behind) value *= 10;
    out.type = decimal ? BareItem::Type::decimal : BareItem::Type::integer;
    out.number = negative ? -value : value;
    return true;
  }

  bool string(BareItem& out) {
    out.type = BareItem::Type::string;
    rest_.remove_prefix(1);
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return true;
      if (c == '\\') {
        if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\\')) return false;
        c = rest_.front();
        rest_.remove_prefix(1);
      } else if (c < 0x20 || c > 0x7e) {
        return false;
      }
      out.text.push_back(c);
    }
    return false;
  }

  bool token(BareItem& out) {
    out.type = BareItem::Type::token;
    while (!rest_.empty() && (is_token_char(rest_.front()) || rest_.front() == ':' || rest_.front() == '/')) {
      out.text.push_back(rest_.front());
      rest_.remove_prefix(1);
    }
    return true;
  }

  bool bytes(BareItem& out) {
    out.type = BareItem::Type::bytes;
    rest_.remove_prefix(1);
    const std::size_t end = rest_.find(':');
    if (end == std::string_view::npos) return false;
    std::string_view coded = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    for (int padding = 0; padding < 2 && coded.ends_with('='); ++padding) coded.remove_suffix(1);
    if (coded.size() % 4 == 1) return false;
    std::uint32_t bits = 0;
    int count = 0;
    for (const char c : coded) {
      const int value = base64_value(c);
      if (value < 0) return false;
      bits = (bits << 6 | static_cast<std::uint32_t>(value)) & 0xffffff;
      count += 6;
      if (count < 8) continue;
      count -= 8;
      out.text.push_back(static_cast<char>(bits >> count));
    }
    return true;
  }

  bool boolean(BareItem& out) {
    out.type = BareItem::Type::boolean;
    rest_.remove_prefix(1);
    out.number = !rest_.empty() && rest_.front() == '1' ? 1 : 0;
    return take(out.number != 0 ? '1' : '0');
  }

  std::string_view rest_;
  bool trailing_comma_ = false;
};

bool is_structured_token(std::string_view text) {
  if (text.empty() || (!is_alpha(text.front()) && text.front() != '*')) return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_token_char(c) || c == ':' || c == '/'; });
}

}  // namespace

std::optional<StructuredItem> parse_structured_item(std::string_view text) {
  StructuredParser parser(text);
  StructuredItem item;
  if (!parser.item(item) || !parser.at_end()) return std::nullopt;
  return item;
}

std::optional<std::vector<StructuredMember>> parse_structured_list(std::string_view text) {
  StructuredParser parser(text);
  std::vector<StructuredMember> members;
  if (!parser.list(members)) return std::nullopt;
  return members;
}

std::optional<std::vector<StructuredMember>> parse_structured_dictionary(std::string_view text) {
  StructuredParser parser(text);
  std::vector<StructuredMember> members;
  if (!parser.dictionary(members)) return std::nullopt;
  return members;
}

void append_structured_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c < 0x20 || c > 0x7e ? '?' : c);
  }
  out.push_back('"');
}

void append_token_or_string(std::string& out, std::string_view text) {
  if (is_structured_token(text)) {
    out += text;
  } else {
    append_structured_string(out, text);
  }
}

}  // namespace skerry::http
