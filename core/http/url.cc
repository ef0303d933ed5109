#include "core/http/url.h"

#include <algorithm>
#include <charconv>

#include "core/http/h1_syntax.h"

namespace skerry::http {
namespace {

core::Error refused(std::string_view text, std::string_view why) {
  constexpr std::size_t shown = 200;
  return {core::ErrorCode::invalid_argument, core::ErrorSource::internal, false,
          "\"" + std::string(text.substr(0, shown)) + "\": " + std::string(why)};
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char letter = static_cast<char>(c | 0x20);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

bool is_unreserved(unsigned c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || c == '~';
}

}  // namespace

core::Result<Url> Url::parse(std::string_view text) {
  Url url;
  std::string_view rest = text;
  const auto skip = [&](std::string_view prefix) {
    if (!equals_ignoring_case(rest.substr(0, prefix.size()), prefix)) return false;
    rest.remove_prefix(prefix.size());
    return true;
  };
  if (skip("https://")) {
    url.scheme = Scheme::https;
  } else if (!skip("http://")) {
    return refused(text, "not an http:// or https:// URL");
  }
  const std::size_t authority_size = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view path = rest.substr(authority_size);
  if (path.find('#') != path.npos) return refused(text, "has a fragment");
  if (!is_target_text(path)) return refused(text, "has a blank or a control or non-ASCII character");
  std::string authority;
  if (!append_authority(authority, rest.substr(0, authority_size), url.scheme)) {
    return refused(text, "has no valid host[:port]");
  }
  url.port = url.scheme == Scheme::https ? 443 : 80;
  const std::size_t colon = authority.rfind(':');
  if (colon != authority.npos && authority.find(']', colon) == authority.npos) {
    std::from_chars(authority.data() + colon + 1, authority.data() + authority.size(), url.port);
    authority.resize(colon);
  }
  url.host = authority.front() == '[' ? authority.substr(1, authority.size() - 2) : authority;
  if (path.empty() || path.front() != '/') url.path = "/";
  url.path += path;
  return url;
}

std::string Url::authority() const {
  std::string out = host.find(':') == host.npos ? host : "[" + host + "]";
  if (port != (scheme == Scheme::https ? 443 : 80)) out += ":" + std::to_string(port);
  return out;
}

std::string Url::to_string() const {
  return std::string(name(scheme)) + "://" + authority() + path;
}

void normalise_path(std::string_view path, std::string& out) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  out.clear();
  for (std::size_t i = 0; i < path.size(); ++i) {
    const int high = path[i] == '%' && i + 2 < path.size() ? hex_value(path[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(path[i + 2]) : -1;
    if (low < 0) {
      out += path[i];
      continue;
    }
    const auto byte = static_cast<unsigned>(high << 4 | low);
    if (is_unreserved(byte)) {
      out += static_cast<char>(byte);
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
    i += 2;
  }
}

}  // namespace skerry::http
