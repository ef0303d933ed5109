// What DNSSEC signs and says, as bytes: canonical form and order, type bit maps, successors of names, DNSKEY, DS and
// RRSIG data (RFC 4034), and for how long a signature is good.
//
// Pure functions: any thread. Who signs, and with what, is signing_key.h.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/dns/message.h"

namespace skerry::dns {

constexpr std::uint8_t algorithm_ecdsa_p256 = 13;

std::string dnskey_data(std::string_view public_point);
// RFC 4034 appendix B.
std::uint16_t key_tag(std::string_view dnskey);
// With SHA-256 (digest type 2, RFC 4509).
std::string ds_data(const Name& zone, std::string_view dnskey);

// A record set in canonical form and order (RFC 4034 6.2, 6.3): names in lower case where the type's data counts as
// known, each record behind its two length bytes as in `records`.
std::string canonical_records(Type, std::string_view records);

// RFC 4034 4.1.2; the types in any order, each once.
std::string type_bitmap(std::vector<Type> types);
// The same map without one type. `out` has room for `bitmap`; returns the size.
std::size_t bitmap_without(std::string_view bitmap, Type, char* out);
// What is at a name that does not exist: RRSIG NSEC NXNAME (RFC 9824 3.1).
inline constexpr std::string_view nxname_bitmap("\0\x11\0\0\0\0\0\3\0\0\0\0\0\0\0\0\0\0\x80", 19);

// The name behind `lower` in canonical order, which is in lower case and inside the zone, as close as names of 255
// bytes allow (RFC 4471 3.1.2): its own \000 child, mostly. Behind the last one comes the zone's.
Name next_name(const Name& lower, const Name& zone);

// Data of an NSEC record, behind its two length bytes: the next name, and `bitmap`, without `absent`. `out` has room
// for nsec_size(bitmap). Returns the size.
constexpr std::size_t nsec_size(std::size_t bitmap) {
  return 2 + Name::max_size + bitmap;
}
std::size_t write_nsec_data(const Name& next, std::string_view bitmap, std::optional<Type> absent, char* out);

// When signatures begin and end, as seconds since 1970. They are renewed after a quarter of their validity, begin two
// hours early (a clock of ours that is an hour fast and one of the asker's that is an hour slow do no harm), and for
// all routers at the same time, which depends on `spread` so that not all are due at once.
struct SignatureTimes {
  std::uint32_t inception, expiration;
};
SignatureTimes signature_times(std::uint32_t now, std::chrono::seconds validity, std::uint32_t spread);

// What stands in an RRSIG record before the signature (RFC 4034 3.1). `owner` and `signer` are in lower case. Without
// wildcard expansion: the asked name itself is signed, as RFC 9824 3.3 has it. Returns the size.
struct SignatureHead {
  Type covered;
  const Name& owner;
  const Name& signer;
  std::uint32_t original_ttl;
  SignatureTimes times;
  std::uint16_t tag;
};
constexpr std::size_t longest_signature_head = 18 + Name::max_size;
std::size_t write_signature_head(const SignatureHead&, char* out);

}  // namespace skerry::dns
