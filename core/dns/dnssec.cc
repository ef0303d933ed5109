#include "core/dns/dnssec.h"

#include <algorithm>

#include "core/dns/rdata.h"
#include "core/net/tls.h"

namespace skerry::dns {
namespace {

constexpr std::uint16_t zone_key_flags = 257;  // zone key and secure entry point: one key for everything
constexpr std::uint8_t dnssec_protocol = 3;
constexpr std::uint8_t digest_sha256 = 2;
constexpr std::uint32_t backdated = 2 * 3600;

// Where the names are that RFC 4034 6.2 has in lower case (RFC 6840 5.1 took NSEC out): plain bytes, then names. Of the
// older types, which we read only as plain bytes, too: askers know them.
NamesInData names_to_lower(Type type) {
  switch (static_cast<unsigned>(type)) {
    case 2:   // NS
    case 3:   // MD
    case 4:   // MF
    case 5:   // CNAME
    case 7:   // MB
    case 8:   // MG
    case 9:   // MR
    case 12:  // PTR
    case 30:  // NXT
    case 39:  // DNAME
      return {0, 1};
    case 6:   // SOA
    case 14:  // MINFO
    case 17:  // RP
      return {0, 2};
    case 15:  // MX
    case 18:  // AFSDB
    case 21:  // RT
    case 36:  // KX
      return {2, 1};
    case 26: return {2, 2};   // PX
    case 24: return {18, 1};  // SIG
    case 33: return {6, 1};   // SRV
    default: return {};
  }
}

// NAPTR: order, preference, three strings, then the name (RFC 3403 4.1).
std::size_t naptr_name_at(std::string_view data) {
  std::size_t at = 4;
  for (int i = 0; i < 3 && at < data.size(); ++i) at += 1u + static_cast<unsigned char>(data[at]);
  return at;
}

// A6: how many bits the name stands for, the other bits' bytes, then the name (RFC 2874 3.1).
std::size_t a6_name_at(std::string_view data) {
  const std::size_t prefix = data.empty() ? 0 : static_cast<unsigned char>(data[0]);
  return prefix > 128 ? data.size() : 1 + (128 - prefix + 7) / 8;
}

// Data given as plain bytes may be anything: what is no name is left as it is.
std::size_t lower_name(std::string& data, std::size_t at) {
  while (at < data.size()) {
    const std::size_t size = static_cast<unsigned char>(data[at++]);
    if (size == 0 || size > Name::max_label || data.size() - at < size) return at;
    for (std::size_t end = at + size; at < end; ++at) data[at] = lower(data[at]);
  }
  return at;
}

std::string canonical_data(Type type, std::string_view record) {
  std::string data(record);
  const auto number = static_cast<unsigned>(type);
  if (number == 35) return lower_name(data, naptr_name_at(data)), data;
  if (number == 38) return lower_name(data, a6_name_at(data)), data;
  const NamesInData names = names_to_lower(type);
  std::size_t at = names.before;
  for (int i = 0; i < names.names; ++i) at = lower_name(data, at);
  return data;
}

std::size_t length_at(std::string_view at) {
  return static_cast<std::size_t>(static_cast<unsigned char>(at[0])) << 8 | static_cast<unsigned char>(at[1]);
}

char* put_u16(char* out, std::uint16_t value) {
  *out++ = static_cast<char>(value >> 8);
  *out++ = static_cast<char>(value);
  return out;
}

char* put_u32(char* out, std::uint32_t value) {
  return put_u16(put_u16(out, static_cast<std::uint16_t>(value >> 16)), static_cast<std::uint16_t>(value));
}

Name with_first_label(std::string_view label, const Name& rest) {
  Name name;
  if (!label.empty()) CHECK(name.append(label));
  for (std::string_view wire = rest.wire(); wire[0] != '\0';
       wire.remove_prefix(1u + static_cast<unsigned char>(wire[0])))
    CHECK(name.append(wire.substr(1, static_cast<unsigned char>(wire[0]))));
  return name;
}

// The next label among those that can't be longer: its last byte counted up, past the upper-case letters, which sort as
// lower case; bytes that are as high as can be go. Empty: there is none.
std::string next_sibling(std::string label) {
  while (!label.empty() && static_cast<unsigned char>(label.back()) == 0xff) label.pop_back();
  if (label.empty()) return label;
  label.back() = label.back() == '@' ? '[' : static_cast<char>(label.back() + 1);
  return label;
}

}  // namespace

std::string dnskey_data(std::string_view public_point) {
  std::string data;
  append_u16(data, zone_key_flags);
  data.push_back(static_cast<char>(dnssec_protocol));
  data.push_back(static_cast<char>(algorithm_ecdsa_p256));
  return data.append(public_point);
}

std::uint16_t key_tag(std::string_view dnskey) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < dnskey.size(); ++i) {
    const std::uint32_t byte = static_cast<unsigned char>(dnskey[i]);
    sum += i % 2 ? byte : byte << 8;
  }
  return static_cast<std::uint16_t>(sum + (sum >> 16));
}

