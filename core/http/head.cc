#include "core/http/head.h"

#include <algorithm>
#include <array>

#include "core/check.h"

namespace skerry::http {
namespace {

constexpr auto header_names = std::to_array<std::string_view>({"",
#define X(id, text) text,
                                                               SKERRY_HEADERS(X)
#undef X
});

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

// A perfect hash over length, first, middle and last byte: its multiplier is searched for by the compiler, so a new
// name in the table needs nothing else.
constexpr unsigned slot_bits = 9;

constexpr std::uint32_t hash_key(std::string_view name) {
  const auto byte = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(lower(name[i])));
  };
  return static_cast<std::uint32_t>(name.size() & 0xff) | byte(0) << 8 | byte(name.size() / 2) << 16 |
         byte(name.size() - 1) << 24;
}

constexpr std::uint32_t slot(std::uint32_t key, std::uint32_t multiplier) {
  return (key * multiplier) >> (32 - slot_bits);
}

struct NameTable {
  std::uint32_t multiplier = 0;
  std::array<std::uint8_t, 1u << slot_bits> ids{};
};

constexpr bool place_all(NameTable& table) {
  table.ids = {};
  for (std::size_t id = 1; id < header_names.size(); ++id) {
    auto& place = table.ids[slot(hash_key(header_names[id]), table.multiplier)];
    if (place != 0) return false;
    place = static_cast<std::uint8_t>(id);
  }
  return true;
}

constexpr NameTable make_table() {
  NameTable table;
  for (table.multiplier = 0x9e3779b1; !place_all(table);) table.multiplier += 2;
  return table;
}

constexpr NameTable name_table = make_table();

}  // namespace

std::string_view name(HeaderId id) {
  return header_names[static_cast<std::size_t>(id)];
}

HeaderId header_id(std::string_view name) {
  if (name.empty()) return HeaderId::other;
  const std::uint8_t id = name_table.ids[slot(hash_key(name), name_table.multiplier)];
  return id != 0 && equals_ignoring_case(header_names[id], name) ? static_cast<HeaderId>(id) : HeaderId::other;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::uint32_t HeaderMap::keep(std::string_view text) {
  CHECK(text_.size() + text.size() < canonical_name);
  const auto at = static_cast<std::uint32_t>(text_.size());
  text_.append(text);  // well-defined even where `text` views text_
  return at;
}

void HeaderMap::add(HeaderId id, std::string_view name, std::string_view value) {
  Entry entry;
  entry.id = id;
  entry.name_size = static_cast<std::uint32_t>(name.size());
  entry.value_size = static_cast<std::uint32_t>(value.size());
  text_size_ += name.size() + value.size();
  if (id != HeaderId::other && name == http::name(id)) {
    entry.name_at = canonical_name;
    entry.value_at = keep(value);
  } else if (!text_.empty() && value.data() >= text_.data() && value.data() < text_.data() + text_.size()) {
    // Copying the name may move text_, and the value with it.
    entry.value_at = keep(value);
    entry.name_at = keep(name);
  } else {
    entry.name_at = keep(name);
    entry.value_at = keep(value);
  }
  fields_.push_back(entry);
}

std::string_view HeaderMap::name_of(const Entry& entry) const {
  if (entry.name_at == canonical_name) return http::name(entry.id);
  return std::string_view(text_).substr(entry.name_at, entry.name_size);
}

bool HeaderMap::matches(const Entry& entry, HeaderId id, std::string_view name) const {
  return entry.id == id && (id != HeaderId::other || equals_ignoring_case(name_of(entry), name));
}

template <class Matches>
std::size_t HeaderMap::remove_if(std::size_t from, Matches matches) {
  const auto begin = fields_.begin() + static_cast<std::ptrdiff_t>(std::min(from, fields_.size()));
  const auto end = std::remove_if(begin, fields_.end(), [&](const Entry& entry) {
    if (!matches(entry)) return false;
    text_size_ -= entry.name_size + entry.value_size;
    return true;
  });
  const auto removed = static_cast<std::size_t>(fields_.end() - end);
  fields_.erase(end, fields_.end());
  return removed;
}

void HeaderMap::add(HeaderId id, std::string_view value) {
  add(id, http::name(id), value);
}

void HeaderMap::add(std::string_view name, std::string_view value) {
  add(header_id(name), name, value);
}

// The new field takes the first one's place, so that a rewritten head keeps its order.
void HeaderMap::replace(HeaderId id, std::string_view name, std::string_view value) {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (!matches(fields_[i], id, name)) continue;
    remove_if(i + 1, [&](const Entry& entry) { return matches(entry, id, name); });
    text_size_ -= fields_[i].name_size + fields_[i].value_size;
    add(id, name, value);
    fields_[i] = fields_.back();
    fields_.pop_back();
    return;
  }
  add(id, name, value);
}

void HeaderMap::set(HeaderId id, std::string_view value) {
  replace(id, http::name(id), value);
}

void HeaderMap::set(std::string_view name, std::string_view value) {
  replace(header_id(name), name, value);
}

std::size_t HeaderMap::remove(HeaderId id) {
  return remove_if(0, [&](const Entry& entry) { return matches(entry, id, http::name(id)); });
}

std::size_t HeaderMap::remove(std::string_view name) {
  const HeaderId id = header_id(name);
  return remove_if(0, [&](const Entry& entry) { return matches(entry, id, name); });
}

void HeaderMap::clear() {
  text_.clear();
  fields_.clear();
  text_size_ = 0;
}

std::optional<std::string_view> HeaderMap::find(HeaderId id) const {
  for (const Entry& entry : fields_) {
    if (entry.id == id) return value_of(entry);
  }
  return std::nullopt;
}

