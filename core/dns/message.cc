#include "core/dns/message.h"

#include <algorithm>

namespace skerry::dns {
namespace {

constexpr std::size_t most_records = 512;  // in one response; 64 KiB of the smallest records would be 5,900

// A position in a packet that never leaves it.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> packet) : packet_(packet) {}

  bool u8(std::uint8_t& value) {
    if (left() < 1) return false;
    value = std::to_integer<std::uint8_t>(packet_[at_++]);
    return true;
  }
  bool u16(std::uint16_t& value) {
    if (left() < 2) return false;
    value = static_cast<std::uint16_t>(byte(0) << 8 | byte(1));
    at_ += 2;
    return true;
  }
  bool u32(std::uint32_t& value) {
    std::uint16_t high, low;
    if (left() < 4 || !u16(high) || !u16(low)) return false;
    value = static_cast<std::uint32_t>(high) << 16 | low;
    return true;
  }
  bool skip(std::size_t count) {
    if (left() < count) return false;
    at_ += count;
    return true;
  }
  bool name(Name& name) { return read_name(packet_, at_, name); }

  std::size_t at() const { return at_; }
  std::size_t left() const { return packet_.size() - at_; }
  std::span<const std::byte> packet() const { return packet_; }

 private:
  unsigned byte(std::size_t offset) const { return std::to_integer<unsigned>(packet_[at_ + offset]); }

