#include "core/dns/message.h"

#include <boost/test/unit_test.hpp>

#include "core/dns/rdata.h"
#include "core/dns/writer.h"
#include "core/random.h"

namespace {

using namespace skerry;
using dns::QueryKind;
using dns::Type;

std::vector<std::byte> bytes(std::string_view hex) {
  std::vector<std::byte> result;
  std::string digits;
  for (char c : hex) {
    if (c == ' ') continue;
    digits.push_back(c);
    if (digits.size() == 2) {
      result.push_back(static_cast<std::byte>(std::stoi(digits, nullptr, 16)));
      digits.clear();
    }
  }
  return result;
}

// A query for www.example.com A with the given header counts and what follows the question.
std::vector<std::byte> query(std::string_view counts, std::string_view rest, std::string_view flags = "0100") {
  return bytes("1234 " + std::string(flags) + std::string(counts) + "03777777 076578616d706c65 03636f6d 00 0001 0001" +
               std::string(rest));
}

std::vector<std::byte> query_with_option(std::string_view option_hex) {
  const std::size_t size = bytes(option_hex).size();
  char length[5];
  std::snprintf(length, sizeof length, "%04zx", size);
  return query("0001 0000 0000 0001", std::string("00 0029 04d0 00000000") + length + std::string(option_hex));
}

dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dns_names)

BOOST_AUTO_TEST_CASE(text_and_wire_form_correspond) {
  const std::pair<const char*, std::string_view> table[] = {
      {".", {"\0", 1}},
      {"com", {"\3com\0", 5}},
      {"www.Example.com.", {"\3www\7Example\3com\0", 17}},
      {"a\\.b.c", {"\3a.b\1c\0", 7}},
      {"\\065\\\\", {"\2A\\\0", 4}},
  };
  for (const auto& [text, wire] : table) {
    const auto parsed = dns::Name::parse(text);
    BOOST_REQUIRE(parsed.ok());
    BOOST_TEST(parsed->wire() == wire, text);
    BOOST_TEST(name(parsed->to_string()).wire() == wire, text);
  }
}

BOOST_AUTO_TEST_CASE(bad_names_are_refused_with_a_reason) {
  const std::string label63(63, 'a');
  const std::string long_name = label63 + "." + label63 + "." + label63 + "." + std::string(62, 'b');
  for (const std::string& text :
       {std::string(), std::string("a..b"), std::string(".a"), std::string("a b"), std::string("a\nb"), label63 + "a",
        long_name, std::string("a\\"), std::string("a\\25"), std::string("a\\256"), std::string("\xc3\xa4")}) {
    const auto parsed = dns::Name::parse(text);
    BOOST_REQUIRE(!parsed.ok());
    BOOST_TEST(parsed.error().detail.find("is not a domain name") != std::string::npos);
  }
  BOOST_TEST(dns::Name::parse(long_name.substr(0, long_name.size() - 1)).ok());
}

