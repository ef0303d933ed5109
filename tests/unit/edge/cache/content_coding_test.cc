// Which coding a client is given, how a coded copy is described, and that coded bodies come out as they went in.
#include "edge/coding/content_coding.h"

#include <brotli/decode.h>
#include <zstd.h>

#include <boost/test/unit_test.hpp>

#include "edge/coding/coder.h"
#include "edge/coding/transcode.h"

using namespace skerry;
using namespace skerry::edge;

namespace {

http::HeaderMap accepting(std::string_view value) {
  http::HeaderMap fields;
  if (value != "-") fields.add(http::HeaderId::accept_encoding, value);
  return fields;
}

ObjectHead page(std::string_view type = "text/html; charset=utf-8", std::uint64_t size = 5000) {
  ObjectHead head;
  head.key = "http://a/";
  head.body_size = size;
  head.fields.add(http::HeaderId::content_type, type);
  head.fields.add(http::HeaderId::etag, "\"1\"");
  return head;
}

CodingPolicy all() {
  CodingPolicy policy;
  policy.offered = {Coding::zstd, Coding::br, Coding::gzip};
  return policy;
}

std::string text_of(const Body& body) {
  std::string text;
  for (const core::Chunk& chunk : body) text += chunk.text();
  return text;
}

// Several chunks, the last piece of output not full.
Body sample(std::size_t chunks) {
  Body body;
  for (std::size_t i = 0; i < chunks; ++i) {
    std::string text;
    while (text.size() < 50'000) text += "line " + std::to_string(i * text.size() * 7919 % 1000) + " of it\n";
    body.push_back(core::Chunk::copy_of(text));
  }
  return body;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(content_coding)

BOOST_AUTO_TEST_CASE(the_clients_favourite_wins_and_ours_among_equals_rfc9110_12_5_3) {
  const std::pair<const char*, const char*> table[] = {
      {"-", "none"},
      {"", "none"},
      {"gzip", "gzip"},
      {"x-gzip", "gzip"},
      {"GZIP, BR", "br"},
      {"gzip, deflate, br, zstd", "zstd"},
      {"gzip;q=1.0, br;q=0.9, zstd;q=0.8", "gzip"},
      {"br;q=0", "none"},
      {"*", "zstd"},
      {"*;q=0.5, gzip;q=0.4", "zstd"},
      {"zstd;q=0, *", "br"},
      {"identity, gzip;q=0.5", "none"},
      {"identity;q=0.5, gzip;q=0.5", "gzip"},
      {"identity;q=0, gzip", "gzip"},
      {"identity;q=0", "none"},
      {"deflate, compress", "none"},
      {"gzip;q=2", "none"},
      {"gzip;level=9", "none"},
      {" , ,gzip ; q=0.001", "gzip"},
  };
  for (const auto& [accept, expected] : table) {
    const auto chosen = preferred_coding(accepting(accept), all().offered);
    BOOST_TEST((chosen ? name(*chosen) : "none") == expected, accept);
  }
  BOOST_TEST(!preferred_coding(accepting("br"), {Coding::gzip}).has_value());
}

BOOST_AUTO_TEST_CASE(what_is_coded_is_decided_by_type_size_status_and_directives) {
  http::RequestHead request;
  request.fields = accepting("gzip");
  BOOST_TEST((wanted_coding(request, page(), all()) == Coding::gzip));
  BOOST_TEST((wanted_coding(request, page("TEXT/css"), all()) == Coding::gzip));
  BOOST_TEST((wanted_coding(request, page("image/svg+xml"), all()) == Coding::gzip));
  BOOST_TEST(!wanted_coding(request, page("image/png"), all()).has_value());
  BOOST_TEST(!wanted_coding(request, page("textile/html"), all()).has_value());
  BOOST_TEST(!wanted_coding(request, page("text/html", 500), all()).has_value());
  BOOST_TEST(!wanted_coding(request, page("text/html", largest_coded + 1), all()).has_value());
  BOOST_TEST(!wanted_coding(request, page(), CodingPolicy()).has_value());
  ObjectHead other = page();
  other.status = 404;
  BOOST_TEST(!wanted_coding(request, other, all()).has_value());
  other = page();
  other.fields.add(http::HeaderId::cache_control, "max-age=60, no-transform");
  BOOST_TEST(!wanted_coding(request, other, all()).has_value(), "RFC 9110 7.7");
  request.fields.add(http::HeaderId::range, "bytes=0-1");
  BOOST_TEST(!wanted_coding(request, page(), all()).has_value(), "ranges are of the body as it came");
}

BOOST_AUTO_TEST_CASE(gzip_of_the_origin_is_undone_only_for_who_cannot_take_it) {
  ObjectHead zipped = page();
  zipped.fields.add(http::HeaderId::content_encoding, "gzip");
  const std::pair<const char*, bool> table[] = {{"gzip", false}, {"*", false}, {"br", true},
                                                {"", true},      {"-", true},  {"gzip;q=0, *", true}};
  for (const auto& [accept, undone] : table) {
    http::RequestHead request;
    request.fields = accepting(accept);
    BOOST_TEST((wanted_coding(request, zipped, all()) == Coding::identity) == undone, accept);
  }
  http::RequestHead request;
  ObjectHead twice = page();
  twice.fields.add(http::HeaderId::content_encoding, "br, gzip");
  BOOST_TEST(!wanted_coding(request, twice, all()).has_value());
}

BOOST_AUTO_TEST_CASE(a_coded_copy_has_a_weak_validator_and_no_digests) {
  ObjectHead head = page();
  head.fields.add("Content-MD5", "x");
  head.fields.add("Repr-Digest", "x");
  head.fields.add("Accept-Ranges", "bytes");
  head.fields.add(http::HeaderId::vary, "Cookie");
  const ObjectHead coded = coded_head(head, Coding::br);
  BOOST_TEST(coded.fields.find(http::HeaderId::etag).value_or("") == "W/\"1\"");
  BOOST_TEST(coded.fields.find(http::HeaderId::content_encoding).value_or("") == "br");
  BOOST_TEST(coded.fields.joined(http::HeaderId::vary) == "Cookie, Accept-Encoding");
  for (const char* gone : {"Content-MD5", "Repr-Digest", "Accept-Ranges"}) {
    BOOST_TEST(!coded.fields.find(gone).has_value(), gone);
  }
  BOOST_TEST(coded.key != head.key);
  ObjectHead newer = head;
  newer.fields.set(http::HeaderId::etag, "\"2\"");
  BOOST_TEST(coded_key(newer, Coding::br) != coded_key(head, Coding::br));
  BOOST_TEST(coded_key(head, Coding::gzip) != coded_key(head, Coding::br));
  newer = page();
  newer.fields.add(http::HeaderId::vary, "accept-encoding");
  BOOST_TEST(coded_head(newer, Coding::gzip).fields.joined(http::HeaderId::vary) == "accept-encoding");
}

BOOST_AUTO_TEST_CASE(coded_bodies_come_out_as_they_went_in) {
  for (const std::size_t chunks : {std::size_t{0}, std::size_t{1}, std::size_t{9}}) {
    const Body body = sample(chunks);
    const std::string text = text_of(body);
    const auto gzip = encoded(body, Coding::gzip);
    BOOST_REQUIRE(gzip.ok());
    const auto undone = ungzipped(gzip.value(), 1 << 20);
    BOOST_REQUIRE(undone.ok());
    BOOST_TEST((text_of(undone.value()) == text));

    std::string out(text.size() + 1, '\0');
    const std::string zstd = text_of(encoded(body, Coding::zstd).value());
    BOOST_TEST(ZSTD_decompress(out.data(), out.size(), zstd.data(), zstd.size()) == text.size());
    BOOST_TEST((out.substr(0, text.size()) == text));

    const std::string br = text_of(encoded(body, Coding::br).value());
    std::size_t size = out.size();
    const auto result = BrotliDecoderDecompress(br.size(), reinterpret_cast<const std::uint8_t*>(br.data()), &size,
                                                reinterpret_cast<std::uint8_t*>(out.data()));
    BOOST_TEST((result == BROTLI_DECODER_RESULT_SUCCESS && size == text.size()));
    BOOST_TEST((out.substr(0, text.size()) == text));
  }
}

BOOST_AUTO_TEST_CASE(bodies_that_are_not_gzip_or_grow_too_large_are_refused) {
  const Body body = sample(3);
  Body cut = encoded(body, Coding::gzip).value();
  BOOST_TEST((ungzipped(cut, 1000).error().code == core::ErrorCode::limit_exceeded));
  // Two members are one body (RFC 1952 2.2).
  Body twice = cut;
  twice.insert(twice.end(), cut.begin(), cut.end());
  BOOST_TEST((text_of(ungzipped(twice, 1 << 20).value()) == text_of(body) + text_of(body)));
  cut.back() = cut.back().slice(0, cut.back().size() - 5);
  BOOST_TEST((ungzipped(cut, 1 << 20).error().code == core::ErrorCode::corrupt));
  BOOST_TEST((ungzipped(body, 1 << 20).error().code == core::ErrorCode::corrupt));
  BOOST_TEST((ungzipped({}, 1 << 20).error().code == core::ErrorCode::corrupt));
}

BOOST_AUTO_TEST_SUITE_END()
