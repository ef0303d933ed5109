// The words for an error of ours: status and Proxy-Status (RFC 9209) of everything that can go wrong.
#include "edge/verdict.h"

#include <boost/test/unit_test.hpp>
#include <map>
#include <set>

namespace skerry::edge {
namespace {

using core::ErrorCode;
using core::ErrorSource;

struct Row {
  ErrorCode code;
  ErrorSource source;
  int status;
  std::string_view type;
};

// Every code that a fetch, or the edge before it, can end with.
constexpr Row rows[] = {
    {ErrorCode::connect_refused, ErrorSource::upstream, 502, "connection_refused"},
    {ErrorCode::connect_timeout, ErrorSource::upstream, 504, "connection_timeout"},
    {ErrorCode::connect_failed, ErrorSource::upstream, 502, "destination_ip_unroutable"},
    {ErrorCode::no_healthy_upstream, ErrorSource::upstream, 504, "destination_unavailable"},
    {ErrorCode::closed, ErrorSource::upstream, 502, "connection_terminated"},
    {ErrorCode::reset, ErrorSource::upstream, 502, "connection_terminated"},
    {ErrorCode::read_timeout, ErrorSource::upstream, 504, "connection_read_timeout"},
    {ErrorCode::idle_timeout, ErrorSource::upstream, 504, "connection_read_timeout"},
    {ErrorCode::write_timeout, ErrorSource::upstream, 504, "connection_write_timeout"},
    {ErrorCode::first_byte_timeout, ErrorSource::upstream, 504, "http_response_timeout"},
    {ErrorCode::tls_handshake, ErrorSource::upstream, 502, "tls_protocol_error"},
    {ErrorCode::tls_verify, ErrorSource::upstream, 502, "tls_certificate_error"},
    {ErrorCode::dns_timeout, ErrorSource::upstream, 504, "dns_timeout"},
    {ErrorCode::dns_nxdomain, ErrorSource::upstream, 502, "dns_error"},
    {ErrorCode::dns_failed, ErrorSource::upstream, 502, "dns_error"},
    {ErrorCode::dns_malformed, ErrorSource::upstream, 502, "dns_error"},
    {ErrorCode::body_cut_short, ErrorSource::upstream, 502, "http_response_incomplete"},
    {ErrorCode::head_too_large, ErrorSource::upstream, 502, "http_response_header_section_size"},
    {ErrorCode::unsupported_transfer_coding, ErrorSource::upstream, 502, "http_response_transfer_coding"},
    {ErrorCode::body_too_long, ErrorSource::upstream, 502, "http_response_body_size"},
    {ErrorCode::malformed_head, ErrorSource::upstream, 502, "http_protocol_error"},
    {ErrorCode::malformed_status_line, ErrorSource::upstream, 502, "http_protocol_error"},
    {ErrorCode::malformed_field, ErrorSource::upstream, 502, "http_protocol_error"},
    {ErrorCode::bad_version, ErrorSource::upstream, 502, "http_protocol_error"},
    {ErrorCode::bad_content_length, ErrorSource::upstream, 502, "http_protocol_error"},
    {ErrorCode::conflicting_framing, ErrorSource::upstream, 502, "http_protocol_error"},
    {ErrorCode::bad_chunk, ErrorSource::upstream, 502, "http_protocol_error"},
    {ErrorCode::overloaded, ErrorSource::internal, 503, "connection_limit_reached"},
    {ErrorCode::limit_exceeded, ErrorSource::internal, 503, "connection_limit_reached"},
    {ErrorCode::io_error, ErrorSource::internal, 500, "proxy_internal_error"},
    {ErrorCode::dns_failed, ErrorSource::internal, 500, "dns_error"},
    {ErrorCode::loop_detected, ErrorSource::client, 508, "proxy_loop_detected"},
    {ErrorCode::misdirected, ErrorSource::client, 421, "destination_not_found"},
    {ErrorCode::permission_denied, ErrorSource::client, 403, "http_request_denied"},
    {ErrorCode::bad_peer_credentials, ErrorSource::client, 403, "http_request_denied"},
};
// Refused by the HTTP layer, with a status of its own.
constexpr ErrorCode refused[] = {ErrorCode::malformed_head,  ErrorCode::malformed_request_line,
                                 ErrorCode::malformed_field, ErrorCode::head_too_large,
                                 ErrorCode::uri_too_long,    ErrorCode::bad_version,
                                 ErrorCode::bad_host,        ErrorCode::bad_content_length,
                                 ErrorCode::bad_chunk,       ErrorCode::unsupported_transfer_coding,
                                 ErrorCode::bad_method,      ErrorCode::bad_expectation,
                                 ErrorCode::header_timeout,  ErrorCode::body_timeout};

// RFC 9209 2.3, without those of trailers and single fields.
const std::set<std::string_view> registered = {"dns_timeout",
                                               "dns_error",
                                               "destination_not_found",
                                               "destination_unavailable",
                                               "destination_ip_unroutable",
                                               "connection_refused",
                                               "connection_terminated",
                                               "connection_timeout",
                                               "connection_read_timeout",
                                               "connection_write_timeout",
                                               "connection_limit_reached",
                                               "tls_protocol_error",
                                               "tls_certificate_error",
                                               "http_request_error",
                                               "http_request_denied",
                                               "http_response_incomplete",
                                               "http_response_header_section_size",
                                               "http_response_body_size",
                                               "http_response_transfer_coding",
                                               "http_response_timeout",
                                               "http_protocol_error",
                                               "proxy_internal_response",
                                               "proxy_internal_error",
                                               "proxy_loop_detected"};

}  // namespace

BOOST_AUTO_TEST_SUITE(verdict)

BOOST_AUTO_TEST_CASE(every_error_has_its_status_and_its_type_of_rfc9209_2_3) {
  for (const Row& row : rows) {
    const core::Error error{row.code, row.source, false, "secret detail"};
    BOOST_TEST_CONTEXT(core::name(row.code)) {
      BOOST_TEST(status_of(error) == row.status);
      BOOST_TEST(proxy_error_type(error) == row.type);
      const std::string field = proxy_status("lon-1", error);
      BOOST_TEST(field.starts_with("lon-1; error=" + std::string(row.type) + "; "), field);
      BOOST_TEST(field.find("secret") == std::string::npos, field);
    }
  }
}

BOOST_AUTO_TEST_CASE(what_the_client_did_wrong_is_a_request_error) {
  for (const ErrorCode code : refused) {
    BOOST_TEST(proxy_error_type({code, ErrorSource::client, false, {}}) == "http_request_error", core::name(code));
  }
}

BOOST_AUTO_TEST_CASE(no_code_has_a_type_that_is_not_registered) {
  std::vector<ErrorCode> codes;
#define X(name) codes.push_back(ErrorCode::name);
  SKERRY_ERROR_CODES(X)
#undef X
  for (const ErrorCode code : codes) {
    for (const ErrorSource source : {ErrorSource::client, ErrorSource::upstream, ErrorSource::internal}) {
      BOOST_TEST(registered.count(proxy_error_type({code, source, false, {}})) == 1u, core::name(code));
    }
  }
}

BOOST_AUTO_TEST_CASE(a_name_that_is_not_found_says_so_rfc9209_2_3_2) {
  const std::string field = proxy_status("lon-1", {ErrorCode::dns_nxdomain, ErrorSource::upstream, true, {}});
  BOOST_TEST(field == "lon-1; error=dns_error; rcode=\"NXDOMAIN\"; details=\"dns_nxdomain\"");
}

BOOST_AUTO_TEST_CASE(an_edge_whose_name_is_no_token_is_quoted) {
  BOOST_TEST(proxy_status("1st", {ErrorCode::reset, ErrorSource::upstream, true, {}}).starts_with("\"1st\"; error="));
}

BOOST_AUTO_TEST_CASE(known_outage_has_a_reason_of_its_own) {
  BOOST_TEST((reason_of({ErrorCode::no_healthy_upstream, ErrorSource::upstream, true, {}}) == Reason::origin_down));
  BOOST_TEST((reason_of({ErrorCode::reset, ErrorSource::upstream, true, {}}) == Reason::upstream_failed));
}

BOOST_AUTO_TEST_CASE(a_hit_of_another_edge_is_told_as_one_unless_this_edge_has_a_word_of_its_own) {
  constexpr std::pair<Outcome, Outcome> told[] = {
      {Outcome::uri_miss, Outcome::peer_hit},
      {Outcome::vary_miss, Outcome::peer_hit},
      {Outcome::expired, Outcome::peer_hit},
      {Outcome::request, Outcome::peer_hit},
      {Outcome::bypass, Outcome::peer_hit},
      {Outcome::partial, Outcome::peer_hit},
      {Outcome::hit, Outcome::hit},
      {Outcome::stale, Outcome::stale},
      {Outcome::revalidated, Outcome::revalidated},
      {Outcome::error, Outcome::error},
      {Outcome::local, Outcome::local},
  };
  for (const auto& [outcome, word] : told) {
    Verdict verdict;
    verdict.outcome = outcome;
    BOOST_TEST(name(told_outcome(verdict)) == name(outcome));
    verdict.peer_hit = true;
    BOOST_TEST(name(told_outcome(verdict)) == name(word));
  }
}

BOOST_AUTO_TEST_SUITE_END()

}  // namespace skerry::edge
