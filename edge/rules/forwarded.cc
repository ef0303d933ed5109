#include "edge/rules/forwarded.h"

#include <algorithm>
#include <array>

#include "core/http/list.h"

namespace skerry::edge {
namespace {

// More hops than any sensible path has: what stands further left is not looked at.
constexpr std::size_t most_hops = 64;

// An address, with or without a port and the brackets of IPv6.
std::optional<core::IpAddress> address_of(std::string_view text) {
  if (text.starts_with('[')) {
    text = text.substr(1, text.find(']') - 1);
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    text = text.substr(0, text.find(':'));
  }
  // Names ("unknown", "_hidden") are told from addresses without an error in words, which would take memory.
  if (text.find_first_not_of("0123456789abcdefABCDEF.:") != std::string_view::npos) return std::nullopt;
  const auto address = core::IpAddress::parse(text);
  return address.ok() ? std::optional(*address) : std::nullopt;
}

std::optional<http::Scheme> scheme_of(std::string_view text) {
  if (http::equals_ignoring_case(text, "https")) return http::Scheme::https;
  if (http::equals_ignoring_case(text, "http")) return http::Scheme::http;
  return std::nullopt;
}

struct Hop {
  std::optional<core::IpAddress> address;
  std::optional<http::Scheme> scheme;
};

// The last `most_hops` that were added: a list is read from its left and used from its right.
class LastHops {
 public:
  void add(const Hop& hop) { hops_[added_++ % most_hops] = hop; }
  std::size_t size() const { return std::min(added_, most_hops); }
  const Hop& from_right(std::size_t i) const { return hops_[(added_ - 1 - i) % most_hops]; }

 private:
  std::array<Hop, most_hops> hops_;
  std::size_t added_ = 0;
};

// Cuts off what stands before the first `mark` outside of quoted strings, and the mark. Nothing: a quote never ends.
std::optional<std::string_view> take_until(std::string_view& text, char mark) {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < text.size() && (quoted || text[end] != mark); ++end) {
    if (text[end] == '"') quoted = !quoted;
    if (quoted && text[end] == '\\') ++end;
  }
  if (quoted || end > text.size()) return std::nullopt;
  const std::string_view taken = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return http::trim_blanks(taken);
}

// The text of a token or a quoted-string. `room` takes it where escapes have to be undone; what is longer than any
// address comes back as it stood. Nothing: it is neither.
std::optional<std::string_view> plain_text(std::string_view value, std::array<char, 64>& room) {
  if (http::is_token(value)) return value;
  if (value.size() < 2 || value.front() != '"') return std::nullopt;
  std::size_t size = 0, at = 1;
  for (; at < value.size() && value[at] != '"'; ++at) {
    if (value[at] == '\\' && at + 1 < value.size()) ++at;
    if (size < room.size()) room[size] = value[at];
    ++size;
  }
  if (at + 1 != value.size()) return std::nullopt;
  return size <= room.size() ? std::string_view(room.data(), size) : value;
}

// RFC 7239 4: for=192.0.2.60;proto=http;by=203.0.113.43. Nothing: it is not of that form.
std::optional<Hop> forwarded_element(std::string_view element) {
  Hop hop;
  std::array<char, 64> room;
  while (!element.empty()) {
    const auto pair = take_until(element, ';');
    if (!pair) return std::nullopt;
    if (pair->empty()) continue;
    const std::size_t equals = std::min(pair->find('='), pair->size());
    const std::string_view name = pair->substr(0, equals);
    const auto value = plain_text(pair->substr(std::min(equals + 1, pair->size())), room);
    if (!http::is_token(name) || !value) return std::nullopt;
    if (http::equals_ignoring_case(name, "for")) hop.address = address_of(*value);
    if (http::equals_ignoring_case(name, "proto")) hop.scheme = scheme_of(*value);
  }
  return hop;
}

// Adds the hops of one line, first hop first. False: the line is malformed.
bool add_forwarded_hops(std::string_view line, LastHops& hops) {
  while (!line.empty()) {
    const auto element = take_until(line, ',');
    const auto hop = element ? forwarded_element(*element) : std::nullopt;
    if (!hop) return false;
    if (!element->empty()) hops.add(*hop);
  }
  return true;
}

// X-Forwarded-For knows no quotes: one that a client sends must not hide what a proxy wrote behind it.
void add_addresses(std::string_view line, LastHops& hops) {
  while (!line.empty()) {
    const std::string_view address = http::trim_blanks(line.substr(0, line.find(',')));
    line.remove_prefix(std::min(line.find(','), line.size() - 1) + 1);
    if (!address.empty()) hops.add({address_of(address), std::nullopt});
  }
}

// Adds those of all lines of the field. False: it is malformed.
bool add_hops(const http::HeaderMap& fields, ForwardedField field, LastHops& hops) {
  const bool standard = field == ForwardedField::forwarded;
  const http::HeaderId id = standard ? http::HeaderId::forwarded : http::HeaderId::x_forwarded_for;
  for (const http::HeaderMap::Field line : fields) {
    if (line.id != id) continue;
    if (!standard) add_addresses(line.value, hops);
    if (standard && !add_forwarded_hops(line.value, hops)) return false;
  }
  return true;
}

// The right-most: what stands left of it may be the client's.
std::optional<http::Scheme> forwarded_proto(const http::HeaderMap& fields) {
  std::optional<http::Scheme> scheme;
  http::for_each_element(fields, http::HeaderId::x_forwarded_proto, [&](std::string_view element) {
    scheme = scheme_of(element);
    return true;
  });
  return scheme;
}

}  // namespace