std::string ds_data(const Name& zone, std::string_view dnskey) {
  std::string data;
  append_u16(data, key_tag(dnskey));
  data.push_back(dnskey[3]);  // its algorithm
  data.push_back(static_cast<char>(digest_sha256));
  const Name lower = zone.lower();
  return data.append(core::sha256(std::string(lower.wire()).append(dnskey)));
}

std::string canonical_records(Type type, std::string_view records) {
  std::vector<std::string> all;
  while (!records.empty()) {
    const std::size_t size = length_at(records);
    all.push_back(canonical_data(type, records.substr(2, size)));
    records.remove_prefix(2 + size);
  }
  // As unsigned bytes, a shorter one before what it begins (RFC 4034 6.3): so does std::string. Names that differed in
  // case alone have become one record.
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  std::string result;
  for (const std::string& data : all) {
    append_u16(result, static_cast<std::uint16_t>(data.size()));
    result.append(data);
  }
  return result;
}

std::string type_bitmap(std::vector<Type> types) {
  std::sort(types.begin(), types.end());
  std::string map;
  for (std::size_t i = 0; i < types.size();) {
    const unsigned window = static_cast<unsigned>(types[i]) >> 8;
    std::string bits;
    for (; i < types.size() && static_cast<unsigned>(types[i]) >> 8 == window; ++i) {
      const unsigned low = static_cast<unsigned>(types[i]) & 0xff;
      bits.resize(low / 8 + 1);
      bits.back() = static_cast<char>(bits.back() | 0x80 >> low % 8);
    }
    map.push_back(static_cast<char>(window));
    map.push_back(static_cast<char>(bits.size()));
    map.append(bits);
  }
  return map;
}

std::size_t bitmap_without(std::string_view bitmap, Type type, char* out) {
  const unsigned number = static_cast<unsigned>(type), low = number & 0xff;
  char* const begin = out;
  while (!bitmap.empty()) {
    const std::size_t size = static_cast<unsigned char>(bitmap[1]);
    char* const window = out;
    out = std::copy_n(bitmap.data(), 2 + size, out);
    if (static_cast<unsigned char>(bitmap[0]) == number >> 8 && low / 8 < size) {
      window[2 + low / 8] = static_cast<char>(window[2 + low / 8] & ~(0x80 >> low % 8));
      while (out > window + 2 && out[-1] == '\0') --out;  // trailing zeros are left out, and so are empty windows
      window[1] = static_cast<char>(out - window - 2);
      if (out == window + 2) out = window;
    }
    bitmap.remove_prefix(2 + size);
  }
  return static_cast<std::size_t>(out - begin);
}

Name next_name(const Name& lower, const Name& zone) {
  using namespace std::string_view_literals;
  if (lower.wire().size() + 2 <= Name::max_size) return with_first_label("\0"sv, lower);
  for (Name name = lower; name.wire().size() > zone.wire().size(); name = name.parent()) {
    std::string label(name.wire().substr(1, static_cast<unsigned char>(name.wire()[0])));
    const bool grows = label.size() < Name::max_label && name.wire().size() < Name::max_size;
    if (grows)
      label += '\0';
    else
      label = next_sibling(std::move(label));
    if (!label.empty()) return with_first_label(label, name.parent());
  }
  return zone;
}

std::size_t write_nsec_data(const Name& next, std::string_view bitmap, std::optional<Type> absent, char* const out) {
  char* at = std::copy_n(next.wire().data(), next.wire().size(), out + 2);
  at = absent ? at + bitmap_without(bitmap, *absent, at) : std::copy(bitmap.begin(), bitmap.end(), at);
  put_u16(out, static_cast<std::uint16_t>(at - out - 2));
  return static_cast<std::size_t>(at - out);
}

SignatureTimes signature_times(std::uint32_t now, std::chrono::seconds validity, std::uint32_t spread) {
  const auto whole = static_cast<std::uint32_t>(validity.count());
  const std::uint32_t step = whole / 4;
  const std::uint32_t begin = now - (now + spread % step) % step;
  return {begin - backdated, begin + whole};
}

std::size_t write_signature_head(const SignatureHead& head, char* const out) {
  const bool wildcard = head.owner.wire().starts_with(std::string_view("\1*", 2));  // not counted (RFC 4034 3.1.3)
  char* at = put_u16(out, static_cast<std::uint16_t>(head.covered));
  *at++ = static_cast<char>(algorithm_ecdsa_p256);
  *at++ = static_cast<char>(head.owner.labels() - (wildcard ? 1 : 0));
  at = put_u32(at, head.original_ttl);
  at = put_u32(at, head.times.expiration);
  at = put_u32(at, head.times.inception);
  at = put_u16(at, head.tag);
  at = std::copy_n(head.signer.wire().data(), head.signer.wire().size(), at);
  return static_cast<std::size_t>(at - out);
}

}  // namespace skerry::dns
