#include "core/dns/writer.h"

#include <algorithm>

#include "core/dns/rdata.h"

namespace skerry::dns {
namespace {

constexpr std::size_t longest_message = 65535;
constexpr std::size_t furthest_pointer = 0x3fff;

}  // namespace

MessageWriter::MessageWriter(std::span<std::byte> buffer)
    : buffer_(buffer.first(std::min(buffer.size(), longest_message))) {
  CHECK(buffer_.size() >= header_size);
}

void MessageWriter::header(std::uint16_t id, std::uint16_t flags) {
  at_ = 0;
  counts_ = {};
  names_ = 0;
  put_u16(id);
  put_u16(flags);
  for (int i = 0; i < 4; ++i) put_u16(0);
}

bool MessageWriter::question(const Name& name, Type type, Class klass) {
  record_ = mark();
  full_ = false;
  put_name(name.wire());
  put_u16(static_cast<std::uint16_t>(type));
  put_u16(static_cast<std::uint16_t>(klass));
  if (full_) {
    rewind(record_);
    return false;
  }
  ++counts_[0];
  return true;
}

bool MessageWriter::address(Section section, const Name& owner, std::uint32_t ttl, const core::IpAddress& ip) {
  const Type type = ip.family() == core::AddressFamily::ipv4 ? Type::a : Type::aaaa;
  if (!begin(section, owner, type, static_cast<std::uint16_t>(Class::in), ttl)) return false;
  put_bytes(ip.octets());
  return end(section);
}

bool MessageWriter::record(Section section, const Name& owner, Type type, std::uint32_t ttl, std::string_view data,
                           Class klass) {
  if (!begin(section, owner, type, static_cast<std::uint16_t>(klass), ttl)) return false;
  const NamesInData names = compressible_names(type);
  put_bytes(data.substr(0, names.before));
  data.remove_prefix(names.before);
  for (int i = 0; i < names.names; ++i) {
    const std::string_view name = wire_name_at(data);
    put_name(name);
    data.remove_prefix(name.size());
  }
  put_bytes(data);
  return end(section);
}

bool MessageWriter::service(Section section, const Name& owner, std::uint32_t ttl, const Service& service) {
  if (!begin(section, owner, service.type, static_cast<std::uint16_t>(Class::in), ttl)) return false;
  put_u16(1);  // priority
  put_u8(0);   // target ".": the owner (RFC 9460 2.5.2)
  put_bytes(service.parameters);
  put_hints(ServiceKey::ipv4hint, service.v4);
  put_hints(ServiceKey::ipv6hint, service.v6);
  return end(section);
}

void MessageWriter::put_hints(ServiceKey key, std::span<const core::IpAddress> hints) {
  if (hints.empty()) return;
  put_u16(static_cast<std::uint16_t>(key));
  put_u16(static_cast<std::uint16_t>(hints.size() * hints.front().octets().size()));
  for (const core::IpAddress& ip : hints) put_bytes(ip.octets());
}

std::size_t MessageWriter::opt_size(const Edns& edns) {
  const auto size = [](std::string_view data) { return data.empty() ? 0 : 4 + data.size(); };
  const std::size_t subnet = edns.subnet ? 8 + edns.subnet->address_size() : 0;
  return 11 + subnet + size(edns.nsid) + size(edns.cookie) + (edns.keepalive ? 6 : 0) + (edns.extended_error ? 6 : 0);
}

bool MessageWriter::opt(const Edns& edns, Rcode rcode) {
  reserved_ = 0;
  const std::uint32_t upper = static_cast<std::uint32_t>(rcode) >> 4 << 24;
  const std::uint32_t flags = (edns.dnssec_ok ? 0x8000u : 0) | (edns.compact_ok ? 0x4000u : 0);
  if (!begin(Section::additional, Name(), Type::opt, edns.udp_size, upper | flags)) {
    return false;
  }
  if (edns.subnet) {
    put_option(OptionCode::client_subnet, 4 + edns.subnet->address_size());
    put_u16(edns.subnet->family);
    put_u8(edns.subnet->source);
    put_u8(edns.subnet->scope);
    put_bytes({reinterpret_cast<const char*>(edns.subnet->address.data()), edns.subnet->address_size()});
  }
  if (!edns.nsid.empty()) {
    put_option(OptionCode::nsid, edns.nsid.size());
    put_bytes(edns.nsid);
  }
  if (!edns.cookie.empty()) {
    put_option(OptionCode::cookie, edns.cookie.size());
    put_bytes(edns.cookie);
  }
  if (edns.keepalive) {
    put_option(OptionCode::tcp_keepalive, 2);
    put_u16(*edns.keepalive);
  }
  if (edns.extended_error) {
    put_option(OptionCode::extended_error, 2);
    put_u16(*edns.extended_error);
  }
  return end(Section::additional);
}

void MessageWriter::set_rcode(Rcode rcode) {
  overwrite_u16(2, static_cast<std::uint16_t>((read_u16(2) & 0xfff0) | (static_cast<unsigned>(rcode) & 0x0f)));
}

void MessageWriter::set_flag(std::uint16_t flag) {
  overwrite_u16(2, read_u16(2) | flag);
}

void MessageWriter::rewind(const Mark& mark) {
  at_ = mark.at;
  names_ = mark.names;
  counts_ = mark.counts;
}

std::size_t MessageWriter::finish() {
  for (std::size_t i = 0; i < counts_.size(); ++i) overwrite_u16(4 + 2 * i, counts_[i]);
  return at_;
}

bool MessageWriter::begin(Section section, const Name& owner, Type type, std::uint16_t klass, std::uint32_t ttl) {
  static_cast<void>(section);
  record_ = mark();
  full_ = false;
  put_name(owner.wire());
  put_u16(static_cast<std::uint16_t>(type));
  put_u16(klass);
  put_u32(ttl);
  put_u16(0);
  data_at_ = at_;
  if (full_) rewind(record_);
  return !full_;
}

bool MessageWriter::end(Section section) {
  if (full_) {
    rewind(record_);
    return false;
  }
  overwrite_u16(data_at_ - 2, static_cast<std::uint16_t>(at_ - data_at_));
  ++counts_[1 + static_cast<std::size_t>(section)];
  return true;
}

void MessageWriter::put_u8(std::uint8_t value) {
  const char c = static_cast<char>(value);
  put_bytes({&c, 1});
}

void MessageWriter::put_u16(std::uint16_t value) {
  const char bytes[2] = {static_cast<char>(value >> 8), static_cast<char>(value)};
  put_bytes({bytes, 2});
}

void MessageWriter::put_u32(std::uint32_t value) {
  put_u16(static_cast<std::uint16_t>(value >> 16));
  put_u16(static_cast<std::uint16_t>(value));
}

void MessageWriter::put_bytes(std::string_view bytes) {
  if (full_ || buffer_.size() - at_ < bytes.size() + reserved_) {
    full_ = true;
    return;
  }
  std::memcpy(buffer_.data() + at_, bytes.data(), bytes.size());
  at_ += bytes.size();
}

void MessageWriter::put_option(OptionCode code, std::size_t size) {
  put_u16(static_cast<std::uint16_t>(code));
  put_u16(static_cast<std::uint16_t>(size));
}

void MessageWriter::put_name(std::string_view rest) {
  while (rest.size() > 1) {
    if (const std::size_t target = find_written(rest)) {
      put_u16(static_cast<std::uint16_t>(0xc000 | target));
      return;
    }
    if (at_ <= furthest_pointer && names_ < most_names) name_at_[names_++] = static_cast<std::uint16_t>(at_);
    const std::size_t label = 1u + static_cast<unsigned char>(rest[0]);
    put_bytes(rest.substr(0, label));
    if (full_) return;
    rest.remove_prefix(label);
  }
  put_u8(0);
}

std::size_t MessageWriter::find_written(std::string_view suffix) const {
  for (std::size_t i = 0; i < names_; ++i) {
    if (name_at_[i] < at_ && written_at(name_at_[i], suffix)) return name_at_[i];
  }
  return 0;
}

// Whether the name written at `at` is `suffix`. Our own pointers lead backwards to whole names, so this ends.
bool MessageWriter::written_at(std::size_t at, std::string_view suffix) const {
  const auto* bytes = reinterpret_cast<const char*>(buffer_.data());
  while (true) {
    if (at >= at_) return false;  // inside the name that is being written
    const auto length = static_cast<unsigned char>(bytes[at]);
    if (length >= 0xc0) {
      at = static_cast<std::size_t>(length & 0x3f) << 8 | static_cast<unsigned char>(bytes[at + 1]);
      continue;
    }
    if (length != static_cast<unsigned char>(suffix[0])) return false;
    if (length == 0) return true;
    if (!equal_ignoring_case({bytes + at + 1, length}, suffix.substr(1, length))) return false;
    at += 1u + length;
    suffix.remove_prefix(1u + length);
  }
}

void MessageWriter::overwrite_u16(std::size_t at, std::uint16_t value) {
  buffer_[at] = static_cast<std::byte>(value >> 8);
  buffer_[at + 1] = static_cast<std::byte>(value);
}

std::uint16_t MessageWriter::read_u16(std::size_t at) const {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(buffer_[at]) << 8 |
                                    std::to_integer<unsigned>(buffer_[at + 1]));
}

}  // namespace skerry::dns
