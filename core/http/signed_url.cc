#include "core/http/signed_url.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "core/net/tls.h"

namespace skerry::http {
namespace {

constexpr std::string_view expires_name = "sk-expires", key_name = "sk-key", signature_name = "sk-signature";
constexpr std::size_t shortest_secret = 16, longest_id = 64;
constexpr std::string_view blanks = " \t\r\n,";

core::Error wrong(std::string what) {
  return {core::ErrorCode::invalid_configuration, core::ErrorSource::internal, false, std::move(what)};
}

std::string base64url(std::string_view bytes) {
  constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  std::uint32_t bits = 0;
  int count = 0;
  for (const unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 6; count -= 6) text += digits[bits >> (count - 6) & 63];
  }
  if (count > 0) text += digits[bits << (6 - count) & 63];
  return text;
}

std::string signature_of(std::string_view target, std::string_view expires, std::string_view secret) {
  return base64url(core::hmac_sha256(secret, std::string(target).append("\n").append(expires)));
}

// What stands in a target's query about its signature.
struct Parameters {
  std::optional<std::string_view> expires, key, signature;
  bool repeated = false;

  // False: it is none of ours.
  bool take(std::string_view parameter) {
    const std::size_t equals = std::min(parameter.find('='), parameter.size());
    const std::string_view name = parameter.substr(0, equals);
    std::optional<std::string_view>* place = name == expires_name     ? &expires
                                             : name == key_name       ? &key
                                             : name == signature_name ? &signature
                                                                      : nullptr;
    if (!place) return false;
    repeated = repeated || place->has_value();
    *place = parameter.substr(std::min(equals + 1, parameter.size()));
    return true;
  }
};

// The target without the parameters that `found` takes.
std::string without_parameters(std::string_view target, Parameters& found) {
  const std::size_t mark = target.find('?');
  std::string rest(target.substr(0, mark));
  if (mark == std::string_view::npos) return rest;
  char separator = '?';
  for (std::size_t at = mark + 1; at <= target.size();) {
    const std::size_t end = std::min(target.find('&', at), target.size());
    const std::string_view parameter = target.substr(at, end - at);
    if (!found.take(parameter)) {
      rest += separator;
      rest += parameter;
      separator = '&';
    }
    at = end + 1;
  }
  return rest;
}

std::optional<std::int64_t> seconds_of(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size() || digits.starts_with('-')) return std::nullopt;
  return value;
}

bool is_key_id(std::string_view id) {
  return !id.empty() && id.size() <= longest_id &&
         id.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._") ==
             std::string_view::npos;
}

}  // namespace

core::Result<std::vector<SigningKey>> parse_signing_keys(std::string_view text) {
  std::vector<SigningKey> keys;
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    if (text.empty()) return keys;
    const std::string_view pair = text.substr(0, text.find_first_of(blanks));
    text.remove_prefix(pair.size());
    const std::size_t equals = pair.find('=');
    // The text is a secret: problems name keys by their place.
    const std::string which = "key " + std::to_string(keys.size() + 1);
    if (equals == std::string_view::npos || !is_key_id(pair.substr(0, equals)))
      return wrong(which + ": must be id=secret, an id of letters, digits and -._");
    SigningKey key{std::string(pair.substr(0, equals)), std::string(pair.substr(equals + 1))};
    if (key.secret.size() < shortest_secret) return wrong(which + ": the secret needs at least 16 characters");
    if (std::any_of(keys.begin(), keys.end(), [&](const SigningKey& other) { return other.id == key.id; }))
      return wrong(which + ": its id was given before");
    keys.push_back(std::move(key));
  }
}

std::string signed_target(std::string_view target, const SigningKey& key, std::int64_t expires) {
  Parameters replaced;
  std::string signed_url = without_parameters(target, replaced);
  const std::string seconds = std::to_string(expires);
  const std::string signature = signature_of(signed_url, seconds, key.secret);
  signed_url += signed_url.find('?') == std::string::npos ? '?' : '&';
  signed_url.append(expires_name).append("=").append(seconds);
  signed_url.append("&").append(key_name).append("=").append(key.id);
  signed_url.append("&").append(signature_name).append("=").append(signature);
  return signed_url;
}

SignedTarget check_signed_target(std::string_view target, const std::vector<SigningKey>& keys, std::int64_t now) {
  Parameters found;
  SignedTarget checked{Signature::missing, without_parameters(target, found)};
  if (!found.signature || !found.expires || !found.key) return checked;
  checked.signature = Signature::wrong;
  if (found.repeated) return checked;
  const auto key = std::find_if(keys.begin(), keys.end(), [&](const SigningKey& one) { return one.id == *found.key; });
  if (key == keys.end()) {
    checked.signature = Signature::unknown_key;
    return checked;
  }
  const auto expires = seconds_of(*found.expires);
  const std::string expected = signature_of(checked.target, *found.expires, key->secret);
  if (!expires || !core::equal_in_constant_time(*found.signature, expected)) return checked;
  checked.signature = *expires < now ? Signature::expired : Signature::good;
  return checked;
}

}  // namespace skerry::http
