// The PROXY protocol's header: what is understood, what is refused, and that it does not depend on how it was cut.
#include "core/net/proxy_header.h"

#include <boost/test/unit_test.hpp>

#include "tests/support/proxy_headers.h"

using namespace skerry::core;
using skerry::testing::ProxyV2;

namespace {

using State = ProxyHeader::State;

struct Read {
  State state;
  std::string addresses;  // "source > destination"; empty: none
  std::string rest;
  std::string problem;
};

Read read(std::string_view text, std::size_t cut) {
  ProxyHeader header;
  std::size_t at = 0;
  while (at < text.size() && header.state() == State::incomplete) {
    const std::string_view piece = text.substr(at, cut);
    at += header.receive(std::as_bytes(std::span(piece)));
  }
  Read result{header.state(), {}, std::string(text.substr(at)), std::string(header.problem())};
  if (header.addresses()) {
    result.addresses = header.addresses()->source.to_string() + " > " + header.addresses()->destination.to_string();
  }
  return result;
}

// The same for every cut, or the test fails.
Read read(std::string_view text) {
  const Read whole = read(text, text.size() + 1);
  for (const std::size_t cut : {1u, 2u, 5u, 11u, 16u, 17u, 100u}) {
    const Read cut_up = read(text, cut);
    BOOST_TEST((cut_up.state == whole.state));
    BOOST_TEST(cut_up.addresses == whole.addresses);
    BOOST_TEST(cut_up.rest == whole.rest);
  }
  return whole;
}

const ProxyV2 v2;

}  // namespace

BOOST_AUTO_TEST_SUITE(proxy_header)

