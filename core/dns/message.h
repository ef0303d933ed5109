// DNS messages as bytes turned into values (RFC 1035 4, EDNS RFC 6891, client subnet RFC 7871): strict and bounded.
//
// Two readings: a Query as a server sees it (no allocation, one pass), and a Response as a stub resolver sees it. Names
// are followed through compression only backwards, so a loop can't be built. Pure functions: any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/dns/name.h"
#include "core/net/address.h"
#include "core/result.h"

namespace skerry::dns {

// The record types that we read or write; others pass as numbers.
enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  hinfo = 13,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  dname = 39,
  opt = 41,
  ds = 43,
  rrsig = 46,
  nsec = 47,
  dnskey = 48,
  svcb = 64,
  https = 65,
  nxname = 128,  // only in type bit maps: no such name (RFC 9824)
  ixfr = 251,
  axfr = 252,
  any = 255,
  caa = 257,
};
// "AAAA"; "TYPE99" where there is no name (RFC 3597).
std::string type_name(Type);

enum class Class : std::uint16_t { in = 1, chaos = 3, any = 255 };

enum class Rcode : std::uint16_t {
  no_error = 0,
  format_error = 1,
  server_failure = 2,
  name_error = 3,
  not_implemented = 4,
  refused = 5,
  bad_version = 16,  // this and the next need EDNS: the upper bits stand in the OPT record
  bad_cookie = 23,
};
std::string_view name(Rcode);  // "NXDOMAIN"

constexpr std::size_t header_size = 12;
constexpr std::uint16_t flag_response = 0x8000;
constexpr std::uint16_t flag_authoritative = 0x0400;
constexpr std::uint16_t flag_truncated = 0x0200;
constexpr std::uint16_t flag_recursion_desired = 0x0100;
constexpr std::uint16_t flag_checking_disabled = 0x0010;
constexpr std::uint16_t opcode_mask = 0x7800;

enum class OptionCode : std::uint16_t {
  nsid = 3,
  client_subnet = 8,
  cookie = 10,
  tcp_keepalive = 11,
  extended_error = 15
};

// The client subnet option (RFC 7871 6). `address` holds the bytes that SOURCE covers, the rest is zero.
struct SubnetOption {
  std::uint16_t family = 0;  // 0: only with source 0; 1: IPv4; 2: IPv6
  std::uint8_t source = 0;   // bits
  std::uint8_t scope = 0;    // bits; 0 in queries
  std::array<std::uint8_t, 16> address{};

  // Bytes of address on the wire: as many as SOURCE needs.
  std::size_t address_size() const { return (source + 7u) / 8u; }
};

constexpr std::size_t client_cookie_size = 8;

struct Query {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;    // as received
  bool has_question = false;  // the next three were read
  Name name;
  Type type = Type::a;
  Class klass = Class::in;
  bool edns = false;
  std::uint8_t edns_version = 0;
  std::uint16_t udp_size = 512;  // what the asker can take over UDP; at least 512
  bool dnssec_ok = false;
  bool compact_ok = false;  // a name that does not exist may be told by NXDOMAIN, too (RFC 9824 5.1)
  bool wants_nsid = false;
  bool wants_keepalive = false;  // RFC 7828
  std::string_view cookie;       // RFC 7873, in the packet: 8 bytes, or 16 to 40 with the server's part; empty: none
  std::optional<SubnetOption> subnet;
};

// What kind of packet it is, in the order in which a server must decide.
enum class QueryKind : std::uint8_t {
  good,
  no_question,      // only a cookie, to get one for later (RFC 7873 5.4)
  ignored,          // a response, or shorter than a header: answering would reflect or loop
  not_implemented,  // another opcode than QUERY
  malformed,        // FORMERR; `edns` tells whether the OPT record was read
  bad_version,      // an EDNS version that we don't speak: its options were not looked at
};
// Fills `query` as far as the packet could be read: at least id and flags, unless ignored.
QueryKind read_query(std::span<const std::byte> packet, Query& query);

struct Record {
  Name name;
  Type type;
  Class klass;
  std::uint32_t ttl;      // seconds; with the top bit set it reads as 0 (RFC 2181 8)
  std::size_t data_at;    // offset in the packet
  std::size_t data_size;  // names in RDATA of known types have been checked to fit it exactly
};

struct Response {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  Rcode rcode = Rcode::no_error;
  Name name;
  Type type = Type::a;
  Class klass = Class::in;
  std::vector<Record> answers;
  std::vector<Record> authority;

  bool truncated() const { return (flags & flag_truncated) != 0; }
};

// Error: dns_malformed. A truncated response (TC) may end early: what was whole is there.
core::Result<Response> read_response(std::span<const std::byte> packet);
// Of an A or AAAA record from read_response.
core::IpAddress address_in(std::span<const std::byte> packet, const Record&);
// The first name in the data of a CNAME, NS or SOA record from read_response.
Name name_in(std::span<const std::byte> packet, const Record&);

// Reads a possibly compressed name at `at` and moves `at` behind it. False: runs out of the packet, points forwards,
// is longer than 255 bytes, or uses a reserved label type.
bool read_name(std::span<const std::byte> packet, std::size_t& at, Name& name);

}  // namespace skerry::dns
