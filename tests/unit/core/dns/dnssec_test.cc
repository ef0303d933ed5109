// What DNSSEC signs and says, as bytes: vectors from the RFCs, and the order of names.
#include "core/dns/dnssec.h"

#include <boost/test/unit_test.hpp>

#include "core/base64.h"
#include "core/dns/rdata.h"
#include "core/random.h"

namespace {

using namespace skerry;
using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;
using dns::Type;

std::string base64(std::string_view text) {
  std::string bytes;
  BOOST_REQUIRE(core::decode_base64(text, core::Base64::standard, bytes));
  return bytes;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    constexpr char digits[] = "0123456789abcdef";
    text.push_back(digits[static_cast<unsigned char>(c) >> 4]);
    text.push_back(digits[c & 15]);
  }
  return text;
}

dns::Name name(std::string_view text) {
  return dns::Name::parse(text).value();
}

std::string records(std::initializer_list<std::string_view> all) {
  std::string result;
  for (const auto data : all) {
    dns::append_u16(result, static_cast<std::uint16_t>(data.size()));
    result.append(data);
  }
  return result;
}

std::string data_of(Type type, std::string_view text) {
  std::string data, problem;
  BOOST_REQUIRE_MESSAGE(dns::read_rdata_value(type, text, data, problem), problem);
  return data;
}

std::vector<std::string> labels_from_the_root(const dns::Name& name) {
  std::vector<std::string> labels;
  for (std::string_view wire = name.wire(); wire[0] != '\0';) {
    const std::size_t size = static_cast<unsigned char>(wire[0]);
    labels.emplace_back(wire.substr(1, size));
    wire.remove_prefix(1 + size);
  }
  std::reverse(labels.begin(), labels.end());
  return labels;
}

// RFC 4034 6.1: label by label from the root, as bytes, in lower case.
bool sorts_before(const dns::Name& a, const dns::Name& b) {
  return labels_from_the_root(a.lower()) < labels_from_the_root(b.lower());
}

