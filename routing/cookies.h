// DNS cookies (RFC 7873, RFC 9018): proof that an asker gets mail at its address, without any memory of it.
//
// All routers of one name share a secret, so that each accepts what another gave out. Pure; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/net/address.h"
#include "core/siphash.h"

namespace skerry::routing {

// Cookies are made with `current`; `previous` is accepted as well, while askers change over.
struct CookieSecrets {
  core::SipKey current{};
  std::optional<core::SipKey> previous;
};

// Client part and server part, as they go into the response.
using Cookie = std::array<char, 24>;

enum class CookieState : std::uint8_t {
  none,   // no server part, or one that we did not make for this address, or one too old
  aging,  // good, and to be replaced by a fresh one (older than half its life, or made with the previous secret)
  fresh,
};

// `now` in seconds since 1970, compared as serial numbers (RFC 9018 4.3). `cookie` is empty, or 8 to 40 bytes.
CookieState check_cookie(const CookieSecrets&, std::string_view cookie, const core::IpAddress& client,
                         std::uint32_t now);
// `client_part`: the first 8 bytes of the query's option.
Cookie make_cookie(const CookieSecrets&, std::string_view client_part, const core::IpAddress& client,
                   std::uint32_t now);

}  // namespace skerry::routing
