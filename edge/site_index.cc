#include "edge/site_index.h"

#include <algorithm>

namespace skerry::edge {
namespace {

char lower(char c) {
  return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

// Compares without regard to ASCII case: `given` comes from a client.
int compare(std::string_view known, std::string_view given) {
  const std::size_t shorter = std::min(known.size(), given.size());
  for (std::size_t i = 0; i < shorter; ++i) {
    const auto a = static_cast<unsigned char>(known[i]);
    const auto b = static_cast<unsigned char>(lower(given[i]));
    if (a != b) return a < b ? -1 : 1;
  }
  if (known.size() == given.size()) return 0;
  return known.size() < given.size() ? -1 : 1;
}

}  // namespace

bool SiteIndex::add(std::string pattern, std::size_t site) {
  if (pattern == "*") {
    if (any_) return false;
    any_ = site;
    return true;
  }
  const bool wildcard = pattern.starts_with("*.");
  std::vector<Name>& names = wildcard ? suffixes_ : exact_;
  Name name{wildcard ? pattern.substr(1) : std::move(pattern), site};
  const auto at = std::lower_bound(names.begin(), names.end(), name,
                                   [](const Name& a, const Name& b) { return compare(a.name, b.name) < 0; });
  if (at != names.end() && at->name == name.name) return false;
  names.insert(at, std::move(name));
  return true;
}

std::optional<std::size_t> SiteIndex::search(const std::vector<Name>& sorted, std::string_view name) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), name, [](const Name& known, std::string_view given) {
    return compare(known.name, given) < 0;
  });
  if (at == sorted.end() || compare(at->name, name) != 0) return std::nullopt;
  return at->site;
}

std::optional<std::size_t> SiteIndex::find_named(std::string_view host) const {
  if (const auto site = search(exact_, host)) return site;
  // From the first dot on: the longest suffix comes first.
  for (std::size_t dot = host.find('.'); !suffixes_.empty() && dot != std::string_view::npos;
       dot = host.find('.', dot + 1)) {
    if (dot == 0) continue;
    if (const auto site = search(suffixes_, host.substr(dot))) return site;
  }
  return std::nullopt;
}

std::optional<std::size_t> SiteIndex::find(std::string_view authority) const {
  const auto named = find_named(host_of(authority));
  return named ? named : any_;
}

void SiteIndex::unify(std::string& authority) const {
  const std::string_view host = host_of(authority);
  if (host.size() == authority.size()) return;
  const std::size_t size = host.size();
  if (!find_named(host)) {
    if (authority[size] == '.') authority.erase(size, 1);
    const std::string_view port = std::string_view(authority).substr(size);
    if (!port.empty() && port != ":80" && port != ":443") return;
  }
  authority.resize(size);
}

std::string_view host_of(std::string_view authority) {
  std::string_view host = authority;
  if (host.starts_with('[')) {
    return host.substr(0, host.find(']') == std::string_view::npos ? host.size() : host.find(']') + 1);
  }
  host = host.substr(0, host.rfind(':'));
  if (host.size() > 1 && host.ends_with('.')) host.remove_suffix(1);
  return host;
}

bool is_host_pattern(std::string_view pattern) {
  if (pattern == "*") return true;
  if (pattern.starts_with("*.")) pattern.remove_prefix(2);
  if (pattern.starts_with('[')) return pattern.ends_with(']') && pattern.size() > 3;
  if (pattern.empty() || pattern.size() > 253 || pattern.find("..") != std::string_view::npos) return false;
  if (pattern.starts_with('.') || pattern.ends_with('.')) return false;
  return pattern.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string_view::npos;
}

}  // namespace skerry::edge
