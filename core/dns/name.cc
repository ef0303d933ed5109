#include "core/dns/name.h"

namespace skerry::dns {
namespace {

core::Error bad_name(std::string_view text, std::string_view what) {
  std::string detail("\"");
  detail.append(text.substr(0, Name::max_size)).append("\" is not a domain name: ").append(what);
  return {core::ErrorCode::invalid_argument, core::ErrorSource::client, false, std::move(detail)};
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Takes one escaped character behind the backslash at text[at]; moves `at` to its last character. False: not an escape.
bool unescape(std::string_view text, std::size_t& at, char& out) {
  if (at + 1 >= text.size()) return false;
  if (!is_digit(text[at + 1])) {
    out = text[++at];
    return true;
  }
  if (at + 3 >= text.size() || !is_digit(text[at + 2]) || !is_digit(text[at + 3])) return false;
  const int value = (text[at + 1] - '0') * 100 + (text[at + 2] - '0') * 10 + (text[at + 3] - '0');
  if (value > 255) return false;
  out = static_cast<char>(value);
  at += 3;
  return true;
}

void append_escaped(std::string& text, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '.' || c == '\\' || c == '"' || c == ';') {
    text.append(1, '\\').append(1, c);
  } else if (byte > 0x20 && byte < 0x7f) {
    text.append(1, c);
  } else {
    text.append(1, '\\');
    for (int place : {100, 10, 1}) text.append(1, static_cast<char>('0' + byte / place % 10));
  }
}

}  // namespace

core::Result<Name> Name::parse(std::string_view text) {
  Name name;
  if (text == ".") return name;
  if (text.empty()) return bad_name(text, "it is empty");
  std::string label;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '.') {
      if (label.empty()) return bad_name(text, "a label is empty");
      if (!name.append(label)) return bad_name(text, "it is longer than 255 bytes");
      label.clear();
      continue;
    }
    const bool escaped = c == '\\';
    if (escaped && !unescape(text, i, c)) return bad_name(text, "a backslash is not followed by \\DDD or a character");
    const bool printable = static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f;
    if (!escaped && !printable) return bad_name(text, "a character must be escaped");
    if (label.size() == max_label) return bad_name(text, "a label is longer than 63 bytes");
    label.push_back(c);
  }
  if (!label.empty() && !name.append(label)) return bad_name(text, "it is longer than 255 bytes");
  return name;
}

bool Name::append(std::string_view label) {
  if (label.empty() || label.size() > max_label || size_ + 1 + label.size() > max_size) return false;
  std::size_t at = size_ - 1u;  // over the root's byte
  wire_[at++] = static_cast<char>(label.size());
  std::memcpy(wire_.data() + at, label.data(), label.size());
  at += label.size();
  wire_[at++] = '\0';
  size_ = static_cast<std::uint8_t>(at);
  return true;
}

int Name::labels() const {
  int count = 0;
  for (std::size_t at = 0; wire_[at] != '\0'; at += 1u + static_cast<unsigned char>(wire_[at])) ++count;
  return count;
}

std::string Name::to_string() const {
  if (is_root()) return ".";
  std::string text;
  for (std::size_t at = 0; wire_[at] != '\0';) {
    const std::size_t end = at + 1 + static_cast<unsigned char>(wire_[at]);
    for (++at; at < end; ++at) append_escaped(text, wire_[at]);
    text.append(1, '.');
  }
  return text;
}

Name Name::lower() const {
  Name copy = *this;
  for (std::size_t i = 0; i < size_; ++i) copy.wire_[i] = dns::lower(copy.wire_[i]);
  return copy;
}

bool Name::is_within(const Name& zone) const {
  std::size_t at = 0;
  while (size_ - at > zone.size_) at += 1u + static_cast<unsigned char>(wire_[at]);
  return equal_ignoring_case(wire().substr(at), zone.wire());
}

Name Name::parent() const {
  Name result;
  if (is_root()) return result;
  const std::string_view rest = wire().substr(1u + static_cast<unsigned char>(wire_[0]));
  std::memcpy(result.wire_.data(), rest.data(), rest.size());
  result.size_ = static_cast<std::uint8_t>(rest.size());
  return result;
}

bool operator==(const Name& a, const Name& b) {
  return equal_ignoring_case(a.wire(), b.wire());
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

}  // namespace skerry::dns
