// Header maps, URLs and gathered output.
#include <boost/test/unit_test.hpp>

#include "core/http/output.h"
#include "core/http/url.h"
#include "tests/support/codec_probe.h"

using namespace skerry;
using namespace skerry::http;

BOOST_AUTO_TEST_SUITE(head)

BOOST_AUTO_TEST_CASE(every_known_name_is_found_in_any_case) {
  for (int i = 1; i <= static_cast<int>(HeaderId::skerry_answer); ++i) {
    const auto id = static_cast<HeaderId>(i);
    std::string lower(name(id)), upper(name(id));
    for (char& c : lower) c = static_cast<char>(std::tolower(c));
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    BOOST_TEST((header_id(name(id)) == id && header_id(lower) == id && header_id(upper) == id));
    BOOST_TEST((header_id(lower + "x") == HeaderId::other));
    lower[1] ^= 1;
    BOOST_TEST((header_id(lower) != id));
  }
  BOOST_TEST((header_id("") == HeaderId::other));
}

BOOST_AUTO_TEST_CASE(fields_keep_order_case_and_lines) {
  HeaderMap map;
  map.add("x-Own", "1");
  map.add(HeaderId::vary, "a");
  map.add("vary", "b");
  map.add("X-OWN", "2");
  BOOST_TEST(map.joined("x-own") == "1, 2");
  BOOST_TEST(map.joined(HeaderId::vary) == "a, b");
  BOOST_TEST(map.count(HeaderId::vary) == 2u);
  BOOST_TEST(map[2].name == "vary");
  map.set("x-own", "3");
  BOOST_TEST(map.size() == 3u);
  BOOST_TEST(map[0].value == "3");
  BOOST_TEST(map.remove(HeaderId::vary) == 2u);
  BOOST_TEST(!map.contains(HeaderId::vary));
  BOOST_TEST(map.text_size() == 6u);
  BOOST_TEST(map.remove("X-Own") == 1u);
  BOOST_TEST(map.size() == 0u);
  BOOST_TEST(map.text_size() == 0u);
}

BOOST_AUTO_TEST_CASE(a_field_may_be_copied_from_the_map_itself) {
  HeaderMap map;
  map.add("A", "first value, long enough to live on the heap");
  for (int i = 0; i < 100; ++i) map.add("Copied-" + std::to_string(i), *map.find("A"));
  BOOST_TEST(*map.find("Copied-99") == *map.find("A"));
  map.set("A", map[5].value);
  BOOST_TEST(*map.find("A") == *map.find("Copied-7"));
}

BOOST_AUTO_TEST_CASE(hop_by_hop_fields_and_those_they_name_are_removed) {
  HeaderMap map;
  map.add("Connection", "close, X-One , ,x-two");
  map.add("Connection", "Keep-Alive, X-Three");
  for (const auto* field : {"X-One", "X-Two", "X-Three", "X-Four", "Keep-Alive", "Proxy-Authenticate", "TE", "Upgrade",
                            "Transfer-Encoding", "Proxy-Connection", "Close", "Content-Type"}) {
    map.add(field, "v");
  }
  remove_hop_by_hop(map);
  std::string left;
  for (const auto field : map) left += std::string(field.name) + " ";
  BOOST_TEST(left == "X-Four Close Content-Type ");
}

BOOST_AUTO_TEST_CASE(methods_are_known_by_their_exact_text) {
  BOOST_TEST((method_of("GET") == Method::get && method_of("DELETE") == Method::delete_));
  BOOST_TEST(
      (method_of("get") == Method::other && method_of("GETS") == Method::other && method_of("") == Method::other));
  BOOST_TEST((is_safe(Method::options) && !is_safe(Method::other) && is_idempotent(Method::put)));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(url)

BOOST_AUTO_TEST_CASE(urls_are_taken_apart) {
  const auto parts = [](std::string_view text) {
    const auto url = Url::parse(text);
    if (!url) return url.error().message();
    return std::string(name(url->scheme)) + " " + url->host + " " + std::to_string(url->port) + " " + url->path + " " +
           url->authority();
  };
  BOOST_TEST(parts("http://Example.com") == "http example.com 80 / example.com");
  BOOST_TEST(parts("HTTPS://a:8443/x?y") == "https a 8443 /x?y a:8443");
  BOOST_TEST(parts("https://a:443?y") == "https a 443 /?y a");
  BOOST_TEST(parts("http://[2001:DB8::1]:81/") == "http 2001:db8::1 81 / [2001:db8::1]:81");
  BOOST_TEST(parts("http://[::1]/") == "http ::1 80 / [::1]");
  for (const auto* bad : {"", "a", "ftp://a/", "http://", "http:///", "http://u@a/", "http://a:0/", "http://a:99999/",
                          "http://a/b c", "http://a/#f", "http://[::1", "http://a\\b/"}) {
    BOOST_TEST(!Url::parse(bad).ok(), bad);
  }
}

BOOST_AUTO_TEST_CASE(equivalent_paths_have_one_spelling) {
  const auto normal = [](std::string_view path) {
    std::string out = "old";
    normalise_path(path, out);
    return out;
  };
  BOOST_TEST(normal("/%7euser/%41%2d") == "/~user/A-");
  BOOST_TEST(normal("/a%2fb%c3%a9") == "/a%2Fb%C3%A9");
  BOOST_TEST(normal("/%") == "/%");
  BOOST_TEST(normal("/%4") == "/%4");
  BOOST_TEST(normal("/%zz%4g?%3f=%61") == "/%zz%4g?%3F=a");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(output)

BOOST_AUTO_TEST_CASE(text_and_chunks_leave_in_order_whatever_is_taken) {
  for (const std::size_t step : {1u, 3u, 1000u, 100'000u}) {
    Output output;
    std::string all, taken;
    for (int i = 0; i < 3000; ++i) {
      const std::string text = std::to_string(i) + ":";
      output.append(text);
      if (i % 3 == 0) output.append(core::Chunk::copy_of(text));
      all += i % 3 == 0 ? text + text : text;
      while (output.size() > 2 * step) {
        iovec part[1];
        BOOST_REQUIRE(output.gather(part) == 1);
        const std::size_t n = std::min(step, part[0].iov_len);
        taken.append(static_cast<const char*>(part[0].iov_base), n);
        output.consume(n);
      }
    }
    taken += testing::drain(output);
    BOOST_TEST((taken == all));
    BOOST_TEST(output.empty());
  }
}

BOOST_AUTO_TEST_CASE(text_that_follows_text_is_one_part) {
  Output output;
  output.append("a");
  output.append("b");
  output.append(core::Chunk::copy_of("c"));
  output.append("d");
  iovec parts[8];
  BOOST_TEST(output.gather(parts) == 3u);
  BOOST_TEST(output.size() == 4u);
}

BOOST_AUTO_TEST_SUITE_END()
