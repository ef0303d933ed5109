#include "core/dns/writer.h"

#include <algorithm>

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
  put_name(name);
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

bool MessageWriter::cname(Section section, const Name& owner, std::uint32_t ttl, const Name& target) {
  if (!begin(section, owner, Type::cname, static_cast<std::uint16_t>(Class::in), ttl)) return false;
  put_name(target);
  return end(section);
}

bool MessageWriter::ns(Section section, const Name& owner, std::uint32_t ttl, const Name& server) {
  if (!begin(section, owner, Type::ns, static_cast<std::uint16_t>(Class::in), ttl)) return false;
  put_name(server);
  return end(section);
}

bool MessageWriter::soa(Section section, const Name& owner, std::uint32_t ttl, const Soa& soa) {
  if (!begin(section, owner, Type::soa, static_cast<std::uint16_t>(Class::in), ttl)) return false;
  put_name(soa.primary);
  put_name(soa.mailbox);
  for (auto value : {soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum}) put_u32(value);
  return end(section);
}

bool MessageWriter::txt(Section section, const Name& owner, std::uint32_t ttl, std::string_view text) {
  if (!begin(section, owner, Type::txt, static_cast<std::uint16_t>(Class::in), ttl)) return false;
  do {
    put_text(text.substr(0, 255));
    text.remove_prefix(std::min<std::size_t>(text.size(), 255));
  } while (!text.empty());
  return end(section);
}

bool MessageWriter::hinfo(Section section, const Name& owner, std::uint32_t ttl, std::string_view cpu,
                          std::string_view system) {
  if (!begin(section, owner, Type::hinfo, static_cast<std::uint16_t>(Class::in), ttl)) return false;
  put_text(cpu);
  put_text(system);
  return end(section);
}

std::size_t MessageWriter::opt_size(const Edns& edns) {
  return 11 + (edns.subnet ? 8 + edns.subnet->address_size() : 0) + (edns.nsid.empty() ? 0 : 4 + edns.nsid.size());
}

bool MessageWriter::opt(const Edns& edns, Rcode rcode) {
  reserved_ = 0;
  const std::uint32_t upper = static_cast<std::uint32_t>(rcode) >> 4 << 24;
  if (!begin(Section::additional, Name(), Type::opt, edns.udp_size, upper | (edns.dnssec_ok ? 0x8000u : 0))) {
    return false;
  }
  if (edns.subnet) {
    put_u16(static_cast<std::uint16_t>(OptionCode::client_subnet));
    put_u16(static_cast<std::uint16_t>(4 + edns.subnet->address_size()));
    put_u16(edns.subnet->family);
    put_u8(edns.subnet->source);
    put_u8(edns.subnet->scope);
    put_bytes({reinterpret_cast<const char*>(edns.subnet->address.data()), edns.subnet->address_size()});
  }
  if (!edns.nsid.empty()) {
    put_u16(static_cast<std::uint16_t>(OptionCode::nsid));
    put_u16(static_cast<std::uint16_t>(edns.nsid.size()));
    put_bytes(edns.nsid);
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
  put_name(owner);
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

void MessageWriter::put_text(std::string_view text) {
  CHECK(text.size() <= 255);
  put_u8(static_cast<std::uint8_t>(text.size()));
  put_bytes(text);
}

void MessageWriter::put_name(const Name& name) {
  std::string_view rest = name.wire();
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
