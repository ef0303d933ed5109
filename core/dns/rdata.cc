#include "core/dns/rdata.h"

#include <algorithm>

#include "core/dns/service_binding.h"

namespace skerry::dns {
namespace {

constexpr std::size_t longest_data = 65535;

constexpr Type named_types[] = {Type::a,    Type::ns,    Type::cname, Type::soa,  Type::ptr,    Type::hinfo,
                                Type::mx,   Type::txt,   Type::aaaa,  Type::srv,  Type::dname,  Type::ds,
                                Type::svcb, Type::https, Type::rrsig, Type::nsec, Type::dnskey, Type::caa};

bool equal_word(std::string_view text, std::string_view word) {
  return equal_ignoring_case(text, word);
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char letter = lower(c);
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// Takes one word after the other and appends what it says; the first mistake stops it.
class DataReader {
 public:
  DataReader(const RdataText& text, const Name& origin, std::string& data, TextProblem& problem)
      : rest_(text.tokens), end_(text.end), origin_(origin), data_(data), problem_(problem) {}

  bool read(Type);

 private:
  bool fail(const TextPlace& place, std::string message) {
    problem_ = {place, std::move(message)};
    return false;
  }
  const Token* take(const char* what) {
    if (rest_.empty()) {
      fail(end_, std::string(what) + " is missing");
      return nullptr;
    }
    const Token* token = &rest_.front();
    rest_ = rest_.subspan(1);
    return token;
  }

  bool address(core::AddressFamily);
  bool name();
  bool number(const char* what, int bytes);
  bool seconds(const char* what);
  bool text(const char* what);
  bool texts();
  bool hex();
  bool soa();
  bool caa();
  bool service();
  bool generic();
  bool body(Type);

  std::span<const Token> rest_;
  const TextPlace end_;
  const Name& origin_;
  std::string& data_;
  TextProblem& problem_;
};

bool DataReader::read(Type type) {
  data_.clear();
  if (!body(type)) return false;
  if (!rest_.empty()) return fail(rest_.front().place, "more than the data of " + type_name(type));
  return data_.size() <= longest_data || fail(end_, "the data is longer than 65535 bytes");
}

bool DataReader::body(Type type) {
  switch (type) {
    case Type::a: return address(core::AddressFamily::ipv4);
    case Type::aaaa: return address(core::AddressFamily::ipv6);
    case Type::ns:
    case Type::cname:
    case Type::dname:
    case Type::ptr: return name();
    case Type::mx: return number("the preference", 2) && name();
    case Type::soa: return soa();
    case Type::txt: return texts();
    case Type::hinfo: return text("the CPU") && text("the system");
    case Type::srv: return number("the priority", 2) && number("the weight", 2) && number("the port", 2) && name();
    case Type::ds:
      return number("the key tag", 2) && number("the algorithm", 1) && number("the digest type", 1) && hex();
    case Type::caa: return caa();
    case Type::svcb:
    case Type::https: return service();
    default: return generic();
  }
}

bool DataReader::address(core::AddressFamily family) {
  const bool v4 = family == core::AddressFamily::ipv4;
  const Token* token = take(v4 ? "the IPv4 address" : "the IPv6 address");
  if (!token) return false;
  const auto ip = core::IpAddress::parse(token->text);
  if (!ip.ok() || ip->family() != family) {
    return fail(token->place, "\"" + std::string(token->text) + "\" is not an " + (v4 ? "IPv4" : "IPv6") + " address");
  }
  data_.append(ip->octets());
  return true;
}

bool DataReader::name() {
  const Token* token = take("a name");
  if (!token) return false;
  const auto read = read_name_text(*token, origin_);
  if (!read.ok()) return fail(token->place, read.error().detail);
  data_.append(read->wire());
  return true;
}

bool DataReader::number(const char* what, int bytes) {
  const Token* token = take(what);
  if (!token) return false;
  const std::uint32_t most = bytes == 1 ? 0xff : 0xffff;
  std::uint32_t value = 0;
  if (!read_number(token->text, most, value)) {
    return fail(token->place, std::string(what) + " must be a number up to " + std::to_string(most));
  }
  if (bytes == 1) data_.push_back(static_cast<char>(value));
  if (bytes == 2) append_u16(data_, static_cast<std::uint16_t>(value));
  return true;
}

bool DataReader::seconds(const char* what) {
  const Token* token = take(what);
  if (!token) return false;
  std::uint32_t value = 0;
  if (!read_ttl(token->text, value)) {
    return fail(token->place, std::string(what) + " must be a time such as 3600 or 1h30m");
  }
  append_u32(data_, value);
  return true;
}

bool DataReader::text(const char* what) {
  const Token* token = take(what);
  if (!token) return false;
  std::string raw;
  if (!unescape(token->text, raw)) return fail(token->place, "a backslash is not followed by DDD or a character");
  if (raw.size() > 255) return fail(token->place, "a string is longer than 255 bytes");
  data_.push_back(static_cast<char>(raw.size()));
  data_.append(raw);
  return true;
}

bool DataReader::texts() {
  do {
    if (!text("a string")) return false;
  } while (!rest_.empty());
  return true;
}

// To the last word: digits may be cut into groups.
bool DataReader::hex() {
  bool high = true;
  do {
    const Token* token = take("a hexadecimal word");
    if (!token) return false;
    for (char c : token->text) {
      const int value = hex_value(c);
      if (value < 0) return fail(token->place, "must be hexadecimal digits");
      if (high) data_.push_back(static_cast<char>(value << 4));
      if (!high) data_.back() = static_cast<char>(data_.back() | value);
      high = !high;
    }
  } while (!rest_.empty());
  return high || fail(end_, "an odd number of hexadecimal digits");
}

bool DataReader::soa() {
  if (!name() || !name()) return false;
  const Token* token = take("the serial");
  if (!token) return false;
  std::uint32_t serial = 0;
  if (!read_number(token->text, 0xffffffff, serial)) {
    return fail(token->place, "the serial must be a number up to 4294967295");
  }
  append_u32(data_, serial);
  return seconds("the refresh time") && seconds("the retry time") && seconds("the expire time") &&
         seconds("the minimum");
}

// RFC 8659 4.1: flags, a tag of letters and digits, and all that is left is the value.
bool DataReader::caa() {
  if (!number("the flags", 1)) return false;
  const Token* tag = take("the tag");
  if (!tag) return false;
  const auto alphanumeric = [](char c) { return hex_value(c) >= 0 || (lower(c) >= 'g' && lower(c) <= 'z'); };
  if (tag->text.empty() || tag->text.size() > 255 || !std::all_of(tag->text.begin(), tag->text.end(), alphanumeric)) {
    return fail(tag->place, "the tag must be letters and digits");
  }
  data_.push_back(static_cast<char>(tag->text.size()));
  data_.append(tag->text);
  const Token* value = take("the value");
  std::string raw;
  if (value && !unescape(value->text, raw)) {
    return fail(value->place, "a backslash is not followed by DDD or a character");
  }
  data_.append(raw);
  return value != nullptr;
}

bool DataReader::service() {
  const TextPlace place = rest_.empty() ? end_ : rest_.front().place;
  std::uint32_t priority = 0;
  if (!rest_.empty()) read_number(rest_.front().text, 0xffff, priority);
  if (!number("the priority", 2) || !name()) return false;
  if (priority == 0 && !rest_.empty()) {
    return fail(rest_.front().place, "priority 0 is an alias: it has no parameters (RFC 9460 2.4.2)");
  }
  ServiceParameters parameters;
  for (; !rest_.empty(); rest_ = rest_.subspan(1)) {
    std::string what = parameters.add(rest_.front().text);
    if (!what.empty()) return fail(rest_.front().place, std::move(what));
  }
  std::string what = parameters.check();
  if (!what.empty()) return fail(place, std::move(what));
  parameters.append_to(data_);
  return true;
}

bool DataReader::generic() {
  const Token* mark = take("\\# and the data");
  if (!mark) return false;
  if (mark->text != "\\#") return fail(mark->place, "this type has no form but \\# LENGTH HEX (RFC 3597)");
  const Token* length = take("the length");
  if (!length) return false;
  std::uint32_t size = 0;
  if (!read_number(length->text, longest_data, size)) {
    return fail(length->place, "the length must be a number up to 65535");
  }
  if (size > 0 && !hex()) return false;
  return data_.size() == size || fail(length->place, "the length is not that of the data");
}

}  // namespace

std::optional<Type> parse_type(std::string_view text) {
  for (Type type : named_types) {
    if (equal_word(text, type_name(type))) return type;
  }
  std::uint32_t number = 0;
  if (text.size() > 4 && equal_word(text.substr(0, 4), "TYPE") && read_number(text.substr(4), 0xffff, number)) {
    return static_cast<Type>(number);
  }
  return std::nullopt;
}

bool is_data_type(Type type) {
  const auto number = static_cast<unsigned>(type);
  return number != 0 && type != Type::opt && (number < 128 || number > 255);
}

bool read_rdata(Type type, const RdataText& text, const Name& origin, std::string& data, TextProblem& problem) {
  return DataReader(text, origin, data, problem).read(type);
}

bool read_rdata_value(Type type, std::string_view text, std::string& data, std::string& problem) {
  EntryReader entries(text);
  Entry entry, more;
  TextProblem found;
  auto result = entries.next(entry, found);
  if (result == EntryReader::Result::end) found.message = "is empty";
  if (result == EntryReader::Result::entry) {
    result = entries.next(more, found);
    if (result == EntryReader::Result::entry) found.message = "is more than one line";
    if (result == EntryReader::Result::end && read_rdata(type, {entry.tokens, {}}, Name(), data, found)) return true;
  }
  problem = std::move(found.message);
  return false;
}

NamesInData compressible_names(Type type) {
  switch (type) {
    case Type::ns:
    case Type::cname:
    case Type::ptr: return {0, 1};
    case Type::mx: return {2, 1};
    case Type::soa: return {0, 2};
    default: return {};
  }
}

std::string_view wire_name_at(std::string_view data) {
  std::size_t at = 0;
  while (data[at] != '\0') at += 1u + static_cast<unsigned char>(data[at]);
  return data.substr(0, at + 1);
}

std::string text_data(std::string_view text) {
  std::string data;
  do {
    const std::string_view part = text.substr(0, 255);
    data.push_back(static_cast<char>(part.size()));
    data.append(part);
    text.remove_prefix(part.size());
  } while (!text.empty());
  return data;
}

Name name_at(std::string_view data) {
  Name name;
  while (data[0] != '\0') {
    const std::size_t label = static_cast<unsigned char>(data[0]);
    CHECK(name.append(data.substr(1, label)));
    data.remove_prefix(1 + label);
  }
  return name;
}

std::optional<Name> additional_name(Type type, std::string_view data) {
  switch (type) {
    case Type::ns: return name_at(data);
    case Type::mx: return name_at(data.substr(2));
    case Type::srv: return name_at(data.substr(6));
    case Type::svcb:
    case Type::https: {
      const Name target = name_at(data.substr(2));
      const bool alias = data[0] == '\0' && data[1] == '\0';
      if (alias && target.is_root()) return std::nullopt;  // RFC 9460 2.5.1: there is no service
      return target;
    }
    default: return std::nullopt;
  }
}

void append_u16(std::string& data, std::uint16_t value) {
  data.push_back(static_cast<char>(value >> 8));
  data.push_back(static_cast<char>(value));
}

void append_u32(std::string& data, std::uint32_t value) {
  append_u16(data, static_cast<std::uint16_t>(value >> 16));
  append_u16(data, static_cast<std::uint16_t>(value));
}

}  // namespace skerry::dns
