#include "edge/rules/cors.h"

#include <boost/test/unit_test.hpp>

using namespace skerry;
using namespace skerry::edge;

namespace {

std::string text_of(const http::HeaderMap& fields) {
  std::string text;
  for (const http::HeaderMap::Field field : fields)
    text.append(field.name).append(": ").append(field.value).append("\n");
  return text;
}

std::string applied(const CorsConfig& config, std::string_view origin, bool preflight = false,
                    http::HeaderMap fields = {}) {
  Cors(config).apply(origin, preflight, fields);
  return text_of(fields);
}

CorsConfig of_origins(std::vector<std::string> origins) {
  CorsConfig config;
  config.origins = std::move(origins);
  return config;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(cors)

BOOST_AUTO_TEST_CASE(origins_are_matched_whole) {
  const Cors cors(of_origins({"https://app.example.com", "http://localhost:3000", "https://*.example.org"}));
  for (const char* origin :
       {"https://app.example.com", "http://localhost:3000", "https://a.example.org", "https://a.b.example.org"})
    BOOST_TEST(cors.allows(origin), origin);
  for (const char* origin :
       {"", "null", "http://app.example.com", "https://app.example.com:8443", "https://app.example.com.evil.example",
        "https://xapp.example.com", "https://example.org", "https://.example.org", "https://evil.example/.example.org",
        "https://a@b.example.org", "http://a.example.org", "http://localhost", "HTTPS://app.example.com"})
    BOOST_TEST(!cors.allows(origin), origin);
  BOOST_TEST(Cors(of_origins({"*"})).allows("null"));
}

BOOST_AUTO_TEST_CASE(star_gives_one_answer_to_all_and_needs_no_vary) {
  BOOST_TEST(applied(of_origins({"*"}), "") == "Access-Control-Allow-Origin: *\n");
  BOOST_TEST(applied(of_origins({"*"}), "https://any.example") == "Access-Control-Allow-Origin: *\n");
}

BOOST_AUTO_TEST_CASE(list_varies_by_origin_whoever_asks) {
  const CorsConfig config = of_origins({"https://a.example", "https://b.example"});
  BOOST_TEST(applied(config, "") == "Vary: Origin\n");
  BOOST_TEST(applied(config, "https://evil.example") == "Vary: Origin\n");
  BOOST_TEST(applied(config, "https://a.example") == "Vary: Origin\nAccess-Control-Allow-Origin: https://a.example\n");
  http::HeaderMap varied;
  varied.add("Vary", "Accept-Encoding, origin");
  BOOST_TEST(applied(config, "", false, varied) == "Vary: Accept-Encoding, origin\n");
}

BOOST_AUTO_TEST_CASE(what_the_origin_server_says_is_replaced) {
  http::HeaderMap fields;
  fields.add("access-control-allow-origin", "https://evil.example");
  fields.add("Access-Control-Allow-Credentials", "true");
  fields.add("ETag", "\"1\"");
  BOOST_TEST(applied(of_origins({"*"}), "https://a.example", false, fields) ==
             "ETag: \"1\"\nAccess-Control-Allow-Origin: *\n");
}

BOOST_AUTO_TEST_CASE(credentials_and_exposed_fields_go_to_allowed_origins) {
  CorsConfig config = of_origins({"https://a.example"});
  config.credentials = true;
  config.exposed = {"ETag", "X-Total"};
  BOOST_TEST(applied(config, "https://a.example") ==
             "Vary: Origin\nAccess-Control-Allow-Origin: https://a.example\nAccess-Control-Allow-Credentials: true\n"
             "Access-Control-Expose-Headers: ETag, X-Total\n");
  BOOST_TEST(applied(config, "https://b.example") == "Vary: Origin\n");
}

BOOST_AUTO_TEST_CASE(preflights_are_told_methods_fields_and_how_long_that_is_true) {
  CorsConfig config = of_origins({"*"});
  config.methods = {"GET", "PUT"};
  config.headers = {"Content-Type", "X-Token"};
  config.max_age = std::chrono::minutes(10);
  BOOST_TEST(applied(config, "https://a.example", true) ==
             "Access-Control-Allow-Origin: *\nAccess-Control-Allow-Methods: GET, PUT\n"
             "Access-Control-Allow-Headers: Content-Type, X-Token\nAccess-Control-Max-Age: 600\n");
  http::RequestHead request;
  request.method = http::Method::options;
  BOOST_TEST(!Cors::is_preflight(request));
  request.fields.add("Origin", "https://a.example");
  BOOST_TEST(!Cors::is_preflight(request));
  request.fields.add("Access-Control-Request-Method", "PUT");
  BOOST_TEST(Cors::is_preflight(request));
  request.method = http::Method::get;
  BOOST_TEST(!Cors::is_preflight(request));
}

BOOST_AUTO_TEST_CASE(configured_origins_are_what_browsers_send) {
  for (const char* text : {"*", "https://a.example", "http://localhost:3000", "https://*.example.com",
                           "https://*.example.com:8443", "https://[2001:db8::1]"})
    BOOST_TEST(parse_cors_origin(text).ok(), text);
  for (const char* text : {"", "a.example", "https://a.example/", "https://A.example", "https://a.example:443",
                           "https://*", "https://a*.example", "https://a.*.example", "ftp://a", "null", "*.example"})
    BOOST_TEST(!parse_cors_origin(text).ok(), text);
  CorsConfig config = of_origins({"*"});
  BOOST_TEST(cors_problem(config) == "");
  config.credentials = true;
  BOOST_TEST(cors_problem(config).starts_with("name the origins"));
  config.origins = {"https://a.example"};
  BOOST_TEST(cors_problem(config) == "");
  config.headers = {"*"};
  BOOST_TEST(cors_problem(config).starts_with("name the headers"));
}

BOOST_AUTO_TEST_SUITE_END()
