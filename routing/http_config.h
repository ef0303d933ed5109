// The section of router.toml about routing over HTTP, with its table of keys: see config.h.
#pragma once

#include "core/config/load.h"
#include "routing/http_router.h"

namespace skerry::routing {

struct HttpSection {
  std::vector<core::Address> listen, tls_listen;
  std::string certificate, key;  // PEM files
  HttpRoutingSettings settings;
};

const config::Table<HttpSection>& http_table();

// What only shows when the section is seen as a whole.
void check_http_section(const HttpSection&, config::Report&);

}  // namespace skerry::routing