std::optional<std::string_view> HeaderMap::find(std::string_view name) const {
  const HeaderId id = header_id(name);
  for (const Entry& entry : fields_) {
    if (matches(entry, id, name)) return value_of(entry);
  }
  return std::nullopt;
}

std::size_t HeaderMap::count(HeaderId id) const {
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(), [&](const Entry& entry) { return entry.id == id; }));
}

std::string HeaderMap::join(HeaderId id, std::string_view name) const {
  std::string all;
  bool first = true;
  for (const Entry& entry : fields_) {
    if (!matches(entry, id, name)) continue;
    if (!first) all += ", ";
    first = false;
    all += value_of(entry);
  }
  return all;
}

std::string HeaderMap::joined(HeaderId id) const {
  return join(id, http::name(id));
}

std::string HeaderMap::joined(std::string_view name) const {
  return join(header_id(name), name);
}

HeaderMap::Field HeaderMap::operator[](std::size_t index) const {
  const Entry& entry = fields_[index];
  return {entry.id, name_of(entry), value_of(entry)};
}

std::string_view name(Scheme scheme) {
  return scheme == Scheme::https ? "https" : "http";
}

Method method_of(std::string_view token) {
  switch (token.size()) {
    case 3:
      if (token == "GET") return Method::get;
      if (token == "PUT") return Method::put;
      break;
    case 4:
      if (token == "HEAD") return Method::head;
      if (token == "POST") return Method::post;
      break;
    case 5:
      if (token == "PATCH") return Method::patch;
      if (token == "TRACE") return Method::trace;
      break;
    case 6:
      if (token == "DELETE") return Method::delete_;
      break;
    case 7:
      if (token == "OPTIONS") return Method::options;
      if (token == "CONNECT") return Method::connect;
      break;
    default: break;
  }
  return Method::other;
}

bool is_safe(Method method) {
  return method == Method::get || method == Method::head || method == Method::options || method == Method::trace;
}

bool is_idempotent(Method method) {
  return is_safe(method) || method == Method::put || method == Method::delete_;
}

void RequestHead::clear() {
  method = Method::get;
  method_text.assign("GET");
  scheme = Scheme::http;
  authority.clear();
  path.clear();
  version = Version::http_1_1;
  fields.clear();
}

void ResponseHead::clear() {
  status = 200;
  reason.clear();
  version = Version::http_1_1;
  fields.clear();
}

std::string_view reason_phrase(int status) {
  switch (status) {
    case 100: return "Continue";
    case 101: return "Switching Protocols";
    case 102: return "Processing";
    case 103: return "Early Hints";
    case 200: return "OK";
    case 201: return "Created";
    case 202: return "Accepted";
    case 203: return "Non-Authoritative Information";
    case 204: return "No Content";
    case 205: return "Reset Content";
    case 206: return "Partial Content";
    case 207: return "Multi-Status";
    case 208: return "Already Reported";
    case 226: return "IM Used";
    case 300: return "Multiple Choices";
    case 301: return "Moved Permanently";
    case 302: return "Found";
    case 303: return "See Other";
    case 304: return "Not Modified";
    case 305: return "Use Proxy";
    case 307: return "Temporary Redirect";
    case 308: return "Permanent Redirect";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 402: return "Payment Required";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 406: return "Not Acceptable";
    case 407: return "Proxy Authentication Required";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 410: return "Gone";
    case 411: return "Length Required";
    case 412: return "Precondition Failed";
    case 413: return "Content Too Large";
    case 414: return "URI Too Long";
    case 415: return "Unsupported Media Type";
    case 416: return "Range Not Satisfiable";
    case 417: return "Expectation Failed";
    case 421: return "Misdirected Request";
    case 422: return "Unprocessable Content";
    case 423: return "Locked";
    case 424: return "Failed Dependency";
    case 425: return "Too Early";
    case 426: return "Upgrade Required";
    case 428: return "Precondition Required";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 451: return "Unavailable For Legal Reasons";
    case 500: return "Internal Server Error";
    case 501: return "Not Implemented";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    case 505: return "HTTP Version Not Supported";
    case 506: return "Variant Also Negotiates";
    case 507: return "Insufficient Storage";
    case 508: return "Loop Detected";
    case 511: return "Network Authentication Required";
    default: return "Unknown";
  }
}

namespace {

bool is_hop_by_hop(HeaderId id) {
  switch (id) {
    case HeaderId::connection:
    case HeaderId::keep_alive:
    case HeaderId::proxy_authenticate:
    case HeaderId::proxy_authentication_info:
    case HeaderId::proxy_authorization:
    case HeaderId::proxy_connection:
    case HeaderId::te:
    case HeaderId::transfer_encoding:
    case HeaderId::upgrade: return true;
    default: return false;
  }
}

std::string_view trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

void remove_hop_by_hop(HeaderMap& map) {
  // Values stay readable while fields are removed, since removing leaves text_ alone.
  std::vector<std::string_view> named_by;
  for (const auto& field : map) {
    if (field.id == HeaderId::connection) named_by.push_back(field.value);
  }
  map.remove_if(0, [](const HeaderMap::Entry& entry) { return is_hop_by_hop(entry.id); });
  for (std::string_view list : named_by) {
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      const std::string_view option = trim(list.substr(0, comma));
      list.remove_prefix(std::min(comma + 1, list.size()));
      // The usual options name no field.
      if (option.empty() || equals_ignoring_case(option, "close") || equals_ignoring_case(option, "keep-alive"))
        continue;
      map.remove(option);
    }
  }
}

}  // namespace skerry::http