BelievedClient client_behind(const core::IpAddress& connection, const http::HeaderMap& fields, ForwardedField field,
                             const core::IpNetworkMap& trusted) {
  BelievedClient client{connection, std::nullopt, false};
  if (!trusted.find(connection)) return client;
  if (field == ForwardedField::x_forwarded_for) client.scheme = forwarded_proto(fields);
  LastHops hops;
  client.malformed = !add_hops(fields, field, hops);
  if (client.malformed) return client;
  for (std::size_t hop = 0; hop < hops.size() && trusted.find(client.address); ++hop) {
    const Hop& told = hops.from_right(hop);
    if (field == ForwardedField::forwarded) client.scheme = told.scheme;
    if (!told.address) break;
    client.address = core::unmapped(*told.address);
  }
  return client;
}

core::Result<ForwardedFields> parse_forwarded_fields(std::string_view list) {
  ForwardedFields fields{false, false, false, false};
  if (list == "off") return fields;
  const std::array<std::pair<std::string_view, bool*>, 4> known = {{{"x-forwarded-for", &fields.x_forwarded_for},
                                                                    {"x-forwarded-proto", &fields.x_forwarded_proto},
                                                                    {"x-forwarded-host", &fields.x_forwarded_host},
                                                                    {"forwarded", &fields.forwarded}}};
  http::ListReader reader(list);
  while (const auto name = reader.next()) {
    const auto found = std::find_if(known.begin(), known.end(),
                                    [&](const auto& one) { return http::equals_ignoring_case(one.first, *name); });
    if (found == known.end()) {
      return core::Error{
          core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false,
          "must be \"off\" or a list of x-forwarded-for, x-forwarded-proto, x-forwarded-host, forwarded"};
    }
    *found->second = true;
  }
  return fields;
}

std::string to_string(const ForwardedFields& fields) {
  std::string text;
  const auto add = [&](bool sent, std::string_view name) {
    if (sent) text.append(text.empty() ? "" : ", ").append(name);
  };
  add(fields.x_forwarded_for, "x-forwarded-for");
  add(fields.x_forwarded_proto, "x-forwarded-proto");
  add(fields.x_forwarded_host, "x-forwarded-host");
  add(fields.forwarded, "forwarded");
  return text.empty() ? "off" : text;
}

void add_forwarded(http::HeaderMap& fields, const ForwardedFields& sent, std::string_view client, http::Scheme scheme,
                   std::string_view authority) {
  if (sent.x_forwarded_for) fields.set(http::HeaderId::x_forwarded_for, client);
  if (sent.x_forwarded_proto) fields.set(http::HeaderId::x_forwarded_proto, http::name(scheme));
  if (sent.x_forwarded_host) fields.set(http::HeaderId::x_forwarded_host, authority);
  if (!sent.forwarded) return;
  // RFC 7239 6: an IPv6 address stands in brackets and quotes; a host may hold a colon, so it is quoted too.
  const bool v6 = client.find(':') != std::string_view::npos;
  std::string text = "for=";
  text.append(v6 ? "\"[" : "").append(client).append(v6 ? "]\"" : "");
  text.append(";host=\"").append(authority).append("\";proto=").append(http::name(scheme));
  fields.set(http::HeaderId::forwarded, text);
}

}  // namespace skerry::edge
