#include "edge/rules/redirects.h"

#include <algorithm>
#include <charconv>

#include "core/http/h1_syntax.h"
#include "core/http/url.h"
#include "edge/cache_key.h"
#include "edge/site_index.h"

namespace skerry::edge {
namespace {

core::Error wrong(std::string what) {
  return {core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false, std::move(what)};
}

// The next word of a line of words.
std::string_view take_word(std::string_view& rest) {
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  return word;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// RFC 3986 2: what may not stand in a URI is percent-encoded, a lone "%" too. Clients' targets may hold such bytes, and
// browsers read a backslash as a slash.
void append_uri(std::string& out, std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  constexpr std::string_view allowed = "-._~:/?[]@!$&'()*+,;=";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool encoded = c == '%' && i + 2 < text.size() && is_hex(text[i + 1]) && is_hex(text[i + 2]);
    if (alphanumeric || encoded || allowed.find(c) != std::string_view::npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

// "//host" would be another host's URL (RFC 3986 4.2): a path of ours begins with one slash.
void append_path(std::string& out, std::string_view path) {
  while (path.starts_with("//")) path.remove_prefix(1);
  append_uri(out, path);
}

bool by_from(const PathRedirect& a, const PathRedirect& b) {
  return a.from < b.from;
}

const PathRedirect* search(const std::vector<PathRedirect>& sorted, std::string_view from) {
  const auto at = std::lower_bound(sorted.begin(), sorted.end(), from,
                                   [](const PathRedirect& one, std::string_view path) { return one.from < path; });
  return at != sorted.end() && at->from == from ? &*at : nullptr;
}

core::Result<void> check_target(const PathRedirect& redirect) {
  if (!http::is_target_text(redirect.to)) return wrong("the target holds bytes that no URL may hold");
  if (redirect.to.starts_with("//")) return wrong("write the target's scheme: https:" + redirect.to);
  if (!redirect.to.starts_with('/')) {
    const auto url = http::Url::parse(redirect.to);
    if (!url.ok()) return wrong("the target must be a path or an http:// or https:// URL: " + redirect.to);
    // Behind "https://host*" a client could go on with ".evil.example".
    const bool has_path = redirect.to.find('/', redirect.to.find("://") + 3) != std::string::npos;
    if (!has_path && redirect.to_rest) return wrong("the target needs a / behind its host");
    return {};
  }
  std::string room;
  if (redirect.matches(path_to_match(redirect.to, room))) return wrong("it redirects to itself");
  return {};
}

}  // namespace

bool is_redirect_status(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

core::Result<PathRedirect> parse_path_redirect(std::string_view text) {
  PathRedirect redirect;
  redirect.from = take_word(text);
  redirect.to = take_word(text);
  const std::string_view status = take_word(text);
  if (redirect.to.empty() || !take_word(text).empty()) return wrong("must be \"/from /to\" or \"/from /to status\"");
  if (!status.empty()) {
    const auto [end, error] = std::from_chars(status.data(), status.data() + status.size(), redirect.status);
    const bool number = error == std::errc() && end == status.data() + status.size();
    if (!number || !is_redirect_status(redirect.status))
      return wrong("the status must be 301, 302, 303, 307 or 308, not " + std::string(status));
  }
  const bool starred =
      redirect.from.find('*') < redirect.from.size() - 1 || redirect.from.find('?') != std::string::npos;
  if (!redirect.from.starts_with('/') || starred) return wrong("the path must begin with / and may end in *, no query");
  std::string room;
  redirect.from = std::string(path_to_match(redirect.from, room));
  redirect.from_prefix = redirect.from.ends_with('*');
  if (redirect.from_prefix) redirect.from.pop_back();
  redirect.to_rest = redirect.to.ends_with('*');
  if (redirect.to_rest) redirect.to.pop_back();
  if (redirect.to_rest && !redirect.from_prefix) return wrong("a target that ends in * needs a path that does");
  auto checked = check_target(redirect);
  if (!checked.ok()) return checked.error();
  return redirect;
}

core::Result<Redirects> Redirects::make(const RedirectsConfig& config) {
  Redirects redirects;
  redirects.https_ = config.https;
  redirects.https_port_ = config.https_port;
  for (const std::string& text : config.paths) {
    auto redirect = parse_path_redirect(text);
    if (!redirect.ok()) return redirect.error();
    (redirect->from_prefix ? redirects.prefixes_ : redirects.exact_).push_back(std::move(redirect).value());
  }
  // Stable: of two rules for one path the first counts.
  std::stable_sort(redirects.exact_.begin(), redirects.exact_.end(), by_from);
  std::stable_sort(redirects.prefixes_.begin(), redirects.prefixes_.end(), by_from);
  std::vector<std::size_t>& lengths = redirects.prefix_lengths_;
  for (const PathRedirect& prefix : redirects.prefixes_) lengths.push_back(prefix.from.size());
  std::sort(lengths.begin(), lengths.end(), std::greater<>());
  lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  return redirects;
}

const PathRedirect* Redirects::find(std::string_view path) const {
  if (const PathRedirect* exact = search(exact_, path)) return exact;
  for (const std::size_t length : prefix_lengths_) {
    if (length > path.size()) continue;
    if (const PathRedirect* prefix = search(prefixes_, path.substr(0, length))) return prefix;
  }
  return nullptr;
}

std::optional<Redirection> Redirects::of(const http::RequestHead& request) const {
  if (!request.path.starts_with('/')) return std::nullopt;  // OPTIONS *
  if (https_ != 0 && request.scheme == http::Scheme::http) {
    Redirection secure{https_, "https://"};
    secure.location.append(host_of(request.authority));
    if (https_port_ != 443) secure.location.append(":").append(std::to_string(https_port_));
    append_uri(secure.location, request.path);
    return secure;
  }
  const std::string_view target = request.path;
  const std::string_view query = target.substr(std::min(target.find('?'), target.size()));
  std::string room;
  const std::string_view path = path_to_match(target, room);
  const PathRedirect* redirect = find(path);
  if (!redirect) return std::nullopt;
  std::string to = redirect->to;
  if (redirect->to_rest) to.append(path.substr(redirect->from.size()));
  // The client's query goes along unless the target has one of its own.
  if (to.find('?') == std::string::npos) to.append(query);
  Redirection moved{redirect->status, {}};
  if (to.starts_with('/'))
    append_path(moved.location, to);
  else
    append_uri(moved.location, to);
  return moved;
}

}  // namespace skerry::edge