  std::span<const std::byte> packet_;
  std::size_t at_ = 0;
};

struct Counts {
  std::uint16_t questions, answers, authority, additional;
};

bool read_header(Reader& in, std::uint16_t& id, std::uint16_t& flags, Counts& counts) {
  return in.u16(id) && in.u16(flags) && in.u16(counts.questions) && in.u16(counts.answers) &&
         in.u16(counts.authority) && in.u16(counts.additional);
}

template <class Message>
bool read_question(Reader& in, Message& message) {
  std::uint16_t type, klass;
  if (!in.name(message.name) || !in.u16(type) || !in.u16(klass)) return false;
  message.type = static_cast<Type>(type);
  message.klass = static_cast<Class>(klass);
  return true;
}

// Everything of a record up to its data, which is known to be inside the packet; the reader stands behind it.
bool read_record(Reader& in, Record& record) {
  std::uint16_t type, klass, size;
  if (!in.name(record.name) || !in.u16(type) || !in.u16(klass) || !in.u32(record.ttl) || !in.u16(size)) return false;
  record.type = static_cast<Type>(type);
  record.klass = static_cast<Class>(klass);
  record.data_at = in.at();
  record.data_size = size;
  return in.skip(size);
}

bool bits_beyond_are_zero(const SubnetOption& subnet) {
  if (subnet.source % 8 == 0) return true;
  return (subnet.address[subnet.source / 8] & (0xff >> (subnet.source % 8))) == 0;
}

// RFC 7871 7.1.1 and 7.2.1: anything that is not exactly right is a format error.
bool read_subnet(std::span<const std::byte> data, Query& query) {
  if (query.subnet) return false;  // given twice
  Reader in(data);
  SubnetOption subnet;
  if (!in.u16(subnet.family) || !in.u8(subnet.source) || !in.u8(subnet.scope)) return false;
  const int widest = subnet.family == 1 ? 32 : subnet.family == 2 ? 128 : 0;
  if (subnet.family > 2 || subnet.source > widest || subnet.scope != 0) return false;
  if (in.left() != subnet.address_size()) return false;
  for (std::size_t i = 0; i < subnet.address_size(); ++i)
    subnet.address[i] = std::to_integer<std::uint8_t>(data[4 + i]);
  if (!bits_beyond_are_zero(subnet)) return false;
  query.subnet = subnet;
  return true;
}

// RFC 7873 5.2: the first one counts; other lengths can't be cookies.
bool read_cookie(std::span<const std::byte> data, Query& query) {
  if (data.size() != client_cookie_size && (data.size() < 16 || data.size() > 40)) return false;
  if (query.cookie.empty()) query.cookie = {reinterpret_cast<const char*>(data.data()), data.size()};
  return true;
}

bool read_option(OptionCode code, std::span<const std::byte> data, Query& query) {
  switch (code) {
    case OptionCode::client_subnet: return read_subnet(data, query);
    case OptionCode::cookie: return read_cookie(data, query);
    case OptionCode::nsid: query.wants_nsid = true; break;
    case OptionCode::tcp_keepalive: query.wants_keepalive = true; break;
    case OptionCode::extended_error: break;  // ours to say
  }
  return true;
}

bool read_options(std::span<const std::byte> data, Query& query) {
  Reader in(data);
  while (in.left() > 0) {
    std::uint16_t code, size;
    if (!in.u16(code) || !in.u16(size)) return false;
    const std::size_t at = in.at();
    if (!in.skip(size)) return false;
    if (!read_option(static_cast<OptionCode>(code), data.subspan(at, size), query)) return false;
  }
  return true;
}

QueryKind read_opt(const Record& opt, std::span<const std::byte> packet, Query& query) {
  if (query.edns || !opt.name.is_root()) return QueryKind::malformed;  // RFC 6891 6.1.1
  query.edns = true;
  query.edns_version = static_cast<std::uint8_t>(opt.ttl >> 16);
  query.udp_size = std::max<std::uint16_t>(512, static_cast<std::uint16_t>(opt.klass));
  query.dnssec_ok = (opt.ttl & 0x8000) != 0;
  query.compact_ok = (opt.ttl & 0x4000) != 0;
  if (query.edns_version != 0) return QueryKind::bad_version;
  const bool good = read_options(packet.subspan(opt.data_at, opt.data_size), query);
  return good ? QueryKind::good : QueryKind::malformed;
}

// A query's records: only the OPT record means anything to us, but all of them must be whole.
QueryKind read_query_records(Reader& in, const Counts& counts, Query& query) {
  const std::size_t before = std::size_t{counts.answers} + counts.authority;
  QueryKind kind = QueryKind::good;
  Record record;
  for (std::size_t i = 0; i < before + counts.additional; ++i) {
    if (!read_record(in, record)) return QueryKind::malformed;
    if (record.type != Type::opt) continue;
    if (i < before) return QueryKind::malformed;
    const QueryKind found = read_opt(record, in.packet(), query);
    if (found == QueryKind::malformed) return found;
    if (found != QueryKind::good) kind = found;
  }
  return in.left() == 0 ? kind : QueryKind::malformed;
}

bool ends_with_name(Reader& in, std::size_t end) {
  Name name;
  return in.name(name) && in.at() == end;
}

bool texts_fill(Reader& in, std::size_t end) {
  std::uint8_t size;
  if (in.at() == end) return false;  // RFC 1035 3.3.14: one or more
  while (in.at() < end) {
    if (!in.u8(size) || !in.skip(size)) return false;
  }
  return in.at() == end;
}

// That the data of a type we use is what the type says, so that the accessors need not fail.
bool data_is_sound(std::span<const std::byte> packet, const Record& record) {
  const std::size_t end = record.data_at + record.data_size;
  Reader in(packet.first(end));
  Name name;
  if (!in.skip(record.data_at)) return false;
  switch (record.type) {
    case Type::a: return record.data_size == 4;
    case Type::aaaa: return record.data_size == 16;
    case Type::ns:
    case Type::ptr:
    case Type::cname: return ends_with_name(in, end);
    case Type::mx: return in.skip(2) && ends_with_name(in, end);
    case Type::srv: return in.skip(6) && ends_with_name(in, end);
    case Type::soa: return in.name(name) && in.name(name) && in.left() == 20;
    case Type::txt: return texts_fill(in, end);
    default: return true;
  }
}

core::Error malformed(const char* what) {
  return {core::ErrorCode::dns_malformed, core::ErrorSource::upstream, true, what};
}

// Returns false at the first record that is not whole.
bool read_section(Reader& in, std::size_t count, std::vector<Record>* records) {
  for (std::size_t i = 0; i < count; ++i) {
    Record record;
    if (!read_record(in, record) || !data_is_sound(in.packet(), record)) return false;
    if (record.ttl & 0x80000000u) record.ttl = 0;
    if (records) records->push_back(record);
  }
  return true;
}

}  // namespace

bool read_name(std::span<const std::byte> packet, std::size_t& at, Name& name) {
  name = Name();
  std::size_t position = at;
  std::size_t barrier = at;  // a pointer must lead before the place where this run of labels began
  bool jumped = false;
  while (position < packet.size()) {
    const auto length = std::to_integer<std::size_t>(packet[position]);
    if (length == 0) {
      if (!jumped) at = position + 1;
      return true;
    }
    if (length <= Name::max_label) {
      if (packet.size() - position - 1 < length) return false;
      const auto* label = reinterpret_cast<const char*>(packet.data() + position + 1);
      if (!name.append({label, length})) return false;
      position += 1 + length;
      continue;
    }
    if (length < 0xc0 || position + 1 >= packet.size()) return false;  // 01 and 10 are reserved (RFC 6891 5)
    const std::size_t target = (length & 0x3f) << 8 | std::to_integer<std::size_t>(packet[position + 1]);
    if (target >= barrier || target < header_size) return false;
    if (!jumped) at = position + 2;
    jumped = true;
    barrier = position = target;
  }
  return false;
}

