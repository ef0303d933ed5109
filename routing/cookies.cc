#include "routing/cookies.h"

#include <algorithm>
#include <cstring>

#include "core/dns/message.h"

namespace skerry::routing {
namespace {

constexpr std::size_t stamped_size =
    16;  // client part, version, reserved, time: what the hash covers, with the address
constexpr char version = 1;
constexpr std::int32_t longest_life = 3600, refresh_after = 1800, furthest_ahead = 300;

// The last eight bytes (RFC 9018 4.4).
std::array<char, 8> hash_of(const core::SipKey& secret, std::string_view stamped, const core::IpAddress& client) {
  char message[stamped_size + 16];
  std::memcpy(message, stamped.data(), stamped_size);
  const std::string_view octets = client.octets();
  std::memcpy(message + stamped_size, octets.data(), octets.size());
  const std::uint64_t hash = core::siphash24(secret, {message, stamped_size + octets.size()});
  std::array<char, 8> bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(hash >> (8 * i));
  return bytes;
}

bool is_hash(std::string_view given, const std::array<char, 8>& made) {
  unsigned char difference = 0;  // in constant time
  for (std::size_t i = 0; i < made.size(); ++i) difference |= static_cast<unsigned char>(given[i] ^ made[i]);
  return difference == 0;
}

std::uint32_t time_of(std::string_view cookie) {
  std::uint32_t value = 0;
  for (char c : cookie.substr(12, 4)) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

CookieState check_cookie(const CookieSecrets& secrets, std::string_view cookie, const core::IpAddress& client,
                         std::uint32_t now) {
  if (cookie.size() != sizeof(Cookie) || cookie[dns::client_cookie_size] != version) return CookieState::none;
  const auto age = static_cast<std::int32_t>(now - time_of(cookie));
  if (age > longest_life || age < -furthest_ahead) return CookieState::none;
  const std::string_view stamped = cookie.substr(0, stamped_size), hash = cookie.substr(stamped_size);
  if (is_hash(hash, hash_of(secrets.current, stamped, client))) {
    return age > refresh_after ? CookieState::aging : CookieState::fresh;
  }
  const bool before = secrets.previous && is_hash(hash, hash_of(*secrets.previous, stamped, client));
  return before ? CookieState::aging : CookieState::none;
}

Cookie make_cookie(const CookieSecrets& secrets, std::string_view client_part, const core::IpAddress& client,
                   std::uint32_t now) {
  Cookie cookie{};
  std::copy_n(client_part.begin(), dns::client_cookie_size, cookie.begin());
  cookie[dns::client_cookie_size] = version;
  for (std::size_t i = 0; i < 4; ++i) cookie[12 + i] = static_cast<char>(now >> (24 - 8 * i));
  const auto hash = hash_of(secrets.current, {cookie.data(), stamped_size}, client);
  std::copy(hash.begin(), hash.end(), cookie.begin() + stamped_size);
  return cookie;
}

}  // namespace skerry::routing
