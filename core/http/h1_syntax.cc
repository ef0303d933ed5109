#include "core/http/h1_syntax.h"

#include <array>
#include <charconv>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "core/net/address.h"

namespace skerry::http {
namespace {

enum : std::uint8_t { tchar = 1, target_char = 2, host_char = 4, text_char = 8 };

constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> classes{};
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  for (unsigned c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool digit = c >= '0' && c <= '9';
    std::uint8_t flags = 0;
    if (letter || digit || (c < 128 && marks.find(static_cast<char>(c)) != marks.npos)) flags |= tchar;
    if (c > ' ' && c < 0x7f && c != '#') flags |= target_char;
    if (letter || digit || c == '-' || c == '_') flags |= host_char;
    if (c == '\t' || (c >= ' ' && c != 0x7f)) flags |= text_char;
    classes[c] = flags;
  }
  return classes;
}

constexpr std::array<std::uint8_t, 256> classes = make_classes();

bool is(char c, std::uint8_t flag) {
  return (classes[static_cast<unsigned char>(c)] & flag) != 0;
}

bool all_are(std::string_view text, std::uint8_t flag) {
  for (const char c : text) {
    if (!is(c, flag)) return false;
  }
  return true;
}

// "example.com", "192.0.2.1", "example.com.": labels of 1 to 63, 255 in all.
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > 255) return false;
  if (host.back() == '.') host.remove_suffix(1);
  std::size_t label = 0;
  for (const char c : host) {
    if (c == '.') {
      if (label == 0) return false;
      label = 0;
    } else if (!is(c, host_char) || ++label > 63) {
      return false;
    }
  }
  return label != 0;
}

bool is_ipv6_literal(std::string_view host) {
  if (host.size() < 4 || host.front() != '[' || host.back() != ']') return false;
  const auto address = core::IpAddress::parse(host.substr(1, host.size() - 2));
  return address.ok() && address->family() == core::AddressFamily::ipv6;
}

// Zero: not a port. Leading zeros are refused, since "0080" is one thing to a number parser and another to a text
// comparison.
unsigned parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || text.front() == '0') return 0;
  unsigned port = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  return failure == std::errc() && end == text.data() + text.size() && port <= 65535 ? port : 0;
}

void append_lower_case(std::string& out, std::string_view text) {
  for (const char c : text) out += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

}  // namespace

std::size_t token_prefix(std::string_view text) {
  std::size_t n = 0;
  while (n < text.size() && is(text[n], tchar)) ++n;
  return n;
}

bool is_field_text(std::string_view text) {
#if defined(__SSE2__)
  while (text.size() >= 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data()));
    // Unsigned "below space": max(b, 0x1f) == 0x1f.
    const __m128i control = _mm_cmpeq_epi8(_mm_max_epu8(bytes, _mm_set1_epi8(0x1f)), _mm_set1_epi8(0x1f));
    const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
    const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    if (_mm_movemask_epi8(_mm_or_si128(_mm_andnot_si128(tab, control), del)) != 0) return false;
    text.remove_prefix(16);
  }
#endif
  return all_are(text, text_char);
}

bool is_target_text(std::string_view text) {
  return all_are(text, target_char);
}

bool append_authority(std::string& out, std::string_view text, Scheme scheme) {
  const bool literal = !text.empty() && text.front() == '[';
  const std::size_t host_end = literal ? text.find(']') : text.find(':');
  if (literal && host_end == text.npos) return false;
  const std::string_view host = text.substr(0, literal ? host_end + 1 : host_end);
  if (literal ? !is_ipv6_literal(host) : !is_host_name(host)) return false;
  std::string_view rest = text.substr(host.size());
  if (rest.empty() || rest == ":") {
    append_lower_case(out, host);
    return true;
  }
  if (rest.front() != ':') return false;
  rest.remove_prefix(1);
  const unsigned port = parse_port(rest);
  if (port == 0) return false;
  append_lower_case(out, host);
  if (port != (scheme == Scheme::https ? 443u : 80u)) out.append(":").append(rest);
  return true;
}

std::optional<std::uint64_t> parse_content_length(std::string_view text) {
  if (text.empty()) return std::nullopt;
  constexpr std::uint64_t most = (std::uint64_t{1} << 63) - 1;
  std::uint64_t length = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (most - digit) / 10) return std::nullopt;
    length = length * 10 + digit;
  }
  return length;
}

}  // namespace skerry::http
