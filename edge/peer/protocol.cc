#include "edge/peer/protocol.h"

#include <charconv>
#include <optional>

#include "core/net/tls.h"
#include "edge/cache_key.h"

namespace skerry::edge {
namespace {

constexpr std::size_t longest_field = 4096;
constexpr std::size_t fields_of_peers = 8;

std::int64_t seconds_since_epoch(core::WallTime time) {
  return std::chrono::duration_cast<std::chrono::seconds>(time.time_since_epoch()).count();
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : bytes) {
    text.push_back(digits[byte >> 4]);
    text.push_back(digits[byte & 15]);
  }
  return text;
}

// What the signature covers. Line feeds can't occur in any part.
std::string signature(const http::RequestHead& head, std::string_view statement, std::string_view secret) {
  std::string text;
  for (const std::string_view part :
       {std::string_view(head.method_text), std::string_view(head.authority), std::string_view(head.path), statement}) {
    text.append(part).push_back('\n');
  }
  return hex(core::hmac_sha256(secret, text));
}

// The value of `name=` in "a=1;b=2"; values hold no semicolons.
std::optional<std::string_view> parameter(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(';'));
    if (part.size() > name.size() && part.starts_with(name) && part[name.size()] == '=')
      return part.substr(name.size() + 1);
    text.remove_prefix(std::min(text.size(), part.size() + 1));
  }
  return std::nullopt;
}

template <class Number>
std::optional<Number> number(std::optional<std::string_view> text) {
  Number value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

core::Error refusal(std::string_view why) {
  return {core::ErrorCode::bad_peer_credentials, core::ErrorSource::client, false, std::string(why)};
}

}  // namespace

http::ServerLimits peer_limits(const http::ServerLimits& of_clients) {
  constexpr std::size_t encoded = 3;  // bytes for one
  http::ServerLimits limits = of_clients;
  limits.target_size = encoded * (of_clients.head_size + longest_reference) + longest_field;
  limits.head_size = limits.target_size + longest_field + of_clients.head_size;
  limits.header_fields += fields_of_peers;
  return limits;
}

void sign_peer_request(http::RequestHead& head, const PeerRequest& peer, std::string_view secret, core::WallTime now) {
  std::string statement;
  statement.append("time=").append(std::to_string(seconds_since_epoch(now)));
  statement.append(";member=").append(peer.member);
  statement.append(";client=").append(peer.client);
  statement.append(";scheme=").append(http::name(peer.scheme));
  statement.append(";membership=").append(std::to_string(peer.membership));
  statement.append(";positions=").append(peer.positions);
  const std::string signed_by = signature(head, statement, secret);
  head.fields.set(http::HeaderId::skerry_peer, statement + ";signature=" + signed_by);
}

core::Result<PeerRequest> accept_peer_request(http::RequestHead& head, std::string_view secret, core::WallTime now) {
  if (head.fields.count(http::HeaderId::skerry_peer) != 1) return refusal("no Skerry-Peer field");
  const std::string field(*head.fields.find(http::HeaderId::skerry_peer));
  head.fields.remove(http::HeaderId::skerry_peer);
  if (field.size() > longest_field) return refusal("Skerry-Peer is too long");
  const std::size_t at = field.rfind(";signature=");
  if (at == std::string::npos) return refusal("unsigned");
  const std::string_view statement = std::string_view(field).substr(0, at);
  const std::string_view given = std::string_view(field).substr(at + 11);
  if (!core::equal_in_constant_time(given, signature(head, statement, secret))) return refusal("wrong signature");

  const auto time = number<std::int64_t>(parameter(statement, "time"));
  const std::int64_t tolerance = std::chrono::seconds(peer_clock_tolerance).count();
  if (!time || *time < seconds_since_epoch(now) - tolerance || *time > seconds_since_epoch(now) + tolerance)
    return refusal("signed too long ago, or the clocks differ");
  PeerRequest peer;
  peer.member = parameter(statement, "member").value_or("");
  peer.client = parameter(statement, "client").value_or("");
  peer.scheme = parameter(statement, "scheme") == "https" ? http::Scheme::https : http::Scheme::http;
  peer.membership = number<std::uint64_t>(parameter(statement, "membership")).value_or(0);
  peer.positions = parameter(statement, "positions").value_or("");
  head.scheme = peer.scheme;
  return peer;
}

void add_peer_answer(http::ResponseHead& response, const PeerAnswer& answer) {
  std::string text = answer.hit ? "hit=1" : "hit=0";
  if (answer.refused) text.append(";refused=1");
  if (answer.failed) text.append(";failed=1");
  response.fields.set(http::HeaderId::skerry_answer, text);
}

bool is_peer_answer(const http::ResponseHead& response) {
  const auto field = response.fields.find(http::HeaderId::skerry_answer);
  return field && parameter(*field, "refused") != "1";
}

PeerAnswer take_peer_answer(http::ResponseHead& response) {
  PeerAnswer answer;
  if (const auto field = response.fields.find(http::HeaderId::skerry_answer)) {
    answer.hit = parameter(*field, "hit") == "1";
    answer.refused = parameter(*field, "refused") == "1";
    answer.failed = parameter(*field, "failed") == "1";
  }
  response.fields.remove(http::HeaderId::skerry_answer);
  return answer;
}

void remove_peer_fields(http::HeaderMap& fields) {
  fields.remove(http::HeaderId::skerry_peer);
  fields.remove(http::HeaderId::skerry_answer);
}

}  // namespace skerry::edge