QueryKind read_query(std::span<const std::byte> packet, Query& query) {
  query = Query();
  Reader in(packet);
  Counts counts;
  if (!read_header(in, query.id, query.flags, counts) || (query.flags & flag_response)) return QueryKind::ignored;
  if (query.flags & opcode_mask) return QueryKind::not_implemented;
  if (counts.questions > 1) return QueryKind::malformed;
  query.has_question = counts.questions == 1 && read_question(in, query);
  if (counts.questions == 1 && !query.has_question) return QueryKind::malformed;
  const QueryKind kind = read_query_records(in, counts, query);
  if (query.has_question || kind != QueryKind::good) return kind;
  return query.cookie.empty() ? QueryKind::malformed : QueryKind::no_question;
}

core::Result<Response> read_response(std::span<const std::byte> packet) {
  Reader in(packet);
  Response response;
  Counts counts;
  if (!read_header(in, response.id, response.flags, counts)) return malformed("shorter than a header");
  if (!(response.flags & flag_response)) return malformed("a query where a response was expected");
  if (counts.questions != 1 || !read_question(in, response)) return malformed("question");
  response.rcode = static_cast<Rcode>(response.flags & 0x000f);
  const std::size_t records = std::size_t{counts.answers} + counts.authority + counts.additional;
  if (records > most_records) return malformed("too many records");
  const bool whole = read_section(in, counts.answers, &response.answers) &&
                     read_section(in, counts.authority, &response.authority) &&
                     read_section(in, counts.additional, nullptr);
  if (!whole && !response.truncated()) return malformed("record");
  return response;
}

core::IpAddress address_in(std::span<const std::byte> packet, const Record& record) {
  const auto data = packet.subspan(record.data_at, record.data_size);
  const auto byte = [&](std::size_t i) { return std::to_integer<std::uint8_t>(data[i]); };
  if (record.type == Type::a) return core::IpAddress::v4({byte(0), byte(1), byte(2), byte(3)});
  CHECK(record.type == Type::aaaa && data.size() == 16);
  std::array<std::uint8_t, 16> octets;
  for (std::size_t i = 0; i < octets.size(); ++i) octets[i] = byte(i);
  return core::IpAddress::v6(octets);
}

Name name_in(std::span<const std::byte> packet, const Record& record) {
  Name name;
  std::size_t at = record.data_at;
  CHECK(read_name(packet, at, name));
  return name;
}

std::string type_name(Type type) {
  switch (type) {
    case Type::a: return "A";
    case Type::ns: return "NS";
    case Type::cname: return "CNAME";
    case Type::soa: return "SOA";
    case Type::ptr: return "PTR";
    case Type::hinfo: return "HINFO";
    case Type::mx: return "MX";
    case Type::txt: return "TXT";
    case Type::aaaa: return "AAAA";
    case Type::srv: return "SRV";
    case Type::dname: return "DNAME";
    case Type::opt: return "OPT";
    case Type::ds: return "DS";
    case Type::rrsig: return "RRSIG";
    case Type::nsec: return "NSEC";
    case Type::dnskey: return "DNSKEY";
    case Type::svcb: return "SVCB";
    case Type::https: return "HTTPS";
    case Type::nxname: return "NXNAME";
    case Type::ixfr: return "IXFR";
    case Type::axfr: return "AXFR";
    case Type::any: return "ANY";
    case Type::caa: return "CAA";
  }
  return "TYPE" + std::to_string(static_cast<unsigned>(type));
}

std::string_view name(Rcode rcode) {
  switch (rcode) {
    case Rcode::no_error: return "NOERROR";
    case Rcode::format_error: return "FORMERR";
    case Rcode::server_failure: return "SERVFAIL";
    case Rcode::name_error: return "NXDOMAIN";
    case Rcode::not_implemented: return "NOTIMP";
    case Rcode::refused: return "REFUSED";
    case Rcode::bad_version: return "BADVERS";
    case Rcode::bad_cookie: return "BADCOOKIE";
  }
  return "other";
}

}  // namespace skerry::dns