// A name of `size` bytes inside example.com that begins with this label.
dns::Name long_name(std::string_view first, std::size_t size) {
  dns::Name made;
  BOOST_REQUIRE(made.append(first));
  const std::size_t end = size - (name("example.com").wire().size() - 1);
  while (made.wire().size() < end) {
    const std::size_t left = end - made.wire().size();
    // A label is two bytes at least: never leave one.
    BOOST_REQUIRE(made.append(std::string(left - 1 <= 63 ? left - 1 : left == 65 ? 32 : 63, 'x')));
  }
  BOOST_REQUIRE(made.append("example") && made.append("com"));
  BOOST_REQUIRE_EQUAL(made.wire().size(), size);
  return made;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(dnssec_bytes)

BOOST_AUTO_TEST_CASE(key_tag_and_ds_are_those_of_rfc4034_5_4_and_rfc4509_2_3) {
  const std::string key = "\x01\x00\x03\x05"s.append(
      base64("AQOeiiR0GOMYkDshWoSKz9XzfwJr1AYtsmx3TGkJaNXVbfi/2pHm822aJ5iI9BMzNXxeYCmZDRD99WYwYqUSdjMmmAphXdvx"
             "egXd/M5+X7OrzKBaMbCVdFLUUh6DhweJBjEVv5f2wwjM9XzcnOf+EPbtG9DMBmADjFDc2w/rljwvFw=="));
  BOOST_TEST(dns::key_tag(key) == 60485u);
  BOOST_TEST(hex(dns::ds_data(name("DSKEY.example.com"), key)) ==
             "ec450502d4b7d520e7bb5f0f67674a0cceb1e3e0614b93c4f9e99b8383f6a1e4469da50a");
}

BOOST_AUTO_TEST_CASE(key_tag_and_ds_are_those_of_rfc6605_6_1) {
  const std::string key = dns::dnskey_data(
      base64("GojIhhXUN/u4v54ZQqGSnyhWJwaubCvTmeexv7bR6edbkrSqQpF64cYbcB7wNcP+e+MAnLr+Wi9xMWyQLc8NAA=="));
  BOOST_TEST(dns::key_tag(key) == 55648u);
  BOOST_TEST(hex(dns::ds_data(name("example.net"), key)) ==
             "d9600d02b4c8c1fe2e7477127b27115656ad6256f424625bf5c1e2770ce6d6e37df61d17");
}

BOOST_AUTO_TEST_CASE(records_stand_in_canonical_order) {
  // As unsigned bytes, and a shorter one before what it begins (RFC 4034 6.3).
  BOOST_TEST(dns::canonical_records(Type::txt, records({"\xff", "ab", "a", "\x01zz"})) ==
             records({"\x01zz", "a", "ab", "\xff"}));
  BOOST_TEST(dns::canonical_records(Type::a, "").empty());
}

BOOST_AUTO_TEST_CASE(names_in_data_are_lower_case_where_rfc4034_6_2_says_so) {
  const std::pair<Type, const char*> lowered[] = {
      {Type::ns, "NS.Example.COM"},          {Type::cname, "A.B"},
      {Type::ptr, "Host.Example"},           {Type::mx, "10 Mail.Example"},
      {Type::srv, "1 2 3 Target.Example"},   {Type::soa, "Ns.X Hostmaster.Y 1 2 3 4 5"},
      {Type::dname, "Elsewhere.Example.NET"}};
  for (const auto& [type, text] : lowered) {
    std::string small(text);
    for (char& c : small) c = dns::lower(c);
    BOOST_TEST(dns::canonical_records(type, records({data_of(type, text)})) == records({data_of(type, small)}), text);
  }
  // NAPTR (35) and AFSDB (18) are only bytes to us, and have names all the same; text keeps its case.
  BOOST_TEST(dns::canonical_records(static_cast<Type>(35), records({"\0\1\0\2\1U\1S\1R\2Ab\0"sv})) ==
             records({"\0\1\0\2\1U\1S\1R\2ab\0"sv}));
  BOOST_TEST(dns::canonical_records(static_cast<Type>(18), records({"\0\1\2Ab\0"sv})) == records({"\0\1\2ab\0"sv}));
  // SIG, NXT and A6 with a prefix of 116 bits, so two bytes before its name: old, and in RFC 4034's list.
  const std::string before(18, 'S');
  BOOST_TEST(dns::canonical_records(static_cast<Type>(24), records({before + "\2Ab\0SIG"s})) ==
             records({before + "\2ab\0SIG"s}));
  BOOST_TEST(dns::canonical_records(static_cast<Type>(30), records({"\2Ab\0MAP"sv})) == records({"\2ab\0MAP"sv}));
  BOOST_TEST(dns::canonical_records(static_cast<Type>(38), records({"\x74IP\2Ab\0"sv})) == records({"\x74IP\2ab\0"sv}));
  for (const Type type : {Type::txt, Type::svcb, Type::nsec, static_cast<Type>(4711)}) {
    const std::string data = records({"\0\1\2Ab\0"sv});
    BOOST_TEST(dns::canonical_records(type, data) == data, dns::type_name(type));
  }
}

BOOST_AUTO_TEST_CASE(data_that_is_no_name_is_never_read_beyond_its_end) {
  core::Random random(3);
  for (int i = 0; i < 20000; ++i) {
    std::string data(random.below(24), '\0');
    for (char& c : data) c = static_cast<char>(random.below(3) ? random.below(9) : random.next());
    const auto type = static_cast<Type>(random.below(50));
    BOOST_REQUIRE_EQUAL(dns::canonical_records(type, records({data})).size(), data.size() + 2);
  }
}

BOOST_AUTO_TEST_CASE(type_bit_map_is_that_of_rfc4034_4_3) {
  const std::string map = dns::type_bitmap({Type::nsec, static_cast<Type>(1234), Type::a, Type::mx, Type::rrsig});
  BOOST_TEST(hex(map) == "0006400100000003041b" + std::string(52, '0') + "20");
  BOOST_TEST(dns::type_bitmap({Type::nxname, Type::nsec, Type::rrsig}) == dns::nxname_bitmap);
}

BOOST_AUTO_TEST_CASE(a_type_taken_out_leaves_the_map_of_the_others) {
  const std::vector<Type> types = {Type::a, Type::rrsig, Type::nsec, Type::svcb, Type::https, Type::caa};
  const std::string whole = dns::type_bitmap(types);
  for (const Type absent : types) {
    std::vector<Type> others;
    std::copy_if(types.begin(), types.end(), std::back_inserter(others), [&](Type type) { return type != absent; });
    std::string out(whole.size(), 'x');
    out.resize(dns::bitmap_without(whole, absent, out.data()));
    BOOST_TEST(hex(out) == hex(dns::type_bitmap(others)), dns::type_name(absent));
  }
}

BOOST_AUTO_TEST_CASE(the_next_name_is_the_first_child_that_could_be) {
  BOOST_TEST(dns::next_name(name("a.example.com"), name("example.com")).to_string() == "\\000.a.example.com.");
  BOOST_TEST(dns::next_name(name("example.com"), name("example.com")).to_string() == "\\000.example.com.");
}

// RFC 4471 3.1.2, where no child fits any more.
BOOST_AUTO_TEST_CASE(behind_the_longest_names_comes_the_next_sibling) {
  const auto zone = name("example.com");
  const std::pair<std::string_view, const char*> same_length[] = {
      {"foo", "fop"}, {"fo@", "fo["}, {"fo\xff", "fp"}, {"f\xff\xff", "g"}};
  for (const auto& [first, next] : same_length) {
    const dns::Name longest = long_name(first, 255);
    BOOST_TEST(dns::next_name(longest, zone).to_string() == std::string(next) + "." + longest.parent().to_string());
  }
  const dns::Name last = long_name("\xff\xff", 255);
  // Its own label can't be counted up: the parent's, which is as long as a label may be, is.
  const std::string up = std::string(62, 'x') + "y." + last.parent().parent().to_string();
  BOOST_TEST(dns::next_name(last, zone).to_string() == up);
  const dns::Name one_less = long_name("foo", 254);
  BOOST_TEST(dns::next_name(one_less, zone).to_string() == "foo\\000." + one_less.parent().to_string());
}

BOOST_AUTO_TEST_CASE(the_next_name_follows_and_stays_in_the_zone) {
  core::Random random(11);
  const auto zone = name("example.com");
  int wrapped = 0;
  for (int i = 0; i < 20000; ++i) {
    dns::Name made;
    const std::size_t wanted = 200 + random.below(56);
    while (true) {
      const std::size_t room = wanted - std::min(wanted, made.wire().size() + zone.wire().size() - 1);
      if (room < 2) break;
      std::string label(std::min<std::size_t>(1 + random.below(63), room - 1), '\0');
      const bool high = random.below(2) == 0;
      for (char& c : label) c = dns::lower(static_cast<char>(high ? 0xff : random.next()));
      BOOST_REQUIRE(made.append(label));
    }
    BOOST_REQUIRE(made.append("example") && made.append("com"));
    const dns::Name next = dns::next_name(made, zone);
    BOOST_REQUIRE(next.is_within(zone));
    if (next == zone) ++wrapped;
    BOOST_REQUIRE_MESSAGE(next == zone || sorts_before(made, next), made.to_string() << " " << next.to_string());
    BOOST_REQUIRE(next.wire() == next.lower().wire());
  }
  BOOST_TEST(wrapped < 20000);
}

// Whatever the time and the name: two hours in the past, three quarters of the validity in the future.
BOOST_AUTO_TEST_CASE(signatures_begin_early_and_are_renewed_long_before_they_end) {
  core::Random random(5);
  for (int i = 0; i < 20000; ++i) {
    const auto validity = std::chrono::seconds(86400 + random.below(30 * 86400));
    const auto now = static_cast<std::uint32_t>(1'700'000'000 + random.below(1'000'000'000));
    const auto spread = static_cast<std::uint32_t>(random.next());
    const auto times = dns::signature_times(now, validity, spread);
    BOOST_REQUIRE(now - times.inception >= 7200);
    BOOST_REQUIRE(times.expiration - now >= validity.count() * 3 / 4 - 1);
    // Routers whose clocks differ a little mostly agree, and one that looks again does so until the next step.
    const auto again = dns::signature_times(times.inception + 7200, validity, spread);
    BOOST_REQUIRE(again.inception == times.inception && again.expiration == times.expiration);
  }
  BOOST_TEST(dns::signature_times(1'700'000'000, 7 * 24h, 1).inception !=
             dns::signature_times(1'700'000'000, 7 * 24h, 1000).inception);
}

BOOST_AUTO_TEST_CASE(the_root_and_an_asterisk_are_no_labels_of_a_signature) {
  for (const auto& [owner, labels] : {std::pair("a.example.com", 3), {"*.example.com", 2}, {".", 0}, {"a.*.b", 3}}) {
    std::array<char, dns::longest_signature_head> out;
    const auto owner_name = name(owner), signer = name("com");
    BOOST_TEST(dns::write_signature_head({Type::a, owner_name, signer, 300, {1, 2}, 77}, out.data()) == 23u);
    BOOST_TEST(static_cast<int>(out[3]) == labels, owner);
  }
}

BOOST_AUTO_TEST_SUITE_END()
