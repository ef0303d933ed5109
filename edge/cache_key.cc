#include "edge/cache_key.h"

#include <algorithm>
#include <vector>

#include "core/http/list.h"

namespace skerry::edge {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char low = http::lower(c);
  return low >= 'a' && low <= 'f' ? low - 'a' + 10 : -1;
}

// RFC 3986 2.3
bool is_unreserved(char c) {
  const char low = http::lower(c);
  return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

// "utm_*" matches what begins with "utm_".
bool matches(std::string_view pattern, std::string_view name) {
  if (pattern.ends_with('*')) return name.starts_with(pattern.substr(0, pattern.size() - 1));
  return pattern == name;
}
bool matches_any(const std::vector<std::string>& patterns, std::string_view name) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const auto& pattern) { return matches(pattern, name); });
}

std::string_view parameter_name(std::string_view parameter) {
  return parameter.substr(0, parameter.find('='));
}

void append_query_by_rules(std::string& out, std::string_view query, const KeyRules& rules) {
  if (rules.drop_query) return;
  std::string normalised;
  append_normalised(normalised, query);
  std::vector<std::string_view> kept;
  std::string_view rest = normalised;
  while (!rest.empty()) {
    const std::string_view parameter = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(rest.size(), parameter.size() + 1));
    const std::string_view name = parameter_name(parameter);
    if (parameter.empty() || matches_any(rules.drop_query_names, name)) continue;
    if (!rules.keep_query.empty() && !matches_any(rules.keep_query, name)) continue;
    kept.push_back(parameter);
  }
  if (rules.sort_query) {
    std::stable_sort(kept.begin(), kept.end(),
                     [](std::string_view a, std::string_view b) { return parameter_name(a) < parameter_name(b); });
  }
  for (std::size_t i = 0; i < kept.size(); ++i) {
    out += i == 0 ? '?' : '&';
    out += kept[i];
  }
}

// An absent header or cookie differs from an empty one: no separator follows its name.
void append_header(std::string& out, std::string_view name, const http::HeaderMap& fields) {
  out += "\nh:";
  http::append_lower(out, name);
  bool found = false;
  for (const http::HeaderMap::Field field : fields) {
    if (!http::equals_ignoring_case(field.name, name)) continue;
    out += found ? ", " : ":";
    out += http::trim_blanks(field.value);
    found = true;
  }
}

void append_cookie(std::string& out, std::string_view name, const http::HeaderMap& fields) {
  out += "\nc:";
  out += name;
  for (const http::HeaderMap::Field field : fields) {
    if (field.id != http::HeaderId::cookie) continue;
    std::string_view rest = field.value;
    while (!rest.empty()) {
      const std::string_view raw = rest.substr(0, rest.find(';'));
      rest.remove_prefix(std::min(rest.size(), raw.size() + 1));
      const std::string_view pair = http::trim_blanks(raw);
      if (pair.size() <= name.size() || pair[name.size()] != '=' || !pair.starts_with(name)) continue;
      out += pair.substr(name.size());
      return;  // the first one counts, as it does for most servers (RFC 6265 5.4 orders them)
    }
  }
}

// RFC 3986 5.2.4, on an absolute path.
std::string remove_dot_segments(std::string_view path) {
  std::string out;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(0, end);
    const bool is_last = end == path.size();
    path.remove_prefix(end);
    if (segment == "/..") out.resize(out.rfind('/') == std::string::npos ? 0 : out.rfind('/'));
    if (segment != "/." && segment != "/..") {
      out += segment;
    } else if (is_last) {
      out += '/';
    }
  }
  return out;
}

// What append_normalised() would change at text[i], a "%".
bool changes_escape(std::string_view text, std::size_t i) {
  if (i + 2 >= text.size()) return false;
  const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
  if (high < 0 || low < 0) return false;
  const bool lower_case = text[i + 1] >= 'a' || text[i + 2] >= 'a';
  return lower_case || is_unreserved(static_cast<char>(high * 16 + low));
}

// text[i] is a "/": another one or a dot segment begins there.
bool changes_segment(std::string_view text, std::size_t i) {
  const std::string_view segment = text.substr(i + 1, text.find('/', i + 1) - i - 1);
  const bool last = i + 1 + segment.size() == text.size();
  return (segment.empty() && !last) || segment == "." || segment == "..";
}

