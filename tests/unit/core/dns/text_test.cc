// DNS data as text: names, record data, SVCB parameters and zone files, right and wrong.
#include <boost/test/unit_test.hpp>

#include "core/dns/master_file.h"

namespace {

using namespace skerry;
using dns::Type;

std::string hex(std::string_view bytes) {
  std::string out;
  for (char c : bytes) {
    constexpr char digits[] = "0123456789abcdef";
    out.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    out.push_back(digits[static_cast<unsigned char>(c) & 15]);
  }
  return out;
}

struct ZoneText {
  std::vector<std::string> records;   // "OWNER TTL TYPE HEX"
  std::vector<std::string> problems;  // "LINE:COLUMN: MESSAGE"
};
ZoneText read(std::string_view text) {
  ZoneText result;
  std::vector<dns::TextProblem> problems;
  dns::read_master_file(
      text, dns::Name::parse("example.com").value(),
      [&](const dns::MasterRecord& record) {
        result.records.push_back(record.owner.to_string() + " " + std::to_string(record.ttl) + " " +
                                 dns::type_name(record.type) + " " + hex(record.data));
      },
      problems);
  for (const auto& problem : problems) {
    result.problems.push_back(std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column) + ": " +
                              problem.message);
  }
  return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(record_text)

BOOST_AUTO_TEST_CASE(every_type_is_read_into_wire_form) {
  const std::tuple<Type, const char*, const char*> table[] = {
      {Type::a, "192.0.2.1", "c0000201"},
      {Type::aaaa, "2001:db8::1", "20010db8000000000000000000000001"},
      {Type::ns, "ns.example", "026e73076578616d706c6500"},
      {Type::cname, "a\\.b.c.", "03612e62016300"},
      {Type::ptr, ".", "00"},
      {Type::mx, "10 mx.a.", "000a026d78016100"},
      {Type::txt, "one \"two words\" \"\\\"\\065\"", "036f6e650974776f20776f726473022241"},
      {Type::hinfo, "PC \"\"", "02504300"},
      {Type::soa, "a. b. 4294967295 1h 15m 2w 1m30s",
       "016100016200ffffffff00000e10000003840012750"
       "00000005a"},
      {Type::srv, "1 2 443 h.", "0001000201bb016800"},
      {Type::ds, "1 13 2 00 FFaa", "00010d0200ffaa"},
      {Type::caa, "128 iodef \"mailto:a@b\"", "8005696f6465666d61696c746f3a614062"},
      {static_cast<Type>(99), "\\# 3 01 0203", "010203"},
      {static_cast<Type>(99), "\\# 0", ""},
      {Type::svcb, "0 alias.", "000005616c69617300"},
      {Type::https, "1 .", "000100"},
      // RFC 9460 D.2, in the order that the standard wants whatever the order of the words.
      {Type::https, "16 foo. port=53", "001003666f6f00000300020035"},
      {Type::https, "1 foo. key667=hello", "000103666f6f00029b000568656c6c6f"},
      {Type::https, "1 foo. key667=\"hello\\210qoo\"", "000103666f6f00029b000968656c6c6fd2716f6f"},
      {Type::https, "16 foo. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
       "001003666f6f00"
       "00000004"
       "00010004"
       "00010009"
       "0268320568332d3139"
       "00040004c0000201"},
      {Type::https, "16 foo. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"",
       "001003666f6f00"
       "0001000c"
       "08665c6f6f2c626172"
       "026832"},
      {Type::https, "1 . alpn=h2 no-default-alpn ipv6hint=2001:db8::1,::2 ech=AQI=",
       "000100"
       "00010003026832"
       "00020000"
       "000500020102"
       "00060020"
       "20010db8000000000000000000000001"
       "00000000000000000000000000000002"},
  };
  for (const auto& [type, text, expected] : table) {
    std::string data, problem;
    BOOST_TEST(dns::read_rdata_value(type, text, data, problem), text << ": " << problem);
    BOOST_TEST(hex(data) == expected, text);
  }
}

BOOST_AUTO_TEST_CASE(wrong_data_is_refused_with_the_reason) {
  const std::tuple<Type, std::string, const char*> table[] = {
      {Type::a, "", "is empty"},
      {Type::a, "::1", "\"::1\" is not an IPv4 address"},
      {Type::a, "192.0.2.1 192.0.2.2", "more than the data of A"},
      {Type::a, "192.0.2.1\n192.0.2.2", "is more than one line"},
      {Type::aaaa, "192.0.2.1", "\"192.0.2.1\" is not an IPv6 address"},
      {Type::mx, "mail.example.com", "the preference must be a number up to 65535"},
      {Type::mx, "65536 a", "the preference must be a number up to 65535"},
      {Type::mx, "10", "a name is missing"},
      {Type::ns, "a..b", "\"a..b\" is not a domain name: a label is empty"},
      {Type::txt, "\"open", "a quote is not closed on its line"},
      {Type::txt, "\\999", "a backslash is not followed by DDD or a character"},
      {Type::txt, std::string(256, 'x'), "a string is longer than 255 bytes"},
      {Type::soa, "a b 1 2 3 4", "the minimum is missing"},
      {Type::soa, "a b 1 2 3 4 99999999999", "the minimum must be a time such as 3600 or 1h30m"},
      {Type::ds, "1 1 1 abc", "an odd number of hexadecimal digits"},
      {Type::ds, "1 1 1 xy", "must be hexadecimal digits"},
      {Type::caa, "0 is-sue x", "the tag must be letters and digits"},
      {static_cast<Type>(99), "abc", "this type has no form but \\# LENGTH HEX (RFC 3597)"},
      {static_cast<Type>(99), "\\# 2 01", "the length is not that of the data"},
      {static_cast<Type>(99), "\\# 1 0102", "the length is not that of the data"},
      {Type::a, "( 192.0.2.1", "this parenthesis is never closed"},
      // RFC 9460 D.3 and the rules behind it.
      {Type::https, "0 foo. port=1", "priority 0 is an alias: it has no parameters (RFC 9460 2.4.2)"},
      {Type::https, "1 foo. key123=abc key123=def", "key123 is given twice"},
      {Type::https, "1 foo. mandatory", "needs a list without empty items"},
      {Type::https, "1 foo. alpn", "needs a list without empty items"},
      {Type::https, "1 foo. port", "port must be a number up to 65535"},
      {Type::https, "1 foo. ipv4hint=", "needs a list without empty items"},
      {Type::https, "1 foo. ipv4hint=::1", "\"::1\" is not an address of the hint's family"},
      {Type::https, "1 foo. no-default-alpn=abc", "no-default-alpn has no value"},
      {Type::https, "1 foo. no-default-alpn", "no-default-alpn needs alpn"},
      {Type::https, "1 foo. mandatory=key123", "key123 is mandatory and missing"},
      {Type::https, "1 foo. mandatory=mandatory", "mandatory: \"mandatory\" is no key that may be listed"},
      {Type::https, "1 foo. mandatory=port,port port=1", "mandatory: a key is listed twice"},
      {Type::https, "1 foo. colour=red", "\"colour\" is no parameter of SVCB (keyNNNNN for those without a name)"},
      {Type::https, "1 foo. key07=x", "\"key07\" is no parameter of SVCB (keyNNNNN for those without a name)"},
      {Type::https, "1 foo. key65535=x", "\"key65535\" is no parameter of SVCB (keyNNNNN for those without a name)"},
      {Type::https, "1 foo. ech=A", "ech must be base64"},
  };
  for (const auto& [type, text, expected] : table) {
    std::string data, problem;
    BOOST_TEST(!dns::read_rdata_value(type, text, data, problem), text);
    BOOST_TEST(problem == expected, text);
  }
}

BOOST_AUTO_TEST_CASE(types_have_names_and_numbers) {
  BOOST_TEST((dns::parse_type("https") == Type::https));
  BOOST_TEST((dns::parse_type("TYPE65") == Type::https));
  BOOST_TEST((dns::parse_type("type1234") == static_cast<Type>(1234)));
  for (const char* text : {"", "TYPE", "TYPE65536", "TYPE-1", "NAPTR2"}) BOOST_TEST(!dns::parse_type(text), text);
  for (unsigned number : {0u, 41u, 128u, 251u, 252u, 255u}) {
    BOOST_TEST(!dns::is_data_type(static_cast<Type>(number)), number);
  }
  for (unsigned number : {1u, 65u, 99u, 256u, 65280u}) BOOST_TEST(dns::is_data_type(static_cast<Type>(number)), number);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(zone_files)

BOOST_AUTO_TEST_CASE(a_zone_file_is_read_as_rfc_1035_says) {
  const auto zone = read(
      "; a comment\n"
      "$TTL 1h\n"
      "@ IN SOA ns hostmaster ( 2026010100 ; serial\n"
      "       2h 30m\n"
      "   2w 1m )\n"
      "\t NS ns\n"
      "ns 300 IN A 192.0.2.1\r\n"
      "   IN 5m AAAA 2001:db8::1 ; the owner of the line before\n"
      "\n"
      "$ORIGIN sub\n"
      "www CNAME @\n"
      "txt TXT \"a;b\" c\\;d ( \"e\"\n"
      "\"f g\" )\n"
      "\\# TYPE99 \\# 2 0a0b\n"
      "out.example.net. A 192.0.2.9");
  const std::vector<std::string> expected = {
      "example.com. 3600 SOA 026e73076578616d706c6503636f6d000a686f73746d6173746572076578616d706c6503636f6d00"
      "78c275f4"
      "00001c20"
      "00000708"
      "00127500"
      "0000003c",
      "example.com. 3600 NS 026e73076578616d706c6503636f6d00",
      "ns.example.com. 300 A c0000201",
      "ns.example.com. 300 AAAA 20010db8000000000000000000000001",
      "www.sub.example.com. 3600 CNAME 03737562076578616d706c6503636f6d00",
      "txt.sub.example.com. 3600 TXT 03613b6203633b64016503662067",
      "#.sub.example.com. 3600 TYPE99 0a0b",
      "out.example.net. 3600 A c0000209",
  };
  BOOST_TEST(zone.records == expected, boost::test_tools::per_element());
  BOOST_TEST(zone.problems.empty());
}

BOOST_AUTO_TEST_CASE(every_mistake_has_its_line_and_column) {
  const std::pair<const char*, const char*> table[] = {
      {"$INCLUDE other.zone", "1:1: $INCLUDE is not allowed: a zone is one file"},
      {"$GENERATE 1-9 a A 192.0.2.$", "1:1: only $ORIGIN and $TTL are known here"},
      {"$TTL", "1:1: the time is missing behind this"},
      {"$TTL soon", "1:6: must be a time such as 3600 or 1h30m"},
      {"$ORIGIN a b", "1:11: more than one word"},
      {"$ORIGIN a..b", "1:9: \"a..b\" is not a domain name: a label is empty"},
      {"  A 192.0.2.1", "1:3: the first record needs an owner name"},
      {"a A 192.0.2.1", "1:1: no TTL: give $TTL or one in front of the type"},
      {"a 1h", "1:3: the type is missing behind this"},
      {"a 1h CH A 192.0.2.1", "1:6: only class IN is served"},
      {"a 1h AXFR x", "1:6: \"AXFR\" is no type known here: TYPEnnn \\# works for all"},
      {"a 1h TYPE252 \\# 0", "1:6: AXFR is no type that a zone can hold"},
      {"\n\na 1h A 192.0.2.x", "3:8: \"192.0.2.x\" is not an IPv4 address"},
      {"a 1h MX 10", "1:9: a name is missing"},
      {"a 1h A ( 192.0.2.1", "1:8: this parenthesis is never closed"},
      {"a 1h A ( ( 192.0.2.1 ) )", "1:10: a parenthesis inside parentheses"},
      {"a 1h A 192.0.2.1 )", "1:18: this parenthesis was never opened"},
      {"a 1h TXT \"x", "1:10: a quote is not closed on its line"},
      {"a.\xff 1h A 192.0.2.1", "1:1: \"a.\xff\" is not a domain name: a character must be escaped"},
  };
  for (const auto& [text, expected] : table) {
    const auto zone = read(text);
    BOOST_REQUIRE_MESSAGE(zone.problems.size() == 1, text);
    BOOST_TEST(zone.problems[0] == expected, text);
    BOOST_TEST(zone.records.empty(), text);
  }
  BOOST_TEST(read("a 1h A x\nb 1h A 192.0.2.1\nc 1h A y\n").problems.size() == 2u, "one mistake does not hide another");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "a 1h A x\n";
  BOOST_TEST(read(many).problems.size() == dns::most_text_problems);
}

BOOST_AUTO_TEST_CASE(ttls_are_explicit_or_default_or_those_of_the_line_before) {
  const auto zone = read("a 5 A 192.0.2.1\nb A 192.0.2.2\n$TTL 7\nc A 192.0.2.3\nd 0 A 192.0.2.4\n");
  const std::vector<std::string> expected = {"a.example.com. 5 A c0000201", "b.example.com. 5 A c0000202",
                                             "c.example.com. 7 A c0000203", "d.example.com. 0 A c0000204"};
  BOOST_TEST(zone.records == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(ttls_have_units) {
  const std::pair<const char*, int> table[] = {
      {"0", 0},          {"0s", 0},   {"1h30m", 5400}, {"1W2D3H4M5S", 788645},
      {"", -1},          {"h", -1},   {"1x", -1},      {"1h30", -1},
      {"-1", -1},        {"68y", -1}, {"4000w", -1},   {"2147483647", 0x7fffffff},
      {"2147483648", -1}};
  for (const auto& [text, expected] : table) {
    std::uint32_t seconds = 0;
    const bool good = dns::read_ttl(text, seconds);
    BOOST_TEST((good ? static_cast<std::int64_t>(seconds) : -1) == expected, text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
