// The data of records: from their text form to wire form, and what in it is a name.
//
// What read_rdata() makes is sound: a message may carry it as it is. Start-up and reload; any thread.
#pragma once

#include <optional>
#include <span>

#include "core/dns/message.h"
#include "core/dns/presentation.h"

namespace skerry::dns {

// "AAAA" or "TYPE28" in either case; nothing for words that name no type.
std::optional<Type> parse_type(std::string_view text);
// Types that may stand in a zone: not those that only questions or messages have (RFC 6895 3.1).
bool is_data_type(Type);

// Names in it are relative to `origin` and written uncompressed. Types without a form of their own, and no others, take
// the generic one: \# LENGTH HEX… (RFC 3597 5). `end` is where a missing word would stand. False: see `problem`.
struct RdataText {
  std::span<const Token> tokens;
  TextPlace end;
};
bool read_rdata(Type, const RdataText&, const Name& origin, std::string& data, TextProblem& problem);
// From one value such as "10 mail.example.com" (MX), names in which are absolute.
bool read_rdata_value(Type, std::string_view text, std::string& data, std::string& problem);

// Where in the data of a record names stand that a message may compress (RFC 3597 4): `before` plain bytes, then
// `names` of them, then the rest.
struct NamesInData {
  std::size_t before = 0;
  int names = 0;
};
NamesInData compressible_names(Type);
// The name whose addresses belong into the additional section (NS, MX, SRV, SVCB, HTTPS), from
// sound data.
std::optional<Name> additional_name(Type, std::string_view data);
// The name at the start of sound data: its bytes, and as a value.
std::string_view wire_name_at(std::string_view data);
Name name_at(std::string_view data);

// A TXT record's data: text beyond 255 bytes is cut into several strings.
std::string text_data(std::string_view text);

void append_u16(std::string& data, std::uint16_t);
void append_u32(std::string& data, std::uint32_t);

}  // namespace skerry::dns