// Takes "scheme://authority" or "//authority" off the reference. False: another origin, or no authority we can read.
bool take_same_origin(const http::RequestHead& request, std::string_view& reference, const SiteIndex* hosts) {
  const std::size_t colon = reference.find_first_of(":/?#");
  http::Scheme scheme = request.scheme;
  if (colon != std::string_view::npos && reference[colon] == ':') {
    if (!http::equals_ignoring_case(reference.substr(0, colon), http::name(scheme))) return false;
    reference.remove_prefix(colon + 1);
    if (!reference.starts_with("//")) return false;
  }
  if (!reference.starts_with("//")) return true;
  reference.remove_prefix(2);
  std::string_view authority = reference.substr(0, reference.find_first_of("/?#"));
  reference.remove_prefix(authority.size());
  const std::string_view default_port = scheme == http::Scheme::https ? ":443" : ":80";
  if (authority.ends_with(default_port)) {
    authority.remove_suffix(default_port.size());
  } else if (authority.ends_with(':')) {
    authority.remove_suffix(1);
  }
  if (!hosts) return http::equals_ignoring_case(authority, request.authority);
  std::string unified(authority);
  hosts->unify(unified);
  return http::equals_ignoring_case(unified, request.authority);
}

}  // namespace

// Dot segments stay as they are: an origin may treat "/a/../b" otherwise than "/b", and its answer to the one must
// never be stored for the other.
void append_normalised(std::string& out, std::string_view text) {
  constexpr char digits[] = "0123456789ABCDEF";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_value(text[i + 2]) : -1;
    if (low < 0) {
      out += text[i];
      continue;
    }
    const char decoded = static_cast<char>(high * 16 + low);
    if (is_unreserved(decoded)) {
      out += decoded;
    } else {
      out += '%';
      out += digits[high];
      out += digits[low];
    }
    i += 2;
  }
}

std::string_view path_to_match(std::string_view target, std::string& room) {
  const std::string_view path = target.substr(0, target.find('?'));
  if (path.empty()) return "/";
  if (!path.starts_with('/')) return path;  // OPTIONS *
  bool changes = false;
  for (std::size_t i = 0; i < path.size() && !changes; ++i) {
    changes = path[i] == '%' ? changes_escape(path, i) : path[i] == '/' && changes_segment(path, i);
  }
  if (!changes) return path;
  room.clear();
  append_normalised(room, path);
  const auto both_slashes = [](char a, char b) { return a == '/' && b == '/'; };
  room.erase(std::unique(room.begin(), room.end(), both_slashes), room.end());
  room = remove_dot_segments(room);
  return room;
}

void make_primary_key(const http::RequestHead& request, const KeyRules& rules, std::string& out) {
  out.clear();
  out += http::name(request.scheme);
  out += "://";
  out += request.authority;
  const std::string_view target = request.path;
  const std::size_t mark = std::min(target.find('?'), target.size());
  if (mark == 0) out += '/';
  append_normalised(out, target.substr(0, mark));
  if (mark < target.size()) {
    if (rules.changes_query()) {
      append_query_by_rules(out, target.substr(mark + 1), rules);
    } else {
      out += '?';
      append_normalised(out, target.substr(mark + 1));
    }
  }
  for (const std::string& name : rules.headers) append_header(out, name, request.fields);
  for (const std::string& name : rules.cookies) append_cookie(out, name, request.fields);
}

std::optional<std::string> same_origin_path(const http::RequestHead& request, std::string_view reference,
                                            const SiteIndex* hosts) {
  reference = http::trim_blanks(reference);
  if (reference.size() > longest_reference) return std::nullopt;
  for (const char c : reference) {
    if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return std::nullopt;
  }
  const bool had_authority = reference.starts_with("//") || reference.find("://") < reference.find_first_of("/?#");
  if (!take_same_origin(request, reference, hosts)) return std::nullopt;
  reference = reference.substr(0, reference.find('#'));

  const std::string_view base = request.path;
  const std::string_view base_path = base.substr(0, base.find('?'));
  const std::size_t mark = std::min(reference.find('?'), reference.size());
  const std::string_view path = reference.substr(0, mark), query = reference.substr(mark);
  if (path.empty() && !had_authority) return query.empty() ? std::string(base) : std::string(base_path).append(query);
  std::string merged;
  if (!path.starts_with('/') && !had_authority) merged = base_path.substr(0, base_path.rfind('/') + 1);
  merged += path;
  if (!merged.starts_with('/')) merged.insert(0, 1, '/');
  return remove_dot_segments(merged).append(query);
}

}  // namespace skerry::edge
