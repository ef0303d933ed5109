// URLs that carry their own permission: a signature with an end, made by whoever shares a key with the edge.
//
// Three query parameters, anywhere in the query, each once:
//   sk-expires    the last good second, in seconds since 1970
//   sk-key        which key signed it
//   sk-signature  HMAC-SHA256 (RFC 2104) under that key, in base64url without padding (RFC 4648 5): 43 characters
// What is signed, byte for byte: path and query as they stand in the URL, without these three parameters (and without
// "?" or "&" that separate nothing any more), then a line feed, then the digits of sk-expires. The host is no part of
// it: a site may have several. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace skerry::http {

struct SigningKey {
  std::string id, secret;
};

// "id=secret" pairs, apart by blanks, commas or line ends. An id is at most 64 letters, digits, "-", "." and "_"; a
// secret has at least 16 characters.
core::Result<std::vector<SigningKey>> parse_signing_keys(std::string_view text);

// `target` (path and query) with the three parameters behind it.
std::string signed_target(std::string_view target, const SigningKey& key, std::int64_t expires);

enum class Signature : std::uint8_t { good, missing, unknown_key, wrong, expired };

struct SignedTarget {
  Signature signature = Signature::missing;
  std::string target;  // without the three parameters
};

// A signature is looked at in constant time, and its end only if it is right. More than one of a parameter is wrong.
SignedTarget check_signed_target(std::string_view target, const std::vector<SigningKey>& keys, std::int64_t now);

}  // namespace skerry::http