BOOST_AUTO_TEST_CASE(version_1_lines_give_their_addresses_and_leave_the_rest) {
  const std::pair<std::string, std::string> rows[] = {
      {"PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n", "192.0.2.1:56324 > 198.51.100.1:443"},
      {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255:65535 > 255.255.255.255:65535"},
      {"PROXY TCP4 1.2.3.4 5.6.7.8 0 0\r\n", "1.2.3.4:0 > 5.6.7.8:0"},
      {"PROXY TCP6 2001:db8::1 2001:DB8::2 1 2\r\n", "[2001:db8::1]:1 > [2001:db8::2]:2"},
      {"PROXY UNKNOWN\r\n", ""},
      {"PROXY UNKNOWN ffff::1 what ever\r\n", ""},
  };
  for (const auto& [line, addresses] : rows) {
    const Read got = read(line + "GET / HTTP/1.1\r\n");
    BOOST_TEST_CONTEXT(line) {
      BOOST_TEST((got.state == State::complete));
      BOOST_TEST(got.addresses == addresses);
      BOOST_TEST(got.rest == "GET / HTTP/1.1\r\n");
    }
  }
}

BOOST_AUTO_TEST_CASE(longest_version_1_line_is_taken_and_one_byte_more_is_not) {
  const std::string longest = "PROXY UNKNOWN " + std::string(ProxyHeader::longest_v1 - 16, 'x') + "\r\n";
  BOOST_TEST(longest.size() == ProxyHeader::longest_v1);
  BOOST_TEST((read(longest).state == State::complete));
  BOOST_TEST(
      (read("PROXY UNKNOWN " + std::string(ProxyHeader::longest_v1 - 15, 'x') + "\r\n").state == State::malformed));
  BOOST_TEST((read("PROXY TCP4 " + std::string(200, '1')).state == State::malformed));
}

BOOST_AUTO_TEST_CASE(malformed_version_1_lines_are_refused) {
  for (const std::string_view line : {"GET / HTTP/1.1\r\n",
                                      "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
                                      "PROXY\r\n",
                                      "PROXY \r\n",
                                      "PROXY TCP4\r\n",
                                      "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n",
                                      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n",
                                      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n",
                                      "PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
                                      "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n",
                                      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n",
                                      "PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n",
                                      "PROXY TCP4 01.2.3.4 5.6.7.8 1 2\r\n",
                                      "PROXY TCP4 1.2.3.4 5.6.7.8 1 65536\r\n",
                                      "PROXY TCP4 1.2.3.4 5.6.7.8 -1 2\r\n",
                                      "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n",
                                      "PROXY TCP4 ::1 ::2 1 2\r\n",
                                      "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n",
                                      "PROXY TCP6 ::1%lo ::2 1 2\r\n",
                                      "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n",
                                      "PROXY UNKNOWNx\r\n",
                                      "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\r\n",
                                      "\r\nPROXY UNKNOWN\r\n"}) {
    const Read got = read(line);
    BOOST_TEST((got.state == State::malformed), line);
    BOOST_TEST(!got.problem.empty(), line);
  }
}

BOOST_AUTO_TEST_CASE(version_2_headers_give_their_addresses_and_leave_the_rest) {
  const std::string four = v2.tcp("192.0.2.1", "198.51.100.1", 56324, 443);
  const std::string six = v2.tcp("2001:db8::1", "2001:db8::2", 1, 65535);
  const std::string tlvs = ProxyV2::tlv(1, "h2") + ProxyV2::tlv(4, std::string(300, '\0')) + ProxyV2::tlv(0xee, "");
  const std::tuple<const char*, std::string, std::string> rows[] = {
      {"TCP4", v2.header(0x21, 0x11, four), "192.0.2.1:56324 > 198.51.100.1:443"},
      {"TCP6", v2.header(0x21, 0x21, six), "[2001:db8::1]:1 > [2001:db8::2]:65535"},
      {"with TLVs", v2.header(0x21, 0x11, four + tlvs), "192.0.2.1:56324 > 198.51.100.1:443"},
      {"with a right checksum", v2.with_checksum(0x21, 0x11, four + tlvs), "192.0.2.1:56324 > 198.51.100.1:443"},
      {"LOCAL", v2.header(0x20, 0, ""), ""},
      {"LOCAL, the rest ignored", v2.header(0x20, 0xff, "anything"), ""},
      {"UNSPEC", v2.header(0x21, 0, ""), ""},
      {"UNSPEC, the rest ignored", v2.header(0x21, 0, "anything"), ""},
      {"UDP4", v2.header(0x21, 0x12, four), ""},
      {"UNIX", v2.header(0x21, 0x31, std::string(216, 'x')), ""},
      {"as long as allowed", v2.header(0x21, 0x21, six + ProxyV2::tlv(4, std::string(2048 - 39, 'x'))),
       "[2001:db8::1]:1 > [2001:db8::2]:65535"},
  };
  for (const auto& [what, header, addresses] : rows) {
    const Read got = read(header + "\r\n\r\nrest");
    BOOST_TEST_CONTEXT(what) {
      BOOST_TEST((got.state == State::complete), got.problem);
      BOOST_TEST(got.addresses == addresses);
      BOOST_TEST(got.rest == "\r\n\r\nrest");
    }
  }
}

BOOST_AUTO_TEST_CASE(malformed_version_2_headers_are_refused) {
  const std::string four = v2.tcp("192.0.2.1", "198.51.100.1", 1, 2);
  std::string wrong_sum = v2.with_checksum(0x21, 0x11, four);
  wrong_sum.back() ^= 1;
  std::string wrong_signature = v2.header(0x21, 0x11, four);
  wrong_signature[11] = 'x';
  const std::pair<const char*, std::string> rows[] = {
      {"version 1 in binary", v2.header(0x11, 0x11, four)},
      {"version 3", v2.header(0x31, 0x11, four)},
      {"an unknown command", v2.header(0x22, 0x11, four)},
      {"an unknown family", v2.header(0x21, 0x41, four)},
      {"an unknown transport", v2.header(0x21, 0x13, four)},
      {"IPv4 cut off", v2.header(0x21, 0x11, four.substr(0, 11))},
      {"IPv6 cut off", v2.header(0x21, 0x21, std::string(35, 'x'))},
      {"UNIX cut off", v2.header(0x21, 0x31, std::string(215, 'x'))},
      {"a TLV's head cut off", v2.header(0x21, 0x11, four + std::string("\4\0", 2))},
      {"a TLV over the end", v2.header(0x21, 0x11, four + std::string("\4\0\2x", 4))},
      {"a checksum of 3 bytes", v2.header(0x21, 0x11, four + ProxyV2::tlv(3, "abc"))},
      {"a wrong checksum", wrong_sum},
      {"a wrong signature", wrong_signature},
      {"longer than allowed", v2.header(0x21, 0x11, four + ProxyV2::tlv(4, std::string(2048 - 14, 'x')))},
  };
  for (const auto& [what, header] : rows) {
    const Read got = read(header);
    BOOST_TEST((got.state == State::malformed), what);
    BOOST_TEST(!got.problem.empty(), what);
  }
}

BOOST_AUTO_TEST_CASE(nothing_is_decided_before_all_of_it_is_there) {
  const std::string headers[] = {"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n",
                                 v2.header(0x21, 0x11, v2.tcp("1.2.3.4", "5.6.7.8", 1, 2))};
  for (const std::string& header : headers) {
    for (std::size_t size = 0; size < header.size(); ++size) {
      BOOST_TEST((read(std::string_view(header).substr(0, size), 7).state == State::incomplete), size);
    }
  }
}

BOOST_AUTO_TEST_CASE(checksum_is_crc32c_rfc3720_b_4) {
  BOOST_TEST(crc32c("123456789") == 0xe3069283u);
  BOOST_TEST(crc32c(std::string(32, '\0')) == 0x8a9136aau);
  BOOST_TEST(crc32c("") == 0u);
}

BOOST_AUTO_TEST_SUITE_END()
