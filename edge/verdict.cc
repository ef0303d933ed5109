#include "edge/verdict.h"

#include <algorithm>
#include <charconv>

namespace skerry::edge {
namespace {

void append_number(std::string& out, std::int64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

bool is_token(std::string_view text) {
  const auto allowed = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~:/").find(static_cast<char>(c)) != std::string_view::npos;
  };
  const auto letter = [](unsigned char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*'; };
  return !text.empty() && letter(static_cast<unsigned char>(text.front())) &&
         std::all_of(text.begin(), text.end(), allowed);
}

std::string_view forward_word(Outcome outcome) {
  switch (outcome) {
    case Outcome::vary_miss: return "vary-miss";
    case Outcome::expired:
    case Outcome::revalidated: return "stale";
    case Outcome::request: return "request";
    case Outcome::method: return "method";
    case Outcome::bypass: return "bypass";
    case Outcome::partial: return "partial";
    default: return "uri-miss";
  }
}

// Reasons that Cache-Status already says in words of its own.
bool is_plain(Reason reason) {
  return reason == Reason::none || reason == Reason::fresh || reason == Reason::stored || reason == Reason::collapsed ||
         reason == Reason::validated || reason == Reason::not_found;
}

}  // namespace

void append_item(std::string& out, std::string_view name) {
  if (is_token(name)) {
    out.append(name);
    return;
  }
  out.push_back('"');
  for (const char c : name) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (c >= 0x20 && c < 0x7f) out.push_back(c);
  }
  out.push_back('"');
}

Outcome told_outcome(const Verdict& verdict) {
  const bool own = verdict.outcome == Outcome::hit || verdict.outcome == Outcome::stale ||
                   verdict.outcome == Outcome::revalidated || verdict.outcome == Outcome::error ||
                   verdict.outcome == Outcome::local;
  return verdict.peer_hit && !own ? Outcome::peer_hit : verdict.outcome;
}

void append_cache_status(std::string& out, std::string_view edge_name, const Verdict& verdict) {
  append_item(out, edge_name);
  if (verdict.outcome == Outcome::hit || verdict.outcome == Outcome::stale) {
    out.append("; hit; ttl=");
    append_number(out, verdict.ttl.count());
  } else if (verdict.outcome != Outcome::local && verdict.outcome != Outcome::error) {
    out.append("; fwd=").append(forward_word(verdict.outcome));
    if (verdict.forward_status != 0) {
      out.append("; fwd-status=");
      append_number(out, verdict.forward_status);
    }
    if (verdict.stored) out.append("; stored");
    if (verdict.collapsed) out.append("; collapsed");
  }
  if (!is_plain(verdict.reason)) out.append("; detail=").append(name(verdict.reason));
}

std::string_view x_cache(const Verdict& verdict) {
  switch (verdict.outcome) {
    case Outcome::hit: return "HIT";
    case Outcome::stale: return "STALE";
    case Outcome::revalidated: return "REVALIDATED";
    case Outcome::method:
    case Outcome::bypass:
    case Outcome::request: return verdict.peer_hit ? "HIT" : "BYPASS";
    default: return verdict.peer_hit ? "HIT" : "MISS";
  }
}

int status_of(const core::Error& error) {
  switch (error.code) {
    case core::ErrorCode::connect_timeout:
    case core::ErrorCode::first_byte_timeout:
    case core::ErrorCode::read_timeout:
    case core::ErrorCode::write_timeout:
    case core::ErrorCode::idle_timeout:
    case core::ErrorCode::dns_timeout:
    case core::ErrorCode::no_healthy_upstream: return 504;
    case core::ErrorCode::overloaded:
    case core::ErrorCode::limit_exceeded: return 503;
    case core::ErrorCode::loop_detected: return 508;
    case core::ErrorCode::misdirected: return 421;
    case core::ErrorCode::bad_peer_credentials:
    case core::ErrorCode::permission_denied: return 403;
    default: return error.source == core::ErrorSource::internal ? 500 : 502;
  }
}

std::string_view proxy_error_type(const core::Error& error) {
  using core::ErrorCode;
  switch (error.code) {
    case ErrorCode::connect_refused: return "connection_refused";
    case ErrorCode::connect_timeout: return "connection_timeout";
    case ErrorCode::connect_failed: return "destination_ip_unroutable";
    case ErrorCode::closed:
    case ErrorCode::reset: return "connection_terminated";
    case ErrorCode::first_byte_timeout: return "http_response_timeout";
    case ErrorCode::read_timeout:
    case ErrorCode::idle_timeout: return "connection_read_timeout";
    case ErrorCode::write_timeout: return "connection_write_timeout";
    case ErrorCode::tls_handshake: return "tls_protocol_error";
    case ErrorCode::tls_verify: return "tls_certificate_error";
    case ErrorCode::dns_timeout: return "dns_timeout";
    case ErrorCode::dns_nxdomain:
    case ErrorCode::dns_failed:
    case ErrorCode::dns_malformed: return "dns_error";
    case ErrorCode::body_cut_short: return "http_response_incomplete";
    case ErrorCode::no_healthy_upstream: return "destination_unavailable";
    case ErrorCode::overloaded:
    case ErrorCode::limit_exceeded: return "connection_limit_reached";
    case ErrorCode::loop_detected: return "proxy_loop_detected";
    case ErrorCode::misdirected: return "destination_not_found";
    case ErrorCode::bad_peer_credentials:
    case ErrorCode::permission_denied: return "http_request_denied";
    case ErrorCode::not_found: return "proxy_internal_response";  // only-if-cached: nobody was to be asked
    default: break;
  }
  if (error.source == core::ErrorSource::client) return "http_request_error";
  if (error.source == core::ErrorSource::internal) return "proxy_internal_error";
  switch (error.code) {
    case ErrorCode::head_too_large: return "http_response_header_section_size";
    case ErrorCode::unsupported_transfer_coding: return "http_response_transfer_coding";
    case ErrorCode::body_too_long: return "http_response_body_size";
    default: return "http_protocol_error";
  }
}

Reason reason_of(const core::Error& error) {
  return error.code == core::ErrorCode::no_healthy_upstream ? Reason::origin_down : Reason::upstream_failed;
}

std::string proxy_status(std::string_view edge_name, const core::Error& error) {
  std::string text;
  append_item(text, edge_name);
  text.append("; error=").append(proxy_error_type(error));
  if (error.code == core::ErrorCode::dns_nxdomain) text.append("; rcode=\"NXDOMAIN\"");
  text.append("; details=\"").append(core::name(error.code)).append("\"");
  return text;
}

}  // namespace skerry::edge
