#include "core/dns/service_binding.h"

#include <algorithm>
#include <optional>

#include "core/base64.h"
#include "core/dns/rdata.h"

namespace skerry::dns {
namespace {

constexpr std::string_view key_names[] = {"mandatory", "alpn", "no-default-alpn", "port",
                                          "ipv4hint",  "ech",  "ipv6hint",        "dohpath"};

std::optional<std::uint16_t> parse_key(std::string_view text) {
  for (std::size_t i = 0; i < std::size(key_names); ++i) {
    if (text == key_names[i]) return static_cast<std::uint16_t>(i);
  }
  std::uint32_t number = 0;
  const bool canonical = text.size() == 4 || (text.size() > 4 && text[3] != '0');
  // 65535 is reserved (RFC 9460 14.3.2).
  if (text.starts_with("key") && canonical && read_number(text.substr(3), 65534, number)) {
    return static_cast<std::uint16_t>(number);
  }
  return std::nullopt;
}

// A comma-separated list whose items may hold `\,` and `\\` (RFC 9460 A.1).
bool split_list(std::string_view text, std::vector<std::string>& items) {
  items.assign(1, {});
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',') {
      items.emplace_back();
      continue;
    }
    if (text[i] == '\\' && ++i == text.size()) return false;
    items.back().push_back(text[i]);
  }
  return std::none_of(items.begin(), items.end(), [](const std::string& item) { return item.empty(); });
}

std::string read_mandatory(const std::vector<std::string>& items, std::string& value) {
  std::vector<std::uint16_t> keys;
  for (const std::string& item : items) {
    const auto key = parse_key(item);
    if (!key || *key == 0) return "mandatory: \"" + item + "\" is no key that may be listed";
    keys.push_back(*key);
  }
  std::sort(keys.begin(), keys.end());
  if (std::adjacent_find(keys.begin(), keys.end()) != keys.end()) return "mandatory: a key is listed twice";
  for (std::uint16_t key : keys) append_u16(value, key);
  return {};
}

std::string read_hints(const std::vector<std::string>& items, core::AddressFamily family, std::string& value) {
  for (const std::string& item : items) {
    const auto ip = core::IpAddress::parse(item);
    const bool good = ip.ok() && ip->family() == family;
    if (!good) return "\"" + item + "\" is not an address of the hint's family";
    value.append(ip->octets());
  }
  return {};
}

std::string read_value(std::uint16_t number, const std::string& raw, std::string& value) {
  const auto key = static_cast<ServiceKey>(number);
  std::vector<std::string> items;
  const bool is_list = key == ServiceKey::mandatory || key == ServiceKey::alpn || key == ServiceKey::ipv4hint ||
                       key == ServiceKey::ipv6hint;
  if (is_list && !split_list(raw, items)) return "needs a list without empty items";
  std::uint32_t port = 0;
  switch (key) {
    case ServiceKey::mandatory: return read_mandatory(items, value);
    case ServiceKey::alpn: return encode_alpn(items, value) ? "" : "an alpn id is longer than 255 bytes";
    case ServiceKey::no_default_alpn: return raw.empty() ? "" : "no-default-alpn has no value";
    case ServiceKey::port:
      if (!read_number(raw, 65535, port)) return "port must be a number up to 65535";
      append_u16(value, static_cast<std::uint16_t>(port));
      return {};
    case ServiceKey::ipv4hint: return read_hints(items, core::AddressFamily::ipv4, value);
    case ServiceKey::ipv6hint: return read_hints(items, core::AddressFamily::ipv6, value);
    case ServiceKey::ech:
      return core::decode_base64(raw, core::Base64::standard, value) && !value.empty() ? "" : "ech must be base64";
    default: value = raw; return {};
  }
}

}  // namespace

std::string ServiceParameters::add(std::string_view word) {
  const std::size_t equals = word.find('=');
  const std::string_view name = word.substr(0, equals);
  const auto key = parse_key(name);
  if (!key) return "\"" + std::string(name) + "\" is no parameter of SVCB (keyNNNNN for those without a name)";
  std::string_view text = equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  std::string raw, value;
  if (!unescape(text, raw)) return "a backslash is not followed by DDD or a character";
  std::string problem = read_value(*key, raw, value);
  if (!problem.empty()) return problem;
  if (!values_.emplace(*key, std::move(value)).second) return std::string(name) + " is given twice";
  return {};
}

std::string ServiceParameters::check() const {
  const auto has = [&](ServiceKey key) { return values_.count(static_cast<std::uint16_t>(key)) > 0; };
  if (has(ServiceKey::no_default_alpn) && !has(ServiceKey::alpn)) return "no-default-alpn needs alpn";
  const auto mandatory = values_.find(0);
  if (mandatory == values_.end()) return {};
  for (std::size_t at = 0; at < mandatory->second.size(); at += 2) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(mandatory->second[i]); };
    const auto key = static_cast<std::uint16_t>(byte(at) << 8 | byte(at + 1));
    if (values_.count(key)) continue;
    const std::string name = key < std::size(key_names) ? std::string(key_names[key]) : "key" + std::to_string(key);
    return name + " is mandatory and missing";
  }
  return {};
}

void ServiceParameters::append_to(std::string& data) const {
  for (const auto& [key, value] : values_) {
    append_u16(data, key);
    append_u16(data, static_cast<std::uint16_t>(value.size()));
    data.append(value);
  }
}

bool encode_alpn(const std::vector<std::string>& ids, std::string& value) {
  for (const std::string& id : ids) {
    if (id.empty() || id.size() > 255) return false;
    value.push_back(static_cast<char>(id.size()));
    value.append(id);
  }
  return true;
}

}  // namespace skerry::dns