BOOST_AUTO_TEST_CASE(comparison_ignores_case_and_respects_labels) {
  BOOST_TEST((name("WWW.example.COM") == name("www.EXAMPLE.com")));
  BOOST_TEST(!(name("a.bc") == name("ab.c")));
  BOOST_TEST(name("www.Example.com").is_within(name("example.COM")));
  BOOST_TEST(name("example.com").is_within(name("example.com")));
  BOOST_TEST(name("example.com").is_within(name(".")));
  BOOST_TEST(!name("wwwexample.com").is_within(name("example.com")));
  BOOST_TEST(!name("com").is_within(name("example.com")));
  BOOST_TEST(name("WwW.ExAmple").lower().wire() == name("www.example").wire());
  BOOST_TEST(name("a.b").parent().wire() == name("b").wire());
  BOOST_TEST(name("a.b.c").labels() == 3);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(dns_queries)

BOOST_AUTO_TEST_CASE(a_plain_query_is_read) {
  dns::Query found;
  BOOST_TEST((dns::read_query(query("0001 0000 0000 0000", ""), found) == QueryKind::good));
  BOOST_TEST(found.id == 0x1234);
  BOOST_TEST(found.name.to_string() == "www.example.com.");
  BOOST_TEST((found.type == Type::a && found.klass == dns::Class::in));
  BOOST_TEST(!found.edns);
  BOOST_TEST(found.udp_size == 512);
}

BOOST_AUTO_TEST_CASE(edns_is_read) {
  dns::Query found;
  const auto packet = query("0001 0000 0000 0001", "00 0029 1000 00008000 0004 0003 0000");
  BOOST_TEST((dns::read_query(packet, found) == QueryKind::good));
  BOOST_TEST(found.edns);
  BOOST_TEST(found.udp_size == 4096);
  BOOST_TEST(found.dnssec_ok);
  BOOST_TEST(found.wants_nsid);
}

BOOST_AUTO_TEST_CASE(packets_are_sorted_by_what_may_be_answered) {
  const struct {
    const char* what;
    std::vector<std::byte> packet;
    QueryKind kind;
  } table[] = {
      {"empty", {}, QueryKind::ignored},
      {"shorter than a header", bytes("1234 0100 0001 0000 0000 00"), QueryKind::ignored},
      {"a response", query("0001 0000 0000 0000", "", "8180"), QueryKind::ignored},
      {"opcode NOTIFY", query("0001 0000 0000 0000", "", "2400"), QueryKind::not_implemented},
      {"opcode UPDATE", query("0001 0000 0000 0000", "", "2800"), QueryKind::not_implemented},
      {"no question", bytes("1234 0100 0000 0000 0000 0000"), QueryKind::malformed},
      {"two questions", query("0002 0000 0000 0000", "c00c 0001 0001"), QueryKind::malformed},
      {"question cut short", bytes("1234 0100 0001 0000 0000 0000 0377"), QueryKind::malformed},
      {"type cut short", bytes("1234 0100 0001 0000 0000 0000 00 0001 00"), QueryKind::malformed},
      {"name points at itself", bytes("1234 0100 0001 0000 0000 0000 c00c 0001 0001"), QueryKind::malformed},
      {"name points into the header", bytes("1234 0100 0001 0000 0000 0000 c000 0001 0001"), QueryKind::malformed},
      {"name points forwards", bytes("1234 0100 0001 0000 0000 0000 c012 0001 0001 00"), QueryKind::malformed},
      {"reserved label type", bytes("1234 0100 0001 0000 0000 0000 4001 00 0001 0001"), QueryKind::malformed},
      {"bytes behind the message", query("0001 0000 0000 0000", "00"), QueryKind::malformed},
      {"record that is not there", query("0001 0000 0000 0001", ""), QueryKind::malformed},
      {"record data cut short", query("0001 0000 0000 0001", "00 0010 0001 00000000 0005 61"), QueryKind::malformed},
      {"two OPT", query("0001 0000 0000 0002", "00 0029 04d0 00000000 0000 00 0029 04d0 00000000 0000"),
       QueryKind::malformed},
      {"OPT with a name", query("0001 0000 0000 0001", "c00c 0029 04d0 00000000 0000"), QueryKind::malformed},
      {"OPT as an answer", query("0001 0001 0000 0000", "00 0029 04d0 00000000 0000"), QueryKind::malformed},
      {"EDNS version 1", query("0001 0000 0000 0001", "00 0029 04d0 00010000 0000"), QueryKind::bad_version},
      {"EDNS version 1 with options of its own", query("0001 0000 0000 0001", "00 0029 04d0 00010000 0001 ff"),
       QueryKind::bad_version},
      {"option cut short", query_with_option("0003 0004 00"), QueryKind::malformed},
      {"half an option", query_with_option("0003"), QueryKind::malformed},
      {"unknown option", query_with_option("ffff 0002 0000"), QueryKind::good},
      {"TSIG behind", query("0001 0000 0000 0001", "00 00fa 00ff 00000000 0000"), QueryKind::good},
  };
  for (const auto& row : table) {
    dns::Query found;
    BOOST_TEST((dns::read_query(row.packet, found) == row.kind), row.what);
  }
}

// RFC 7871 and ROUTING's strictness: family, source, scope, address.
BOOST_AUTO_TEST_CASE(client_subnet_is_exact_or_a_format_error) {
  const struct {
    const char* what;
    const char* option;
    QueryKind kind;
  } table[] = {
      {"IPv4 /24", "0008 0007 0001 18 00 c00002", QueryKind::good},
      {"IPv4 /32", "0008 0008 0001 20 00 c0000201", QueryKind::good},
      {"IPv4 /20 with zero bits behind", "0008 0007 0001 14 00 c00010", QueryKind::good},
      {"IPv4 /0", "0008 0004 0001 00 00", QueryKind::good},
      {"IPv6 /56", "0008 000b 0002 38 00 20010db8000000", QueryKind::good},
      {"IPv6 /0", "0008 0004 0002 00 00", QueryKind::good},
      {"family 0 /0", "0008 0004 0000 00 00", QueryKind::good},
      {"family 0 with bits", "0008 0005 0000 08 00 0a", QueryKind::malformed},
      {"family 3", "0008 0004 0003 00 00", QueryKind::malformed},
      {"scope in a query", "0008 0007 0001 18 18 c00002", QueryKind::malformed},
      {"bits behind the source", "0008 0007 0001 14 00 c00011", QueryKind::malformed},
      {"address too short", "0008 0006 0001 18 00 c000", QueryKind::malformed},
      {"address too long", "0008 0008 0001 18 00 c0000200", QueryKind::malformed},
      {"IPv4 /33", "0008 0009 0001 21 00 c000020100", QueryKind::malformed},
      {"IPv6 /129", "0008 0015 0002 81 00 20010db800000000000000000000000080", QueryKind::malformed},
      {"too short for its head", "0008 0003 0001 00", QueryKind::malformed},
      {"given twice", "0008 0004 0001 00 00 0008 0004 0001 00 00", QueryKind::malformed},
  };
  for (const auto& row : table) {
    dns::Query found;
    BOOST_TEST((dns::read_query(query_with_option(row.option), found) == row.kind), row.what);
    BOOST_TEST(found.edns, row.what);
  }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(dns_messages)

BOOST_AUTO_TEST_CASE(what_is_written_is_read_again) {
  std::array<std::byte, 1232> buffer;
  dns::MessageWriter writer(buffer);
  writer.header(7, dns::flag_response | dns::flag_authoritative);
  BOOST_REQUIRE(writer.question(name("www.Example.com"), Type::a, dns::Class::in));
  BOOST_REQUIRE(writer.record(dns::Section::answer, name("www.example.com"), Type::cname, 60,
                              name("edge.cdn.example.com").wire()));
  const auto v4 = core::IpAddress::parse("192.0.2.1").value();
  const auto v6 = core::IpAddress::parse("2001:db8::1").value();
  BOOST_REQUIRE(writer.address(dns::Section::answer, name("edge.cdn.example.com"), 30, v4));
  BOOST_REQUIRE(writer.address(dns::Section::answer, name("edge.cdn.example.com"), 30, v6));
  BOOST_REQUIRE(
      writer.record(dns::Section::answer, name("example.com"), Type::txt, 5, dns::text_data(std::string(600, 'x'))));
  std::string soa, problem;
  BOOST_REQUIRE(dns::read_rdata_value(Type::soa, "ns1.example.com hostmaster.example.com 1 2 3 4 5", soa, problem));
  BOOST_REQUIRE(writer.record(dns::Section::authority, name("example.com"), Type::soa, 60, soa));
  BOOST_REQUIRE(writer.opt({}, dns::Rcode::bad_version));
  const auto packet = std::span<const std::byte>(buffer).first(writer.finish());

  const auto read = dns::read_response(packet);
  BOOST_REQUIRE(read.ok());
  BOOST_TEST(read->name.wire() == name("www.Example.com").wire());
  BOOST_REQUIRE_EQUAL(read->answers.size(), 4u);
  BOOST_TEST((dns::name_in(packet, read->answers[0]) == name("edge.cdn.example.com")));
  BOOST_TEST((dns::address_in(packet, read->answers[1]) == v4));
  BOOST_TEST((dns::address_in(packet, read->answers[2]) == v6));
  BOOST_TEST(read->answers[3].data_size == 603u);
  BOOST_TEST(read->answers[1].ttl == 30u);
  BOOST_REQUIRE_EQUAL(read->authority.size(), 1u);
  BOOST_TEST((dns::name_in(packet, read->authority[0]) == name("ns1.example.com")));
}

BOOST_AUTO_TEST_CASE(names_are_compressed_against_all_that_came_before) {
  std::array<std::byte, 512> buffer;
  dns::MessageWriter writer(buffer);
  writer.header(1, dns::flag_response);
  BOOST_REQUIRE(writer.question(name("a.a.example"), Type::ns, dns::Class::in));  // 12 + 13 + 4
  const std::size_t before = writer.mark().at;
  BOOST_REQUIRE(writer.record(dns::Section::answer, name("A.A.Example"), Type::ns, 1, name("ns.a.example").wire()));
  // Pointer, ten fixed bytes, then "ns" and a pointer.
  BOOST_TEST(writer.mark().at - before == 2u + 10u + 3u + 2u);
  BOOST_TEST(dns::read_response(std::span<const std::byte>(buffer).first(writer.finish())).ok());
}

BOOST_AUTO_TEST_CASE(a_record_that_does_not_fit_leaves_no_trace) {
  const auto ip = core::IpAddress::parse("192.0.2.1").value();
  for (std::size_t size = dns::header_size; size < 200; ++size) {
    std::vector<std::byte> buffer(size);
    dns::MessageWriter writer(buffer);
    writer.header(1, dns::flag_response);
    if (!writer.question(name("www.example.com"), Type::a, dns::Class::in)) {
      BOOST_TEST(writer.finish() == dns::header_size);
      continue;
    }
    std::size_t written = 0;
    while (writer.address(dns::Section::answer, name("www.example.com"), 1, ip)) ++written;
    BOOST_TEST(!writer.address(dns::Section::answer, name("other.example.net"), 1, ip));
    const auto read = dns::read_response(std::span<const std::byte>(buffer).first(writer.finish()));
    BOOST_REQUIRE(read.ok());
    BOOST_TEST(read->answers.size() == written);
    BOOST_TEST(written == (size - 33) / 16);
  }
}

BOOST_AUTO_TEST_CASE(hostile_responses_are_malformed) {
  const std::string head = "1234 8180 0001 ";
  const std::string question = "0161 00 0001 0001 ";
  const std::pair<const char*, std::string> table[] = {
      {"a query", "1234 0100 0001 0000 0000 0000" + question},
      {"no question", "1234 8180 0000 0000 0000 0000"},
      {"answer missing", head + "0001 0000 0000" + question},
      {"65535 answers", head + "ffff 0000 0000" + question},
      {"A of 3 bytes", head + "0001 0000 0000" + question + "c00c 0001 0001 00000001 0003 010203"},
      {"AAAA of 4 bytes", head + "0001 0000 0000" + question + "c00c 001c 0001 00000001 0004 01020304"},
      {"CNAME beyond its data", head + "0001 0000 0000" + question + "c00c 0005 0001 00000001 0001 0162 00"},
      {"CNAME with bytes behind", head + "0001 0000 0000" + question + "c00c 0005 0001 00000001 0003 c00c 00"},
      {"CNAME pointing at itself", head + "0001 0000 0000" + question + "c00c 0005 0001 00000001 0002 c01f"},
      {"owner pointing forwards", head + "0001 0000 0000" + question + "c020 0001 0001 00000001 0004 01020304"},
      {"SOA cut short", head + "0000 0001 0000" + question + "c00c 0006 0001 00000001 0006 c00c c00c 0000"},
      {"owner of a reserved label kind, 01",
       head + "0001 0000 0000" + question + "400c 0001 0001 00000001 0004 01020304"},
      {"owner of a reserved label kind, 10",
       head + "0001 0000 0000" + question + "800c 0001 0001 00000001 0004 01020304"},
      {"TXT string beyond its data", head + "0001 0000 0000" + question + "c00c 0010 0001 00000001 0002 0561"},
  };
  for (const auto& [what, hex] : table) BOOST_TEST(!dns::read_response(bytes(hex)).ok(), what);
}

// Two names that point at each other's middle, and a chain of a hundred pointers: both end.
BOOST_AUTO_TEST_CASE(compression_chains_end) {
  std::vector<std::byte> packet = bytes("1234 8180 0001 0000 0000 0000 00");
  std::size_t previous = dns::header_size;
  for (int i = 0; i < 100; ++i) {
    const std::size_t here = packet.size();
    packet.push_back(std::byte{1});
    packet.push_back(std::byte{'a'});
    packet.push_back(static_cast<std::byte>(0xc0 | previous >> 8));
    packet.push_back(static_cast<std::byte>(previous));
    previous = here;
  }
  std::size_t at = previous;
  dns::Name read;
  BOOST_TEST(dns::read_name(packet, at, read));
  BOOST_TEST(read.labels() == 100);
  BOOST_TEST(at == packet.size());
  for (int i = 0; i < 40; ++i) {
    const std::size_t here = packet.size();
    for (int c : {1, int{'b'}, 0xc0 | static_cast<int>(previous >> 8), static_cast<int>(previous & 0xff)}) {
      packet.push_back(static_cast<std::byte>(c));
    }
    previous = here;
  }
  at = previous;
  BOOST_TEST(!dns::read_name(packet, at, read), "140 labels of two bytes are longer than a name may be");
}

BOOST_AUTO_TEST_CASE(random_bytes_never_leave_the_packet) {
  core::Random random(1);
  std::size_t good = 0;
  for (int i = 0; i < 200'000; ++i) {
    auto packet = query("0001 0000 0000 0001", "00 0029 04d0 00000000 000b 0008 0007 0001 18 00 c00002");
    for (std::uint64_t n = random.below(4); n-- > 0;) {
      packet[random.below(packet.size())] = static_cast<std::byte>(random.next());
    }
    packet.resize(random.below(packet.size() + 1));
    packet.shrink_to_fit();
    dns::Query found;
    good += dns::read_query(packet, found) == QueryKind::good;
    static_cast<void>(dns::read_response(packet));
  }
  BOOST_TEST(good > 0u);
}

BOOST_AUTO_TEST_SUITE_END()
